import fc from 'fast-check';
import { createLogDatabase, type LogDatabase } from './log-database';

// PostgreSQL must never see what it would refuse: its refusal would cost the whole sync.

let log: LogDatabase;
beforeAll(async () => (log = await createLogDatabase()));
afterAll(() => log.drop());
beforeEach(() => log.empty('Tbsondes', 'Tbdeliverytemp'));

const poison = [
  'NaN',
  'nan',
  'infinity',
  '-Infinity',
  'inf',
  '1e400',
  '-1e400',
  'now',
  'today',
  'epoch',
  'null',
  'NULL',
  '\\N',
  '\\.',
  '0x1F',
  '1_0',
  '7'.repeat(400),
  '-',
  '+',
  '.',
  ',',
  '"',
  '""',
  "'",
  "'; drop table tbsondes; --",
  '{}',
  '\0',
  'a\0b',
  '\\u0000',
  '\ufffe',
  '\ud83d\ude00',
  '24:00',
  '2026-02-30',
  '99999-01-01',
  '-9223372036854775809',
  '9223372036854775807',
  '1;2',
  '\u00a0',
  '\x7f',
  '\x1b[0m',
  '\u202e',
];

test.each(['ProbeId', 'MeasuredAt', 'Temperature', 'Sequence', 'Undeclared'])(
  'poison in %s is loaded or refused',
  async (column) => {
    const rows = poison.map((value, n) => `${n + 1},"${value.replaceAll('"', '""')}"\n`);
    const { inserted, rejected, rejections } = await log.load('Tbsondes', `Id,${column}\n${rows.join('')}`);
    expect(inserted + rejected).toBe(poison.length);
    expect(
      rejections.every(({ code, raw, reason }) => code === 'bad-value' && !`${raw}${reason}`.includes('\0')),
    ).toBe(true);
    const isText = column === 'ProbeId' || column === 'Undeclared';
    const refused = rejections.map(({ rowId }) => poison[Number(rowId) - 1]);
    if (isText) expect(refused).toEqual(['\0', 'a\0b']);
    else expect(inserted).toBe(0);
  },
);

test('hostile texts as ids are refused, unless they are valid ids', async () => {
  const rows = poison.map((value) => `"${value.replaceAll('"', '""')}",P1\n`);
  const { inserted, rejections } = await log.load('Tbsondes', `Id,ProbeId\n${rows.join('')}`);
  expect(inserted).toBe(1);
  expect(rejections.every(({ code }) => code === 'bad-id')).toBe(true);
  expect(await log.highestId('Tbsondes')).toBe('9223372036854775807');
});

test('a name of a column is never more than a name', async () => {
  const names = [
    '"; drop table tbsondes; --',
    '__proto__',
    'constructor',
    'solution_id',
    'extra',
    "it's",
    '\\',
    '日本',
    'a"b',
  ];
  const header = ['Id', ...names].map((name) => `"${name.replaceAll('"', '""')}"`).join(',');
  await log.load('Tbsondes', `${header}\n1,${names.map((_, n) => `v${n}`).join(',')}\n`);
  const rows = await log.rows('Tbsondes', 'extra');
  expect(rows).toEqual([{ extra: Object.fromEntries(names.map((name, n) => [name, `v${n}`])) }]);
});

test('a header with NUL refuses the file', async () => {
  const { rejections } = await log.load('Tbsondes', 'Id,a\0b\n1,2\n');
  expect(rejections).toMatchObject([{ kind: 'file', code: 'bad-header', header: 'Id,a\u2400b' }]);
});

test('a UTF-16 file is refused and does no harm', async () => {
  const { rejections } = await log.load('Tbsondes', Buffer.from('\uFEFFId,ProbeId\n1,P1\n', 'utf16le'));
  expect(rejections).toMatchObject([{ kind: 'file' }]);
});

test('any bytes at all are loaded or refused, and the sync goes on', async () => {
  const pieces = fc.oneof(
    fc
      .constantFrom(
        '"',
        ',',
        ';',
        '\n',
        '\r\n',
        '1',
        '2',
        '3,P,2026-10-25 02:30,4,5,6,7,8\n',
        '\0',
        '9e9',
        'é',
      )
      .map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 6 }).map((bytes) => Buffer.from(bytes)),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(pieces, { maxLength: 60 }), async (body) => {
      const header = Buffer.from(
        'Id,ProbeId,MeasuredAt,Temperature,Humidity,BatteryPercent,SignalDbm,Sequence,More\n',
      );
      const whole = Buffer.concat([header, ...body]);
      const counts = await log.load('Tbsondes', whole);
      const again = await log.load('Tbsondes', whole);
      expect(again.inserted).toBe(0);
      expect(again.duplicates).toBe(counts.inserted + counts.duplicates);
    }),
    { numRuns: 100 },
  );
});

test('a row of 100 MB needs no more memory than one of 1 MB', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let most = 0;
  function* file() {
    yield Buffer.from('Id,ProbeId\n1,P1\n2,"');
    const before = process.memoryUsage().arrayBuffers;
    for (let n = 0; n < 1600; n++) {
      yield chunk;
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    }
    yield Buffer.from('\n3,P3\n');
  }
  const { inserted, rejections } = await log.load('Tbsondes', file());
  expect(inserted).toBe(2);
  expect(rejections).toMatchObject([{ code: 'row-too-large', line: 3, rowId: '2' }]);
  expect(most).toBeLessThan(16 * 1024 * 1024);
});

test('a new series in every row does not fill the memory', async () => {
  const rows = Array.from({ length: 30_000 }, (_, n) => `${n},probe-${n},2026-10-25 02:30\n`);
  expect(await log.load('Tbsondes', `Id,ProbeId,MeasuredAt\n${rows.join('')}`)).toMatchObject({
    inserted: 30_000,
  });
});
