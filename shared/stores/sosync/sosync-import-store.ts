import type { Db } from '../../db/database';
import type { SosyncJob } from '../../domain/sosync';

/** A job of an earlier service, with the digest of its line. */
export interface ImportedJob extends SosyncJob {
  readonly digest: string;
}

export type SosyncImportStore = ReturnType<typeof createSosyncImportStore>;

/** Jobs that are taken over from the table of an earlier service. They keep their ids. */
export function createSosyncImportStore(db: Db) {
  return {
    /** The digests of those that are there, by id; null: such a job was created here. */
    async digests(ids: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
      const result = await db.raw<{ rows: { job_id: string; import_digest: string | null }[] }>(
        `select job_id, import_digest from sosync_job where job_id = any (cast(:ids as bigint[]))`,
        { ids: [...ids] },
      );
      return new Map(result.rows.map(({ job_id: id, import_digest: digest }) => [id, digest]));
    },

    /**
     * Adds the jobs unchanged, and nothing processes them. Existing jobs stay as they are. Returns how many were added.
     */
    async add(instance: string, jobs: readonly ImportedJob[]): Promise<number> {
      const result = await db.raw<{ rows: { added: number }[] }>(
        `with added as (
           insert into sosync_job (instance, import_digest, ${columns})
           select :instance, j.digest, ${columns
             .split(', ')
             .map((column) => `j.${column}`)
             .join(', ')}
           from jsonb_to_recordset(cast(:jobs as jsonb)) as j (digest text, ${typedColumns})
           on conflict (job_id) do nothing returning 1
         )
         select count(*)::int as added from added`,
        { instance, jobs: JSON.stringify(jobs) },
      );
      return result.rows[0]?.added ?? 0;
    },

    /** Marks open jobs that were created again with their old ids. */
    async markTakenOver(jobs: readonly Pick<ImportedJob, 'job_id' | 'digest'>[]): Promise<void> {
      await db.raw(
        `update sosync_job s set import_digest = j.digest
         from jsonb_to_recordset(cast(:jobs as jsonb)) as j (job_id bigint, digest text) where s.job_id = j.job_id`,
        { jobs: JSON.stringify(jobs.map(({ job_id, digest }) => ({ job_id, digest }))) },
      );
    },

    /** No id of a job that was taken over is given out again. */
    async moveIdsAhead(): Promise<void> {
      await db.raw(
        `select setval('sosync_job_job_id_seq', greatest((select max(job_id) from sosync_job), (select last_value from sosync_job_job_id_seq)))
         where exists (select from sosync_job)`,
      );
    },
  };
}

const columns =
  'job_id, job_date, job_fetched, job_start, job_end, job_state, job_run_count, job_closed_by_job_id, job_error_code, job_error_text, job_log, job_to_fso_sync_version, parent_job_id, source_system, source_model, source_record_id, target_system, target_model, target_record_id, target_request, target_answer';

const typedColumns = `job_id bigint, job_date timestamptz, job_fetched timestamptz, job_start timestamptz, job_end timestamptz,
  job_state text, job_run_count int, job_closed_by_job_id bigint, job_error_code text, job_error_text text, job_log text,
  job_to_fso_sync_version text, parent_job_id bigint, source_system text, source_model text, source_record_id text,
  target_system text, target_model text, target_record_id text, target_request text, target_answer text`;
