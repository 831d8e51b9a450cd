import type { Db } from '../../db/database';
import type { EndSide } from '../../domain/link-ends';
import type { Reason } from '../../domain/reason';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';

/** A line of a plan. */
export interface PlanLine {
  readonly side: EndSide;
  readonly key: string;
  readonly linkId: string | null;
  readonly verdict: string;
  /** The sentence for programs. */
  readonly reason: string | null;
  /** The same for people. */
  readonly why: Reason | null;
  readonly operations: unknown;
  readonly before: unknown;
  readonly after: unknown;
  /** For a document: its actual or planned path, and its path on the other side if that differs. */
  readonly path: string | null;
  readonly pathBefore: string | null;
  /** The size of a file. */
  readonly bytes: number | null;
  readonly signature: string;
}

export interface MadePlan {
  readonly digest: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly cursors: Readonly<Record<EndSide, string | null>>;
  readonly summary: unknown;
}

export type PairPlanStore = ReturnType<typeof createPairPlanStore>;

/** The plans of one pair, as its slice sees them. */
export function createPairPlanStore(db: Db, pairId: number, hold: SliceHold) {
  return {
    /** The id of the oldest requested plan. Null: there is none. */
    async nextToMake(): Promise<string | null> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `select id from pair_plan where pair_id = :pairId and state = 'making' order by id limit 1`,
        { pairId },
      );
      return result.rows[0]?.id ?? null;
    },

    /** Begins a plan, or begins it again. */
    async clear(id: string, configVersion: number): Promise<void> {
      await db.raw(
        `${withGuard}, cleared as (delete from plan_item where plan_id = :id and exists (select from guard))
         update pair_plan set config_version = :configVersion where id = :id and exists (select from guard)`,
        { ...guardBindings(hold), id, configVersion },
      );
    },

    async addLines(id: string, firstPlace: number, lines: readonly PlanLine[]): Promise<void> {
      await db.raw(
        `${withGuard}
         insert into plan_item (plan_id, place, side, key, link_id, verdict, reason, reason_code, reason_values, operations, before, after, path, path_before, bytes, signature)
         select :id, :firstPlace + s.place - 1, s.line ->> 'side', s.line ->> 'key', cast(s.line ->> 'linkId' as bigint), s.line ->> 'verdict',
           s.line ->> 'reason', s.line -> 'why' ->> 'code', s.line -> 'why' -> 'values', s.line -> 'operations', s.line -> 'before', s.line -> 'after',
           s.line ->> 'path', s.line ->> 'pathBefore', cast(s.line ->> 'bytes' as bigint), s.line ->> 'signature'
         from jsonb_array_elements(cast(:lines as jsonb)) with ordinality s (line, place) where exists (select from guard)`,
        { ...guardBindings(hold), id, firstPlace, lines: JSON.stringify(lines) },
      );
    },

    /** Makes the plan ready for a decision. Earlier undecided plans become outdated. */
    async ready(id: string, { digest, counts, cursors, summary }: MadePlan): Promise<void> {
      await db.raw(
        `${withGuard}, earlier as (
           update pair_plan set state = 'outdated' where pair_id = :pairId and id < :id and state = 'ready' and exists (select from guard)
         )
         update pair_plan set state = 'ready', digest = :digest, counts = cast(:counts as jsonb), cursors = cast(:cursors as jsonb),
           summary = cast(:summary as jsonb), ready_at = now()
         where id = :id and state = 'making' and exists (select from guard)`,
        {
          ...guardBindings(hold),
          pairId,
          id,
          digest,
          counts: JSON.stringify(counts),
          cursors: JSON.stringify(cursors),
          summary: JSON.stringify(summary),
        },
      );
    },

    async fail(id: string, failure: string): Promise<void> {
      await db.raw(
        `${withGuard} update pair_plan set state = 'failed', failure = left(:failure, 2000) where id = :id and state = 'making' and exists (select from guard)`,
        { ...guardBindings(hold), id, failure },
      );
    },

    /**
     * Turns the lines of an approved plan into jobs of its run. Listings continue where those of the plan ended. False:
     * the configuration has changed since, and nothing is done.
     */
    async carryOut(id: string, runId: string, configVersion: number): Promise<boolean> {
      const result = await db.raw<{ rows: { is_current: boolean }[] }>(
        `${withGuard}, plan as (
           select id, cursors from pair_plan where id = :id and state = 'approved' and config_version = :configVersion and exists (select from guard)
         ), outdated as (
           update pair_plan set state = 'outdated' where id = :id and state = 'approved' and config_version <> :configVersion and exists (select from guard)
         ), moved as (
           insert into pair_cursor as c (pair_id, side, value, moved_at)
           select :pairId, s.side, plan.cursors ->> s.side, now() from plan, (values ('here'), ('there')) s (side)
           on conflict (pair_id, side) do update set value = coalesce(c.value, excluded.value)
         ), added as (
           insert into link_job as j (pair_id, run_id, side, key, source, signature)
           select distinct on (i.side, i.key) :pairId, :runId, i.side, i.key, 'plan', i.signature
           from plan join plan_item i on i.plan_id = plan.id
           where i.verdict in ('created', 'updated', 'moved', 'deleted', 'agreed', 'unchanged', 'conflict')
           order by i.side, i.key, i.place desc
           on conflict (pair_id, side, key) where state in ('new', 'waiting', 'held', 'failed')
           do update set run_id = excluded.run_id, source = 'plan', signature = excluded.signature, state = 'new', run_after = now(), hint = null,
             stage = 'change', attempts = 0, looked_at = null, waits_side = null, waits_key = null
         )
         select exists (select from plan) as is_current`,
        { ...guardBindings(hold), id, runId, pairId, configVersion },
      );
      return result.rows[0]?.is_current === true;
    },
  };
}
