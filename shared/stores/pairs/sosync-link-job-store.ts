import type { Db } from '../../db/database';

/** The key of a record on its side. */
export interface RecordKey {
  readonly pairId: number;
  readonly side: 'here' | 'there';
  readonly key: string;
  readonly priority: number;
}

export type SosyncLinkJobStore = ReturnType<typeof createSosyncLinkJobStore>;

/** The link jobs that do the jobs of callers of sosync. */
export function createSosyncLinkJobStore(db: Db) {
  return {
    /**
     * One open link job for each record, made or found; it waits until the job worker passes it on. Another transaction
     * that creates one for such a record waits for this one. Returns their ids in the order of the records, which are
     * all different.
     */
    async open(records: readonly RecordKey[]): Promise<string[]> {
      const result = await db.raw<{ rows: { id: string; place: number }[] }>(
        `with wanted as (
           select * from jsonb_to_recordset(cast(:records as jsonb)) as r (place int, pair_id int, side text, key text, priority int)
           order by pair_id, side, key
         ), opened as (
           insert into link_job as j (pair_id, side, key, source, priority, run_after, external)
           select pair_id, side, key, 'api', priority, ${later}, '{"by": "sosync"}' from wanted
           on conflict (pair_id, side, key) where state in ('new', 'waiting', 'held', 'failed')
           do update set state = 'new', stage = 'change', source = excluded.source, external = excluded.external,
             priority = greatest(j.priority, excluded.priority), attempts = 0, hint = null, looked_at = null,
             waits_side = null, waits_key = null, waits_field = null,
             run_after = case when j.state = 'new' then j.run_after else excluded.run_after end
           returning id, pair_id, side, key
         )
         select o.id, w.place from opened o join wanted w on w.pair_id = o.pair_id and w.side = o.side and w.key = o.key
         order by w.place`,
        {
          records: JSON.stringify(
            records.map(({ pairId, side, key, priority }, place) => ({
              place,
              pair_id: pairId,
              side,
              key,
              priority,
            })),
          ),
        },
      );
      return result.rows.map(({ id }) => id);
    },

    /** Lets slices take these link jobs now. */
    async passOn(ids: readonly string[]): Promise<void> {
      await db.raw(
        `update link_job set run_after = now() where id = any (cast(:ids as bigint[])) and state = 'new' and run_after > now()`,
        { ids: [...ids] },
      );
    },
  };
}

/** No slice takes such a link job by itself. */
const later = `now() + interval '100 years'`;
