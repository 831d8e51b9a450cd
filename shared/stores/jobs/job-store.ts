import type { Channel } from '../../domain/channel';
import type { Db } from '../../db/database';
import { jobLockKey, jobLocks } from '../../db/job-lock';
import { jobAdded } from '../../db/queue-message';
import { prepared } from '../../db/prepared';
import {
  type BackgroundKind,
  type JobKind,
  jobKinds,
  type Lane,
  laneOfKind,
  syncKind,
} from '../../domain/job-kind';
import type { Origin } from '../../domain/origin';
import type { SyncLoad } from '../../domain/poll-after';

/** A job that a worker holds, until its lease ends. */
export interface ClaimedJob {
  readonly id: string;
  readonly kind: JobKind;
  /** The subject of the job, by its kind: for a sync its id. */
  readonly subject: string;
  /** Further values that the kind of job needs, as they were stored. */
  readonly detail: unknown;
  /** How many times a worker has taken it, this time included. */
  readonly attempts: number;
  /** The number that only the present holder has. */
  readonly fence: number;
  /** From its making to now. */
  readonly waitedSeconds: number;
  /** The request that asked for it. */
  readonly origin: Pick<Origin, 'requestId' | 'traceparent'>;
  /** The sync that the job processes. Null: it is a job of another kind. */
  readonly sync: ClaimedSync | null;
}

/** The sync that a job processes. */
export interface ClaimedSync {
  readonly syncId: string;
  readonly solutionId: number;
  readonly channel: Channel;
  /** IANA name of the time zone of the solution. */
  readonly timezone: string;
  /** Its upload, in the file store. */
  readonly archiveKey: string;
}

/** A sync that a worker holds, as its processing sees it. */
export type SyncJob = ClaimedSync & Pick<ClaimedJob, 'id' | 'fence' | 'attempts'>;

export interface NewJob {
  readonly kind: BackgroundKind;
  readonly subject: string;
  readonly detail?: object;
  /** No worker begins it before that. Left out: it may be begun at once. */
  readonly afterSeconds?: number;
}

export interface DueJob {
  readonly id: string;
  readonly lane: Lane;
  /** No message has told of it since it became due: it was never published, or its worker died. */
  readonly isFresh: boolean;
}

interface ClaimRow {
  id: string;
  kind: JobKind;
  subject: string;
  detail: unknown;
  attempts: number;
  fence: number;
  waited_seconds: number;
  request_id: string | null;
  traceparent: string | null;
  sync_id: string | null;
  solution_id: number | null;
  channel: Channel | null;
  timezone: string | null;
  archive_key: string | null;
}

export type JobStore = ReturnType<typeof createJobStore>;

/** Jobs: the outbox. Time is the database's clock alone. */
export function createJobStore(db: Db) {
  return {
    /**
     * In the transaction of the change that asks for it; workers hear of it at the commit. An open job of the same kind
     * and subject is enough.
     */
    async add({ kind, subject, detail, afterSeconds = 0 }: NewJob): Promise<void> {
      await addFrom(kind, 'select :subject as subject, cast(:detail as jsonb) as detail', {
        subject,
        detail: detail === undefined ? null : JSON.stringify(detail),
        afterSeconds,
      });
    },

    /** The same for what SQL says: the columns `subject` and `detail`, one row a job. */
    addFrom,

    async markPublished(ids: readonly string[]): Promise<void> {
      await markPublished(db, { ids });
    },

    /**
     * Takes a job that waits, or whose holder has let its lease end. Null: it is done, or another's, or not due yet, or of
     * a kind that only a newer worker knows. In the lane `large` an id is a ticket for the fairest job of the lane. The sync
     * that it processes is `processing` from now on; its row is locked before the job's, as everywhere.
     */
    async claim(id: string, leaseSeconds: number): Promise<ClaimedJob | null> {
      const [row] = await claimJob(db, { id, leaseSeconds, kinds: jobKinds });
      if (row !== undefined) return claimedFrom(row);
      const fairest = await claimFairestJob(db, { id, leaseSeconds, kinds: jobKinds });
      return fairest[0] === undefined ? null : claimedFrom(fairest[0]);
    },

    /**
     * Takes the lock of a job, in the transaction that does its work. Who held the job before may be frozen in the middle of
     * its own, and would keep its locks for as long as its machine is silent: that session is ended. False: the job is
     * another's by now.
     */
    async takeOver(job: Held): Promise<boolean> {
      const key = [jobLocks, jobLockKey(job.id)];
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

    /**
     * Takes all open jobs of a kind whose subject begins so, whoever holds them, in the transaction that does their work.
     * Returns what they have to know, the oldest first; who held one of them finds that it is gone.
     */
    async takeAll(kind: BackgroundKind, subjectPrefix: string): Promise<unknown[]> {
      const result = await db.raw<{ rows: { detail: unknown }[] }>(
        `with taken as (
           delete from job where kind = ? and starts_with(subject, ?) and state in ('queued', 'running') returning id, detail
         )
         select detail from taken order by id`,
        [kind, subjectPrefix],
      );
      return result.rows.map(({ detail }) => detail);
    },

    /** False: the job is another's by now. */
    async extendLease(job: Held, leaseSeconds: number): Promise<boolean> {
      const extended = await db('job')
        .where(held(job))
        .update({ lease_until: db.raw('now() + make_interval(secs => ?)', [leaseSeconds]) });
      return extended === 1;
    },

    /** A job that is done and of which nobody will ask again. False: it is another's by now. */
    async remove(job: Held): Promise<boolean> {
      return (await db('job').where(held(job)).delete()) === 1;
    },

    /** These syncs are abandoned: whoever holds their jobs can no longer finish them. */
    async endOfSyncs(syncIds: readonly string[]): Promise<void> {
      await db.raw(
        `update job set state = 'dead', lease_until = null, finished_at = now()
         where sync_id = any(cast(? as uuid[])) and state in ('queued', 'running')`,
        [[...syncIds]],
      );
    },

    /** It is not tried again, and kept for people to see. */
    async giveUp(job: Held, failure: string): Promise<void> {
      await db('job')
        .where(held(job))
        .update({ state: 'dead', lease_until: null, finished_at: db.fn.now(), failure });
    },

    /** Puts the job back for another attempt. */
    retryLater: (job: Held, delaySeconds: number, failure: string) => putBack(job, delaySeconds, { failure }),

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
           and kind = any(:kinds)
         order by run_after limit :limit`,
        { lostAfterSeconds, limit, kinds: [...jobKinds] },
      );
      return result.rows;
    },

    /** How many syncs wait or run, and for how long the oldest has. */
    async load(): Promise<SyncLoad> {
      const result = await db.raw<{ rows: { open: number; oldest_seconds: number }[] }>(
        `select count(*)::int as open,
           coalesce(extract(epoch from now() - min(run_after) filter (where state = 'queued')), 0)::float8 as oldest_seconds
         from job where state in ('queued', 'running') and run_after <= now() and kind = '${syncKind}' and lane = 'small'`,
      );
      const row = result.rows[0];
      return { open: row?.open ?? 0, oldestSeconds: row?.oldest_seconds ?? 0 };
    },

    /**
     * A sync that waits for a job that does not exist would wait for ever: it gets a new one, in the lane of its size.
     * Returns how many.
     */
    async requeueOrphans(largePackageBytes: number): Promise<number> {
      const result = await db.raw<{ rowCount: number }>(
        `insert into job (sync_id, lane)
         select sync.id, case when sync.unpacked_bytes > ? then 'large' else 'small' end
         from channel_status join sync on sync.id = channel_status.sync_id
         where channel_status.statut = 1 and sync.state in ('queued', 'processing')
           and not exists (select from job where job.sync_id = sync.id and job.state in ('queued', 'running'))
         on conflict do nothing`,
        [largePackageBytes],
      );
      return result.rowCount;
    },

    /** Removes jobs of syncs that were done so long ago. Jobs that were given up stay. */
    async removeDone(olderThanDays: number): Promise<void> {
      await db('job')
        .where({ state: 'done' })
        .andWhereRaw('finished_at < now() - make_interval(days => ?)', [olderThanDays])
        .delete();
    },
  };

  async function addFrom(
    kind: BackgroundKind,
    sql: string,
    bindings: Readonly<Record<string, string | number | null>>,
  ): Promise<void> {
    await db.raw(
      `with added as (
         insert into job (kind, lane, subject, detail, run_after)
         select :kind, :lane, asked.subject, asked.detail, now() + make_interval(secs => :afterSeconds)
         from (${sql}) asked on conflict do nothing
       )
       select pg_notify('${jobAdded}', '')`,
      { afterSeconds: 0, ...bindings, kind, lane: laneOfKind(kind) },
    );
  }

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

/**
 * One solution with many large uploads does not make the others wait for all of them: next is the solution that has the
 * fewest of them running, and then the one whose last was finished longest ago. Only jobs of which a message is on its way
 * are chosen: the message that is left over stands for the job whose message was used.
 */
const fairestLargeJob = `
  select waiting.id
  from job waiting
    join sync on sync.id = waiting.sync_id
    join (
      select sync.solution_id, count(*) filter (where job.state = 'running') as running, max(job.finished_at) as last_at
      from job join sync on sync.id = job.sync_id
      where job.lane = 'large'
        and (job.state in ('queued', 'running') or job.finished_at > now() - interval '1 hour')
      group by sync.solution_id
    ) had on had.solution_id = sync.solution_id
  where waiting.lane = 'large' and waiting.state = 'queued' and waiting.run_after <= now()
    and waiting.published_at is not null and waiting.kind = any(:kinds)
  order by had.running, had.last_at nulls first, waiting.id
  limit 1 for update of waiting skip locked`;

/** `chosen`: SQL that selects the id of the job, or null. */
const claimSql = (chosen: string): string => `
  with chosen as materialized (${chosen}), its_sync as materialized (
    select sync.id from sync where id = (select sync_id from job where id = (select id from chosen)) for no key update
  ), claimed as (
    update job set state = 'running', fence = fence + 1, attempts = attempts + 1,
      lease_until = now() + make_interval(secs => :leaseSeconds)
    where id = (select id from chosen) and kind = any(:kinds)
      and (state = 'queued' and run_after <= now() or state = 'running' and lease_until < now())
      and (sync_id is null or sync_id = (select id from its_sync))
    returning id, kind, coalesce(subject, sync_id::text) as subject, detail, attempts, fence, sync_id, request_id, traceparent,
      extract(epoch from now() - created_at)::float8 as waited_seconds
  ), processing as (
    update sync set state = 'processing', attempts = claimed.attempts, processing_at = coalesce(processing_at, now())
    from claimed where sync.id = claimed.sync_id and sync.state in ('queued', 'processing')
  )
  select claimed.*, sync.solution_id, sync.channel, sync.archive_key, solution.timezone
  from claimed left join sync on sync.id = claimed.sync_id left join solution on solution.id = sync.solution_id`;

interface ClaimBindings {
  readonly id: string;
  readonly leaseSeconds: number;
  readonly kinds: readonly string[];
}

/** Claims a job of any lane except `large`. */
const claimJob = prepared<ClaimRow, ClaimBindings>(
  'claim_job',
  claimSql(`select id from job where id = :id and lane <> 'large'`),
);

const claimFairestJob = prepared<ClaimRow, ClaimBindings>(
  'claim_fairest_job',
  claimSql(
    `select coalesce((${fairestLargeJob}), ticket.id) as id from job ticket where id = :id and lane = 'large'`,
  ),
);

type Held = Pick<ClaimedJob, 'id' | 'fence'>;

const held = (job: Held) => ({ id: job.id, fence: job.fence, state: 'running' });

const claimedFrom = (row: ClaimRow): ClaimedJob => ({
  id: row.id,
  kind: row.kind,
  subject: row.subject,
  detail: row.detail,
  attempts: row.attempts,
  fence: row.fence,
  waitedSeconds: row.waited_seconds,
  origin: { requestId: row.request_id, traceparent: row.traceparent },
  sync: syncFrom(row),
});

function syncFrom(row: ClaimRow): ClaimedSync | null {
  const { sync_id: syncId, solution_id: solutionId, channel, timezone, archive_key: archiveKey } = row;
  if (syncId === null || solutionId === null || channel === null || timezone === null || archiveKey === null)
    return null;
  return { syncId, solutionId, channel, timezone, archiveKey };
}

/**
 * A job that another transaction has locked is about to be taken or ended, so its mark is not needed. To wait for it could
 * become a deadlock, because that transaction may lock several of these jobs in another order.
 */
const markPublished = prepared<unknown, { readonly ids: readonly string[] }>(
  'mark_published',
  `with free as materialized (
     select id from job where id = any(cast(:ids as bigint[])) order by id for no key update skip locked
   )
   update job set published_at = now() from free where job.id = free.id`,
);
