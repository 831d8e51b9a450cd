import fc from 'fast-check';
import { formatCsv, formatCsvRows, parseCsv } from '../../shared/formats/csv-table';

test('a written table is read again unchanged', () => {
  const tables = fc
    .integer({ min: 1, max: 4 })
    .chain((width) =>
      fc.array(fc.array(fc.string({ unit: 'grapheme' }), { minLength: width, maxLength: width }), {
        minLength: 1,
      }),
    )
    .filter(([header]) => header?.[0] !== '' && header?.[0]?.startsWith('\uFEFF') === false);
  fc.assert(
    fc.property(tables, ([header = [], ...rows]) => {
      expect(parseCsv(formatCsv(header, rows))).toEqual({ header, rows });
    }),
  );
});

test('a table is written with CRLF, and quotes where they are needed', () => {
  expect(
    formatCsv(
      ['Name', 'Size'],
      [
        ['a "b", c', '1'],
        ['é', ''],
      ],
    ),
  ).toBe('Name,Size\r\n"a ""b"", c",1\r\né,\r\n');
  expect(formatCsvRows([])).toBe('');
});

test('semicolons, LF, a BOM and blank lines are read', () => {
  expect(parseCsv('\uFEFFName;Size\n\na;1\nb;"2;3"')).toEqual({
    header: ['Name', 'Size'],
    rows: [
      ['a', '1'],
      ['b', '2;3'],
    ],
  });
  expect(parseCsv('')).toEqual({ header: [], rows: [] });
});
