import { parseArgs } from 'node:util';
import { type Db, openDatabase } from '../shared/db/database';
import { benchAdmin, type BenchServer, startBenchServer } from './bench-server';
import { median } from './median';
import type { BenchResult } from './result';

/**
 * The pages that staff open most, on an installation with `--solutions N` (10,000) and `--syncs N` (10,000,000) over
 * two years, which are written by SQL. The time is that of a whole response, seen by a caller on the same machine.
 */
export async function run(options: readonly string[]): Promise<readonly BenchResult[]> {
  const { values } = parseArgs({ args: [...options], options: optionsOfPages });
  const server = await startBenchServer();
  const db = openDatabase({ url: server.databaseUrl, maxConnections: 1, applicationName: 'epack-bench' });
  try {
    const empty = await measureAll(server, 1);
    await seed(db, Number(values.solutions), Number(values.syncs));
    const { rows } = await db.raw<{ rows: { id: number }[] }>('select max(id) as id from solution');
    const full = await measureAll(server, rows[0]?.id ?? 1);
    return full.map(({ name, times }, place) => resultOf(name, times, empty[place]?.times ?? []));
  } finally {
    await db.destroy();
    await server.stop();
  }
}

const optionsOfPages = {
  solutions: { type: 'string', default: '10000' },
  syncs: { type: 'string', default: '10000000' },
} as const;

/** Each solution makes the same number of syncs, on all four channels; a sync in a thousand failed. */
async function seed(db: Db, solutions: number, syncs: number): Promise<void> {
  await db.raw(`set synchronous_commit = off`);
  await db.raw(
    `insert into account (name) select 'Account ' || n from generate_series(1, :solutions / 20) as n;
     insert into solution (account_id, mail, name, secret_hash, version)
     select (select min(id) from account) + n % (:solutions / 20), 'k' || n || '@example.org', 'Cuisine ' || n, '-', '4.' || n % 9
     from generate_series(1, :solutions) as n;
     insert into channel_status (solution_id, channel, since)
     select id, channel, now() - make_interval(mins => id % 3000) from solution
     cross join unnest(array['synchro', 'sondes', 'messagerie', 'photos']) as channel on conflict do nothing;
     insert into log_mark (solution_id, table_name, highest_id, received, not_indexed, last_row_at)
     select id, t, 1000, '{[1,1001)}', '{}', now() from solution
     cross join unnest(array['tbsondes', 'tbfridge', 'tboil', 'tbcleaning', 'tbcooking', 'tblots']) as t
     on conflict do nothing;`.replaceAll(':solutions', String(solutions)),
  );
  const days = 730;
  for (let day = days; day > 0; day--) {
    await db.raw(
      `insert into sync (id, solution_id, channel, state, received_at, queued_at, processing_at, processed_at, downloaded_at,
         confirmed_at, package_key, package_bytes, files_removed_at)
       select gen_random_uuid(), base.id + n % cast(:solutions as int), (array['synchro', 'sondes', 'messagerie', 'photos'])[1 + n / 7 % 4],
         case when n % 1000 = 0 then 'failed' else 'confirmed' end, at, at, at, at, at, at, 'p/' || n, 1000,
         case when cast(:day as int) > 30 then at + interval '30 days' end
       from (select max(id) - cast(:solutions as int) + 1 as id from solution) base, generate_series(cast(:first as int), cast(:last as int)) as n
       cross join lateral (select now() - make_interval(secs => 86400.0 * (cast(:day as int) - (n - cast(:first as int))::float8 / (cast(:last as int) - cast(:first as int) + 1)))) as t (at)`,
      { solutions, day, ...shareOf(days - day, days, syncs) },
    );
  }
  await db.raw('analyze');
}

const shareOf = (place: number, parts: number, all: number) => ({
  first: Math.floor((all * place) / parts),
  last: Math.max(Math.floor((all * (place + 1)) / parts) - 1, Math.floor((all * place) / parts)),
});

interface Measured {
  readonly name: string;
  /** Milliseconds, in order. */
  readonly times: readonly number[];
}

async function measureAll(server: BenchServer, solutionId: number): Promise<Measured[]> {
  const session = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(benchAdmin),
  });
  const { token } = (await session.json()) as { token: string };
  const measured: Measured[] = [];
  for (const [name, path] of pagesOf(solutionId))
    measured.push({ name, times: await timesOf(`${server.url}${path}`, `epack_session=${token}`) });
  return measured;
}

const pagesOf = (id: number): readonly (readonly [name: string, path: string])[] => [
  ['overview', '/'],
  ['solutions', '/solutions'],
  ['solutions, searched', '/solutions?search=cuisine+99'],
  ['one solution', `/solutions/${id}`],
  ['its syncs', `/solutions/${id}/syncs`],
  ['solutions in REST', '/api/solutions?limit=100'],
];

async function timesOf(url: string, cookie: string): Promise<number[]> {
  const times: number[] = [];
  for (let round = 0; round < 25; round++) {
    const startedAt = performance.now();
    const response = await fetch(url, {
      headers: { cookie, accept: url.includes('/api/') ? '*/*' : 'text/html' },
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${url}: ${response.status} ${text.slice(0, 500)}`);
    if (round >= 5) times.push(performance.now() - startedAt);
  }
  return times.sort((one, other) => one - other);
}

const resultOf = (name: string, times: readonly number[], empty: readonly number[]): BenchResult => ({
  name: `page: ${name}`,
  ratio: median(times) / 100,
  target: '≤ 1.0 × 100 ms at the median',
  lines: [
    `median ${median(times).toFixed(1)} ms, worst ${(times.at(-1) ?? NaN).toFixed(1)} ms of ${times.length}`,
    `with one solution and no sync ${median(empty).toFixed(1)} ms`,
  ],
});
