import type { Db } from '../../db/database';
import type { Fields } from '../../domain/merge-copy';
import type { EndSide, LookedAt } from '../../domain/link-ends';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';

export type LinkConflictKind = 'fields' | 'deletion' | 'place' | 'match' | 'name' | 'flip';

/** A conflict that waits for a decision, or that the rules of the pair have decided. */
export interface FoundConflict {
  readonly linkId: string | null;
  readonly side: EndSide;
  readonly key: string;
  readonly kind: LinkConflictKind;
  readonly fields: readonly string[];
  readonly base: unknown;
  readonly here: unknown;
  readonly there: unknown;
  readonly lookedAt: Readonly<Record<EndSide, LookedAt | null>>;
  readonly candidates: unknown;
  /** Whose values won by the rules of the pair; null: nobody has decided. */
  readonly resolution: EndSide | 'fields' | null;
}

/** The side whose values win, or new values by field name. */
export interface ConflictDecision {
  readonly choice?: EndSide | { readonly fields: Fields };
}

/** A person's decision about a conflict. */
export interface DecidedConflict {
  readonly id: string;
  readonly linkId: string | null;
  readonly side: EndSide;
  readonly key: string;
  readonly kind: LinkConflictKind;
  readonly fields: readonly string[];
  readonly decision: ConflictDecision;
  readonly lookedAt: Readonly<Record<EndSide, LookedAt | null>>;
}

interface ConflictRow {
  id: string;
  link_id: string | null;
  side: EndSide;
  key: string;
  kind: LinkConflictKind;
  fields: string[];
  decision: ConflictDecision;
  looked_at: DecidedConflict['lookedAt'];
}

export type PairDecisionStore = ReturnType<typeof createPairDecisionStore>;

/** The conflicts and approvals of one pair, as its slice needs them. */
export function createPairDecisionStore(db: Db, pairId: number, hold: SliceHold) {
  return {
    /** Decisions that have not been carried out yet. */
    async decided(): Promise<DecidedConflict[]> {
      const result = await db.raw<{ rows: ConflictRow[] }>(
        `select id, link_id, side, key, kind, fields, decision, looked_at from link_conflict
         where pair_id = :pairId and state = 'decided' and applied_at is null order by id`,
        { pairId },
      );
      return result.rows.map((row) => ({
        id: row.id,
        linkId: row.link_id,
        side: row.side,
        key: row.key,
        kind: row.kind,
        fields: row.fields,
        decision: row.decision,
        lookedAt: row.looked_at,
      }));
    },

    /** Releases the jobs of decided conflicts. */
    async releaseDecided(): Promise<void> {
      await db.raw(
        `${withGuard}, decided as (
           select c.link_id, c.side, c.key from link_conflict c where c.pair_id = :pairId and c.state = 'decided' and c.applied_at is null
         )
         insert into link_job as j (pair_id, side, key, link_id, source, priority)
         select distinct on (d.side, d.key) :pairId, d.side, d.key, d.link_id, 'decision', 50 from decided d
         where exists (select from guard) and not exists (
           select from link_job o where o.pair_id = :pairId and o.state in ('new', 'running', 'failed', 'waiting') and (o.link_id = d.link_id or o.side = d.side and o.key = d.key))
         on conflict (pair_id, side, key) where state in ('new', 'waiting', 'held', 'failed')
         do update set state = 'new', run_after = now(), hint = null, attempts = 0, looked_at = null, source = 'decision', priority = 50,
           waits_side = null, waits_key = null`,
        { ...guardBindings(hold), pairId },
      );
    },

    /** Opens a conflict, or updates the open one. Returns the id of a new one. */
    async open(conflict: FoundConflict): Promise<string | null> {
      const result = await db.raw<{ rows: { id: string; is_new: boolean }[] }>(
        `${withGuard}, known as (
           update link_conflict c set kind = :kind, fields = cast(:fields as text[]), base = cast(:base as jsonb), here = cast(:here as jsonb),
             there = cast(:there as jsonb), looked_at = cast(:lookedAt as jsonb), candidates = cast(:candidates as jsonb)
           where c.pair_id = :pairId and c.state = 'open' and ${sameEntity} and exists (select from guard)
           returning id
         ), superseded as (
           update link_conflict c set state = 'superseded', decision = null, decided_by = null
           where c.pair_id = :pairId and c.state = 'decided' and c.applied_at is null and ${sameEntity} and exists (select from guard)
         ), made as (
           insert into link_conflict (pair_id, link_id, side, key, kind, fields, base, here, there, looked_at, candidates)
           select :pairId, cast(:linkId as bigint), :side, :key, :kind, cast(:fields as text[]), cast(:base as jsonb), cast(:here as jsonb), cast(:there as jsonb),
             cast(:lookedAt as jsonb), cast(:candidates as jsonb)
           from guard where not exists (select from known) returning id
         )
         select id, true as is_new from made union all select id, false from known`,
        { ...guardBindings(hold), pairId, ...conflictBindings(conflict) },
      );
      const row = result.rows[0];
      return row?.is_new === true ? row.id : null;
    },

    /** Stores a conflict that the rules have decided, so that both values can be seen. */
    async keepResolved(conflict: FoundConflict): Promise<void> {
      await db.raw(
        `${withGuard}
         insert into link_conflict (pair_id, link_id, side, key, kind, fields, base, here, there, looked_at, state, decision, decided_at)
         select :pairId, cast(:linkId as bigint), :side, :key, :kind, cast(:fields as text[]), cast(:base as jsonb), cast(:here as jsonb), cast(:there as jsonb),
           cast(:lookedAt as jsonb), 'resolved', jsonb_build_object('choice', cast(:resolution as text)), null
         from guard`,
        { ...guardBindings(hold), pairId, ...conflictBindings(conflict), resolution: conflict.resolution },
      );
    },

    /** Closes the conflicts of settled entities: open ones are superseded, and decided ones are carried out. */
    async close(jobIds: readonly string[]): Promise<void> {
      await db.raw(
        `${withGuard}
         update link_conflict c set state = case when c.state = 'open' then 'superseded' else c.state end, applied_at = now()
         from link_job j
         where j.id = any(cast(:jobIds as bigint[])) and c.pair_id = :pairId and exists (select from guard)
           and (c.state = 'open' or c.state = 'decided' and c.applied_at is null)
           and (c.link_id = j.link_id or c.link_id is null and (c.side = j.side and c.key = j.key or exists (
             select from link_end e where e.link_id = j.link_id and e.side = c.side and e.key = c.key and not e.is_gone)))`,
        { ...guardBindings(hold), pairId, jobIds: [...jobIds] },
      );
    },

    /**
     * The open approval that jobs are held for, or a new one. Returns its id, and whether it is new. Null: the slice is
     * another's.
     */
    async approvalFor(
      kind: 'deletions' | 'changes',
      reason: string | null,
    ): Promise<{ id: string; isNew: boolean } | null> {
      const result = await db.raw<{ rows: { id: string; is_new: boolean }[] }>(
        // Entities are settled side by side: whoever comes second waits for the row of the first, and gets it.
        `${withGuard}
         insert into pair_approval as a (pair_id, kind, digest, entities, reason)
         select :pairId, :kind, '', 0, :reason from guard
         on conflict (pair_id, kind) where state = 'open' do update set reason = a.reason
         returning a.id, a.xmax = 0 as is_new`,
        { ...guardBindings(hold), pairId, kind, reason },
      );
      const row = result.rows[0];
      return row === undefined ? null : { id: row.id, isNew: row.is_new };
    },

    /**
     * Counts again what is held for the open approvals. An approval for which nothing is held any more is superseded.
     */
    async recountApprovals(): Promise<void> {
      await db.raw(
        `${withGuard}, held as (
           select a.id, count(distinct ${entityOfJob})::int as entities,
             encode(sha256(convert_to(coalesce(string_agg(j.signature, ',' order by j.signature), ''), 'UTF8')), 'hex') as digest
           from pair_approval a left join link_job j on j.approval_id = a.id and j.state in ('held', 'running')
           where a.pair_id = :pairId and a.state = 'open' group by a.id
         )
         update pair_approval a set entities = case when h.entities = 0 then a.entities else h.entities end, digest = h.digest,
           state = case when h.entities = 0 then 'superseded' else 'open' end
         from held h where h.id = a.id and exists (select from guard)`,
        { ...guardBindings(hold), pairId },
      );
    },

    /** Marks decided approvals as carried out once their jobs are released. */
    async applyApprovals(): Promise<void> {
      await db.raw(
        `${withGuard}, undone as (
           select a.id, count(distinct ${entityOfJob}) filter (where j.verdict in ('deleted', 'created', 'updated', 'moved'))::int as applied,
             count(distinct ${entityOfJob})::int as held
           from pair_approval a left join link_job j on j.approval_id = a.id
           where a.pair_id = :pairId and a.state in ('approved', 'rejected') and a.applied_at is null group by a.id
           having not bool_or(coalesce(j.state in ('new', 'running', 'held', 'failed', 'waiting'), false))
         )
         update pair_approval a set applied_at = now(), applied = u.applied, released = u.held - u.applied
         from undone u where u.id = a.id and exists (select from guard)`,
        { ...guardBindings(hold), pairId },
      );
    },
  };
}

/** Both sides may have a job about the same link: that is one entity. */
const entityOfJob = `coalesce('link ' || j.link_id, j.side || ' ' || j.key)`;

const sameEntity = `(c.link_id = cast(:linkId as bigint) or c.link_id is null and c.side = :side and c.key = :key)`;

const conflictBindings = (conflict: FoundConflict) => ({
  linkId: conflict.linkId,
  side: conflict.side,
  key: conflict.key,
  kind: conflict.kind,
  fields: [...conflict.fields],
  base: jsonOrNull(conflict.base),
  here: jsonOrNull(conflict.here),
  there: jsonOrNull(conflict.there),
  lookedAt: JSON.stringify(conflict.lookedAt),
  candidates: jsonOrNull(conflict.candidates),
});

const jsonOrNull = (value: unknown) => (value === null || value === undefined ? null : JSON.stringify(value));
