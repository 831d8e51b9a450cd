import type { Channel } from '../../domain/channel';
import type { Db } from '../../db/database';
import { noOrigin, type Origin } from '../../domain/origin';
import type { Lane } from '../../queue/job-queue';

/** A job that a worker holds, until its lease ends. */
export interface ClaimedJob {
  readonly id: string;
  readonly syncId: string;
  readonly solutionId: number;
  readonly channel: Channel;
  /** IANA name of the time zone of the solution. */
  readonly timezone: string;
  /** Its upload, in the file store. */
  readonly archiveKey: string;
  /** How many times a worker has taken it, this time included. */
  readonly attempts: number;
  /** What only the present holder has. */
  readonly fence: number;
  /** From its making to now. */
  readonly waitedSeconds: number;
  /** The request that asked for it. */
  readonly origin: Pick<Origin, 'requestId' | 'traceparent'>;
}

export interface DueJob {
  readonly id: string;
  readonly lane: Lane;
  /** No message has told of it since it became due: it was never published, or its worker died. */
  readonly isFresh: boolean;
}

interface ClaimRow {
  id: string;
  sync_id: string;
  attempts: number;
  fence: number;
  solution_id: number;
  channel: Channel;
  timezone: string;
  archive_key: string;
  waited_seconds: number;
  request_id: string | null;
  traceparent: string | null;
}

interface InsertRow {
  id: string;
  sync_id: string;
  lane: Lane;
  request_id: string | null;
  traceparent: string | null;
}

export type JobStore = ReturnType<typeof createJobStore>;

/** Jobs: the outbox. Time is the database's clock alone. */
export function createJobStore(db: Db) {
  return {
    /** In the transaction of the change that asks for it. Answers the job's id. */
    async insert(syncId: string, lane: Lane, origin: ClaimedJob['origin'] = noOrigin): Promise<string> {
      const [row] = await db<InsertRow>('job')
        .insert({ sync_id: syncId, lane, request_id: origin.requestId, traceparent: origin.traceparent })
        .returning('id');
      if (row === undefined) throw new Error('insert into job returned no row');
      return row.id;
    },

    async markPublished(ids: readonly string[]): Promise<void> {
      await db('job').whereIn('id', ids).update({ published_at: db.fn.now() });
    },

    /**
     * Takes a job that waits, or whose holder has let its lease end. Null: it is done, or another's, or not due yet.
     */
    async claim(id: string, leaseSeconds: number): Promise<ClaimedJob | null> {
      const result = await db.raw<{ rows: ClaimRow[] }>(
        `update job set state = 'running', fence = job.fence + 1, attempts = job.attempts + 1,
           lease_until = now() + make_interval(secs => :leaseSeconds)
         from sync join solution on solution.id = sync.solution_id
         where job.id = :id and sync.id = job.sync_id
           and (job.state = 'queued' and job.run_after <= now() or job.state = 'running' and job.lease_until < now())
         returning job.id, job.sync_id, job.attempts, job.fence, sync.solution_id, sync.channel, sync.archive_key,
           solution.timezone, job.request_id, job.traceparent,
           extract(epoch from now() - job.created_at)::float8 as waited_seconds`,
        { id, leaseSeconds },
      );
      const row = result.rows[0];
      return row === undefined ? null : claimedFrom(row);
    },

    /**
     * The first statement of the sync's transaction. Who held the job before may be frozen in the middle of its own,
     * and would keep its locks for as long as its machine is silent: that session is ended. False: the job is
     * another's by now.
     */
    async takeOver(job: Held): Promise<boolean> {
      const key = [jobLocks, Number(job.id) % maxLockKey];
      const free = await db.raw<{ rows: { is_free: boolean }[] }>(
        'select pg_try_advisory_xact_lock(?, ?) as is_free',
        key,
      );
      if (free.rows[0]?.is_free === true) return true;
      const mine = await db<{ id: string; fence: number; state: string }>('job').where(held(job)).first('id');
      if (mine === undefined) return false;
      await db.raw(
        `select pg_terminate_backend(pid) from pg_locks
         where locktype = 'advisory' and classid = ? and objid = ? and objsubid = 2 and granted
           and database = (select oid from pg_database where datname = current_database())`,
        key,
      );
      await db.raw('select pg_advisory_xact_lock(?, ?)', key);
      return true;
    },

    /** False: the job is another's by now. */
    async extendLease(job: Held, leaseSeconds: number): Promise<boolean> {
      const extended = await db('job')
        .where(held(job))
        .update({ lease_until: db.raw('now() + make_interval(secs => ?)', [leaseSeconds]) });
      return extended === 1;
    },

    /** The last statement of the sync's transaction. False: the job is another's by now, and nothing may be committed. */
    async finish(job: Held): Promise<boolean> {
      const finished = await db('job')
        .where(held(job))
        .update({ state: 'done', lease_until: null, finished_at: db.fn.now() });
      return finished === 1;
    },

    /** Puts the job back for another attempt. */
    retryLater: (job: Held, delaySeconds: number) => putBack(job, delaySeconds, {}),

    /** Puts the job back as if nobody had tried: that it failed had nothing to do with it. */
    postpone: (job: Held, delaySeconds: number) =>
      putBack(job, delaySeconds, { attempts: db.raw('attempts - 1') }),

    /**
     * Jobs that should be running and about which no message is known to be on its way: never published, or
     * published so long ago that the message must be lost, or left by a worker that died.
     */
    async findDue(lostAfterSeconds: number, limit: number): Promise<DueJob[]> {
      const result = await db.raw<{ rows: DueJob[] }>(
        `select id, lane, is_fresh as "isFresh"
         from job, lateral (select published_at is null or state = 'running' and published_at < lease_until) as fresh (is_fresh)
         where (state = 'queued' and run_after <= now() or state = 'running' and lease_until < now())
           and (is_fresh or published_at < now() - make_interval(secs => :lostAfterSeconds))
         order by run_after limit :limit`,
        { lostAfterSeconds, limit },
      );
      return result.rows;
    },

    /** How much waits, and for how long the oldest has waited. */
    async load(): Promise<{ open: number; oldestSeconds: number }> {
      const result = await db.raw<{ rows: { open: number; oldest_seconds: number }[] }>(
        `select count(*)::int as open, coalesce(extract(epoch from now() - min(created_at)), 0)::float8 as oldest_seconds
         from job where state in ('queued', 'running')`,
      );
      const row = result.rows[0];
      return { open: row?.open ?? 0, oldestSeconds: row?.oldest_seconds ?? 0 };
    },
  };

  async function putBack(job: Held, delaySeconds: number, others: object): Promise<void> {
    await db('job')
      .where(held(job))
      .update({
        state: 'queued',
        lease_until: null,
        published_at: null,
        run_after: db.raw('now() + make_interval(secs => ?)', [delaySeconds]),
        ...others,
      });
  }
}

/** Advisory locks of this class are those of jobs; the second key is the job's id. */
const jobLocks = 0x6a_6f_62;
const maxLockKey = 2 ** 31;

type Held = Pick<ClaimedJob, 'id' | 'fence'>;

const held = (job: Held) => ({ id: job.id, fence: job.fence, state: 'running' });

const claimedFrom = (row: ClaimRow): ClaimedJob => ({
  id: row.id,
  syncId: row.sync_id,
  solutionId: row.solution_id,
  channel: row.channel,
  timezone: row.timezone,
  archiveKey: row.archive_key,
  attempts: row.attempts,
  fence: row.fence,
  waitedSeconds: row.waited_seconds,
  origin: { requestId: row.request_id, traceparent: row.traceparent },
});
