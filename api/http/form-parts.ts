import type { IncomingMessage } from 'node:http';
import type { Writable } from 'node:stream';

/** The part of a form that is the archive. */
export const filePart = 'file';

/** Beyond so many bytes the part is no longer looked for: a form holds little beside it. */
const searchedBytes = 64 * 1024;
const fileDisposition = `Content-Disposition: form-data; name="${filePart}"; filename="${filePart}"`;

/**
 * Pipes a form into its parser, so that the part `file` is a file to it, whatever filename it has. The parser takes a
 * part without a filename for a text (.NET sends such: `form.Add(new StreamContent(archive), "file")`), and passes one
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

/** Where none can be read, nothing is found, and it is the parser that says so. */
const boundaryOf = (contentType: string) => {
  const [, quoted, plain] = /;\s*boundary=(?:"([^"]+)"|([^\s;]+))/i.exec(contentType) ?? [];
  return quoted ?? plain ?? '';
};

/** From where to where the line stands that names the part. Null: it is not there, or not all of its head yet. */
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
