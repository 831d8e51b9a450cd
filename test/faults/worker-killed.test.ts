import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../../shared/db/database';
import { eventually } from '../queue/eventually';
import type { SolutionClient } from '../setup/solution-client';
import { zipOf } from '../v4/archive';
import { parameterFile } from '../v4/edits';
import { reach2, signIn } from '../v4/on-server';
import { createProcesses, type Processes } from './on-processes';

// A worker that dies loses its job after two seconds. No attempt counts as the last: here none fails by itself.
let processes: Processes;
beforeAll(async () => {
  processes = await createProcesses({
    environment: {
      EPACK_LEASE_SECONDS: '2',
      EPACK_MAX_ATTEMPTS: '100',
      EPACK_LARGE_PACKAGE_BYTES: '1500000',
    },
  });
  await processes.startApi();
});
afterAll(() => processes.end());

type Client = SolutionClient & { readonly id: number };

const kills = 12;
const rowsPerRound = 40_000;

/** The package of a round: many readings, parameters of which some change, and a row that is refused. */
function packageOf(round: number): Buffer {
  const first = round * rowsPerRound + 1;
  const readings = Array.from(
    { length: rowsPerRound },
    (_, n) => `${first + n},p${n % 20},2026-11-20T07:00:00Z,${n % 7}`,
  );
  const fridges = Array.from({ length: 200 }, (_, n) => ({
    Id: String(n + 1),
    Name: `Fridge ${n}${n % 3 === 0 ? ` of round ${round}` : ''}`,
    IsActive: String(n % 50 !== round % 50),
  }));
  return zipOf({
    'csv/Tbfridge.csv': `Id,FridgeId,MeasuredAt,Temp\n${readings.join('\n')}\n${first + rowsPerRound},p,2026-11-20T07:00:00Z,broken\n`,
    'csv/Tboil.csv': `Id,Temp\n${Array.from({ length: 500 }, (_, n) => `${round * 500 + n},170`).join('\n')}\n`,
    'xml/Fridges.xml': parameterFile('Fridges', ...fridges),
  });
}

/** All that the syncs of a solution have left in the database, but for what names the solution, the sync or the time. */
async function traceOf(client: Client): Promise<object> {
  const id = client.id;
  const { rows } = await processes.db.raw<{ rows: object[] }>(
    `select
       (select md5(string_agg(to_jsonb(t)::text, ',' order by id)) from (select id, fridge_id, measured_at, temp from tbfridge where solution_id = :id) t) as readings,
       (select count(*)::int from tbfridge where solution_id = :id) as reading_count,
       (select md5(string_agg(to_jsonb(t)::text, ',' order by id)) from (select id, temp from tboil where solution_id = :id) t) as oils,
       (select jsonb_agg(jsonb_build_object('id', id, 'fields', fields, 'active', is_active, 'version', version) order by id)
          from param where solution_id = :id) as params,
       (select count(*)::int from param_version v join param p using (id_server) where p.solution_id = :id) as versions,
       (select jsonb_agg(jsonb_build_object('file', file, 'line', line, 'row', row_id, 'raw', raw) order by id) from quarantine where solution_id = :id) as quarantined,
       (select jsonb_object_agg(table_name, highest_id) from log_mark where solution_id = :id) as marks,
       (select jsonb_agg(report - 'sync' order by received_at) from sync where solution_id = :id) as reports,
       (select jsonb_agg(state order by received_at) from sync where solution_id = :id) as states`,
    { id },
  );
  return rows[0] ?? {};
}

test(`kill -9 of the worker at ${kills} moments: the rows are those of an undisturbed run, and every status moves on`, async () => {
  const disturbed = await Promise.all(Array.from({ length: 5 }, () => signIn(processes)));
  const rounds = new Map<Client, number>();
  for (const client of disturbed) await postNext(client);
  for (let killed = 0; killed < kills; killed += 1) {
    const worker = await processes.startWorker();
    await somethingIsProcessed();
    await sleep(Math.random() * 1500);
    // A fast machine is done with all of them by now.
    await somethingIsProcessed();
    await worker.kill();
  }
  const [takenOver] = await processes
    .db('job')
    .sum<{ times: string }[]>({ times: processes.db.raw('fence - 1') });
  expect(Number(takenOver?.times)).toBeGreaterThan(2);

  const worker = await processes.startWorker();
  for (const client of disturbed) await reach2(client);
  const undisturbed = await signIn(processes);
  const traces = new Map<number, object>();
  for (let round = 0; round < Math.max(...rounds.values()); round += 1) {
    await undisturbed.postForm(packageOf(round));
    await reach2(undisturbed);
    traces.set(round + 1, await traceOf(undisturbed));
    await undisturbed.confirm();
  }
  for (const client of disturbed) {
    const expected = traces.get(rounds.get(client) ?? 0);
    expect(await traceOf(client)).toEqual(expected);
  }
  await worker.stop();

  async function somethingIsProcessed(): Promise<void> {
    await eventually('something is processed', async () => {
      for (const client of disturbed) await goOn(client);
      const running = processes.db('job').where({ state: 'running' }).andWhereRaw('lease_until > now()');
      return (await running.first('id')) !== undefined;
    });
  }

  /** Where a sync is done, the next one follows. */
  async function goOn(client: Client): Promise<void> {
    if ((await client.statut()).text !== '"2"') return;
    await client.confirm();
    await postNext(client);
  }

  async function postNext(client: Client): Promise<void> {
    const round = rounds.get(client) ?? 0;
    expect((await client.postForm(packageOf(round))).status).toBe(200);
    rounds.set(client, round + 1);
  }
}, 300_000);

test('no process has left a session in the database', async () => {
  const db = openDatabase({ url: processes.databaseUrl, maxConnections: 1, applicationName: 'epack-look' });
  try {
    await eventually('the sessions of the dead are gone', async () => {
      const { rows } = await db.raw<{ rows: object[] }>(
        `select from pg_stat_activity where datname = current_database() and application_name like 'epack-worker%'`,
      );
      return rows.length === 0;
    });
  } finally {
    await db.destroy();
  }
});
