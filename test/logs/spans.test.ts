import { setTimeout as sleep } from 'node:timers/promises';
import { type Db, inTransaction } from '../../shared/db/database';
import { createLogLock } from '../../shared/stores/logs/log-lock';
import { createLogReadStore } from '../../shared/stores/logs/log-read-store';
import { createLogSpanStore } from '../../shared/stores/logs/log-span-store';
import { createOldReadingStore } from '../../shared/stores/logs/old-reading-store';
import { indexTimes } from '../../worker/solution-sync/logs/index-times';
import { removeOldOf } from '../../worker/upkeep/old-readings';
import { createLogDatabase, type LogDatabase, logTable, only } from './log-database';

jest.setTimeout(120_000);

let log: LogDatabase;
beforeAll(async () => {
  log = await createLogDatabase();
});
afterAll(() => log.drop());
beforeEach(() => log.empty('Tbsondes', 'Tboil'));

const minuteMs = 60_000;
const dayMs = 86_400_000;
const start = Date.UTC(2026, 8, 1);

/** One reading for each id: the time of it, or null for none. */
type Times = ReadonlyMap<number | bigint, number | null>;

const csvOf = (times: Times) =>
  [
    'Id,ProbeId,MeasuredAt',
    ...[...times].map(([id, at]) => `${id},P1,${at === null ? '' : iso(at)}`),
    '',
  ].join('\n');
const iso = (at: number) => new Date(at).toISOString();
const everyFiveMinutes = (firstId: number, count: number, from = start) =>
  new Map(Array.from({ length: count }, (_, place) => [firstId + place, from + place * 5 * minuteMs]));

/** The ids that REST and exports return of a range, page by page. */
async function idsWithin(from: number | null, to: number | null, table = 'Tbsondes'): Promise<string[]> {
  const timeOf = (at: number | null) => (at === null ? null : { text: iso(at), timezone: null });
  const range = { solutionId: log.solutionId, from: timeOf(from), to: timeOf(to) };
  const ids: string[] = [];
  for (let after = '-1'; ;) {
    const page = await inTransaction(log.db, ({ db }) =>
      createLogReadStore(db).rows(logTable(table), range, after, 5_000),
    );
    ids.push(...page.map(({ id }) => id));
    if (page.length < 5_000) return ids;
    after = ids.at(-1) ?? after;
  }
}

/** The same, found by reading everything. */
async function allWithin(from: number | null, to: number | null, table = 'Tbsondes'): Promise<string[]> {
  const { rows } = await log.db.raw<{ rows: { id: string }[] }>(
    `select id::text from :table: where solution_id = :solutionId
     and (cast(:from as timestamptz) is null or measured_at >= :from) and (cast(:to as timestamptz) is null or measured_at < :to)
     order by tbl.id`.replace(':table:', ':table: tbl'),
    {
      table: logTable(table).table,
      solutionId: log.solutionId,
      from: from === null ? null : iso(from),
      to: to === null ? null : iso(to),
    },
  );
  return rows.map(({ id }) => id);
}

/** Around the borders of days and weeks, and open on either side. */
const ranges: readonly (readonly [from: number | null, to: number | null])[] = [
  [null, null],
  [start, start + dayMs],
  [start + 3 * dayMs, start + 3 * dayMs + minuteMs],
  [start + 3 * dayMs - 1, start + 3 * dayMs],
  [start + 2 * dayMs + 77 * minuteMs, start + 9 * dayMs],
  [null, start + 5 * dayMs],
  [start + 5 * dayMs, null],
  [Date.UTC(2000, 0, 1), Date.UTC(2000, 0, 2)],
  [Date.UTC(1970, 0, 1), Date.UTC(2090, 0, 1)],
  [start + 5 * dayMs, start + 4 * dayMs],
];

async function expectAllRangesAreExact(table = 'Tbsondes'): Promise<void> {
  for (const [from, to] of ranges) {
    const range = [from, to].map((at) => (at === null ? null : iso(at)));
    expect([...range, await idsWithin(from, to, table)]).toEqual([
      ...range,
      await allWithin(from, to, table),
    ]);
  }
}

const notIndexed = async () => {
  const { rows } = await log.db.raw<{ rows: { ids: string }[] }>(
    'select not_indexed::text as ids from log_mark where solution_id = ?',
    [log.solutionId],
  );
  return only(rows).ids;
};

describe('A range of time returns exactly what was measured in it', () => {
  test('when readings come in order, in several files', async () => {
    await log.load('Tbsondes', csvOf(everyFiveMinutes(1, 1_000)));
    await log.load('Tbsondes', csvOf(everyFiveMinutes(1_001, 2_000, start + 1_000 * 5 * minuteMs)));
    await expectAllRangesAreExact();
    expect(await notIndexed()).toBe('{}');
  });

  test('when a wrong clock, missing times and right times alternate', async () => {
    const mixed = new Map<number, number | null>(everyFiveMinutes(1, 3_000));
    for (let id = 2; id <= 3_000; id += 5) mixed.set(id, Date.UTC(2000, 0, 1) + id * 1_000);
    for (let id = 3; id <= 3_000; id += 7) mixed.set(id, null);
    for (let id = 4; id <= 3_000; id += 500) mixed.set(id, Date.UTC(2089, 11, 31));
    await log.load('Tbsondes', csvOf(mixed));
    await expectAllRangesAreExact();
  });

  test('when readings come late, in any order, and with ids that jump', async () => {
    await log.load('Tbsondes', csvOf(everyFiveMinutes(100_000, 500, start + 4 * dayMs)));
    const late = [...everyFiveMinutes(10, 900)].reverse();
    await log.load('Tbsondes', csvOf(new Map(late.map(([id, at]) => [id * 90, at]))));
    await expectAllRangesAreExact();
    expect(await notIndexed()).toBe('{}');
  });

  test('when one of them has the highest id that there can be', async () => {
    const highest = 2n ** 63n - 1n;
    await log.load('Tbsondes', csvOf(everyFiveMinutes(1, 10)));
    await log.acceptIdsUpTo('Tbsondes', highest);
    await log.load('Tbsondes', csvOf(new Map([[highest, start + minuteMs]])));
    await expectAllRangesAreExact();
    await log.db('log_span').delete();
    await log.db('log_mark').update({ not_indexed: '{(,)}' });
    await indexTimes(log.db);
    await expectAllRangesAreExact();
    expect(await notIndexed()).toBe('{}');
  });

  test('of a log of people, which is indexed by weeks', async () => {
    const rows = [...everyFiveMinutes(1, 40)].map(
      ([id]) => `${id},${iso(start + id * 9 * 3_600_000)},Friteuse`,
    );
    await log.load('Tboil', ['Id,MeasuredAt,OilName', ...rows, ''].join('\n'));
    await expectAllRangesAreExact('Tboil');
    const { rows: spans } = await log.db.raw<{ rows: { day: string }[] }>(
      `select extract(isodow from starts_on)::text as day from log_span where solution_id = ?`,
      [log.solutionId],
    );
    expect(spans).toEqual([{ day: '1' }, { day: '1' }, { day: '1' }]);
  });

  test('of a clock that shows the same day in each of many files, with one small row for that day', async () => {
    for (let file = 0; file < 130; file++)
      await log.load(
        'Tbsondes',
        csvOf(
          new Map([
            [file * 1_000 + 1, start + file * minuteMs],
            [file * 1_000 + 2, start + 9 * dayMs + file * minuteMs],
          ]),
        ),
      );
    await expectAllRangesAreExact();
    const { rows } = await log.db.raw<{ rows: { ranges: number }[] }>(
      `select max((select count(*) from unnest(ids)))::int as ranges from log_span where solution_id = ?`,
      [log.solutionId],
    );
    expect(only(rows).ranges).toBeLessThanOrEqual(100);
  });

  test('of a file with the times of more days than are remembered while it is read', async () => {
    const days = Array.from({ length: 20_100 }, (_, place): [number, number] => [
      place + 1,
      Date.UTC(1970, 0, 1) + ((place * 7_919) % 30_000) * dayMs,
    ]);
    await log.load('Tbsondes', csvOf(new Map(days)));
    expect(await notIndexed()).toBe('{[1,20101)}');
    await expectAllRangesAreExact();
    expect(await indexTimes(log.db)).toBe(20_100);
    expect(await notIndexed()).toBe('{}');
    await expectAllRangesAreExact();
  });
});

describe('An installation with readings of an earlier version', () => {
  const stored = 45_000;

  beforeEach(async () => {
    await log.db.raw(
      `insert into tbsondes (solution_id, id, probe_id, measured_at)
       select ?, id, 'P1', case when id % 11 > 0 then cast(? as timestamptz) + make_interval(mins => id) end
       from generate_series(1, ${stored}) as id`,
      [log.solutionId, iso(start)],
    );
    await log.db.raw(
      `insert into log_mark (solution_id, table_name, highest_id, received) values (?, 'tbsondes', ${stored}, '{[1,${stored + 1})}')`,
      [log.solutionId],
    );
  });

  test('returns exact ranges before, while and after they are indexed', async () => {
    await expectAllRangesAreExact();
    const count = await inTransaction(log.db, async ({ db }) => {
      await createLogLock(db).take(log.solutionId, 'tbsondes');
      return createLogSpanStore(db).indexSome(
        { solutionId: log.solutionId, table: logTable('Tbsondes') },
        10_000,
      );
    });
    expect([count, await notIndexed()]).toEqual([10_000, '{[10001,)}']);
    await expectAllRangesAreExact();
    expect(await indexTimes(log.db)).toBe(stored - 10_000);
    expect(await notIndexed()).toBe('{}');
    await expectAllRangesAreExact();
    expect(await indexTimes(log.db)).toBe(0);
  });

  test('goes on to receive readings meanwhile, and two workers may index at once', async () => {
    let isDone = false;
    const write = async () => {
      for (let id = stored + 1; !isDone || id < stored + 600; id += 100) {
        await log.load('Tbsondes', csvOf(everyFiveMinutes(id, 100, start + (id % 40) * dayMs)));
        await sleep(1);
      }
    };
    const written = write();
    await Promise.all([indexTimes(log.db), indexTimes(log.db)]);
    isDone = true;
    await written;
    expect(await notIndexed()).toBe('{}');
    await expectAllRangesAreExact();
  });

  test('indexes what an older worker adds, and readings whose times were changed', async () => {
    await indexTimes(log.db);
    await log.db.raw(
      `update tbsondes set measured_at = cast(? as timestamptz) where solution_id = ? and id between 500 and 600`,
      [iso(Date.UTC(2000, 0, 1, 7)), log.solutionId],
    );
    await log.db.raw(
      `insert into log_arrival (solution_id, table_name, ids) values (?, 'tbsondes', '{[500,601)}')`,
      [log.solutionId],
    );
    expect(await notIndexed()).toBe('{[500,601)}');
    await expectAllRangesAreExact();
    expect(await indexTimes(log.db)).toBe(101);
    await expectAllRangesAreExact();
  });
});

describe('With the readings of a hundred days', () => {
  const perDay = 288;

  beforeEach(async () => {
    await log.load('Tbsondes', csvOf(everyFiveMinutes(1, 100 * perDay)));
    await log.db.raw('analyze tbsondes');
  });

  /** How many rows of the log were fetched. */
  async function fetchedBy(work: Parameters<typeof inTransaction<unknown>>[1]): Promise<number> {
    return inTransaction(log.db, async (transaction) => {
      const before = await fetched(transaction.db);
      await work(transaction);
      return (await fetched(transaction.db)) - before;
    });
  }

  async function fetched(db: Db): Promise<number> {
    const { rows } = await db.raw<{ rows: { fetched: number }[] }>(
      `select (coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0))::int as fetched
       from pg_stat_xact_user_tables where relname = 'tbsondes'`,
    );
    return only(rows).fetched;
  }

  test('a page of a range reads the rows that it returns, wherever the range is', async () => {
    for (const day of [0, 50, 99]) {
      const [from, to] = [start + day * dayMs, start + (day + 1) * dayMs].map((at) => ({
        text: iso(at),
        timezone: null,
      }));
      const range = { solutionId: log.solutionId, from: from ?? null, to: to ?? null };
      const count = await fetchedBy(({ db }) =>
        createLogReadStore(db).rows(logTable('Tbsondes'), range, '-1', 10_000),
      );
      expect([day, count]).toEqual([day, perDay]);
    }
    const open = { solutionId: log.solutionId, from: { text: iso(start), timezone: null }, to: null };
    expect(
      await fetchedBy(({ db }) => createLogReadStore(db).rows(logTable('Tbsondes'), open, '-1', 50)),
    ).toBeLessThanOrEqual(50);
  });

  test('a page in the order of arrival reads the rows that it returns', async () => {
    await log.load('Tbsondes', csvOf(everyFiveMinutes(100 * perDay + 1, 10, start + 100 * dayMs)));
    await log.db.raw(
      `update log_arrival set ids = '{[1,11)}' where arrival = (select min(arrival) from log_arrival)`,
    );
    const cursor = { arrival: '0', id: '-1' };
    const count = await fetchedBy(({ db }) =>
      createLogReadStore(db).arrived(logTable('Tbsondes'), log.solutionId, cursor, 1_000),
    );
    expect(count).toBe(20);
  });

  test('retention reads the days of which it removes something, and finds old readings that came late', async () => {
    await log.load('Tbsondes', csvOf(new Map([[200_000, start + minuteMs]])));
    await log.db.raw('update tbsondes set received_at = measured_at');
    const aged = {
      solutionId: log.solutionId,
      table: logTable('Tbsondes'),
      before: new Date(start + 2.5 * dayMs),
    };
    const spans = await createOldReadingStore(log.db).spansWithOld(aged);
    expect(spans).toHaveLength(3);
    expect(await removeOldOf(log.db, aged)).toBe(2.5 * perDay + 1);
    expect(await idsWithin(start, start + 3 * dayMs)).toHaveLength(perDay / 2);
    await expectAllRangesAreExact();
    expect(await createOldReadingStore(log.db).spansWithOld(aged)).toEqual([]);
    expect(await removeOldOf(log.db, aged)).toBe(0);
  });
});
