import type { Db } from '../../db/database';
import type { EndSide } from '../../domain/link-ends';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';

export type RunKind = 'check' | 'whole' | 'plan' | 'hints' | 'take-back';

/** `new`: nothing has been listed yet; `listing`; `listed`: all that it found is work by now. */
export type RunState = 'new' | 'listing' | 'listed' | 'ended';

export interface PairRun {
  readonly id: string;
  readonly kind: RunKind;
  readonly state: RunState;
  /** The plan that the run carries out. Null: it carries out none. */
  readonly planId: string | null;
  /** The run that it takes back. Null: it takes back none. */
  readonly takesBack: string | null;
  /** Sides that it has listed. */
  readonly listed: readonly EndSide[];
}

export interface RunCounts {
  readonly created: number;
  readonly updated: number;
  readonly moved: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly failed: number;
}

export type RunCalls = Readonly<Record<EndSide, number>>;

interface RunRow {
  id: string;
  kind: RunKind;
  state: RunState;
  plan_id: string | null;
  takes_back: string | null;
  listed: EndSide[];
}

export type PairRunStore = ReturnType<typeof createPairRunStore>;

/** The runs of one pair, as its slice sees them. */
export function createPairRunStore(db: Db, pairId: number, hold: SliceHold) {
  return {
    /** The oldest run that must still list something. Null: there is none. */
    async nextToList(): Promise<PairRun | null> {
      const result = await db.raw<{ rows: RunRow[] }>(
        `select ${columns} from pair_run where pair_id = :pairId and state in ('new', 'listing') order by id limit 1`,
        { pairId },
      );
      const row = result.rows[0];
      return row === undefined ? null : runFrom(row);
    },

    async hasOpen(): Promise<boolean> {
      const result = await db.raw<{ rows: { open: boolean }[] }>(
        `select exists (select from pair_run where pair_id = :pairId and state in ('new', 'listing')) as open`,
        { pairId },
      );
      return result.rows[0]?.open === true;
    },

    /** Adds a scheduled run. */
    async add(kind: 'check' | 'whole'): Promise<void> {
      await db.raw(`${withGuard} insert into pair_run (pair_id, kind) select :pairId, :kind from guard`, {
        ...guardBindings(hold),
        pairId,
        kind,
      });
    },

    async begin(id: string): Promise<void> {
      await db.raw(
        `${withGuard}
         update pair_run set state = 'listing', started_at = coalesce(started_at, now()) where id = :id and exists (select from guard)`,
        { ...guardBindings(hold), id },
      );
    },

    /** `failure`: why it could not be listed, or not be trusted. */
    async sideListed(id: string, side: EndSide, failure: string | null): Promise<void> {
      await db.raw(
        `${withGuard}
         update pair_run set listed = array_append(array_remove(listed, cast(:side as text)), cast(:side as text)),
           failure = nullif(concat_ws('; ', failure, cast(:failure as text)), '')
         where id = :id and exists (select from guard)`,
        { ...guardBindings(hold), id, side, failure },
      );
    },

    async allListed(id: string, failure: string | null): Promise<void> {
      await db.raw(
        `${withGuard}
         update pair_run set state = 'listed', failure = coalesce(cast(:failure as text), failure)
         where id = :id and state in ('new', 'listing') and exists (select from guard)`,
        { ...guardBindings(hold), id, failure },
      );
    },

    /** How many runs that listed something have failed in a row, up to now. */
    async failuresInARow(): Promise<number> {
      const result = await db.raw<{ rows: { count: number }[] }>(
        `select count(*)::int as count from pair_run r
         where r.pair_id = :pairId and r.kind in ('check', 'whole') and r.state in ('listed', 'ended') and r.id > coalesce((
           select max(o.id) from pair_run o
           where o.pair_id = :pairId and o.kind in ('check', 'whole') and o.state in ('listed', 'ended') and o.failure is null), 0)`,
        { pairId },
      );
      return result.rows[0]?.count ?? 0;
    },

    /** Returns the open run for records that webhooks and people have named. Null: another worker has the slice. */
    async hintsRun(): Promise<string | null> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `${withGuard}, known as (
           select id from pair_run where pair_id = :pairId and kind = 'hints' and state = 'listed' limit 1
         ), made as (
           insert into pair_run (pair_id, kind, state, started_at)
           select :pairId, 'hints', 'listed', now() from guard where not exists (select from known) returning id
         )
         select id from known union all select id from made`,
        { ...guardBindings(hold), pairId },
      );
      return result.rows[0]?.id ?? null;
    },

    /** Adds results and calls to the counts of the run. */
    async count(id: string, counts: Partial<RunCounts>, calls: RunCalls): Promise<void> {
      const sums = [
        ...Object.entries(counts).map(([name, value]) => ['counts', name, value] as const),
        ...Object.entries(calls).map(([name, value]) => ['calls', name, value] as const),
      ].filter(([, , value]) => value > 0);
      if (sums.length === 0) return;
      await db.raw(
        `${withGuard}
         update pair_run r set
           counts = r.counts || coalesce((select jsonb_object_agg(s.name, coalesce((r.counts ->> s.name)::int, 0) + s.value)
             from jsonb_to_recordset(cast(:sums as jsonb)) as s (what text, name text, value int) where s.what = 'counts'), '{}'),
           calls = r.calls || coalesce((select jsonb_object_agg(s.name, coalesce((r.calls ->> s.name)::int, 0) + s.value)
             from jsonb_to_recordset(cast(:sums as jsonb)) as s (what text, name text, value int) where s.what = 'calls'), '{}')
         where r.id = :id and exists (select from guard)`,
        {
          ...guardBindings(hold),
          id,
          sums: JSON.stringify(sums.map(([what, name, value]) => ({ what, name, value }))),
        },
      );
    },

    /** How many changes the run has made, as far as they are stored. */
    async changesOf(id: string): Promise<number> {
      const result = await db.raw<{ rows: { changes: number }[] }>(
        `select coalesce(sum(value::int), 0)::int as changes from pair_run r, jsonb_each_text(r.counts)
         where r.id = :id and key in ('created', 'updated', 'moved', 'deleted')`,
        { id },
      );
      return result.rows[0]?.changes ?? 0;
    },

    /**
     * Counts the links that need no work, after both sides were listed whole. Those that show something new have a job of
     * the run, and are counted when it ends.
     */
    async countUnchanged(id: string): Promise<void> {
      await db.raw(
        `${withGuard}, quiet as (
           select count(*)::int as links from link l
           where l.pair_id = :pairId and l.state = 'active' and not exists (
             select from link_end e join link_job j on j.pair_id = e.pair_id and j.side = e.side and j.key = e.key
             where e.link_id = l.id and not e.is_gone and j.run_id = :id)
         )
         update pair_run r set
           counts = r.counts || jsonb_build_object('unchanged', coalesce((r.counts ->> 'unchanged')::int, 0) + quiet.links)
         from quiet where r.id = :id and quiet.links > 0 and exists (select from guard)`,
        { ...guardBindings(hold), pairId, id },
      );
    },

    /** Ends runs without remaining work. The plan of such a run is then done. */
    async endFinished(): Promise<void> {
      await db.raw(
        `${withGuard}, ended as (
           update pair_run r set state = 'ended', ended_at = now()
           where r.pair_id = :pairId and r.state = 'listed' and exists (select from guard)
             and not exists (select from link_job j where j.run_id = r.id and j.state in ('new', 'running'))
           returning plan_id
         )
         update pair_plan set state = 'done' from ended where pair_plan.id = ended.plan_id and pair_plan.state = 'approved'`,
        { ...guardBindings(hold), pairId },
      );
    },

    /** Whether the run has ended. Only then is it known what it did. */
    async hasEnded(id: string): Promise<boolean> {
      const result = await db.raw<{ rows: { ended: boolean }[] }>(
        `select state = 'ended' as ended from pair_run where id = :id and pair_id = :pairId`,
        { id, pairId },
      );
      return result.rows[0]?.ended ?? true;
    },

    /** The writes of a run, by link: the states before its first write and after its last. A page by id. */
    async undone(runId: string, after: string | null, limit: number): Promise<UndoneLink[]> {
      const result = await db.raw<{ rows: UndoneRow[] }>(
        `select e.link_id, l.state = 'gone' as is_gone, (array_agg(e.before order by e.id))[1] as before,
           (array_agg(e.after order by e.id desc))[1] as after, jsonb_agg(e.operations) as operations,
           (select jsonb_object_agg(x.side, x.key) from link_end x where x.link_id = e.link_id) as keys
         from link_event e join link l on l.id = e.link_id
         where e.run_id = :runId and e.pair_id = :pairId and e.before is not null and e.after is not null
           and jsonb_array_length(e.operations) > 0 and (cast(:after as bigint) is null or e.link_id < :after)
         group by e.link_id, l.state order by e.link_id desc limit :limit`,
        { pairId, runId, after, limit },
      );
      return result.rows.map((row) => ({
        linkId: row.link_id,
        isGone: row.is_gone,
        before: row.before,
        after: row.after,
        operations: row.operations.flat(),
        keys: { here: row.keys?.here ?? null, there: row.keys?.there ?? null },
      }));
    },
  };
}

/** The change of a link by a run. */
export interface UndoneLink {
  readonly linkId: string;
  readonly isGone: boolean;
  readonly before: unknown;
  readonly after: unknown;
  readonly operations: readonly { readonly side: EndSide }[];
  /** Those that it has, or had. */
  readonly keys: Readonly<Record<EndSide, string | null>>;
}

interface UndoneRow {
  link_id: string;
  is_gone: boolean;
  before: unknown;
  after: unknown;
  operations: { side: EndSide }[][];
  keys: Partial<Record<EndSide, string>> | null;
}

const columns = 'id, kind, state, plan_id, takes_back, listed';

const runFrom = (row: RunRow): PairRun => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  planId: row.plan_id,
  takesBack: row.takes_back,
  listed: row.listed,
});
