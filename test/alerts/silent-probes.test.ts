import { alertSilentProbes } from '../../worker/alerts/silent-probes';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { openProbeKitchen, type ProbeKitchen, type Reading, start, steady } from './probes';

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

const round = () => alertSilentProbes(database.db, 'en');
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

test('a probe that sent in time opens no alert', async () => {
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

test('a delay that was made longer after the last reading applies', async () => {
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

describe('a silence of the past', () => {
  const at = (...minutesAgo: number[]): Reading[] =>
    minutesAgo.map((minutes) => ({ at: ago(minutes), temp: 3 }));
  const silences = async () =>
    (await kitchen.alerts()).map(({ kind, since, closed_at }) => ({ kind, since, closed_at }));
  const silence = (from: number, until: number) => ({
    kind: 'signal-lost',
    since: ago(from),
    closed_at: ago(until),
  });

  test('gets an alert with its end, within an upload or between uploads', async () => {
    await kitchen.send(at(300, 100));
    await kitchen.send(at(95, 48));
    await round();
    expect(await kitchen.alerts()).toEqual([
      {
        probe: 'P1',
        kind: 'signal-lost',
        worst: null,
        since: ago(300),
        opened_at: ago(240),
        escalated_at: null,
        closed_at: ago(100),
      },
    ]);
    expect(await kitchen.told()).toHaveLength(2);
  });

  test('lies between the last reading of one upload and the first of the next, too', async () => {
    await kitchen.send(at(310, 300));
    await kitchen.send(at(100, 90));
    await kitchen.send(at(20, 10));
    expect(await silences()).toEqual([silence(300, 100), silence(90, 20)]);
  });

  test('of exactly the delay does not count', async () => {
    await kitchen.send(at(120, 60, 0));
    expect(await silences()).toEqual([]);
  });

  test('of four delays was escalated', async () => {
    await kitchen.send(at(300, 50));
    expect(await kitchen.alerts()).toMatchObject([{ opened_at: ago(240), escalated_at: ago(60) }]);
    expect(await kitchen.told()).toHaveLength(3);
  });

  test('does not exist for a probe that is never lost, and takes twelve hours without a fridge', async () => {
    await kitchen.fridge('P1', { SignalLossMinutes: 0 });
    const other = (minutes: number, probe: string) => ({ at: ago(minutes), temp: 3, probe });
    await kitchen.send([
      ...at(1400, 0),
      other(730, 'gone'),
      other(5, 'gone'),
      other(725, 'there'),
      other(5, 'there'),
    ]);
    expect(await kitchen.alerts()).toMatchObject([{ probe: 'gone', since: ago(730), closed_at: ago(5) }]);
  });

  test('with an open alert gets no second one', async () => {
    await kitchen.send(at(300));
    await round();
    await kitchen.send(at(100, 95, 20));
    expect(await silences()).toEqual([silence(300, 100), silence(95, 20)]);
  });

  test('keeps its alert if an older reading arrives meanwhile', async () => {
    await kitchen.send(at(300));
    await round();
    await kitchen.send(at(290));
    await round();
    expect(await silences()).toEqual([{ ...silence(300, 0), closed_at: null }]);
    await kitchen.send(at(280, 5));
    expect(await silences()).toEqual([silence(300, 5)]);
  });

  test('keeps its alert if late readings fill it, wholly or in part', async () => {
    await kitchen.send(at(400, 390), 1);
    await kitchen.send(at(100, 90), 100);
    await kitchen.send(at(250), 10);
    await kitchen.send(steady(ago(385), ago(255), 3), 11);
    await kitchen.send(at(310), 99);
    expect(await silences()).toEqual([silence(390, 100)]);
  });

  test('that late readings show before all known readings gets an alert', async () => {
    await kitchen.send(at(50, 40), 100);
    await kitchen.send(at(300, 290, 100), 1);
    expect(await silences()).toEqual([silence(290, 100)]);
  });

  test('gets one alert, however often its readings are sent', async () => {
    for (let time = 0; time < 3; time++) await kitchen.send(at(300, 100, 40), 1);
    await kitchen.send(at(300, 100, 40, 35), 1);
    expect(await silences()).toEqual([silence(300, 100)]);
  });

  test('more silences than are remembered cause no second alert', async () => {
    await kitchen.fridge('P1', { SignalLossMinutes: 1 });
    const sparse = Array.from({ length: 150 }, (_, step) => ({ at: step * 4, temp: 3 }));
    await kitchen.send(sparse, 1);
    await kitchen.send(
      [1, 5, 401, 501].map((minute) => ({ at: minute, temp: 3 })),
      1000,
    );
    expect(await kitchen.alerts()).toHaveLength(149);
  });

  test('does not count if a clock was set', async () => {
    const years = 10 * 365 * 1440;
    await kitchen.send(at(years + 10, years, 100, -years));
    await kitchen.send(at(50, -years, 45));
    await kitchen.send(at(-7200));
    await kitchen.send(at(10));
    expect(await silences()).toEqual([]);
  });

  test('counts in the own time of a clock that is wrong', async () => {
    const years = 10 * 365 * 1440;
    await kitchen.send(at(years + 100, years));
    await kitchen.send(at(100 - years, -years));
    expect(await silences()).toEqual([silence(years + 100, years), silence(100 - years, -years)]);
  });

  describe.each([
    ['shorter than the pieces that readings are gathered in', 60],
    ['longer', 400],
  ])('with a delay that is %s', (_name, delay) => {
    const readings = Array.from({ length: 120 }, (_, step) => ({
      at: step * delay + ((step * step * 7919) % 97) * Math.ceil(delay / 60),
      temp: 3,
    })).sort((one, other) => one.at - other.at);
    const expected = readings.flatMap(({ at: until }, index) => {
      const since = readings[index - 1]?.at ?? until;
      return until - since > delay ? [{ kind: 'signal-lost', since, closed_at: until }] : [];
    });
    beforeEach(async () => {
      kitchen = await openProbeKitchen(database.db, start - 40 * 1440 * minute);
      await kitchen.fridge('P1', { SignalLossMinutes: delay });
    });

    test('all of them are found in one upload', async () => {
      expect(expected.length).toBeGreaterThan(20);
      await kitchen.send(readings);
      expect(await silences()).toEqual(expected);
    });

    test('in uploads of any size the same ones are', async () => {
      for (let from = 0, size = 1; from < readings.length; from += size, size = (size % 7) + 1)
        await kitchen.send(readings.slice(from, from + size));
      expect(await silences()).toEqual(expected);
    });

    test('in uploads of any order they are, no two of them of one time', async () => {
      const pieces = Array.from({ length: 12 }, (_, piece) => (piece * 5) % 12);
      for (const piece of pieces) {
        await kitchen.send(readings.slice(piece * 10, piece * 10 + 10), piece * 10 + 1);
      }
      const found = (await kitchen.alerts()).map(
        ({ since, closed_at }) => [Number(since), Number(closed_at)] as const,
      );
      found.forEach(([since], index) =>
        expect(since).toBeGreaterThanOrEqual(found[index - 1]?.[1] ?? -Infinity),
      );
      for (const one of expected) {
        expect(found.some(([since, until]) => since <= one.since && until >= one.closed_at)).toBe(true);
      }
    });
  });
});
