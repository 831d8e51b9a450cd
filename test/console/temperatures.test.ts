import { createTemperatureService } from '../../api/backoffice/services/temperatures';
import type { Db } from '../../shared/db/database';
import { type Caller, commandLineCaller } from '../../shared/domain/staff';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { edit } from '../v4/edits';
import { enrol } from '../v4/on-server';
import { readingOn } from '../setup/reading-access';

const dayMs = 86_400_000;
const stepMs = 300_000;
const end = Math.floor(Date.now() / stepMs) * stepMs;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** Three probes that have spoken every five minutes for forty days, their ids growing with time. */
async function probedKitchen(db: Db): Promise<number> {
  const { id } = await enrol({ db });
  await db.raw(
    `insert into tbsondes (solution_id, id, probe_id, measured_at, temperature)
     select :id, 10 * (3 * tick + probe), 'P' || probe, to_timestamp(:end / 1000.0) - (11519 - tick) * interval '5 minutes',
       2 + probe + case when tick % 288 < 6 then 5 else 0 end
     from generate_series(0, 11519) as tick, generate_series(1, 3) as probe`,
    { id, end },
  );
  const state = {
    solution_id: id,
    last_at: new Date(end),
    heard_at: new Date(end),
    silent_at: new Date(end + dayMs),
  };
  await db('probe_state').insert([1, 2, 3].map((probe) => ({ ...state, probe_id: `P${probe}` })));
  await edit({ db }, id, 'Fridges', '7', { Name: 'Vitrine', ProbeId: 'P2', TempMin: 0, TempMax: 5 });
  return id;
}

describe('The temperatures of a probe', () => {
  test('are those of the days asked for, all of them, and of no other probe', async () => {
    const { db } = database;
    const temperatures = createTemperatureService(readingOn(db));
    const solutionId = await probedKitchen(db);
    for (const days of [1, 7, 30]) {
      const query = { solutionId, probeId: 'P2', days };
      const told = await temperatures.days(commandLineCaller, query);
      expect(sumOf(told.days.map(({ readings }) => readings))).toBe(288 * days);
      expect(sumOf(told.days.map(({ outside }) => outside))).toBe(6 * days);
      const series = await temperatures.series(commandLineCaller, query);
      expect(series.buckets.at(-1)?.at).toBeGreaterThan((end - 2 * series.bucketSeconds * 1000) / 1000);
      expect(series.buckets.length).toBeLessThanOrEqual(1_501);
      expect(Math.max(...series.buckets.map(({ high }) => high))).toBe(9);
      expect(Math.min(...series.buckets.map(({ low }) => low))).toBe(4);
    }
  });

  test('stand against the limits of the fridge that the probe is in', async () => {
    const { db } = database;
    const solutionId = await probedKitchen(db);
    const probes = await createTemperatureService(readingOn(db)).probes(commandLineCaller, solutionId);
    expect(probes.map(({ probeId, fridgeName, max }) => [probeId, fridgeName, max])).toEqual([
      ['P2', 'Vitrine', 5],
      ['P1', null, null],
      ['P3', null, null],
    ]);
    expect(probes[0]?.lastTemperature).toBe(4);
  });

  test('are shown up to now if the clock of a probe is years ahead', async () => {
    const { db } = database;
    const solutionId = await probedKitchen(db);
    await db('probe_state')
      .where({ solution_id: solutionId, probe_id: 'P2' })
      .update({ last_at: '2099-01-01' });
    const query = { solutionId, probeId: 'P2', days: 1 };
    const told = await createTemperatureService(readingOn(db)).days(commandLineCaller, query);
    expect(sumOf(told.days.map(({ readings }) => readings))).toBeGreaterThan(280);
  });

  test('are not found without access to the solution, or for an unknown probe', async () => {
    const { db } = database;
    const solutionId = await probedKitchen(db);
    const temperatures = createTemperatureService(readingOn(db));
    const stranger: Caller = { ...commandLineCaller, role: 'viewer', accounts: [] };
    const query = { solutionId, probeId: 'P2', days: 7 };
    await expect(temperatures.days(stranger, query)).rejects.toMatchObject({ code: 'not-found' });
    await expect(temperatures.series(stranger, query)).rejects.toMatchObject({ code: 'not-found' });
    await expect(temperatures.probes(stranger, solutionId)).rejects.toMatchObject({ code: 'not-found' });
    const unknown = { ...query, probeId: 'P9' };
    await expect(temperatures.series(commandLineCaller, unknown)).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

const sumOf = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
