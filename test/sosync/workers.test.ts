import { startTimeServer, type TimeServerFake } from './time-server';
import {
  ask,
  createPath,
  objectIn,
  openSosyncPair,
  type SosyncPair,
  type SosyncServed,
  until,
} from './sosync-pair';

// The two workers of an instance, over all of its processes, and the clock.

let sosync: SosyncPair;
let clock: TimeServerFake;
beforeEach(async () => {
  sosync = await openSosyncPair();
  clock = await startTimeServer();
});
afterEach(async () => {
  await sosync.end();
  await clock.close();
});

const workerOf = async ({ url }: SosyncServed, kind: 'job' | 'protocol') =>
  objectIn(await ask(`${url}/service/status`))[`${kind}_worker`] as { status: string; since: string };
const create = async ({ url }: SosyncServed, record: string) =>
  Number(objectIn(await ask(url + createPath({ source_record_id: record })))['id']);
const info = async ({ url }: SosyncServed, id: number) => objectIn(await ask(`${url}/job/info/${id}`));
const byClock = (more: Record<string, string> = {}) => ({
  ntp_host: `127.0.0.1:${clock.port}`,
  max_time_drift_ms: '2000',
  ...more,
});

test('one of each runs over two processes; when its process stops, the other follows', async () => {
  const one = await sosync.serve();
  await until(async () => (await workerOf(one, 'job')).status === 'running');
  const { since } = await workerOf(one, 'job');
  const other = await sosync.serve();
  expect(await workerOf(other, 'job')).toEqual({ status: 'running', since });
  const holders = await sosync.pair.rows<{ fence: string }>('select fence from sosync_worker');
  expect(holders.map(({ fence }) => fence)).toEqual(['1', '1']);
  await one.stop();
  await until(async () => (await workerOf(other, 'job')).status === 'running');
  await until(async () => (await workerOf(other, 'protocol')).status === 'running');
  expect(Date.parse((await workerOf(other, 'job')).since)).toBeGreaterThan(Date.parse(since));
  const id = await create(other, '0123456789abcdef0');
  await until(async () => (await info(other, id))['job_fetched']);
});

test('a call to one process stops and starts the worker that runs in another, and it stays so over a restart', async () => {
  const one = await sosync.serve();
  await until(async () => (await workerOf(one, 'job')).status === 'running');
  const other = await sosync.serve();
  expect((await ask(`${other.url}/service/processjobs?action=stop`)).text).toMatch(/^job worker stop/);
  await until(async () => (await workerOf(one, 'job')).status === 'stopped');
  expect((await workerOf(one, 'protocol')).status).toBe('running');
  await one.stop();
  await other.stop();
  const again = await sosync.serve();
  await until(async () => (await workerOf(again, 'protocol')).status === 'running');
  expect((await workerOf(again, 'job')).status).toBe('stopped');
  expect((await ask(`${again.url}/service/processjobs`)).text).toBe('job worker started');
  expect((await ask(`${again.url}/service/processprotocol`)).text).toBe('protocol worker is running');
});

test('jobs pause while the clock is further off than it may be, and go on once it is checked and right', async () => {
  clock.offsetMs = 60_000;
  const served = await sosync.serve(byClock());
  await until(async () => (await workerOf(served, 'job')).status === 'paused');
  const id = await create(served, '0123456789abcdef0');
  expect(Math.abs(Number((await ask(`${served.url}/service/drift`)).text) - 60_000)).toBeLessThan(500);
  expect(await info(served, id)).toMatchObject({ job_state: 'new', job_fetched: null });
  clock.offsetMs = 0;
  expect((await ask(`${served.url}/service/forcedriftcheck`)).status).toBe(200);
  await until(async () => (await info(served, id))['job_fetched']);
  expect((await workerOf(served, 'job')).status).toBe('running');
});

test('an unknown drift pauses nothing, and the call for it returns 503', async () => {
  clock.mood = 'kiss-of-death';
  const served = await sosync.serve(byClock());
  const id = await create(served, '0123456789abcdef0');
  await until(async () => (await info(served, id))['job_fetched']);
  const drift = await ask(`${served.url}/service/drift`);
  expect(drift.status).toBe(503);
  expect(objectIn(drift)).toMatchObject({ code: 'no-time-server' });
});

test('with throttle_ms, a job takes at least this time', async () => {
  const served = await sosync.serve({ throttle_ms: '300' });
  const ids = [await create(served, 'aaaaaaaaaaaaaaaa1'), await create(served, 'aaaaaaaaaaaaaaaa2')];
  const fetched = await until(async () => {
    await sosync.pair.settle();
    const jobs = await Promise.all(ids.map((id) => info(served, id)));
    const times = jobs.map(({ job_fetched: at }) => Date.parse(String(at)));
    return times.every((time) => !Number.isNaN(time)) && times;
  });
  const [first = 0, second = 0] = [...fetched].sort((one, other) => one - other);
  expect(second - first).toBeGreaterThanOrEqual(300);
});
