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

test('the hour that occurs twice in autumn becomes two hours, separately for each probe', async () => {
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

test('a table without series is one series, in which people note several readings in one minute', async () => {
  await log.load(
    'Tboil',
    'Id,MeasuredAt\n1,25/10/2026 02:10\n2,25/10/2026 02:10\n3,25/10/2026 02:05\n4,25/10/2026 02:05\n',
  );
  expect(await times('Tboil')).toEqual(['25 00:10', '25 00:10', '25 01:05', '25 01:05']);
});

test('two fridges are two series: readings of the same minute stay in it, whatever order they come in', async () => {
  await log.load(
    'Tbfridge',
    'Id,FridgeId,MeasuredAt\n' +
      '1,A,25/10/2026 02:30\n2,B,25/10/2026 02:30\n3,A,25/10/2026 02:29\n4,B,25/10/2026 02:31\n5,B,25/10/2026 02:31\n',
  );
  expect(await times('Tbfridge')).toEqual(['25 00:30', '25 00:30', '25 01:29', '25 00:31', '25 00:31']);
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

  test('go on from the end of the previous upload', async () => {
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

describe('rows of the hour that is written twice, sent again without those around them', () => {
  const night = [
    '1,A,2026-10-25 01:30',
    '2,A,2026-10-25 02:00',
    '3,A,2026-10-25 02:30',
    '4,A,2026-10-25 02:00',
    '5,A,2026-10-25 02:30',
    '6,A,2026-10-25 03:00',
  ];
  const some = (...ids: number[]) => sondes(...ids.map((id) => night[id - 1] ?? ''));
  beforeEach(() => log.load('Tbsondes', sondes(...night)));

  test('are duplicates, whichever they are', async () => {
    const stored = await times();
    for (let chosen = 1; chosen < 64; chosen++) {
      const ids = [1, 2, 3, 4, 5, 6].filter((id) => chosen & (1 << (id - 1)));
      for (const order of [ids, ids.toReversed()])
        expect(await log.load('Tbsondes', some(...order))).toEqual({
          inserted: 0,
          duplicates: ids.length,
          rejected: 0,
          rejections: [],
        });
    }
    expect(await times()).toEqual(stored);
  });

  test('twice in one upload they are, too', async () => {
    await log.empty('Tbsondes');
    const twice = sondes(...night, night[0] ?? '', night[4] ?? '');
    expect(await log.load('Tbsondes', twice)).toMatchObject({ inserted: 6, duplicates: 2, rejected: 0 });
  });

  test.each([
    ['another value beside the time', 'Id,ProbeId,MeasuredAt,Temperature\n5,A,2026-10-25 02:30,4\n'],
    ['another half of that hour', sondes('1,A,2026-10-25 01:30', '5,A,2026-10-25 02:00')],
    ['an hour that is written once', sondes('6,A,2026-10-25 04:00')],
    ['the other one, by its offset', sondes('5,A,2026-10-25T02:30+02:00')],
  ])('are not with %s', async (_name, csv) => {
    expect((await log.load('Tbsondes', csv)).rejections).toMatchObject([{ code: 'id-conflict' }]);
  });

  test('each time of a row is read separately', async () => {
    const cooking = (measured: string, started: string, ended: string) =>
      `Id,MeasuredAt,StartAt,EndAt\n7,2026-10-25 ${measured},${started},${ended}\n`;
    const [first, second] = ['2026-10-25T02:10+02:00', '2026-10-25T02:50+01:00'];
    await log.load('Tbfreezing', cooking('02:30+01:00', first, second));
    const again = (...row: [string, string, string]) => log.load('Tbfreezing', cooking(...row));
    const local = '2026-10-25 02:50';
    expect(await again('02:30', first, second)).toMatchObject({ duplicates: 1 });
    expect(await again('02:30', first, local)).toMatchObject({ duplicates: 1 });
    expect(await again('02:30', '2026-10-25 02:10', local)).toMatchObject({ duplicates: 1 });
    expect(await again('02:30', first, '2026-10-25T02:50+02:00')).toMatchObject({ rejected: 1 });
    expect(await again('02:30', '', local)).toMatchObject({ rejected: 1 });
  });
});

test('a refused row does not count as the previous reading', async () => {
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

test('a time or a date that .NET never set is an empty cell, in every column', async () => {
  const rows = [
    'Id,MeasuredAt,ProductName,UseBy,OpenedAt',
    '1,2026-11-20 07:31:00,Riz,0001-01-01,0001-01-01 00:00:00',
    '2,0001-01-01T00:00:00.0000000,Riz,01/01/0001 00:00:00,0001-01-01T00:00:00Z',
    '3,2026-11-20 07:31:00,Riz,0001-01-02,2026-11-20 07:31:00',
    '4,2026-11-20 07:31:00,Riz,2026-11-20,0001-01-01 07:31:00',
    '',
  ].join('\n');
  const solutionId = await log.addSolution();
  const { inserted, rejections } = await log.load('Tbdeconditioning', rows, { solutionId });
  expect({ inserted, refused: rejections.map(({ rowId }) => rowId) }).toEqual({
    inserted: 2,
    refused: ['3', '4'],
  });
  expect(
    await log.rows('Tbdeconditioning', 'measured_at is null as measured, use_by, opened_at', solutionId),
  ).toEqual([
    { measured: false, use_by: null, opened_at: null },
    { measured: true, use_by: null, opened_at: null },
  ]);
});
