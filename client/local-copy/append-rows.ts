import { createReadStream } from 'node:fs';
import { fileBytes } from './durable-files';
import { csvFile, type LocalCopy } from './local-copy';
import { headerLine, rowText, scanTable, type TableHeader } from './table-file';

/** A row by the names of its columns, without its `Id`. */
export type NewRow = Readonly<Record<string, string>>;

/**
 * Adds readings to a table of the local copy, with the next ids. A new column cannot be added this way: a table has all
 * of its columns from the beginning.
 * @returns the ids, in the order of the rows.
 */
export async function appendRows(
  copy: LocalCopy,
  table: string,
  columns: readonly string[],
  rows: readonly NewRow[],
): Promise<readonly bigint[]> {
  const file = csvFile(copy.dir, table);
  let highest = 0n;
  const found = await scanTable(file, 'Id', ({ key }) => {
    if (/^\d{1,19}$/.test(key) && BigInt(key) > highest) highest = BigInt(key);
  });
  const header: TableHeader = found ?? { columns: ['Id', ...columns], delimiter: ',' };
  const ids = rows.map((_, place) => highest + BigInt(place + 1));
  const lines = rows.map((row, place) => lineOf(row, String(ids[place]), header)).join('');
  if (found === null) await copy.files.write(file, [headerLine(header), lines]);
  else await append(copy, file, Buffer.from(lines));
  return ids;
}

function lineOf(row: NewRow, id: string, { columns, delimiter }: TableHeader): string {
  const cells = columns.map((name) => (name.toLowerCase() === 'id' ? id : (row[name] ?? '')));
  return `${rowText(cells, delimiter)}\n`;
}

const lineEnd = Buffer.from('\n');

async function append(copy: LocalCopy, file: string, lines: Buffer): Promise<void> {
  const isTorn = !(await endsWithLineEnd(file));
  // A program that was killed while writing left half a row: the next row must not become part of it.
  await copy.files.append(file, isTorn ? Buffer.concat([lineEnd, lines]) : lines);
}

async function endsWithLineEnd(file: string): Promise<boolean> {
  const bytes = (await fileBytes(file)) ?? 0;
  if (bytes === 0) return true;
  for await (const chunk of createReadStream(file, { start: bytes - 1 }) as AsyncIterable<Buffer>) {
    return chunk.at(-1) === lineEnd[0];
  }
  return true;
}
