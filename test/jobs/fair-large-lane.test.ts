import { startTestServer, type TestServer } from '../setup/server';
import { createSolutionClient } from '../setup/solution-client';
import { enrol, reach2, signIn, tokenOf } from '../v4/on-server';
import { zipOf } from '../v4/archive';

let server: TestServer;
beforeAll(async () => {
  // Every upload is a large one, and one is processed at a time.
  server = await startTestServer({ EPACK_LARGE_PACKAGE_BYTES: '1', EPACK_WORKER_LARGE_JOBS: '1' });
});
afterAll(() => server.stop());

/** The solutions of the large jobs, in the order in which a worker finished them. */
const finishedInOrder = () =>
  server
    .db('job')
    .join('sync', 'sync.id', 'job.sync_id')
    .where({ 'job.lane': 'large', 'job.state': 'done' })
    .orderBy('job.finished_at')
    .pluck<number[]>('sync.solution_id');

test('a solution with many large uploads does not make another wait for all of them', async () => {
  const solution = await enrol(server);
  const token = await tokenOf(server, solution);
  const [first, second] = (['synchro', 'sondes'] as const).map((channel) =>
    createSolutionClient(server.url, token, channel),
  );
  const other = await signIn(server);
  const all = [first, second, other].filter((client) => client !== undefined);
  const csv = zipOf({ 'csv/Tbfridge.csv': 'Id,MeasuredAt,FridgeName,Temp\n1,2026-11-20 07:00,CF1,3.1\n' });
  for (const client of all) expect((await client.postForm(csv)).status).toBe(200);
  await server.startWorker();
  for (const client of all) await reach2(client);
  expect(await finishedInOrder()).toEqual([solution.id, other.id, solution.id]);
});
