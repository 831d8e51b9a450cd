import { decodeText } from './csv-cell';
import { detectDelimiter } from './csv-delimiter';
import type { CsvSource } from './csv-source';

/** Reads the header of a file, by which the delimiter is known, as the current row. False: the file is empty. */
export async function readHeaderRow(source: CsvSource): Promise<boolean> {
  const { rows } = source;
  let line = rows.peekLine();
  while (line === null && (await source.pull())) line = rows.peekLine();
  if (line === null) return false;
  rows.useDelimiter(detectDelimiter(decodeText(line)).charCodeAt(0));
  let isRead = rows.next();
  while (!isRead && (await source.pull())) isRead = rows.next();
  return isRead;
}
