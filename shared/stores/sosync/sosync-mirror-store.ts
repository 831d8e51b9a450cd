import type { Db } from '../../db/database';
import type { SosyncJob } from '../../domain/sosync';

/** A job as it is to be mirrored. */
export interface UnmirroredJob extends SosyncJob {
  readonly version: number;
}

export interface SentJob {
  readonly jobId: string;
  readonly version: number;
}

/** The system that an instance mirrors to, and whether it may be called. */
export interface MirrorTarget {
  readonly systemId: number;
  readonly model: string;
  readonly isPaused: boolean;
  readonly pausedReason: string | null;
  /** Above 0: it has asked for so much rest. */
  readonly waitsSeconds: number;
}

export type SosyncMirrorStore = ReturnType<typeof createSosyncMirrorStore>;

/** The jobs of an instance that its mirror still lacks. */
export function createSosyncMirrorStore(db: Db) {
  return {
    /** Null: the instance mirrors nothing. */
    async target(instance: string): Promise<MirrorTarget | null> {
      const result = await db.raw<{ rows: MirrorTarget[] }>(
        `select s.id as "systemId", i.protocol_model as model, s.state = 'paused' as "isPaused", s.paused_reason as "pausedReason",
           case when s.state = 'throttled' then greatest(0, extract(epoch from s.not_before - now())) else 0 end::float8 as "waitsSeconds"
         from sosync_instance i join remote_system s on s.id = i.protocol_id where i.name = ?`,
        [instance],
      );
      return result.rows[0] ?? null;
    },

    /** Those that have waited longest, but for some. */
    async unmirrored(instance: string, except: readonly string[], limit: number): Promise<UnmirroredJob[]> {
      const result = await db.raw<{ rows: UnmirroredJob[] }>(
        `select job_id, job_date, job_fetched, job_start, job_end, job_state, job_run_count, job_closed_by_job_id, job_error_code,
           job_error_text, job_log, job_to_fso_sync_version, parent_job_id, source_system, source_model, source_record_id,
           target_system, target_model, target_record_id, target_request, target_answer, version
         from sosync_job_unmirrored(:instance, cast(:except as bigint[]), :limit)`,
        { instance, except: [...except], limit },
      );
      return result.rows;
    },

    /**
     * They are mirrored as they were; or, where another holds the lease by now, nobody knows which state came last, and they
     * are mirrored once more. False: so it was.
     */
    async settle(
      hold: { readonly instance: string; readonly fence: string },
      sent: readonly SentJob[],
    ): Promise<boolean> {
      const result = await db.raw<{ rows: { isHeld: boolean }[] }>(
        `with hold as materialized (
           select exists (select from sosync_worker where instance = :instance and kind = 'protocol' and fence = :fence
             and lease_until > now()) as is_held
         ), settled as (
           update sosync_job j set mirrored_version = case when h.is_held then greatest(j.mirrored_version, s.version) else 0 end
           from jsonb_to_recordset(cast(:sent as jsonb)) as s (job_id bigint, version int), hold h
           where j.job_id = s.job_id and (h.is_held and j.mirrored_version < s.version or not h.is_held and j.mirrored_version > 0)
         )
         select is_held as "isHeld" from hold`,
        {
          ...hold,
          sent: JSON.stringify(sent.map(({ jobId, version }) => ({ job_id: jobId, version }))),
        },
      );
      return result.rows[0]?.isHeld === true;
    },
  };
}
