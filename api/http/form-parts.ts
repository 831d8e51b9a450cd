import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';

/** The part of a form that is the archive. */
export const filePart = 'file';

/** After this many bytes, the part is no longer searched for, because a form contains little else. */
const searchedBytes = 64 * 1024;
const fileDisposition = `Content-Disposition: form-data; name="${filePart}"; filename="${filePart}"`;

/**
 * Pipes a form into its parser, so that the part `file` is read as a file, whatever its filename. The parser reads a
 * part without a filename as a text (.NET sends such: `form.Add(new StreamContent(archive), "file")`), and passes one
 * over whose filename should stand in quotes and does not. Only what comes up to that part's head is looked at.
 */
export function pipeForm(request: IncomingMessage, parser: Writable): void {
  const boundary = boundaryOf(request.headers['content-type'] ?? '');
  let seen: Buffer = Buffer.alloc(0);
  const look = (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const found = findDisposition(seen.toString('latin1', 0, searchedBytes), `--${boundary}\r\n`);
    if (found === null && seen.length < searchedBytes) return;
    request.off('data', look).off('end', end);
    if (found !== null) {
      parser.write(seen.subarray(0, found.start));
      parser.write(fileDisposition);
    }
    parser.write(seen.subarray(found?.end ?? 0));
    request.pipe(parser);
  };
  const end = () => parser.end(seen);
  request.on('data', look).once('end', end);
}

/** If there is no readable boundary, nothing is found, and the parser reports it. */
const boundaryOf = (contentType: string) => {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  return quoted ?? plain ?? '';
};

/** The position of the line that names the part. Null: it is missing, or its head is not complete yet. */
function findDisposition(text: string, delimiter: string): { start: number; end: number } | null {
  for (let at = text.indexOf(delimiter); at !== -1; at = text.indexOf(delimiter, at + 1)) {
    const start = at + delimiter.length;
    const end = text.indexOf('\r\n\r\n', start);
    if (end === -1) return null;
    const line = dispositionOfFile.exec(text.slice(start, end));
    if (line !== null) return { start: start + line.index, end: start + line.index + line[0].length };
  }
  return null;
}

const dispositionOfFile = new RegExp(
  `^content-disposition:[ \\t]*form-data[ \\t]*;(?:.*;)?[ \\t]*name=(?:"${filePart}"|${filePart})[ \\t]*(?:;.*)?$`,
  'im',
);
