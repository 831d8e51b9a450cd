import { createScheduleStore } from '../../shared/stores/jobs/schedule-store';
import { startBackoffice, type TestBackoffice } from './backoffice';
import { pageVisitor } from './page-visitor';

const kind = 'upkeep.remove-expired-files';
let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
  await createScheduleStore(backoffice.db).declare([{ kind, cron: '*/10 * * * *' }]);
});
afterAll(() => backoffice.stop());
beforeEach(async () => {
  await backoffice.db('job').delete();
  await backoffice.db('schedule').update({ paused_at: null, paused_by: null });
});

const openJobs = () => backoffice.db('job').select('kind', 'subject', 'lane');
const actions = async () => {
  const told = await backoffice.admin.call('GET', '/api/audit?limit=1');
  return told.at('items', 0, 'action');
};

test('an admin sees the schedules, pauses and resumes them', async () => {
  const { admin } = backoffice;
  expect((await admin.call('GET', '/api/schedules')).at('items', 0)).toMatchObject({
    kind,
    cron: '*/10 * * * *',
    pausedAt: null,
    isOpen: false,
  });
  const paused = await admin.call('PATCH', `/api/schedules/${kind}`, { paused: true });
  expect(paused.json).toMatchObject({ pausedBy: admin.email });
  expect(await actions()).toBe('schedule.pause');
  const resumed = await admin.call('PATCH', `/api/schedules/${kind}`, { paused: false });
  expect(resumed.json).toMatchObject({ pausedAt: null, pausedBy: null });
  expect(await actions()).toBe('schedule.resume');
});

test('an admin runs it by hand, paused or not; one run is enough', async () => {
  const { admin } = backoffice;
  await admin.call('PATCH', `/api/schedules/${kind}`, { paused: true });
  const run = await admin.call('POST', `/api/schedules/${kind}/run`);
  expect(run.status).toBe(202);
  expect(run.at('isOpen')).toBe(true);
  await admin.call('POST', `/api/schedules/${kind}/run`);
  expect(await openJobs()).toEqual([{ kind, subject: 'installation', lane: 'background' }]);
  expect(await actions()).toBe('schedule.run');
});

test('an unknown kind is not found', async () => {
  const { admin } = backoffice;
  expect((await admin.call('POST', '/api/schedules/upkeep.dance/run')).status).toBe(404);
  expect((await admin.call('PATCH', '/api/schedules/upkeep.dance', { paused: true })).status).toBe(404);
  expect(await openJobs()).toEqual([]);
});

test('it is the affair of admins alone', async () => {
  const manager = await backoffice.signIn('manager');
  expect((await manager.call('GET', '/api/schedules')).status).toBe(403);
  expect((await manager.call('POST', `/api/schedules/${kind}/run`)).status).toBe(403);
  expect((await pageVisitor(backoffice, manager).look('/background-work')).status).toBe(403);
});

test('the console shows it in both languages, and its buttons work without a script', async () => {
  const visitor = pageVisitor(backoffice, backoffice.admin);
  expect((await visitor.look('/background-work', 'fr')).text).toContain(
    'Supprimer les fichiers conservés assez longtemps',
  );
  expect(await visitor.submit(`/background-work/${kind}/run`)).toMatchObject({
    status: 303,
    to: '/background-work?done=saved',
  });
  expect(await openJobs()).toHaveLength(1);
  await visitor.submit(`/background-work/${kind}/pause`);
  expect((await visitor.look('/background-work')).text).toContain(`Paused by ${backoffice.admin.email}`);
  await visitor.submit(`/background-work/${kind}/resume`);
  expect((await visitor.look('/background-work')).text).not.toContain('Paused by');
});
