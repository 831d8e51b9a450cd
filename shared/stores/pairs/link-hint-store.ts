import type { Db } from '../../db/database';

/** The source of a hint that something must be looked at. */
export type HintSource = 'webhook' | 'api' | 'retry';

export interface Hint {
  readonly pairId: number;
  readonly side: 'here' | 'there';
  readonly keys: readonly string[];
  readonly source: HintSource;
}

export type LinkHintStore = ReturnType<typeof createLinkHintStore>;

/** Records that others report as changed. */
export function createLinkHintStore(db: Db) {
  return {
    /**
     * Adds one job for each key, in one statement. An open job becomes due now, and what it waited for is checked
     * again. Only one that has failed stays for its time where a webhook names it: that we told the system of the
     * failure is a change there as well, and would have it tried again at once, for ever. Returns the ids of the jobs,
     * in no order.
     */
    async add({ pairId, side, keys, source }: Hint): Promise<string[]> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `insert into link_job as j (pair_id, side, key, source, priority)
         select :pairId, :side, key, :source, :priority from (select distinct unnest(cast(:keys as text[])) as key) keys
         on conflict (pair_id, side, key) where state in ('new', 'waiting', 'held', 'failed')
         do update set state = 'new', stage = 'change', source = excluded.source, priority = greatest(j.priority, excluded.priority),
           run_after = now(), attempts = 0, hint = null, looked_at = null, waits_side = null, waits_key = null, waits_field = null
         where j.state <> 'failed' or excluded.source <> 'webhook'
         returning j.id`,
        { pairId, side, keys: [...keys], source, priority: source === 'webhook' ? 10 : 50 },
      );
      return result.rows.map(({ id }) => id);
    },
  };
}
