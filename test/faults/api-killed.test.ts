import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { logTablesOf } from '../../shared/catalog/log-tables';
import { eventually } from '../queue/eventually';
import { answerTo, call, open, type SolutionClient, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { reach2, signIn, storedFiles } from '../v4/on-server';
import { createProcesses, holdTable, jobOf, type Processes, type RunningProcess } from './on-processes';

// An upload that gives no sign for three seconds is dead after eight: its channel is looked at every five.
let processes: Processes;
let api: RunningProcess;
beforeAll(async () => {
  processes = await createProcesses({ environment: { EPACK_UPLOAD_IDLE_SECONDS: '3' } });
  api = await processes.startApi();
  await processes.startWorker();
});
afterAll(() => processes.end());

type Client = SolutionClient & { readonly id: number };

async function restartApi(): Promise<void> {
  await api.kill();
  api = await processes.startApi();
  await eventually('the API is ready', async () => (await call(`${processes.url}/readyz`)).status === 200);
}

const stateOf = async (client: Client) =>
  (
    await processes
      .db<{ solution_id: number; state: string }>('sync')
      .where({ solution_id: client.id })
      .first('state')
  )?.state;
const files = () => storedFiles({ config: { filesDir: processes.filesDir } });

async function someoneWaitsFor(table: string): Promise<boolean> {
  const waiting = await processes.db('pg_locks').whereRaw('relation = ?::regclass and not granted', table);
  return waiting.length > 0;
}

/** Ends what waits for the table. PostgreSQL would carry a statement out whose client is dead: it was sent whole. */
const endWhoWaitsFor = (table: string) =>
  processes.db.raw(
    `select pg_terminate_backend(pid) from pg_locks where relation = cast(:table as regclass) and not granted`,
    { table },
  );

/** As if the upload had never come. */
async function expectFreed(client: Client): Promise<void> {
  await eventually('the channel is free', async () => (await client.statut()).text === '"0"');
  expect(await processes.db('sync').where({ solution_id: client.id })).toEqual([]);
  expect((await client.statut()).headers['epack-sync']).toBeUndefined();
  await eventually('its files are gone', async () =>
    (await files()).every(
      (file) => !file.startsWith('uploads/') || known.some((sync) => file.includes(sync)),
    ),
  );
  const posted = await client.postForm(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) }));
  expect(posted.status).toBe(200);
  known.push(textOf(posted.json['sync']));
  await reach2(client);
}
/** Syncs whose files are there to stay. */
const known: string[] = [];

/** Begins an upload that does not come to its end: it goes on slowly, or not at all. */
function receiving(client: Client, goesOn: 'slowly' | 'not at all'): Promise<unknown> {
  const sent = open(`${client.base}/datas`, 'POST', {
    ...client.authorized,
    'Content-Type': 'application/zip',
    'Content-Length': '1000000',
  });
  const answer = answerTo(sent).catch(() => null);
  sent.write(Buffer.alloc(200_000));
  if (goesOn === 'slowly') {
    const timer = setInterval(() => sent.write('-'), 100);
    sent.once('close', () => clearInterval(timer));
  }
  return answer;
}

test('kill -9 of the API while it receives, while it unpacks, or before it queues: the channel is free within a minute, and nothing of the upload stays', async () => {
  const [receives, unpacks, queues] = [
    await signIn(processes),
    await signIn(processes),
    await signIn(processes),
  ];
  // Files that are read: others are not written.
  const others = logTablesOf('synchro').filter(({ name }) => name !== 'Tbfridge');
  const many = zipOf(Object.fromEntries(others.map(({ name }) => [`csv/${name}.csv`, randomBytes(500_000)])));
  const held = await holdTable(processes.db, 'job');
  // All at once: an upload that had to wait for the others for too long would count as dead.
  const answers = [
    receiving(receives, 'slowly'),
    queues.postForm(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3) })).catch(() => null),
    unpacks.postForm(many).catch(() => null),
  ];
  await eventually('one is received', async () => (await stateOf(receives)) === 'receiving');
  await eventually('one is being unpacked', async () =>
    (await files()).some((file) => file.includes('/unpacked/csv/') && !file.includes('Tbfridge')),
  );
  await eventually('one would queue its job', async () => await someoneWaitsFor('job'));
  await api.kill();
  await endWhoWaitsFor('job');
  await held.release();
  expect(await Promise.all(answers)).toEqual([null, null, null]);
  for (const client of [receives, unpacks, queues]) expect(await stateOf(client)).toBe('receiving');
  await restartApi();
  for (const client of [receives, unpacks, queues]) await expectFreed(client);
});

describe('an upload that was accepted before the kill is processed', () => {
  test('killed right after its answer: the message was written with the job', async () => {
    const client = await signIn(processes);
    const answer = await client.postForm(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3) }));
    expect(answer.status).toBe(200);
    await api.kill();
    await restartApi();
    await reach2(client);
    const { sync } = (await client.sync()).json;
    known.push(textOf(sync));
    expect(await jobOf(processes.db, textOf(sync))).toMatchObject({ state: 'done', attempts: 1 });
    expect(await processes.db('tbfridge').where({ solution_id: client.id }).select('id')).toHaveLength(3);
  });

  test('after a kill at any moment, with retries under the same key, an upload is applied exactly once', async () => {
    for (let round = 1; round <= 5; round += 1) {
      const client = await signIn(processes);
      const key = randomUUID();
      const archive = zipOf({
        'csv/Tbfridge.csv': fridgeLog(1, 2, 3, 4, 5),
        'notes.txt': 'x'.repeat(100_000),
      });
      const first = client.postForm(archive, {}, { 'Idempotency-Key': key }).catch(() => null);
      await sleep(Math.random() * 25);
      await restartApi();
      await first;
      let sync: string | undefined;
      await eventually('the upload is taken', async () => {
        const answer = await client.postForm(archive, {}, { 'Idempotency-Key': key }).catch(() => null);
        if (answer?.status === 200) sync = textOf(answer.json['sync']);
        return sync !== undefined;
      });
      await reach2(client);
      known.push(sync ?? '');
      expect(await processes.db('sync').where({ solution_id: client.id }).select('id', 'state')).toEqual([
        { id: sync, state: 'ready' },
      ]);
      expect((await client.sync()).json['report']).toMatchObject({
        logs: { Tbfridge: { inserted: 5, duplicates: 0 } },
      });
    }
  });
});

test('an upload that is cut half-way while the API runs frees its channel as well', async () => {
  const client = await signIn(processes);
  expect(await receiving(client, 'not at all')).toBeNull();
  await expectFreed(client);
});
