import { createTestDatabase, type TestDatabase } from '../setup/database';
import { openProbeKitchen, type ProbeKitchen, type Reading, start, steady } from './probes';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

let kitchen: ProbeKitchen;
beforeEach(async () => {
  kitchen = await openProbeKitchen(database.db);
  await kitchen.fridge('P1');
});

describe('a probe above the limit of its fridge', () => {
  test('opens an alert once that has lasted for longer than the delay', async () => {
    await kitchen.send([{ at: 0, temp: 3 }, ...steady(5, 35, 7)]);
    expect(await kitchen.alerts()).toEqual([]);
    await kitchen.send([{ at: 40, temp: 8.5 }]);
    expect(await kitchen.alerts()).toEqual([
      { probe: 'P1', kind: 'high', worst: 8.5, since: 5, opened_at: 35, escalated_at: null, closed_at: null },
    ]);
    expect(await kitchen.told()).toEqual(['Fridge P1 (P1): too warm']);
  });

  test('at the limit is within the limits', async () => {
    await kitchen.send([...steady(0, 60, 4), ...steady(65, 120, 0)]);
    expect(await kitchen.alerts()).toEqual([]);
  });

  test('gets no alert for episodes that end before the delay, however many there are', async () => {
    await kitchen.send([
      ...steady(0, 25, 7),
      { at: 30, temp: 4 },
      ...steady(35, 60, 7),
      { at: 65, temp: 4 },
      ...steady(70, 95, 7),
    ]);
    expect(await kitchen.alerts()).toEqual([]);
  });

  test('closes the alert with the first reading that is back', async () => {
    await kitchen.send(steady(0, 40, 7));
    await kitchen.send([{ at: 45, temp: 3 }, ...steady(50, 60, 3)]);
    expect(await kitchen.alerts()).toMatchObject([{ since: 0, opened_at: 30, closed_at: 45 }]);
    expect(await kitchen.told()).toEqual([
      'Fridge P1 (P1): too warm',
      'Fridge P1 (P1): within its limits again',
    ]);
  });

  test('escalates it at four times the delay, once', async () => {
    await kitchen.send(steady(0, 120, 7));
    expect(await kitchen.alerts()).toMatchObject([{ escalated_at: null }]);
    await kitchen.send(steady(125, 130, 7));
    await kitchen.send(steady(135, 300, 9));
    expect(await kitchen.alerts()).toMatchObject([
      { worst: 9, since: 0, opened_at: 30, escalated_at: 120, closed_at: null },
    ]);
    expect(await kitchen.told()).toEqual(['Fridge P1 (P1): too warm', 'Fridge P1 (P1): still too warm']);
  });

  test('that rose, stayed and fell in one upload gets all its messages', async () => {
    await kitchen.send([{ at: 0, temp: 3 }, ...steady(5, 150, 7), { at: 155, temp: 3 }]);
    expect(await kitchen.alerts()).toMatchObject([
      { since: 5, opened_at: 35, escalated_at: 125, closed_at: 155 },
    ]);
    expect(await kitchen.told()).toEqual([
      'Fridge P1 (P1): too warm',
      'Fridge P1 (P1): still too warm',
      'Fridge P1 (P1): within its limits again',
    ]);
  });

  test('opens another alert when it happens again', async () => {
    await kitchen.send([...steady(0, 40, 7), { at: 45, temp: 3 }, ...steady(50, 90, 7)]);
    await kitchen.send([{ at: 95, temp: 3 }]);
    expect(await kitchen.alerts()).toMatchObject([
      { since: 0, closed_at: 45 },
      { since: 50, closed_at: 95 },
    ]);
  });

  test('and then below it: one alert ends, another begins', async () => {
    await kitchen.send([...steady(0, 40, 7), ...steady(45, 85, -3)]);
    expect(await kitchen.alerts()).toMatchObject([
      { kind: 'high', closed_at: 45 },
      { kind: 'low', worst: -3, since: 45, opened_at: 75, closed_at: null },
    ]);
  });
});

describe('the fridge decides', () => {
  test('its own delay holds', async () => {
    await kitchen.fridge('P2', { AlertDelayMinutes: 10 });
    await kitchen.send([...steady(0, 15, 7, 'P1'), ...steady(0, 15, 7, 'P2')]);
    expect(await kitchen.alerts()).toMatchObject([{ probe: 'P2', opened_at: 10 }]);
  });

  test('without any delay one reading is enough', async () => {
    await kitchen.fridge('P2', { AlertDelayMinutes: 0 });
    await kitchen.send([{ at: 0, temp: 5, probe: 'P2' }]);
    expect(await kitchen.alerts()).toMatchObject([{ probe: 'P2', since: 0, opened_at: 0 }]);
  });

  test('a probe in no fridge is never too warm', async () => {
    await kitchen.send(steady(0, 300, 40, 'P9'));
    expect(await kitchen.alerts()).toEqual([]);
  });

  test('the fridge of another kitchen does not decide either', async () => {
    const other = await openProbeKitchen(database.db);
    await other.send(steady(0, 300, 40, 'P1'));
    expect(await other.alerts()).toEqual([]);
  });

  test('a freezer without a lower limit cannot be too cold', async () => {
    await kitchen.fridge('P2', { TempMin: null, TempMax: -18 });
    await kitchen.send(steady(0, 60, -40, 'P2'));
    expect(await kitchen.alerts()).toEqual([]);
  });

  test('a limit that was moved closes the alert with the next reading', async () => {
    await kitchen.send(steady(0, 40, 7));
    await kitchen.fridge('P1', { TempMax: 8 });
    await kitchen.send([{ at: 45, temp: 7 }]);
    expect(await kitchen.alerts()).toMatchObject([{ closed_at: 45 }]);
  });

  test('the alert of a probe that was taken out of its fridge closes with the next reading', async () => {
    await kitchen.send(steady(0, 40, 7));
    await kitchen.fridge('P1', { ProbeId: null });
    await kitchen.send([{ at: 45, temp: 7 }]);
    expect(await kitchen.alerts()).toMatchObject([{ closed_at: 45 }]);
  });
});

describe('readings that come late or out of order', () => {
  test('however one upload is shuffled, the alerts are the same', async () => {
    const readings = [
      { at: 0, temp: 3 },
      ...steady(5, 150, 7),
      { at: 155, temp: 3 },
      ...steady(160, 200, -2),
    ];
    await kitchen.send(readings);
    const shuffled = await openProbeKitchen(database.db);
    await shuffled.fridge('P1');
    await shuffled.send([...readings].sort((one, other) => ((one.at * 7) % 31) - ((other.at * 7) % 31)));
    expect(await shuffled.alerts()).toEqual(await kitchen.alerts());
  });

  test('a late reading that is within the limits breaks what seemed to be one episode', async () => {
    await kitchen.send([
      { at: 0, temp: 7 },
      { at: 25, temp: 7 },
    ]);
    await kitchen.send([{ at: 20, temp: 3 }]);
    await kitchen.send([{ at: 45, temp: 7 }]);
    expect(await kitchen.alerts()).toEqual([]);
    await kitchen.send([{ at: 55, temp: 7 }]);
    expect(await kitchen.alerts()).toMatchObject([{ since: 20, opened_at: 50 }]);
  });

  test('late readings that were out of limits too make the episode longer', async () => {
    await kitchen.send([{ at: 0, temp: 3 }, ...steady(30, 50, 7)]);
    expect(await kitchen.alerts()).toEqual([]);
    await kitchen.send(steady(15, 25, 7));
    expect(await kitchen.alerts()).toMatchObject([{ since: 15, opened_at: 45, closed_at: null }]);
  });

  test('an episode that is long past gets an alert, with its end', async () => {
    await kitchen.send(steady(500, 510, 3));
    await kitchen.send([...steady(0, 60, 7), { at: 65, temp: 3 }]);
    expect(await kitchen.alerts()).toMatchObject([{ since: 0, opened_at: 30, closed_at: 65 }]);
  });

  test('readings that fill a hole of ids count as any others', async () => {
    await kitchen.send([{ at: 0, temp: 7 }], 1);
    await kitchen.send([{ at: 100, temp: 3 }], 100);
    await kitchen.send(steady(5, 60, 7), 2);
    expect(await kitchen.alerts()).toMatchObject([{ kind: 'high', since: 5, closed_at: 60 }]);
  });

  test('readings that are sent again change nothing', async () => {
    const readings = [...steady(0, 60, 7), { at: 65, temp: 3 }];
    await kitchen.send(readings, 1);
    await kitchen.send(readings, 1);
    await kitchen.send([...readings, { at: 70, temp: 3 }], 1);
    expect(await kitchen.alerts()).toHaveLength(1);
    expect(await kitchen.told()).toHaveLength(2);
  });

  test('readings in pieces of any size give the same alerts as all of them at once', async () => {
    const readings: Reading[] = Array.from({ length: 300 }, (_, step) => ({
      at: step * 5,
      temp: Math.round(Math.sin(step / 25) * 60) / 10 + 2,
    }));
    await kitchen.send(readings);
    expect((await kitchen.alerts()).length).toBeGreaterThan(2);
    const pieces = await openProbeKitchen(database.db);
    await pieces.fridge('P1');
    for (let from = 0, size = 1; from < readings.length; from += size, size = (size % 7) + 1)
      await pieces.send(readings.slice(from, from + size));
    expect(await pieces.alerts()).toEqual(await kitchen.alerts());
    expect((await pieces.told()).length).toBe((await kitchen.told()).length);
  });
});

describe('wrong clocks', () => {
  test('a single reading of the far future neither opens an alert nor makes the others late', async () => {
    await kitchen.send([
      { at: 0, temp: 7 },
      { at: 9_000_000, temp: 7 },
      { at: 5, temp: 7 },
    ]);
    await kitchen.send(steady(10, 40, 7));
    expect(await kitchen.alerts()).toMatchObject([{ since: 0, opened_at: 30, closed_at: null }]);
  });

  test('a clock that is years ahead counts in its own time, and no longer once it is right', async () => {
    const ahead = 5_000_000;
    await kitchen.send(steady(ahead, ahead + 40, 7));
    expect(await kitchen.alerts()).toMatchObject([{ since: ahead, closed_at: null }]);
    await kitchen.send(steady(0, 10, 3));
    expect(await kitchen.alerts()).toMatchObject([{ closed_at: 0 }]);
    await kitchen.send(steady(15, 50, 7));
    expect(await kitchen.alerts()).toHaveLength(2);
  });

  test('a clock that is years behind counts in its own time', async () => {
    const behind = await openProbeKitchen(database.db, start - 20 * 365 * 86_400_000);
    await behind.fridge('P1');
    await behind.send(steady(0, 40, 7));
    await behind.send([{ at: 45, temp: 3 }]);
    expect(await behind.alerts()).toMatchObject([{ opened_at: 30, closed_at: 45 }]);
  });
});

test('a reading without a temperature says nothing about it', async () => {
  await kitchen.send([
    ...steady(0, 20, 7),
    { at: 25, temp: null },
    ...steady(30, 40, 7),
    { at: 45, temp: null },
  ]);
  expect(await kitchen.alerts()).toMatchObject([{ since: 0, closed_at: null }]);
});

test('a name as long as no probe has is left alone', async () => {
  await kitchen.send(steady(0, 10, 7, 'P'.repeat(5000)));
  expect(await kitchen.alerts()).toEqual([]);
});

describe('a battery', () => {
  const level = (at: number, battery: number): Reading => ({ at, temp: 3, probe: 'P5', battery });

  test('gets a message when it is low, when it is nearly empty and when it was changed', async () => {
    await kitchen.send([level(0, 21)]);
    expect(await kitchen.alerts()).toEqual([]);
    await kitchen.send([level(5, 19)]);
    await kitchen.send([level(10, 22)]);
    await kitchen.send([level(15, 9)]);
    await kitchen.send([level(20, 8)]);
    expect(await kitchen.alerts()).toEqual([
      {
        probe: 'P5',
        kind: 'low-battery',
        worst: 8,
        since: 5,
        opened_at: 5,
        escalated_at: 15,
        closed_at: null,
      },
    ]);
    await kitchen.send([level(25, 100)]);
    expect(await kitchen.alerts()).toMatchObject([{ closed_at: 25 }]);
    expect(await kitchen.told()).toEqual([
      'Probe P5: battery low',
      'Probe P5: battery nearly empty',
      'Probe P5: battery well again',
    ]);
  });

  test('is judged by the latest reading, not by a late one', async () => {
    await kitchen.send([level(0, 15), level(5, 100)]);
    await kitchen.send([level(3, 5)]);
    expect(await kitchen.alerts()).toEqual([]);
  });
});
