import type { Db } from '../../db/database';

/** The figures of the interface of sosync for monitoring. */
export interface SosyncFigures {
  /** Jobs that are not over. */
  readonly jobs: readonly { readonly instance: string; readonly state: string; readonly count: number }[];
  /** How long the oldest change of a job has not been mirrored; 0: all is. */
  readonly mirrorLags: readonly { readonly instance: string; readonly seconds: number }[];
  readonly workers: readonly {
    readonly instance: string;
    readonly kind: string;
    readonly isRunning: boolean;
  }[];
}

export function createSosyncFiguresStore(db: Db) {
  return {
    async read(): Promise<SosyncFigures> {
      const jobs = await db.raw<{ rows: { instance: string; state: string; count: number }[] }>(
        `select i.name as instance, s.state, (select count(*)::int from sosync_job j where j.instance = i.name and j.job_state = s.state) as count
         from sosync_instance i, unnest(array['new', 'inprogress', 'error_retry']) s (state) order by 1, 2`,
      );
      const lags = await db.raw<{ rows: { instance: string; seconds: number }[] }>(
        `select i.name as instance, greatest(0, coalesce(extract(epoch from now() - (
           select min(j.changed_at) from sosync_job j where j.instance = i.name and j.mirrored_version < j.version)), 0))::float8 as seconds
         from sosync_instance i where i.protocol_id is not null order by 1`,
      );
      const workers = await db.raw<{ rows: { instance: string; kind: string; isRunning: boolean }[] }>(
        `select instance, kind, coalesce(status = 'running' and lease_until > now(), false) as "isRunning" from sosync_worker order by 1, 2`,
      );
      return { jobs: jobs.rows, mirrorLags: lags.rows, workers: workers.rows };
    },
  };
}
