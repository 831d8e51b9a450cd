import { parseArgs } from 'node:util';
import { type Db, openDatabase } from '../shared/db/database';
import { findLogTable } from '../shared/catalog/log-tables';
import { indexTimes } from '../worker/solution-sync/logs/index-times';
import { removeOldOf } from '../worker/upkeep/old-readings';
import { benchAdmin, type BenchServer, startBenchServer } from './bench-server';
import { openKitchens } from './kitchen-load';
import { median } from './median';
import type { BenchResult } from './result';
import { readingsUpload } from './small-upload';

const readingsPerDay = 5_760;
const rounds = 15;

/**
 * What a long history costs: one kitchen with the readings of `--days N` (700), 20 probes every five minutes, and one
 * with a hundredth of them, in turns on one server. The readings are written by SQL as an earlier version would have
 * left them, and indexed by the job that does it.
 */
export async function run(options: readonly string[]): Promise<readonly BenchResult[]> {
  const { values } = parseArgs({ args: [...options], options: { days: { type: 'string', default: '700' } } });
  const server = await startBenchServer({ EPACK_QUOTA_SYNCS_PER_DAY: '100000' });
  const db = openDatabase({ url: server.databaseUrl, maxConnections: 2, applicationName: 'epack-bench' });
  try {
    const long = await kitchenWith(db, server, Number(values.days));
    const short = await kitchenWith(db, server, Math.ceil(Number(values.days) / 100));
    const startedAt = performance.now();
    const indexed = await indexTimes(db);
    const seconds = (performance.now() - startedAt) / 1000;
    await db.raw('analyze');
    const results = await measureBoth(db, server, { long, short });
    const perSecond = `${Math.round(indexed / seconds / 1000)} k readings/s indexed afterwards`;
    return results.map((result, place) =>
      place === 0 ? { ...result, lines: [...result.lines, perSecond] } : result,
    );
  } finally {
    await db.destroy();
    await server.stop();
  }
}

interface KitchenWithHistory {
  readonly id: number;
  readonly token: string;
  readonly days: number;
}

/** Its last reading was a day ago. */
async function kitchenWith(db: Db, server: BenchServer, days: number): Promise<KitchenWithHistory> {
  const mail = `history-${days}@example.org`;
  const token = await server.enrol(mail);
  const { rows } = await db.raw<{ rows: { id: number }[] }>('select id from solution where mail = ?', [mail]);
  const id = rows[0]?.id ?? 0;
  await db.raw(
    `insert into tbsondes (solution_id, id, probe_id, measured_at, received_at, temperature, battery_percent)
     select :id, n, 'P' || n % 20, at, at, 3 + n % 7 * 0.1, 90 from generate_series(1, cast(:count as int)) as n
     cross join lateral (select date_trunc('day', now()) - make_interval(days => 1)
       - make_interval(mins => 5 * ((cast(:count as int) - n) / 20))) as t (at)`,
    { id, count: days * readingsPerDay },
  );
  await db.raw(
    `insert into log_mark (solution_id, table_name, highest_id, received)
     select :id, 'tbsondes', cast(:count as int), int8multirange(int8range(1, cast(:count as int), '[]'))`,
    { id, count: days * readingsPerDay },
  );
  await db.raw(
    `insert into probe_state (solution_id, probe_id, last_at, heard_at, silent_at)
     select :id, 'P' || n, at, at, now() + interval '1 day'
     from generate_series(0, 19) as n, (select date_trunc('day', now()) - interval '1 day') as t (at)`,
    { id },
  );
  return { id, token, days };
}

type Kitchens = Readonly<Record<'long' | 'short', KitchenWithHistory>>;
type Work = (kitchen: KitchenWithHistory, round: number) => Promise<unknown>;

async function measureBoth(db: Db, server: BenchServer, kitchens: Kitchens): Promise<BenchResult[]> {
  const get = await openGet(server);
  const day = (kitchen: KitchenWithHistory, back: number) => {
    const start = Date.now() - (back + 2) * 86_400_000;
    const at = (ms: number) => new Date(ms).toISOString().slice(0, 10);
    return `/api/solutions/${kitchen.id}/logs/Tbsondes?from=${at(start)}&to=${at(start + 86_400_000)}`;
  };
  const { kitchen: open, close } = openKitchens(server.url, 'sondes');
  const table = findLogTable('Tbsondes');
  if (table === undefined) throw new Error('Tbsondes is not in the catalogue');
  const sync: Work = async ({ token, days }, round) =>
    open(token).sync(await readingsUpload(days * readingsPerDay + 1 + round * 60, 60));
  const works: readonly (readonly [name: string, work: Work])[] = [
    ['a page of 100 readings of one day', (one) => get(`${day(one, 0)}&limit=100`)],
    ['an export of one day', (one) => get(`${day(one, 0)}&format=csv`)],
    [
      'the temperatures of a probe, 3 days',
      (one) => get(`/solutions/${one.id}/temperatures?probe=P1&days=3`),
    ],
    ['the page of the solution', (one) => get(`/solutions/${one.id}`)],
    ['a sync of 60 readings', sync],
    [
      'retention of half an hour',
      ({ id: solutionId, days }, round) => {
        const oldest = Date.now() - (days + 1) * 86_400_000;
        return removeOldOf(db, { solutionId, table, before: new Date(oldest + round * 1_800_000) });
      },
    ],
  ];
  try {
    const results: BenchResult[] = [];
    for (const [name, work] of works) results.push(await inTurns(name, work, kitchens));
    return results;
  } finally {
    close();
  }
}

async function inTurns(name: string, work: Work, { long, short }: Kitchens): Promise<BenchResult> {
  const times = new Map<KitchenWithHistory, number[]>([long, short].map((one) => [one, []]));
  for (let round = 0; round < rounds + 3; round++) {
    for (const kitchen of round % 2 === 0 ? [long, short] : [short, long]) {
      const startedAt = performance.now();
      await work(kitchen, round);
      if (round >= 3) times.get(kitchen)?.push(performance.now() - startedAt);
    }
  }
  const [slow, fast] = [median(times.get(long) ?? []), median(times.get(short) ?? [])];
  return {
    name: `history × 100: ${name}`,
    ratio: slow / fast,
    target: '1.0',
    lines: [`${slow.toFixed(1)} ms with ${long.days} days, ${fast.toFixed(1)} ms with ${short.days}`],
  };
}

async function openGet(server: BenchServer): Promise<(path: string) => Promise<void>> {
  const session = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(benchAdmin),
  });
  const { token } = (await session.json()) as { token: string };
  return async (path) => {
    const response = await fetch(`${server.url}${path}`, { headers: { cookie: `epack_session=${token}` } });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${text.slice(0, 300)}`);
  };
}
