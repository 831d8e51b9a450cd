import { createConnectors } from '../../worker/systems/connectors';
import { type MirrorFake, mirrorText, startMirrorFake } from './mirror-fake';
import {
  ask,
  createPath,
  objectIn,
  openSosyncPair,
  type SosyncPair,
  type SosyncServed,
  until,
} from './sosync-pair';

// Every job, as the other system sees it: complete, each once, and never an older state over a newer one.

let sosync: SosyncPair;
let mirror: MirrorFake;
beforeEach(async () => {
  mirror = await startMirrorFake();
  sosync = await openSosyncPair({
    connectors: createConnectors(),
    text: mirrorText(mirror),
    environment: { MIRROR_KEY: mirror.odoo.apiKey },
  });
});
afterEach(async () => {
  await sosync.end();
  await mirror.odoo.close();
});

const create = async ({ url }: SosyncServed, record: string) =>
  Number(objectIn(await ask(url + createPath({ source_record_id: record })))['id']);

/** The rows of the table that are missing or different in the mirror. */
async function differences(): Promise<string[]> {
  const rows = await sosync.pair.rows<{ job_id: string; job_state: string }>(
    'select job_id, job_state from sosync_job order by job_id',
  );
  const wanted = rows.map(({ job_id: id, job_state: state }) => `__sync__.job-${id} ${state}`);
  const held = [...mirror.records()].map(([id, record]) => `${id} ${String(record['job_state'])}`);
  return [...wanted.filter((one) => !held.includes(one)), ...held.filter((one) => !wanted.includes(one))];
}
const isWhole = async () => (await differences()).length === 0;

test('each job is one record, with all of its names and a name, and follows it', async () => {
  const served = await sosync.serve();
  const { id: record } = sosync.pair.espo.add('CBeteiligte', {
    lastName: 'Meier',
    firstName: 'Zoë',
    dateOfBirth: '1975-06-07',
    salutationName: 'Ms.',
  });
  const id = await create(served, record);
  await until(async () => mirror.records().size === 1);
  await until(async () => {
    await sosync.pair.settle();
    return mirror.records().get(`__sync__.job-${id}`)?.['job_state'] === 'done';
  });
  expect(mirror.records().get(`__sync__.job-${id}`)).toMatchObject({
    name: `fs CBeteiligte ${record}`,
    job_id: String(id),
    job_date: '2026-11-30 10:15:00',
    source_model: 'CBeteiligte',
    target_model: 'Beteiligte',
  });
});

test('many jobs are sent in few loads, and a refused one does not delay others', async () => {
  const served = await sosync.serve();
  await ask(`${served.url}/service/processprotocol?action=stop`);
  const records = Array.from({ length: 60 }, (_, place) => (place === 17 ? 'seventeen' : String(place + 1)));
  await Promise.all(records.map((record) => create(served, record)));
  mirror.takes('integer');
  await ask(`${served.url}/service/processprotocol`);
  await until(async () => mirror.records().size === 59);
  expect(mirror.loads()).toBeLessThan(30);
  mirror.takes('char');
  await served.stop();
  await sosync.serve();
  await until(isWhole);
});

test('it is complete and without doubles after either side was cut off in the middle of a load', async () => {
  const served = await sosync.serve();
  mirror.odoo.http.faults.push({ losesAnswer: true, times: 1 }, { answer: { status: 502 }, times: 1 });
  await Promise.all(Array.from({ length: 20 }, (_, place) => create(served, `record-${place}`)));
  await until(isWhole);
  expect(mirror.records().size).toBe(20);
});

test('a worker that lost its lease during a load has those jobs sent once more', async () => {
  const served = await sosync.serve();
  await until(
    async () => (await sosync.pair.rows(`select from sosync_worker where status = 'running'`)).length === 2,
  );
  mirror.odoo.http.faults.push({
    times: 1,
    before: () => {
      // Another process took over meanwhile, and has mirrored a newer state.
      void sosync.pair.database.db.raw(
        `update sosync_worker set fence = fence + 1, lease_until = now() where kind = 'protocol'`,
      );
    },
    delayMs: 500,
  });
  await create(served, 'record-1');
  await until(async () => mirror.loads() >= 2);
  await until(isWhole);
  expect(mirror.records().size).toBe(1);
});

test('a key that is refused pauses the mirror until a person resumes its system; jobs go on', async () => {
  const served = await sosync.serve();
  mirror.odoo.http.faults.push({ answer: { status: 401 }, times: 1 });
  const id = await create(served, 'record-1');
  const status = async () =>
    (objectIn(await ask(`${served.url}/service/status`))['protocol_worker'] as { status: string }).status;
  await until(async () => (await status()) === 'paused');
  expect(mirror.loads()).toBe(0);
  await until(async () => objectIn(await ask(`${served.url}/job/info/${id}`))['job_fetched']);
  await sosync.pair.database.db.raw(
    `update remote_system set state = 'unknown', paused_at = null, paused_by = null, paused_reason = null where name = 'mirror'`,
  );
  await until(isWhole);
});
