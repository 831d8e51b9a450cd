import { createLogDatabase, type LogDatabase } from './log-database';

let log: LogDatabase;
beforeAll(async () => (log = await createLogDatabase()));
afterAll(() => log.drop());
beforeEach(() => log.empty('Tbsondes', 'Tbfridge', 'Tbfreezing'));

const sondes = (...rows: string[]) => `Id,ProbeId,MeasuredAt\n${rows.join('\n')}\n`;

async function times(table = 'Tbsondes', column = 'measured_at'): Promise<string[]> {
  const rows = await log.rows(table, `to_char(${column} at time zone 'UTC', 'DD HH24:MI') as at`);
  return rows.map(({ at }) => String(at));
}

// Europe/Paris goes back from 03:00 to 02:00 on 2026-10-25, at 01:00 UTC.

test('the hour that autumn writes twice becomes two hours, for each probe by itself', async () => {
  await log.load(
    'Tbsondes',
    sondes(
      '1,A,2026-10-25 01:55:00',
      '2,B,2026-10-25 02:00:00',
      '3,A,2026-10-25 02:55:00',
      '4,A,2026-10-25 02:00:00',
      '5,B,2026-10-25 02:00:00',
      '6,A,2026-10-25 02:55:00',
      '7,A,2026-10-25 03:00:00',
      '8,C,2026-10-25 02:30:00',
    ),
  );
  expect(await times()).toEqual([
    '24 23:55',
    '25 00:00',
    '25 00:55',
    '25 01:00',
    '25 01:00',
    '25 01:55',
    '25 02:00',
    '25 00:30',
  ]);
});

test('a table without series is one series', async () => {
  await log.load('Tbfridge', 'Id,MeasuredAt\n1,25/10/2026 02:00\n2,25/10/2026 02:00\n');
  expect(await times('Tbfridge')).toEqual(['25 00:00', '25 01:00']);
});

test('an offset says which of the two it is', async () => {
  await log.load(
    'Tbsondes',
    sondes('1,A,2026-10-25T02:30:00+01:00', '2,A,2026-10-25T02:30:00+02:00', '3,A,2026-10-25T02:40:00'),
  );
  expect(await times()).toEqual(['25 01:30', '25 00:30', '25 00:40']);
});

test('times of a row other than the reading take the earlier of the two', async () => {
  await log.load(
    'Tbfreezing',
    'Id,MeasuredAt,StartAt,EndAt\n1,2026-10-25 04:00,2026-10-25 02:50,2026-10-25 02:10\n',
  );
  expect(await times('Tbfreezing', 'start_at')).toEqual(['25 00:50']);
  expect(await times('Tbfreezing', 'end_at')).toEqual(['25 00:10']);
});

test('the hour that spring skips is shifted', async () => {
  await log.load('Tbsondes', sondes('1,A,2026-03-29 01:59', '2,A,2026-03-29 02:30', '3,A,2026-03-29 03:30'));
  expect(await times()).toEqual(['29 00:59', '29 01:30', '29 01:30']);
});

describe('readings of one night in several uploads', () => {
  const before = sondes('1,A,2026-10-25 02:30', '2,B,2026-10-25 01:30', '3,A,2026-10-25 02:50');
  const after = sondes(
    '4,A,2026-10-25 02:10',
    '5,B,2026-10-25 02:20',
    '6,A,2026-10-25 02:50',
    '7,B,2026-10-25 02:00',
  );
  const expected = ['25 00:30', '24 23:30', '25 00:50', '25 01:10', '25 00:20', '25 01:50', '25 01:00'];

  test('go on where the upload before ended', async () => {
    await log.load('Tbsondes', before);
    await log.load('Tbsondes', after);
    expect(await times()).toEqual(expected);
  });

  test('are the same when they are sent again, in whatever parts', async () => {
    await log.load('Tbsondes', before);
    await log.load('Tbsondes', after);
    expect(await log.load('Tbsondes', after)).toMatchObject({ duplicates: 4, rejected: 0 });
    expect(await log.load('Tbsondes', before)).toMatchObject({ duplicates: 3, rejected: 0 });
    const all = before + after.slice(after.indexOf('\n') + 1);
    expect(await log.load('Tbsondes', all)).toMatchObject({ duplicates: 7, rejected: 0 });
    expect(await times()).toEqual(expected);
  });

  test('go on in the middle of a long upload too', async () => {
    await log.load('Tbsondes', before);
    const daytime = Array.from({ length: 20_000 }, (_, n) => `${100 + n},C,2026-10-24 12:00`);
    const long = sondes(
      '4,B,2026-10-25 01:35',
      ...daytime,
      '30001,A,2026-10-25 02:10',
      '30002,A,2026-10-25 02:40',
    );
    expect(await log.load('Tbsondes', long)).toMatchObject({ inserted: 20_003 });
    const rows = await log.rows(
      'Tbsondes',
      "id::int, to_char(measured_at at time zone 'UTC', 'DD HH24:MI') as at",
    );
    expect(rows.slice(-2)).toEqual([
      { id: 30001, at: '25 01:10' },
      { id: 30002, at: '25 01:40' },
    ]);
  });
});

test('a row that was refused is no previous reading', async () => {
  const csv = 'Id,ProbeId,MeasuredAt,Temperature\n1,A,2026-10-25 02:30,cold\n2,A,2026-10-25 02:30,3\n';
  await log.load('Tbsondes', csv);
  expect(await times()).toEqual(['25 00:30']);
});

test('wrong clocks are accepted as far as a year can be true', async () => {
  const csv = sondes(
    '1,A,1970-01-01 00:00',
    '2,A,2199-12-31 23:59:59',
    '3,A,2000-02-29 12:00',
    '4,A,1969-12-31 23:59',
  );
  expect(await log.load('Tbsondes', csv)).toMatchObject({ inserted: 3, rejected: 1 });
});
