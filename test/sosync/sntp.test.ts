import { askDrift } from '../../worker/outside/sntp';
import { startTimeServer, type TimeServerFake } from './time-server';

// How far our clock is off, by servers of our own over UDP.

const servers: TimeServerFake[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

async function serve(...offsets: number[]): Promise<TimeServerFake[]> {
  for (const offset of offsets) servers.push(await startTimeServer(offset));
  return servers;
}
const ask = (patienceMs = 5_000, now: () => number = Date.now) =>
  askDrift(
    servers.map(({ port }) => ({ host: '127.0.0.1', port })),
    patienceMs,
    now,
  );
/** Two processes tell the time a little apart. */
const near = (drift: number | null, wanted: number) =>
  expect(Math.abs((drift ?? NaN) - wanted)).toBeLessThan(500);

const year = 365 * 86_400_000;

test('the median of several counts, so one that is a year off decides nothing', async () => {
  await serve(10, year, 20);
  near(await ask(), 15);
});

test('if our clock is a year off, the drift is a year', async () => {
  await serve(0, 0, 0);
  near(await ask(5_000, () => Date.now() - year), year);
  near(await ask(5_000, () => Date.now() + year), -year);
});

test('the era after February 2036 is read as the future', async () => {
  const eleven = 11 * year;
  await serve(eleven);
  near(await ask(), eleven);
});

test.each(['silent', 'kiss-of-death', 'unsynchronised', 'forged', 'short'] as const)(
  'a server that is %s is left out; if none is left, the drift is unknown',
  async (mood) => {
    const [one] = await serve(5_000, 0);
    if (one !== undefined) one.mood = mood;
    near(await ask(1_000), 0);
    for (const server of servers) server.mood = mood;
    expect(await ask(1_000)).toBeNull();
  },
);

test('an unknown name and a port without a listener are left out', async () => {
  await serve(0);
  const [{ port } = { port: 0 }] = servers;
  const closed = await startTimeServer();
  await closed.close();
  const all = [
    { host: 'nobody.invalid', port: 123 },
    { host: '127.0.0.1', port: closed.port },
    { host: '127.0.0.1', port },
  ];
  near(await askDrift(all, 3_000), 0);
});
