import { createLogger } from '../../shared/log';
import { createScheduleStore } from '../../shared/stores/jobs/schedule-store';
import { scheduledKinds } from '../../worker/jobs/kinds';
import { startSchedule } from '../../worker/jobs/schedule';
import { eventually } from '../queue/eventually';
import { createTestDatabase, type TestDatabase } from '../setup/database';

let database: TestDatabase;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(() => database.drop());

const log = createLogger({ level: 'silent', name: 'test', to: 'stderr' });
const kinds = () => scheduledKinds.map(({ kind }) => kind).sort();
const openJobs = async () => {
  const rows = await database.db<{ kind: string }>('job').select('kind').orderBy('kind');
  return rows.map(({ kind }) => kind);
};
const schedules = () => createScheduleStore(database.db);

/** Runs as many schedules at once as there are workers, until `until` holds. */
async function withWorkers(count: number, until: () => Promise<boolean>): Promise<void> {
  const running = Array.from({ length: count }, () => startSchedule({ db: database.db, log }));
  try {
    await eventually('the schedule has run', until);
  } finally {
    await Promise.all(running.map((one) => one.stop()));
  }
}

const allDeclared = async () => (await openJobs()).length === kinds().length;

test('every schedule runs once when it is new, however many workers start', async () => {
  await withWorkers(3, allDeclared);
  expect(await openJobs()).toEqual(kinds());
});

test('work that was due while no worker was running is run once', async () => {
  await withWorkers(1, allDeclared);
  await database.db('job').delete();
  await database.db('schedule').update({ next_at: new Date(Date.now() - 3 * 86_400_000) });
  await withWorkers(2, allDeclared);
  expect(await openJobs()).toEqual(kinds());
  const next = (await schedules().list()).map(({ nextAt }) => nextAt.getTime() > Date.now() - 60_000);
  expect(next).toEqual(kinds().map(() => true));
});

test('paused work is not run, and work that was due meanwhile is run once when it is resumed', async () => {
  const [paused = ''] = kinds();
  await withWorkers(1, allDeclared);
  await database.db('job').delete();
  expect(await schedules().pause(paused, 'admin@example.org')).toBe(true);
  expect(await schedules().pause(paused, 'someone@example.org')).toBe(false);
  await database.db('schedule').update({ next_at: new Date(Date.now() - 60_000) });
  await withWorkers(1, async () => (await openJobs()).length === kinds().length - 1);
  expect(await openJobs()).not.toContain(paused);
  expect(await schedules().resume(paused)).toBe(true);
  await withWorkers(1, async () => (await openJobs()).includes(paused));
});

test('a schedule that only a newer version knows stays as it is', async () => {
  await database.db('schedule').insert({ kind: 'tomorrow.dance', cron: '* * * * *', next_at: new Date(0) });
  await withWorkers(1, allDeclared);
  expect(await openJobs()).toEqual(kinds());
});
