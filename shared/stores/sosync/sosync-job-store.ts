import type { Db } from '../../db/database';
import type { SosyncJob, SosyncJobState, SosyncSystem } from '../../domain/sosync';

/** A job that is to be made, with the link job that does it. */
export interface NewSosyncJob {
  readonly jobDate: Date;
  readonly pairId: number;
  readonly side: 'here' | 'there';
  readonly parentJobId: string | null;
  readonly sourceSystem: SosyncSystem;
  readonly sourceModel: string;
  readonly sourceRecordId: string;
  readonly targetSystem: SosyncSystem;
  readonly targetModel: string | null;
}

export interface SosyncJobFilter {
  readonly state: SosyncJobState | null;
  readonly after: string;
  readonly limit: number;
}

export type SosyncJobStore = ReturnType<typeof createSosyncJobStore>;

/** The jobs of an instance of the interface of sosync. */
export function createSosyncJobStore(db: Db) {
  return {
    /** Ids that nobody else gets, ascending. */
    async nextIds(count: number): Promise<string[]> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `select nextval('sosync_job_job_id_seq') as id from generate_series(1, ?)`,
        [count],
      );
      return result.rows.map(({ id }) => id);
    },

    /** Closes the open jobs of the same records as these link jobs, in favour of the newer jobs. */
    async closeOpen(by: readonly { readonly linkJobId: string; readonly jobId: string }[]): Promise<void> {
      await db.raw(
        `update sosync_job s set job_state = 'skipped', job_closed_by_job_id = n.job_id, job_end = now(),
           job_log = 'a newer job of the same record does it'
         from jsonb_to_recordset(cast(:by as jsonb)) as n (link_job_id bigint, job_id bigint), link_job j
         where j.id = n.link_job_id and s.pair_id = j.pair_id and s.side = j.side and s.source_record_id = j.key
           and s.job_state in ('new', 'error_retry') and s.link_job_id is not null`,
        { by: JSON.stringify(by.map((one) => ({ link_job_id: one.linkJobId, job_id: one.jobId }))) },
      );
    },

    async insert(instance: string, jobs: readonly InsertedSosyncJob[]): Promise<void> {
      await db.raw(
        `with made as (
           insert into sosync_job (job_id, instance, pair_id, side, link_job_id, job_date, job_state, job_end, job_closed_by_job_id,
             job_log, parent_job_id, source_system, source_model, source_record_id, target_system, target_model)
           select job_id, :instance, pair_id, side, link_job_id, job_date, case when closed_by is null then 'new' else 'skipped' end,
             case when closed_by is not null then now() end, closed_by,
             case when closed_by is not null then 'a newer job of the same record does it' end,
             parent_job_id, source_system, source_model, source_record_id, target_system, target_model
           from jsonb_to_recordset(cast(:jobs as jsonb)) as n (job_id bigint, pair_id int, side text, link_job_id bigint,
             job_date timestamptz, closed_by bigint, parent_job_id bigint, source_system text, source_model text,
             source_record_id text, target_system text, target_model text)
         )
         select pg_notify('epack_sosync', :instance)`,
        {
          instance,
          jobs: JSON.stringify(
            jobs.map(({ jobId, linkJobId, closedBy, job }) => ({
              job_id: jobId,
              link_job_id: linkJobId,
              closed_by: closedBy,
              pair_id: job.pairId,
              side: job.side,
              job_date: job.jobDate.toISOString(),
              parent_job_id: job.parentJobId,
              source_system: job.sourceSystem,
              source_model: job.sourceModel,
              source_record_id: job.sourceRecordId,
              target_system: job.targetSystem,
              target_model: job.targetModel,
            })),
          ),
        },
      );
    },

    /** Those of these ids that the instance has. */
    async known(instance: string, ids: readonly string[]): Promise<ReadonlySet<string>> {
      const result = await db.raw<{ rows: { job_id: string }[] }>(
        `select job_id from sosync_job where instance = :instance and job_id = any (cast(:ids as bigint[]))`,
        { instance, ids: [...ids] },
      );
      return new Set(result.rows.map(({ job_id: id }) => id));
    },

    /** Null: there is none. */
    async find(instance: string, id: string): Promise<SosyncJob | null> {
      const result = await db.raw<{ rows: SosyncJob[] }>(
        `select ${jobColumns} from sosync_job s where s.instance = :instance and s.job_id = :id`,
        { instance, id },
      );
      return result.rows[0] ?? null;
    },

    /** The first of those after an id. */
    async list(instance: string, { state, after, limit }: SosyncJobFilter): Promise<SosyncJob[]> {
      const result = await db.raw<{ rows: SosyncJob[] }>(
        `select ${jobColumns} from sosync_job_page(:instance, :state, :after, :limit) s order by s.job_id`,
        { instance, after, limit, state },
      );
      return result.rows;
    },
  };
}

export interface InsertedSosyncJob {
  readonly jobId: string;
  readonly linkJobId: string;
  /** The newer job of the same record, from the same call of this store. */
  readonly closedBy: string | null;
  readonly job: NewSosyncJob;
}

const jobColumns = `s.job_id, s.job_date, s.job_fetched, s.job_start, s.job_end, s.job_state, s.job_run_count, s.job_closed_by_job_id,
  s.job_error_code, s.job_error_text, s.job_log, s.job_to_fso_sync_version, s.parent_job_id, s.source_system, s.source_model,
  s.source_record_id, s.target_system, s.target_model, s.target_record_id, s.target_request, s.target_answer`;
