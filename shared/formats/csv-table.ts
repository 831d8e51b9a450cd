import { parse, unparse } from 'papaparse';
import { detectDelimiter } from './csv-delimiter';

// Whole small CSV texts: what packages carry and what the reference solution keeps. Log uploads are read by `csv-rows`.

export interface CsvTable {
  readonly header: string[];
  readonly rows: string[][];
}

/** Reads `,`, `;` or tab, quotes by RFC 4180, LF or CRLF, a BOM or none. Blank lines are skipped. */
export function parseCsv(text: string): CsvTable {
  const written = text.replace(/^[\uFEFF\r\n]+/, '');
  const { data } = parse<string[]>(written, { delimiter: detectDelimiter(/^.*/.exec(written)?.[0] ?? '') });
  const [header = [], ...rows] = data;
  // In a table of one column a blank line is an empty value, except for the one that the last line end leaves behind.
  const isBlank = (row: string[], index: number) =>
    row.length === 1 && row[0] === '' && (header.length > 1 || index === rows.length - 1);
  return { header, rows: rows.filter((row, index) => !isBlank(row, index)) };
}

/** Writes RFC 4180: `,` unless said otherwise, quotes where they are needed, CRLF after every row. */
export function formatCsv(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  delimiter: ',' | ';' = ',',
): string {
  return formatCsvRows([header, ...rows], delimiter);
}

/** Rows without a header, for a table that is written part by part. */
export function formatCsvRows(rows: readonly (readonly string[])[], delimiter: ',' | ';' = ','): string {
  if (rows.length === 0) return '';
  const data = rows.map((row) => [...row]);
  // An empty value that stands alone needs its quotes: it would be a blank line.
  return `${unparse(data, { delimiter, newline: '\r\n', quotes: data[0]?.length === 1 })}\r\n`;
}
