import { alertSilentProbes } from '../../worker/maintenance/silent-probes';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { openProbeKitchen, type ProbeKitchen, steady } from './probes';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const minute = 60_000;
const now = Date.now();
let kitchen: ProbeKitchen;
/** Minute 0 is 24 hours ago. */
beforeEach(async () => {
  kitchen = await openProbeKitchen(database.db, now - 1440 * minute);
  await kitchen.fridge('P1', { SignalLossMinutes: 60 });
});

const round = () => alertSilentProbes(database.db);
const ago = (minutes: number) => 1440 - minutes;

test('a probe that is silent for longer than its delay opens one alert', async () => {
  await kitchen.send(steady(ago(75), ago(65), 3));
  await round();
  await round();
  expect(await kitchen.alerts()).toEqual([
    {
      probe: 'P1',
      kind: 'signal-lost',
      worst: null,
      since: ago(65),
      opened_at: ago(5),
      escalated_at: null,
      closed_at: null,
    },
  ]);
  expect(await kitchen.told()).toEqual(['Fridge P1 (P1): no signal']);
});

test('a probe that was heard of in time does not', async () => {
  await kitchen.send(steady(ago(65), ago(55), 3));
  await round();
  expect(await kitchen.alerts()).toEqual([]);
});

test('without a fridge the delay is twelve hours', async () => {
  await kitchen.send([
    { at: ago(725), temp: 3, probe: 'gone' },
    { at: ago(715), temp: 3, probe: 'there' },
  ]);
  await round();
  expect(await kitchen.alerts()).toMatchObject([{ probe: 'gone', kind: 'signal-lost' }]);
});

test('the next reading closes it, a late one does not', async () => {
  await kitchen.send([{ at: ago(65), temp: 3 }]);
  await round();
  await kitchen.send([{ at: ago(70), temp: 3 }]);
  expect(await kitchen.alerts()).toMatchObject([{ closed_at: null }]);
  await kitchen.send([
    { at: ago(10), temp: 3 },
    { at: ago(5), temp: 3 },
  ]);
  expect(await kitchen.alerts()).toMatchObject([{ closed_at: ago(10) }]);
  await round();
  expect(await kitchen.told()).toEqual(['Fridge P1 (P1): no signal', 'Fridge P1 (P1): the signal is back']);
});

test('four delays of silence escalate it', async () => {
  await kitchen.send([{ at: ago(235), temp: 3 }]);
  await round();
  expect(await kitchen.alerts()).toMatchObject([{ escalated_at: null }]);
  const other = await openProbeKitchen(database.db, now - 1440 * minute);
  await other.fridge('P1', { SignalLossMinutes: 60 });
  await other.send([{ at: ago(245), temp: 3 }]);
  await round();
  await round();
  expect(await other.alerts()).toMatchObject([{ opened_at: ago(185), escalated_at: ago(5) }]);
  expect(await other.told()).toEqual(['Fridge P1 (P1): no signal', 'Fridge P1 (P1): still no signal']);
});

test('a delay that was made longer since the last reading holds', async () => {
  await kitchen.send([{ at: ago(65), temp: 3 }]);
  await kitchen.fridge('P1', { SignalLossMinutes: 120 });
  await round();
  expect(await kitchen.alerts()).toEqual([]);
});

test('a probe whose delay is 0 is never lost', async () => {
  await kitchen.fridge('P1', { SignalLossMinutes: 0 });
  await kitchen.send([{ at: 0, temp: 3 }]);
  await round();
  expect(await kitchen.alerts()).toEqual([]);
});

test.each([
  ['years behind', -10 * 365 * 1440],
  ['years ahead', 10 * 365 * 1440],
])('a probe whose clock is %s is silent from its last upload on', async (_name, shift) => {
  await kitchen.send([{ at: 1440 + shift, temp: 3 }]);
  await round();
  expect(await kitchen.alerts()).toEqual([]);
  await database
    .db('probe_state')
    .where({ solution_id: kitchen.solutionId })
    .update({
      heard_at: new Date(now - 61 * minute),
      silent_at: new Date(now - minute),
    });
  await round();
  expect(await kitchen.alerts()).toMatchObject([{ kind: 'signal-lost', since: 1440 + shift }]);
});

test('several workers at once open each alert once', async () => {
  const readings = Array.from({ length: 2500 }, (_, probe) => ({ at: 0, temp: 3, probe: `X${probe}` }));
  await kitchen.send(readings);
  await Promise.all([round(), round(), round()]);
  await round();
  expect(await kitchen.alerts()).toHaveLength(2500);
  expect(await kitchen.told()).toHaveLength(2500);
});
