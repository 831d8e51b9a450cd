import type { Db } from '../../db/database';
import type { EndSide, LookedAt } from '../../domain/link-ends';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';
import type { Reason } from '../../domain/reason';

export type LinkJobState =
  'new' | 'running' | 'waiting' | 'held' | 'failed' | 'done' | 'skipped' | 'given-up';

/** The source of the job. */
export type LinkJobSource =
  'listing' | 'webhook' | 'check' | 'api' | 'parent' | 'decision' | 'retry' | 'plan' | 'take-back';

/** An item that a listing found. */
export interface FoundItem<Words extends JobWords> {
  readonly key: string;
  readonly revision: string;
  /** The item as it was listed. Null: it is too large to store, or not known. */
  readonly hint: Words['hint'] | null;
  readonly isDoubted: boolean;
  /** A line of an approved plan. */
  readonly signature?: string;
  readonly side?: EndSide;
  /** When a run is taken back: what each side shall have. */
  readonly wanted?: Words['wanted'];
}

/** The types of the JSON columns, which the caller defines. */
export interface JobWords {
  readonly hint: unknown;
  readonly wanted: unknown;
}

/** The items of a page of a listing, and how far the listing has come with it. */
export interface FoundPage<Words extends JobWords> {
  readonly runId: string;
  readonly side: EndSide;
  readonly source: LinkJobSource;
  readonly items: readonly FoundItem<Words>[];
  /** Undefined: the cursor stays where it is. `listing`: the id of the whole listing that continues from there. */
  readonly cursor?: string | null;
  readonly listingValue?: string | null;
}

export interface LinkJob<Words extends JobWords = JobWords> {
  readonly id: string;
  readonly side: EndSide;
  readonly key: string;
  readonly stage: 'change' | 'deletion';
  readonly source: LinkJobSource;
  /** Null: it belongs to no run, or its run has ended. */
  readonly runId: string | null;
  readonly hint: Words['hint'] | null;
  readonly isDoubted: boolean;
  readonly attempts: number;
  readonly signature: string | null;
  readonly wanted: Words['wanted'] | null;
  readonly approvalId: string | null;
  /** True: it and a record of another pair wait for each other, so it continues without its links. */
  readonly withoutLinks: boolean;
  /** The state of the approval that it waited for. */
  readonly approvalState: 'open' | 'approved' | 'rejected' | 'superseded' | null;
}

/** The result of a job. */
export interface LinkJobEnd {
  readonly id: string;
  readonly state: Exclude<LinkJobState, 'running'>;
  readonly stage: 'change' | 'deletion';
  readonly runId: string | null;
  readonly verdict: string | null;
  readonly attempts: number;
  /** For `failed` and `new`: how long it waits. */
  readonly delaySeconds: number;
  readonly errorClass: string | null;
  /** The sentence for programs. */
  readonly error: string | null;
  /** The same for people. */
  readonly why: Reason | null;
  readonly linkId: string | null;
  readonly waitsSide: EndSide | null;
  readonly waitsKey: string | null;
  readonly waitsField: string | null;
  /** The id of the pair that it waits for. Null: its own pair. */
  readonly waitsPair: number | null;
  readonly lookedAt: Readonly<Record<EndSide, LookedAt | null>> | null;
  readonly approvalId: string | null;
  readonly signature: string | null;
  readonly calls: number;
}

interface JobRow<Words extends JobWords> {
  id: string;
  side: EndSide;
  key: string;
  stage: 'change' | 'deletion';
  source: LinkJobSource;
  run_id: string | null;
  hint: Words['hint'] | null;
  is_doubted: boolean;
  attempts: number;
  signature: string | null;
  wanted: Words['wanted'] | null;
  approval_id: string | null;
  waits_pair: number | null;
  approval_state: LinkJob['approvalState'];
}

/** A listing that lags behind shows what is gone by now, so such an item is fetched before it is believed. */
const wasDeletedAsShown = `exists (
  select from link_end e
  where e.pair_id = :pairId and e.side = s.side and e.key = s.key and e.is_gone and e.revision = s.revision)`;

export type LinkJobStore<Words extends JobWords> = ReturnType<typeof createLinkJobStore<Words>>;

/** The open work of a pair, as its slice sees it. */
export function createLinkJobStore<Words extends JobWords>(db: Db, pairId: number, hold: SliceHold) {
  return {
    /**
     * Adds the items of a page of a listing and moves the cursor, in one statement. An item that waits for a decision
     * or was given up is only added again if its revision has changed. Returns how many were added. Null: another
     * worker has the slice.
     */
    async addFound(page: FoundPage<Words>): Promise<number | null> {
      const { items, side } = page;
      const result = await db.raw<{ rows: { is_held: boolean; added: number }[] }>(
        `${withGuard}, found as (
           select s.side, s.key, s.revision, s.is_doubted, s.signature, s.wanted,
             case when ${wasDeletedAsShown} then null else s.hint end as hint
           from jsonb_to_recordset(cast(:items as jsonb))
             as s (side text, key text, revision text, hint jsonb, is_doubted boolean, signature text, wanted jsonb)
           where exists (select from guard) and (:isBound or not exists (
             select from link_job j where j.pair_id = :pairId and j.state in ('held', 'given-up')
               and (j.side = s.side and j.key = s.key or j.link_id = (
                 select e.link_id from link_end e
                 where e.pair_id = :pairId and e.side = s.side and e.key = s.key and not e.is_gone))
               and j.looked_at -> s.side ->> 'revision' = s.revision))
         ), added as (
           insert into link_job as j (pair_id, run_id, side, key, source, hint, is_doubted, signature, wanted)
           select :pairId, :runId, side, key, :source, hint, is_doubted, signature, wanted from found
           on conflict (pair_id, side, key) where state in ('new', 'waiting', 'held', 'failed')
           do update set hint = excluded.hint, is_doubted = excluded.is_doubted, run_id = excluded.run_id,
             signature = coalesce(excluded.signature, j.signature), wanted = coalesce(excluded.wanted, j.wanted), source = excluded.source,
             stage = 'change', ${restart(`(j.state in ('held', 'waiting') or j.state = 'new' and j.external is not null)`)}
           returning 1
         )${cursorMoves(page)}
         select exists (select from guard) as is_held, (select count(*)::int from added) as added`,
        {
          ...guardBindings(hold),
          pairId,
          runId: page.runId,
          source: page.source,
          isBound: page.source !== 'listing' && page.source !== 'check',
          items: JSON.stringify(
            items.map((item) => ({
              side: item.side ?? side,
              key: item.key,
              revision: item.revision,
              hint: item.hint,
              is_doubted: item.isDoubted,
              signature: item.signature ?? null,
              wanted: item.wanted ?? null,
            })),
          ),
          ...(page.cursor === undefined && page.listingValue === undefined ? {} : { side }),
          ...(page.cursor === undefined ? {} : { cursor: page.cursor }),
          ...(page.listingValue === undefined ? {} : { listingValue: page.listingValue }),
        },
      );
      const row = result.rows[0];
      return row?.is_held === true ? row.added : null;
    },

    /** Takes due jobs, folders first. */
    async claim(stage: 'change' | 'deletion', limit: number): Promise<LinkJob<Words>[]> {
      return claimed(
        `select id from link_job where pair_id = :pairId and stage = :stage and state in ('new', 'failed') and run_after <= now()
         order by depth, priority desc, run_after, id limit :limit for update skip locked`,
        { stage, limit },
      );
    },

    /** Takes jobs that wait for each other in a circle, because nothing else will release them. */
    async claimCircle(): Promise<LinkJob<Words>[]> {
      return claimed(
        `select id from link_job where id in (
           with recursive chain (start, id, pair_id, waits_pair, waits_side, waits_key, path) as (
             select j.id, j.id, j.pair_id, j.waits_pair, j.waits_side, j.waits_key, array[j.id] from link_job j
             where j.pair_id = :pairId and j.state = 'waiting' and ${isUnlinked('j')}
             union all
             select c.start, j.id, j.pair_id, j.waits_pair, j.waits_side, j.waits_key, c.path || j.id
             from chain c join link_job j on j.pair_id = coalesce(c.waits_pair, c.pair_id) and j.state = 'waiting'
               and j.side = c.waits_side and j.key = c.waits_key and ${isUnlinked('j')}
             where not j.id = any (c.path[2:]) and cardinality(c.path) < 100
           )
           select unnest(path) from chain where cardinality(path) > 1 and id = start
         ) and pair_id = :pairId for update skip locked`,
        {},
        true,
      );
    },

    /**
     * Records the results of jobs. If a new job for the same item was added meanwhile, that one replaces the remaining
     * work.
     */
    async settle(ends: readonly LinkJobEnd[]): Promise<void> {
      // A webhook may add that other one while the statement runs: once more, it is seen.
      await againWhereTaken(() => settleOnce(ends));
    },

    /** Returns those items of a side whose jobs were all given up at the same revision. */
    async givenUpAsShown(
      side: EndSide,
      items: readonly { readonly key: string; readonly revision: string }[],
    ): Promise<string[]> {
      if (items.length === 0) return [];
      const result = await db.raw<{ rows: { key: string }[] }>(
        `select s.key from unnest(cast(:keys as text[]), cast(:revisions as text[])) s (key, revision)
         where exists (
           select from link_job j where j.pair_id = :pairId and j.state = 'given-up' and j.looked_at -> :side ->> 'revision' = s.revision
             and (j.side = :side and j.key = s.key or j.link_id = (
               select e.link_id from link_end e where e.pair_id = :pairId and e.side = :side and e.key = s.key and not e.is_gone)))`,
        { pairId, side, keys: items.map(({ key }) => key), revisions: items.map(({ revision }) => revision) },
      );
      return result.rows.map(({ key }) => key);
    },

    /** Closes given-up jobs of entities that have been settled since. */
    async closeGivenUp(ids: readonly string[]): Promise<void> {
      await db.raw(
        `${withGuard}
         update link_job o set state = 'skipped', closed_by = j.id
         from link_job j
         where j.id = any(cast(:ids as bigint[])) and o.pair_id = :pairId and o.state = 'given-up' and o.id <> j.id
           and (o.side = j.side and o.key = j.key or o.link_id = j.link_id) and exists (select from guard)`,
        { ...guardBindings(hold), pairId, ids: [...ids] },
      );
    },

    /** Puts back jobs that were running when a slice died. */
    async putBackRunning(): Promise<void> {
      await db.raw(
        `${withGuard}
         update link_job j set state = case when o.id is null then 'new' else 'skipped' end, closed_by = o.id,
           ended_at = case when o.id is null then null else now() end
         from link_job r left join link_job o
           on o.pair_id = r.pair_id and o.side = r.side and o.key = r.key and o.state in ('new', 'waiting', 'held', 'failed')
         where r.id = j.id and j.pair_id = :pairId and j.state = 'running' and exists (select from guard)`,
        { ...guardBindings(hold), pairId },
      );
    },

    /** Adds jobs for intents without a job: calls of which it is not known whether they were made. */
    async addForIntents(): Promise<void> {
      await db.raw(
        `${withGuard}
         insert into link_job (pair_id, side, key, link_id, source, priority)
         select distinct on (l.id) :pairId, e.side, e.key, l.id, 'retry', 100
         from link l join link_end e on e.link_id = l.id and not e.is_gone
         where l.pair_id = :pairId and l.intent is not null and exists (select from guard) and not exists (
           select from link_job j where j.state in ('new', 'waiting', 'held', 'failed', 'running', 'given-up')
             and (j.link_id = l.id or j.pair_id = :pairId and exists (
               select from link_end x where x.link_id = l.id and x.side = j.side and x.key = j.key and not x.is_gone)))
         order by l.id, e.side = l.intent ->> 'side'
         on conflict do nothing`,
        { ...guardBindings(hold), pairId },
      );
    },

    /** Releases jobs whose target is linked now. Returns how many. */
    async release(): Promise<number> {
      const result = await db.raw<{ rowCount: number }>(
        `${withGuard}
         update link_job j set ${restart('true')}
         where j.pair_id = :pairId and j.state = 'waiting' and exists (select from guard) and exists (
           select from link_end e join link l on l.id = e.link_id
           where ${awaitedEnd('j')})`,
        { ...guardBindings(hold), pairId },
      );
      return result.rowCount;
    },

    /** Makes blocked jobs due now, because what blocked them is gone. */
    async hastenBlocked(): Promise<void> {
      await db.raw(
        `${withGuard}
         update link_job set run_after = now()
         where pair_id = :pairId and state = 'failed' and error_class = 'blocked' and exists (select from guard)`,
        { ...guardBindings(hold), pairId },
      );
    },

    /** Other pairs that wait for a record of this one that is linked now, or that wait in a circle with it. */
    async waitingElsewhere(): Promise<number[]> {
      const result = await db.raw<{ rows: { pair_id: number }[] }>(
        `select distinct j.pair_id from link_job j
         where j.waits_pair = :pairId and j.state = 'waiting' and exists (
           select from link_end e join link l on l.id = e.link_id where ${awaitedEnd('j')})`,
        { pairId },
      );
      return result.rows.map((row) => row.pair_id);
    },

    /** Releases items that a listing lacked that was not trusted, if a later listing shows them. */
    async releaseListed(side: EndSide, listing: string): Promise<void> {
      await db.raw(
        `${withGuard}
         update link_job j set hint = null, is_doubted = false, ${restart('true')}
         where j.pair_id = :pairId and j.side = :side and j.state = 'held' and j.is_doubted and exists (select from guard)
           and exists (select from listed_key k where k.listing = :listing and k.key = j.key)`,
        { ...guardBindings(hold), pairId, side, listing },
      );
    },

    /**
     * Releases jobs that wait for an approval that is already decided, or for none, because nothing else would release
     * them.
     */
    async releaseDecided(): Promise<void> {
      await db.raw(
        `${withGuard}
         update link_job j set hint = null, ${restart('true')}
         where j.pair_id = :pairId and j.state = 'held' and exists (select from guard)
           and (j.approval_id is null and j.verdict = 'held'
             or exists (select from pair_approval a where a.id = j.approval_id and a.state in ('approved', 'rejected')))`,
        { ...guardBindings(hold), pairId },
      );
    },

    /** Tries jobs again that were given up at least this long ago. */
    async resetGivenUp(hours: number): Promise<void> {
      await db.raw(
        `${withGuard}
         update link_job j set state = 'new', ended_at = null, attempts = 0, hint = null, looked_at = null, run_after = now(), source = 'retry', stage = 'change'
         where j.pair_id = :pairId and j.state = 'given-up' and j.ended_at <= now() - make_interval(secs => :seconds) and exists (select from guard)
           and not exists (select from link_job o where o.pair_id = j.pair_id and o.side = j.side and o.key = j.key and o.id <> j.id
             and (o.state in ('new', 'waiting', 'held', 'failed') or o.state = 'given-up' and o.id > j.id))`,
        { ...guardBindings(hold), pairId, seconds: hours * 3600 },
      );
    },

    /** Seconds until the next job is due. Null: none is. */
    async nextDueSeconds(resetHours: number): Promise<number | null> {
      const result = await db.raw<{ rows: { seconds: number | null }[] }>(
        `select extract(epoch from least(
           (select min(run_after) from link_job where pair_id = :pairId and state in ('new', 'failed')),
           (select min(ended_at) + make_interval(secs => :seconds) from link_job where pair_id = :pairId and state = 'given-up')
         ) - now())::float8 as seconds`,
        { pairId, seconds: resetHours * 3600 },
      );
      return result.rows[0]?.seconds ?? null;
    },

    /**
     * Counts deletions that wait, and deletions of the last hours that needed no approval. Decided parts of an approval
     * whose rest still waits count too, so that the rest does not fall below the limit and go through.
     */
    async deletions(hours: number): Promise<{ waiting: number; recent: number }> {
      const result = await db.raw<{ rows: { waiting: number; recent: number }[] }>(
        `select
           (select count(*)::int from link_job where pair_id = :pairId and stage = 'deletion' and state in ('new', 'held', 'failed')) as waiting,
           (select count(*)::int from link_job where pair_id = :pairId and verdict = 'deleted' and state = 'done' and approval_id is null
             and signature is null and ended_at > now() - make_interval(secs => :seconds))
           + (select count(distinct coalesce('link ' || j.link_id, j.side || ' ' || j.key))::int
              from pair_approval w join pair_approval d on d.part_of = w.id join link_job j on j.approval_id = d.id
              where w.pair_id = :pairId and w.state = 'open' and w.kind = 'deletions') as recent`,
        { pairId, seconds: hours * 3600 },
      );
      return result.rows[0] ?? { waiting: 0, recent: 0 };
    },

    /** The number of existing links. */
    async liveLinks(): Promise<number> {
      const result = await db.raw<{ rows: { count: number }[] }>(
        `select count(*)::int as count from link where pair_id = :pairId and state <> 'gone'`,
        { pairId },
      );
      return result.rows[0]?.count ?? 0;
    },

    /** Makes the pair look at all links with two known ends again, because its rules have changed. */
    async lookAtAll(version: number): Promise<void> {
      await db.raw(
        `${withGuard}, marked as (
           update link_end set needs_look = true where pair_id = :pairId and not is_gone and exists (select from guard)
         )
         update pair set seen_version = :version where id = :pairId and exists (select from guard)`,
        { ...guardBindings(hold), pairId, version },
      );
    },
  };

  async function settleOnce(ends: readonly LinkJobEnd[]): Promise<void> {
    await db.raw(
      `${withGuard}, ends as (
         select * from jsonb_to_recordset(cast(:ends as jsonb)) as d (id bigint, state text, stage text, run_id bigint, verdict text,
           attempts int, delay float8, error_class text, error text, reason_code text, reason_values jsonb, link_id bigint, waits_side text, waits_key text, waits_field text, waits_pair int,
           looked_at jsonb, approval_id bigint, signature text, calls int)
       ), closed as (
         select d.id, o.id as by from ends d join link_job j on j.id = d.id join link_job o
           on o.pair_id = j.pair_id and o.side = j.side and o.key = j.key and o.id <> j.id and o.state in ('new', 'waiting', 'held', 'failed')
         where d.state in ('new', 'waiting', 'held', 'failed')
       )
       update link_job j set
         state = case when c.by is null then d.state else 'skipped' end, closed_by = c.by,
         stage = d.stage, run_id = coalesce(d.run_id, j.run_id), verdict = d.verdict, attempts = d.attempts,
         run_after = now() + make_interval(secs => d.delay), error_class = d.error_class, error = left(d.error, 2000),
         reason_code = d.reason_code, reason_values = d.reason_values,
         link_id = coalesce((select l.id from link l where l.id = d.link_id), j.link_id),
         waits_side = case when c.by is null then d.waits_side end, waits_key = case when c.by is null then d.waits_key end,
         waits_field = d.waits_field, waits_pair = d.waits_pair, looked_at = d.looked_at, approval_id = d.approval_id, signature = d.signature,
         hint = case when d.state in ('done', 'skipped') or c.by is not null then null else j.hint end,
         calls = least(coalesce(j.calls, 0) + d.calls, 32767),
         ended_at = case when c.by is not null or d.state in ('done', 'skipped', 'given-up') then now() end
       from ends d left join closed c on c.id = d.id
       where j.id = d.id and j.pair_id = :pairId and j.state = 'running' and exists (select from guard)`,
      {
        ...guardBindings(hold),
        pairId,
        ends: JSON.stringify(
          ends.map((end) => ({
            id: end.id,
            state: end.state,
            stage: end.stage,
            run_id: end.runId,
            verdict: end.verdict,
            attempts: end.attempts,
            delay: end.delaySeconds,
            error_class: end.errorClass,
            error: end.error,
            reason_code: end.why?.code ?? null,
            reason_values: end.why?.values ?? null,
            link_id: end.linkId,
            waits_side: end.waitsSide,
            waits_key: end.waitsKey,
            waits_field: end.waitsField,
            waits_pair: end.waitsPair,
            looked_at: end.lookedAt,
            approval_id: end.approvalId,
            signature: end.signature,
            calls: end.calls,
          })),
        ),
      },
    );
  }

  async function claimed(
    due: string,
    bindings: Readonly<Record<string, string | number>>,
    isCircle = false,
  ): Promise<LinkJob<Words>[]> {
    const result = await db.raw<{ rows: JobRow<Words>[] }>(
      `${withGuard}, due as (${due}), taken as (
         update link_job j set state = 'running', started_at = coalesce(started_at, now()), waits_side = null, waits_key = null
         from due where j.id = due.id and exists (select from guard) returning j.*
       )
       select t.id, t.side, t.key, t.stage, t.source, r.id as run_id, t.hint, t.is_doubted, t.attempts, t.signature, t.wanted,
         t.approval_id, t.waits_pair, a.state as approval_state
       from taken t left join pair_run r on r.id = t.run_id and r.state <> 'ended' left join pair_approval a on a.id = t.approval_id
       order by t.depth, t.priority desc, t.id`,
      { ...guardBindings(hold), pairId, ...bindings },
    );
    return result.rows.map((row) => jobFrom<Words>(row, isCircle));
  }
}

async function againWhereTaken(work: () => Promise<void>, triesLeft = 4): Promise<void> {
  try {
    await work();
  } catch (error) {
    const isTaken = error instanceof Error && 'constraint' in error && error.constraint === 'link_job_open';
    if (!isTaken || triesLeft === 0) throw error;
    await againWhereTaken(work, triesLeft - 1);
  }
}

/** SQL for the link that a job waits for, in any pair, with the aliases `e` (link_end) and `l` (link). */
const awaitedEnd = (
  job: string,
) => `e.pair_id = coalesce(${job}.waits_pair, ${job}.pair_id) and e.side = ${job}.waits_side
  and e.key = ${job}.waits_key and not e.is_gone and l.state <> 'creating'`;

const isUnlinked = (job: string) =>
  `not exists (select from link_end e join link l on l.id = e.link_id where ${awaitedEnd(job)})`;

/** SQL that restarts jobs as if they had just been found, if the condition holds. */
const restart = (condition: string) => `
  state = case when ${condition} then 'new' else j.state end,
  run_after = case when ${condition} then now() else j.run_after end,
  attempts = case when ${condition} then 0 else j.attempts end,
  looked_at = case when ${condition} then null else j.looked_at end,
  waits_side = case when ${condition} then null else j.waits_side end,
  waits_key = case when ${condition} then null else j.waits_key end`;

function cursorMoves({ cursor, listingValue }: Pick<FoundPage<JobWords>, 'cursor' | 'listingValue'>): string {
  const columns = [
    ...(cursor === undefined ? [] : ['value = :cursor', 'moved_at = now()']),
    ...(listingValue === undefined ? [] : ['listing_value = :listingValue']),
  ];
  if (columns.length === 0) return '';
  const value = cursor === undefined ? 'null' : ':cursor';
  return `, moved as (
    insert into pair_cursor (pair_id, side, value, moved_at) select :pairId, :side, ${value}, now() from guard
    on conflict (pair_id, side) do update set ${columns.join(', ')}
  )`;
}

const jobFrom = <Words extends JobWords>(row: JobRow<Words>, isCircle: boolean): LinkJob<Words> => ({
  id: row.id,
  side: row.side,
  key: row.key,
  stage: row.stage,
  source: row.source,
  runId: row.run_id,
  hint: row.hint,
  isDoubted: row.is_doubted,
  attempts: row.attempts,
  signature: row.signature,
  wanted: row.wanted,
  approvalId: row.approval_id,
  withoutLinks: isCircle && row.waits_pair !== null,
  approvalState: row.approval_state,
});
