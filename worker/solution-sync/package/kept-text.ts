import type { Readable } from 'node:stream';
import { cutText, maxKeptBytes } from '../../../shared/domain/kept-text';
import { decodeText } from '../../../shared/formats/csv-cell';

/** The text of a refused file, or its beginning, for staff to see. A replay uses the upload. */
export async function keptTextOf(file: { open(): Promise<Readable> }): Promise<string> {
  const head = await readHead(await file.open());
  const isWhole = head.length <= maxKeptBytes;
  const text = keepable(textOf(head));
  return isWhole ? text : cutText(text);
}

/** Text that may end in the middle of a character, as far as it can be read. */
export const decodeBeginning = (raw: Buffer): string => decodeText(raw.subarray(0, lengthToKeep(raw)));

/** PostgreSQL takes no NUL in a text; its symbol shows where one was. */
export const keepable = (text: string): string => text.slice(0, maxKeptBytes).replaceAll('\0', '\u2400');

/** A byte more than is kept, at least, where there are so many. */
async function readHead(content: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of content as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxKeptBytes) break;
  }
  return Buffer.concat(chunks);
}

/** Nothing is refused here: what is no text is shown as well as may be. */
function textOf(head: Buffer): string {
  const [first, second] = head;
  const beginning = head.subarray(0, maxKeptBytes);
  // By its mark, or by the `<` that an XML file begins with.
  if ((first === 0xff && second === 0xfe) || (first === 0x3c && second === 0))
    return new TextDecoder('utf-16le').decode(beginning);
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === 0x3c))
    return new TextDecoder('utf-16be').decode(beginning);
  return decodeBeginning(head).replace(/^\ufeff/, '');
}

/** Not in the middle of a UTF-8 character: the whole would no longer be read as UTF-8. */
function lengthToKeep(raw: Buffer): number {
  let length = Math.min(raw.length, maxKeptBytes);
  while (length > maxKeptBytes - 4 && ((raw[length] ?? 0) & 0xc0) === 0x80) length--;
  return length;
}
