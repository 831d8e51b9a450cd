import fc from 'fast-check';
import { createLogDatabase, type LogDatabase } from './log-database';

let log: LogDatabase;
beforeAll(async () => (log = await createLogDatabase()));
afterAll(() => log.drop());

interface Dialect {
  readonly delimiter: string;
  readonly lineEnd: string;
  readonly decimalComma: boolean;
  readonly byteOrderMark: string;
  readonly quotesAll: boolean;
  readonly pieceBytes: number;
}

const dialects = fc.record<Dialect>({
  delimiter: fc.constantFrom(',', ';', '\t'),
  lineEnd: fc.constantFrom('\n', '\r\n'),
  decimalComma: fc.boolean(),
  byteOrderMark: fc.constantFrom('', '\uFEFF'),
  quotesAll: fc.boolean(),
  pieceBytes: fc.integer({ min: 1, max: 200 }),
});

const label = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 20 }),
  fc.string({ unit: fc.constantFrom('"', ',', ';', '\n', '\r', '\\', 'é', ' ', '\u0001'), maxLength: 8 }),
);
const text = fc.oneof(
  fc.constant(null),
  label.filter((written) => written !== '' && !written.includes('\0')),
);
const moment = fc.date({
  min: new Date('1970-01-02T00:00:00Z'),
  max: new Date('2199-12-30T00:00:00Z'),
  noInvalidDate: true,
});

const rows = fc.uniqueArray(
  fc.record({
    id: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
    measuredAt: fc.option(moment),
    isConform: fc.option(fc.boolean()),
    comment: text,
    useBy: fc.option(moment.map((day) => day.toISOString().slice(0, 10))),
    temp: fc.option(fc.double({ min: -200, max: 600, noNaN: true }).filter((value) => !Object.is(value, -0))),
    own: text,
  }),
  { selector: ({ id }) => id, minLength: 1, maxLength: 15 },
);

function write(table: readonly (readonly string[])[], dialect: Dialect): Buffer[] {
  const cell = (value: string) =>
    dialect.quotesAll || /[",;\t\r\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  const lines = table.map((row) => row.map(cell).join(dialect.delimiter) + dialect.lineEnd);
  const bytes = Buffer.from(dialect.byteOrderMark + lines.join(''));
  return Array.from({ length: Math.ceil(bytes.length / dialect.pieceBytes) }, (_, n) =>
    bytes.subarray(n * dialect.pieceBytes, (n + 1) * dialect.pieceBytes),
  );
}

test('whatever values a correct writer writes, in any dialect and order of ids, are kept as they were', async () => {
  await fc.assert(
    fc.asyncProperty(rows, dialects, async (values, dialect) => {
      await log.empty('Tbdeliverytemp');
      await log.acceptIdsUpTo('Tbdeliverytemp', 2n ** 63n - 1n);
      const number = (value: number | null) =>
        value === null ? '' : dialect.decimalComma ? String(value).replace('.', ',') : String(value);
      const csv = write(
        [
          ['Id', 'MeasuredAt', 'IsConform', 'Comment', 'UseBy', 'Temp', 'My own'],
          ...values.map(({ id, measuredAt, isConform, comment, useBy, temp, own }) => [
            String(id),
            measuredAt?.toISOString() ?? '',
            isConform === null ? '' : String(isConform),
            comment ?? '',
            useBy ?? '',
            number(temp),
            own ?? '',
          ]),
        ],
        dialect,
      );

      const counts = await log.load('Tbdeliverytemp', csv);
      expect(counts).toEqual({ inserted: values.length, duplicates: 0, rejected: 0, rejections: [] });
      const kept = await log.rows(
        'Tbdeliverytemp',
        'id, measured_at, is_conform, comment, use_by::text as use_by, temp, extra',
      );
      const byId = [...values].sort((a, b) => (a.id < b.id ? -1 : 1));
      expect(kept).toEqual(
        byId.map(({ id, measuredAt, isConform, comment, useBy, temp, own }) => ({
          id: String(id),
          measured_at: measuredAt,
          is_conform: isConform,
          comment,
          use_by: useBy,
          temp,
          extra: own === null ? null : { 'My own': own },
        })),
      );
      expect(await log.load('Tbdeliverytemp', csv)).toMatchObject({
        inserted: 0,
        duplicates: values.length,
        rejected: 0,
      });
    }),
    { numRuns: 60 },
  );
});

test('other work of the process goes on while a file is loaded, even one that is all in memory', async () => {
  const file = Buffer.from(
    `Id,ProbeId\n${Array.from({ length: 200_000 }, (_, n) => `${n},P${n % 20}\n`).join('')}`,
  );
  let turns = 0;
  let isLoading = true;
  const work = () => {
    turns++;
    if (isLoading) setImmediate(work);
  };
  work();
  await log.load('Tbsondes', file);
  isLoading = false;
  expect(turns).toBeGreaterThan(10);
});
