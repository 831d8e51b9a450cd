import { randomUUID } from 'node:crypto';
import { type BackgroundKind, jobKinds, type JobKind } from '../../shared/domain/job-kind';
import { invalidFields } from '../../shared/errors/catalog';
import { createLogger } from '../../shared/log';
import { inTransaction } from '../../shared/db/database';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { createScheduleStore } from '../../shared/stores/jobs/schedule-store';
import { noTracing } from '../../shared/tracing';
import { createConsumer } from '../../worker/jobs/consumer';
import type { JobHandler, JobHandlers } from '../../worker/jobs/kinds';
import { eventually } from '../queue/eventually';
import { createTestDatabase, type TestDatabase } from '../setup/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
beforeEach(async () => {
  await database.db('job').delete();
  await database.db('schedule').delete();
});

const idle: JobHandler = { run: () => Promise.resolve('done') };
const log = createLogger({ level: 'silent', name: 'test', to: 'stderr' });

/** A consumer that does nothing but what is handed in. */
function consumerOf(handlers: Partial<Record<JobKind, JobHandler>>) {
  const all = Object.fromEntries(jobKinds.map((kind) => [kind, handlers[kind] ?? idle])) as JobHandlers;
  const consume = createConsumer({
    jobs: createJobStore(database.db),
    schedules: createScheduleStore(database.db),
    handlers: all,
    watch: { begun: () => undefined, ended: () => undefined },
    tracer: noTracing,
    log,
    leaseSeconds: 60,
    maxAttempts: 3,
  });
  return (jobId: string) => consume({ version: 1, jobId });
}

async function added(kind: BackgroundKind, subject: string = randomUUID()): Promise<string> {
  await createJobStore(database.db).add({ kind, subject });
  const row = await database
    .db<{ id: string; kind: string; subject: string }>('job')
    .where({ kind, subject })
    .first('id');
  if (row === undefined) throw new Error('no job was added');
  return row.id;
}

const jobs = () =>
  database
    .db<{ id: string; state: string; attempts: number; failure: string | null }>('job')
    .select('state', 'attempts', 'failure');
const dueAgain = () => database.db('job').update({ run_after: database.db.fn.now() });

describe('a job', () => {
  test('of one kind and subject is open once, and may be asked for again once it is done', async () => {
    const seen: string[] = [];
    const consume = consumerOf({
      'parameters.apply-approvals': {
        run: (job) => {
          seen.push(job.subject);
          return Promise.resolve('done');
        },
      },
    });
    const id = await added('parameters.apply-approvals', '7');
    expect(await added('parameters.apply-approvals', '7')).toBe(id);
    await consume(id);
    await consume(id);
    expect(seen).toEqual(['7']);
    expect(await jobs()).toEqual([]);
    expect(await added('parameters.apply-approvals', '7')).not.toBe(id);
  });

  test('that fails is tried again later, and says why', async () => {
    const consume = consumerOf({
      'parameters.apply-approvals': { run: () => Promise.reject(new Error('no luck')) },
    });
    const id = await added('parameters.apply-approvals');
    await consume(id);
    expect(await jobs()).toEqual([{ state: 'queued', attempts: 1, failure: 'no luck' }]);
    // Not before its time, however often a message tells of it.
    await consume(id);
    expect(await jobs()).toEqual([{ state: 'queued', attempts: 1, failure: 'no luck' }]);
  });

  test('that fails at every attempt is given up, and kept for people to see', async () => {
    const consume = consumerOf({
      'parameters.apply-approvals': { run: () => Promise.reject(new Error('no luck')) },
    });
    const id = await added('parameters.apply-approvals');
    for (let attempt = 1; attempt <= 20; attempt += 1) {
      await dueAgain();
      await consume(id);
    }
    expect(await jobs()).toEqual([{ state: 'dead', attempts: 20, failure: 'no luck' }]);
  });

  test('whose subject is hopeless is given up at once', async () => {
    const consume = consumerOf({
      'parameters.apply-approvals': { run: () => Promise.reject(invalidFields([])) },
    });
    await consume(await added('parameters.apply-approvals'));
    expect(await jobs()).toMatchObject([{ state: 'dead', attempts: 1 }]);
  });

  test('does not count an attempt that failed because the database was away', async () => {
    const consume = consumerOf({
      'parameters.apply-approvals': {
        run: () => Promise.reject(Object.assign(new Error('away'), { code: '57P01' })),
      },
    });
    const id = await added('parameters.apply-approvals');
    await expect(consume(id)).rejects.toThrow('away');
    await eventually('it was given back', async () => (await jobs())[0]?.state === 'queued');
    expect(await jobs()).toMatchObject([{ attempts: 0 }]);
  });

  test('of a kind that only a newer worker knows is left to it', async () => {
    await database.db.raw(
      `insert into job (kind, subject, lane) values ('tomorrow.dance', 'x', 'background')`,
    );
    const row = await database.db<{ id: string }>('job').first('id');
    expect(await consumerOf({})(row?.id ?? '')).toBe('done');
    expect(await jobs()).toMatchObject([{ state: 'queued', attempts: 0 }]);
    expect(await createJobStore(database.db).findDue(30, 10)).toEqual([]);
  });
});

test('to mark jobs as published does not wait for a job that another transaction is about to end', async () => {
  const jobs = createJobStore(database.db);
  const ids = [await added('parameters.apply-approvals'), await added('logs.apply-replacements')];
  await inTransaction(database.db, async ({ db }) => {
    await db('job').where({ id: ids[1] }).delete();
    await jobs.markPublished(ids);
  });
  expect(await database.db('job').whereNotNull('published_at').pluck('id')).toEqual([ids[0]]);
});

describe('a job that a schedule made', () => {
  const kind = 'upkeep.remove-stale-rows';
  const lastRun = () =>
    database
      .db<{ kind: string; ended_at: Date | null; failure: string | null }>('schedule')
      .where({ kind })
      .first('ended_at', 'failure');
  beforeEach(() => createScheduleStore(database.db).declare([{ kind, cron: '8 * * * *' }]));

  test('leaves when it ended, and nothing else', async () => {
    await consumerOf({})(await added(kind));
    expect(await lastRun()).toEqual({ ended_at: expect.any(Date) as Date, failure: null });
    expect(await jobs()).toEqual([]);
  });

  test('records why it failed, and runs again only at its next time', async () => {
    const consume = consumerOf({ [kind]: { run: () => Promise.reject(new Error('no luck')) } });
    await consume(await added(kind));
    expect(await lastRun()).toMatchObject({ failure: 'no luck' });
    expect(await jobs()).toEqual([]);
  });
});
