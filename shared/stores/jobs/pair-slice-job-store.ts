import type { Db } from '../../db/database';
import { jobAdded } from '../../db/queue-message';
import type { SliceHold } from '../../db/slice-guard';

export type PairSliceJobStore = ReturnType<typeof createPairSliceJobStore>;

/** The jobs of pairs: each pair has one that is open, and it runs a slice at a time. */
export function createPairSliceJobStore(db: Db) {
  return {
    /**
     * In the transaction of the change that asks for it: the slice of a pair runs at once, or once more after the one that
     * is running.
     */
    async askFor(pairId: number): Promise<void> {
      await db.raw(askForSlicesOf('select cast(:pairId as text)'), { pairId: String(pairId) });
    },

    /** Adds slices for active pairs without one, for example after a restore. Returns how many. */
    async addMissing(): Promise<number> {
      const result = await db.raw<{ rows: { added: number }[] }>(
        askForSlicesOf(
          `select p.id::text from pair p where p.mode <> 'off' and not exists (
             select from job j where j.kind = 'pair.slice' and j.subject = p.id::text and j.state in ('queued', 'running'))`,
        ),
      );
      return result.rows[0]?.added ?? 0;
    },

    /** Begins the slice, which handles every request until now. False: another worker has the job. */
    async begin({ id, fence }: SliceHold): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `update job set detail = null where id = :id and fence = :fence and state = 'running'`,
        { id, fence },
      );
      return result.rowCount === 1;
    },

    /** Ends the slice. The next one begins after this delay, or at once if someone asked for it meanwhile. */
    async end({ id, fence }: SliceHold, delaySeconds: number): Promise<void> {
      await db.raw(
        `update job set state = 'queued', lease_until = null, published_at = null, attempts = 0, detail = null, failure = null,
           run_after = now() + make_interval(secs => case when detail is null then cast(:delaySeconds as float8) else 0 end)
         where id = :id and fence = :fence and state = 'running'`,
        { id, fence, delaySeconds },
      );
    },
  };
}

/** `pairs`: SQL that selects the ids of pairs, as text. */
const askForSlicesOf = (pairs: string): string => `
  with asked as (
    insert into job as j (kind, subject, lane, detail)
    select 'pair.slice', wanted.pair_id, 'pairs', '{"isAsked": true}' from (${pairs}) wanted (pair_id)
    on conflict (kind, subject) where state in ('queued', 'running') and subject is not null
    do update set detail = excluded.detail, run_after = least(j.run_after, now()),
      published_at = case when j.state = 'queued' and j.run_after > now() then null else j.published_at end
    returning j.id
  )
  select pg_notify('${jobAdded}', ''), (select count(*)::int from asked) as added`;
