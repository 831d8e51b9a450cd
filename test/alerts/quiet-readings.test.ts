import fc from 'fast-check';
import { noteReadings } from '../../worker/alerts/note-readings';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { openProbeKitchen, type ProbeKitchen, type Reading, start, steady } from './probes';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** All that is sent then lies in the past, and not so far that its times are not believed: they count, not our clock. */
const longAgo = Date.now() - 25 * 86_400_000;

/** A kitchen all of whose readings are judged by a job, however harmless they are. */
const openJudgedKitchen = () =>
  openProbeKitchen(database.db, longAgo, 'en', (db, solutionId, added) =>
    noteReadings(db, solutionId, { ...added, count: Infinity }),
  );

/** The stored states of its probes. */
const statesOf = ({ solutionId }: ProbeKitchen): Promise<object[]> =>
  database
    .db('probe_state')
    .where({ solution_id: solutionId })
    .orderBy('probe_id')
    .select(
      ...['probe_id', 'last_at', 'heard_at', 'silent_at', 'is_lost', 'side', 'since', 'before_at'],
      database.db.raw('heard_spans::text'),
    );

/** A kitchen, and for each upload whether it asked for a job. */
async function openWatchedKitchen(): Promise<{ kitchen: ProbeKitchen; asked: boolean[] }> {
  const asked: boolean[] = [];
  const kitchen = await openProbeKitchen(database.db, start, 'en', async (db, solutionId, added) => {
    await noteReadings(db, solutionId, added);
    const jobs = await db('job')
      .where({ kind: 'alerts.judge-readings' })
      .whereLike('subject', `${solutionId}/%`);
    asked.push(jobs.length > 0);
  });
  return { kitchen, asked };
}

describe('readings that can open, escalate or close no alert', () => {
  test('ask for no job, whether or not their probe is known', async () => {
    const { kitchen, asked } = await openWatchedKitchen();
    await kitchen.fridge('P1');
    await kitchen.send(steady(0, 30, 3));
    await kitchen.send(steady(35, 60, 3));
    await kitchen.send([...steady(65, 90, 3), { at: 95, temp: null, battery: 80 }]);
    await kitchen.send([
      { at: 100, temp: 3 },
      { at: 100, temp: 3, probe: 'P2' },
    ]);
    expect(asked).toEqual([false, false, false, false]);
    expect(await statesOf(kitchen)).toMatchObject([
      { probe_id: 'P1', last_at: new Date(start + 100 * 60_000) },
      { probe_id: 'P2', last_at: new Date(start + 100 * 60_000) },
    ]);
  });

  const quiet = steady(35, 60, 3);
  test.each<[string, Reading[]]>([
    ['one of them is out of limits', [...quiet, { at: 65, temp: 5 }]],
    ['one of them came late', [...quiet, { at: 10, temp: 3 }]],
    ['there was a silence before them', steady(800, 830, 3)],
    ['a battery is low', [...quiet, { at: 65, temp: 3, battery: 19 }]],
    ['one of them is of the future', [...quiet, { at: 10 * 24 * 60, temp: 3 }]],
    [
      'there was a silence among the first of a probe',
      [...quiet, { at: 65, temp: 3, probe: 'P2' }, { at: 65 + 721, temp: 3, probe: 'P2' }],
    ],
  ])('but for the judging of alerts where %s', async (_why, readings) => {
    const { kitchen, asked } = await openWatchedKitchen();
    await kitchen.fridge('P1');
    await kitchen.send(steady(0, 30, 3));
    await kitchen.send(readings);
    expect(asked).toEqual([false, true]);
  });

  test('wait until earlier readings have been judged', async () => {
    const { kitchen, asked } = await openWatchedKitchen();
    await kitchen.fridge('P1');
    await kitchen.send(steady(0, 30, 3));
    const earlier = {
      kind: 'alerts.judge-readings',
      lane: 'background',
      subject: `${kitchen.solutionId}/earlier`,
    };
    await database.db('job').insert({ ...earlier, detail: { aboveId: '0', lastId: '0', lateIds: [] } });
    await kitchen.send(steady(35, 60, 3));
    expect(asked).toEqual([false, true]);
  });
});

const reading = fc.record({
  gap: fc.oneof({ weight: 6, arbitrary: fc.integer({ min: 1, max: 20 }) }, fc.integer({ min: 1, max: 900 })),
  temp: fc.constantFrom(3, 3, 3, 2, 6, -1, null),
  battery: fc.constantFrom(undefined, undefined, 80, 15, 5),
  probe: fc.constantFrom('P1', 'P1', 'P2'),
  isLate: fc.constantFrom(false, false, false, false, false, true),
});

test('whatever is sent, alerts and states are those that a job for every upload would leave', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(reading, { maxLength: 6 }), { maxLength: 6 }), async (uploads) => {
      const kitchens = [await openProbeKitchen(database.db, longAgo), await openJudgedKitchen()];
      for (const kitchen of kitchens) {
        await kitchen.fridge('P1', { AlertDelayMinutes: 10 });
        let at = 0;
        for (const upload of uploads) {
          const readings = upload.map(({ gap, isLate, battery, ...rest }): Reading => {
            at += gap;
            return { ...rest, at: isLate ? at - 400 : at, ...(battery === undefined ? {} : { battery }) };
          });
          if (readings.length > 0) await kitchen.send(readings);
        }
      }
      const [ours, judged] = await Promise.all(
        kitchens.map(async (kitchen) => ({
          alerts: await kitchen.alerts(),
          states: await statesOf(kitchen),
          told: await kitchen.told(),
        })),
      );
      expect(ours).toEqual(judged);
    }),
    { numRuns: 40 },
  );
});
