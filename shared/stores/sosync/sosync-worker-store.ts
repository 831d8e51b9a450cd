import type { Db } from '../../db/database';
import type { SosyncWorkerKind, SosyncWorkerStatus } from '../../domain/sosync';

/** Which worker of which instance. */
export interface SosyncWorkerName {
  readonly instance: string;
  readonly kind: SosyncWorkerKind;
}

/** Its lease, as its holder knows it. */
export interface SosyncHold extends SosyncWorkerName {
  readonly fence: string;
}

export interface SosyncWorkerState {
  readonly kind: SosyncWorkerKind;
  readonly status: SosyncWorkerStatus;
  readonly since: Date;
  readonly isWanted: boolean;
}

export interface KnownDrift {
  /** The NTP time less ours. Null: it is not known. */
  readonly driftMs: number | null;
  /** Null: it was never looked at. */
  readonly ageSeconds: number | null;
}

/** A job that is to be passed on. */
export interface DueSosyncJob {
  readonly jobId: string;
  readonly pairId: number;
  readonly linkJobId: string;
}

export type SosyncWorkerStore = ReturnType<typeof createSosyncWorkerStore>;

/** Jobs that are passed on one by one: a child is created after its parent, but rarely so many jobs later. */
const childrenAreLookedForAmong = 1_000;

/** Who works for an instance, and what the job worker does. */
export function createSosyncWorkerStore(db: Db) {
  return {
    /** Both of an instance: neither has a row before it is first asked for. */
    async ensure(instance: string): Promise<void> {
      await db.raw(
        `insert into sosync_worker (instance, kind) values (:instance, 'job'), (:instance, 'protocol') on conflict do nothing`,
        { instance },
      );
    },

    async setWanted({ instance, kind }: SosyncWorkerName, isWanted: boolean): Promise<void> {
      await db('sosync_worker').where({ instance, kind }).update({ is_wanted: isWanted });
    },

    /** One whose lease is over has stopped. */
    async states(instance: string): Promise<SosyncWorkerState[]> {
      const result = await db.raw<{ rows: SosyncWorkerState[] }>(
        `select kind, case when lease_until >= now() then status else 'stopped' end as status,
           case when lease_until < now() and status <> 'stopped' then lease_until else since end as since, is_wanted as "isWanted"
         from sosync_worker where instance = ?`,
        [instance],
      );
      return result.rows;
    },

    /** Null: another process has it, or it is not wanted. */
    async lead({ instance, kind }: SosyncWorkerName, leaseSeconds: number): Promise<SosyncHold | null> {
      const result = await db.raw<{ rows: { fence: string }[] }>(
        `update sosync_worker set fence = fence + 1, lease_until = now() + make_interval(secs => :leaseSeconds),
           status = 'running', reason = null, since = now()
         where instance = :instance and kind = :kind and is_wanted and (lease_until is null or lease_until < now())
         returning fence`,
        { instance, kind, leaseSeconds },
      );
      const row = result.rows[0];
      return row === undefined ? null : { instance, kind, fence: row.fence };
    },

    /** Null: the lease is another's, or the worker is not wanted any more. */
    async renew({ instance, kind, fence }: SosyncHold, leaseSeconds: number): Promise<KnownDrift | null> {
      const result = await db.raw<{ rows: KnownDrift[] }>(
        `update sosync_worker set lease_until = now() + make_interval(secs => :leaseSeconds)
         where instance = :instance and kind = :kind and fence = :fence and is_wanted
         returning drift_ms as "driftMs", extract(epoch from now() - drift_at)::float8 as "ageSeconds"`,
        { instance, kind, fence, leaseSeconds },
      );
      return result.rows[0] ?? null;
    },

    async tellStatus(
      { instance, kind, fence }: SosyncHold,
      status: Exclude<SosyncWorkerStatus, 'stopped'>,
      reason: string | null,
    ): Promise<void> {
      await db.raw(
        `update sosync_worker set status = :status, reason = :reason, since = case when status = :status then since else now() end
         where instance = :instance and kind = :kind and fence = :fence
           and (status, reason) is distinct from (:status, cast(:reason as text))`,
        { instance, kind, fence, status, reason },
      );
    },

    async release({ instance, kind, fence }: SosyncHold): Promise<void> {
      await db.raw(
        `update sosync_worker set lease_until = null, status = 'stopped', since = now()
         where instance = :instance and kind = :kind and fence = :fence`,
        { instance, kind, fence },
      );
    },

    /** How far the clock was seen to be off; null: nobody could tell. */
    async noteDrift(instance: string, driftMs: number | null): Promise<void> {
      await db.raw(
        `update sosync_worker set drift_ms = :driftMs, drift_at = now() where instance = :instance and kind = 'job'`,
        { instance, driftMs },
      );
    },

    /**
     * The jobs that were created and are to be passed on now, the oldest first, but children before their parents. A
     * worker whose lease is over gets none.
     */
    async dueJobs({ instance, fence }: SosyncHold, limit: number): Promise<DueSosyncJob[]> {
      const result = await db.raw<{ rows: DueSosyncJob[] }>(
        `with recursive waiting as materialized (
           select s.job_id, s.pair_id, s.link_job_id, s.parent_job_id
           from sosync_job_unfetched(:instance, greatest(:limit, ${childrenAreLookedForAmong})) s
           where exists (select from sosync_worker where instance = :instance and kind = 'job' and fence = :fence and lease_until > now())
         ), family as (
           select w.*, coalesce(w.parent_job_id, w.job_id) as place, 0 as depth from waiting w
           where not exists (select from waiting p where p.job_id = w.parent_job_id)
           union all
           select w.*, f.place, f.depth + 1 from waiting w join family f on f.job_id = w.parent_job_id
         )
         select job_id as "jobId", pair_id as "pairId", link_job_id as "linkJobId"
         from family order by place, depth desc, job_id limit :limit`,
        { instance, fence, limit },
      );
      return result.rows;
    },

    /** In the transaction in which their link jobs were passed on, and after it: creating and working do so too. */
    async notePassedOn(jobIds: readonly string[]): Promise<void> {
      await db.raw(
        `update sosync_job set job_fetched = now() where job_id = any (cast(:ids as bigint[])) and job_fetched is null`,
        { ids: [...jobIds] },
      );
    },

    /** Whether a job that was passed on is still before its end; `isBegun`: it is being worked on. */
    async isUnderWay(jobId: string): Promise<{ isOpen: boolean; isBegun: boolean }> {
      const result = await db.raw<{ rows: { isOpen: boolean; isBegun: boolean }[] }>(
        `select job_state = 'inprogress' or job_state = 'new' and job_log is null as "isOpen", job_state = 'inprogress' as "isBegun"
         from sosync_job where job_id = ?`,
        [jobId],
      );
      return result.rows[0] ?? { isOpen: false, isBegun: false };
    },

    /** Closes jobs for a pair that was removed in the meantime. */
    async closeOrphans(instance: string): Promise<void> {
      await db.raw(
        `update sosync_job set job_state = 'skipped', job_end = now(), job_log = 'the pair of its model is gone'
         where instance = ? and link_job_id is null and job_state in ('new', 'inprogress', 'error_retry') and import_digest is null`,
        [instance],
      );
    },
  };
}
