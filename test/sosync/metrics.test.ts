import { metricsToken, scrape } from '../ops/scrape';
import { onServer } from '../v4/on-server';
import { addInstance } from './instance';
import { sosyncServices, until } from './sosync-pair';

// The metrics of the interface of sosync.

const server = onServer({ EPACK_METRICS_TOKEN: metricsToken });

test('the jobs that are not over, how far the mirror lags, and which workers run', async () => {
  const { db, databaseUrl } = server();
  await addInstance(db);
  await db.raw(`
    insert into sosync_job (instance, job_date, job_state, source_system, source_model, source_record_id, changed_at, mirrored_version)
    values ('dadi', now(), 'new', 'fs', 'dbo.Person', '1', now() - interval '90 seconds', 0),
      ('dadi', now(), 'new', 'fs', 'dbo.Person', '2', now() - interval '1 hour', 1),
      ('dadi', now(), 'error_retry', 'fs', 'dbo.Person', '3', now(), 0),
      ('dadi', now(), 'done', 'fs', 'dbo.Person', '4', now(), 0)`);
  const before = await scrape(server().url);
  const jobs = (state: string) => before.value('epack_sosync_jobs', { sosync_instance: 'dadi', state });
  expect([jobs('new'), jobs('inprogress'), jobs('error_retry')]).toEqual([2, 0, 1]);
  // A mirrored change causes no lag, however old it is.
  const lag = before.value('epack_sosync_mirror_lag_seconds', { sosync_instance: 'dadi' });
  expect(lag).toBeGreaterThanOrEqual(90);
  expect(lag).toBeLessThan(3_000);
  expect(before.value('epack_sosync_worker_running', { sosync_instance: 'dadi' })).toBeUndefined();

  const services = sosyncServices({ databaseUrl });
  const runs = async (kind: string) =>
    (await scrape(server().url)).value('epack_sosync_worker_running', { sosync_instance: 'dadi', kind });
  try {
    await services.serve();
    await until(async () => (await runs('job')) === 1 && (await runs('protocol')) === 1);
  } finally {
    await services.end();
  }
  await until(async () => (await runs('job')) === 0 && (await runs('protocol')) === 0);
});
