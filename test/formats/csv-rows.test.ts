import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { decodeText } from '../../shared/formats/csv-cell';
import { CsvRows } from '../../shared/formats/csv-rows';
import { parseCsv } from '../../shared/formats/csv-table';
import { realData } from '../setup/real-data';

interface Row {
  readonly line: number;
  readonly cells: readonly string[];
  readonly raw: string;
  readonly offset: number;
  readonly fault: string | null;
}

function readRows(pieces: readonly Buffer[], { delimiter = ',', maxRowBytes = 1024 } = {}): Row[] {
  const rows = new CsvRows({ maxRowBytes, maxCells: 20 });
  rows.useDelimiter(delimiter.charCodeAt(0));
  const found: Row[] = [];
  const take = () => {
    while (rows.next()) found.push(rowAtHand(rows));
  };
  for (const piece of pieces) {
    rows.push(piece);
    take();
  }
  rows.finish();
  take();
  return found;
}

function rowAtHand(rows: CsvRows): Row {
  const cells = Array.from({ length: rows.cellCount }, (_, cell) => {
    const text = decodeText(rows.bytes.subarray(rows.cellStart[cell], rows.cellEnd[cell]));
    return rows.cellEscaped[cell] === 1 ? text.replaceAll('""', '"') : text;
  });
  const raw = decodeText(rows.bytes.subarray(rows.start, rows.end));
  return { line: rows.line, cells, raw, offset: rows.offset, fault: rows.fault };
}

const cellsOf = (text: string, options = {}) =>
  readRows([Buffer.from(text)], options).map(({ cells }) => cells);
const faultsOf = (text: string, options = {}) =>
  readRows([Buffer.from(text)], options).map(({ line, fault, raw }) => ({ line, fault, raw }));

interface Dialect {
  readonly delimiter: string;
  readonly lineEnd: string;
  readonly quotesAll: boolean;
  readonly byteOrderMark: boolean;
  readonly lastLineEnd: boolean;
}

const dialects = fc.record<Dialect>({
  delimiter: fc.constantFrom(',', ';', '\t'),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  quotesAll: fc.boolean(),
  byteOrderMark: fc.boolean(),
  lastLineEnd: fc.boolean(),
});

const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 12 }),
  fc.string({ unit: fc.constantFrom('"', ',', ';', '\t', '\n', '\r', 'é', ' ', 'a'), maxLength: 8 }),
);
const table = fc
  .integer({ min: 1, max: 5 })
  .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { maxLength: 8 }));

/** A writer by RFC 4180, independent of the product's. */
function write(rows: readonly (readonly string[])[], dialect: Dialect): Buffer {
  const quoted = (text: string, alone: boolean) =>
    dialect.quotesAll || /[",;\t\r\n]/.test(text) || (alone && text === '')
      ? `"${text.replaceAll('"', '""')}"`
      : text;
  const lines = rows.map((row) => row.map((text) => quoted(text, row.length === 1)).join(dialect.delimiter));
  const body = lines.join(dialect.lineEnd) + (dialect.lastLineEnd ? dialect.lineEnd : '');
  return Buffer.from((dialect.byteOrderMark ? '\uFEFF' : '') + body);
}

test('whatever a correct writer writes, in any dialect and cut at any byte, arrives as it was', () => {
  const pieceSize = fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 40 }));
  fc.assert(
    fc.property(table, dialects, pieceSize, (rows, dialect, size) => {
      const bytes = write(rows, dialect);
      const pieces = Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) =>
        bytes.subarray(n * size, (n + 1) * size),
      );
      const found = readRows(pieces, dialect);
      expect(found.map(({ cells }) => cells)).toEqual(rows);
      expect(found.every(({ fault }) => fault === null)).toBe(true);
      for (const { raw, offset } of found) {
        expect(bytes.toString('utf8', offset, offset + Buffer.byteLength(raw))).toBe(raw);
      }
    }),
    { numRuns: 500 },
  );
});

test('any bytes at all give the same rows, however they are cut', () => {
  const bytes = fc.array(fc.constantFrom(...Buffer.from('",\n\ra1'), 0, 0xe9), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(bytes, fc.integer({ min: 1, max: 9 }), (list, size) => {
      const whole = Buffer.from(list);
      const pieces = Array.from({ length: Math.ceil(whole.length / size) }, (_, n) =>
        whole.subarray(n * size, (n + 1) * size),
      );
      expect(readRows(pieces, { maxRowBytes: 16 })).toEqual(readRows([whole], { maxRowBytes: 16 }));
    }),
    { numRuns: 500 },
  );
});

test('a row knows its first line, with newlines inside quotes counted', () => {
  const rows = readRows([Buffer.from('a,b\r\n\r\n1,"x\r\ny\nz"\r\n2,w')]);
  expect(rows.map(({ line, cells }) => ({ line, cells }))).toEqual([
    { line: 1, cells: ['a', 'b'] },
    { line: 3, cells: ['1', 'x\r\ny\nz'] },
    { line: 6, cells: ['2', 'w'] },
  ]);
});

test('a quote in the middle of an unquoted cell is a character like any other', () => {
  expect(cellsOf('1,5" pipe,"6"" pipe"\n')).toEqual([['1', '5" pipe', '6" pipe']]);
});

test('a delimiter before the end of the file opens an empty cell', () => {
  expect(cellsOf('1,')).toEqual([['1', '']]);
});

test('a lone quote costs its own line only', () => {
  expect(faultsOf('1,a\n2,"b\n3,c\n4,d')).toEqual([
    { line: 1, fault: null, raw: '1,a' },
    { line: 2, fault: 'unterminated-quote', raw: '2,"b' },
    { line: 3, fault: null, raw: '3,c' },
    { line: 4, fault: null, raw: '4,d' },
  ]);
  expect(faultsOf('1,"a\n2,b\n3,"c"\n4,d\n')).toEqual([
    { line: 1, fault: 'bad-quote', raw: '1,"a' },
    { line: 2, fault: null, raw: '2,b' },
    { line: 3, fault: null, raw: '3,"c"' },
    { line: 4, fault: null, raw: '4,d' },
  ]);
});

test('a quoted cell that goes on after its closing quote is a fault', () => {
  expect(faultsOf('"a"b,c\nd,e\n')).toEqual([
    { line: 1, fault: 'bad-quote', raw: '"a"b,c' },
    { line: 2, fault: null, raw: 'd,e' },
  ]);
});

test('a line that is too large is given up, and the lines after it are read', () => {
  const rows = faultsOf(`1,a\n2,${'x'.repeat(5000)}\n3,c\n`, { maxRowBytes: 100 });
  expect(rows).toEqual([
    { line: 1, fault: null, raw: '1,a' },
    { line: 2, fault: 'row-too-large', raw: `2,${'x'.repeat(98)}` },
    { line: 3, fault: null, raw: '3,c' },
  ]);
});

test('many lone quotes take no more time than their bytes', () => {
  const lines = '1,"a\n'.repeat(200_000);
  const rows = new CsvRows({ maxRowBytes: 1024 * 1024, maxCells: 3 });
  rows.push(Buffer.from(lines));
  rows.finish();
  let faults = 0;
  while (rows.next()) faults += rows.fault === null ? 0 : 1;
  expect(faults).toBe(200_000);
});

describe('the edge cases of csv-spectrum', () => {
  const folder = realData('csv', 'spectrum');
  const names = [
    'comma_in_quotes',
    'empty',
    'empty_crlf',
    'escaped_quotes',
    'json',
    'location_coordinates',
    'newlines',
  ];
  const more = ['newlines_crlf', 'quotes_and_newlines', 'simple', 'simple_crlf', 'utf8'];
  (folder === null ? test.skip : test).each([...names, ...more])('%s', (name) => {
    const bytes = readFileSync(path.join(folder ?? '', `${name}.csv`));
    const { header, rows } = parseCsv(bytes.toString('utf8'));
    expect(readRows([bytes]).map(({ cells }) => cells)).toEqual([header, ...rows]);
    expect(rows.length).toBeGreaterThan(0);
  });
});
