import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';
import { alreadyDecided, notFound } from '../../errors/catalog';
import { revisionOf } from '../../formats/revision';
import type { Json } from '../../systems/references';

export type PairConflictKind = 'fields' | 'deletion' | 'place' | 'match' | 'name' | 'flip';
export type PairConflictState = 'open' | 'decided' | 'resolved' | 'superseded';

/** A conflict between the two systems of a pair. */
export interface PairConflict {
  readonly id: string;
  readonly pair: string;
  readonly pairId: number;
  /** Names of both systems. */
  readonly systems: { readonly here: string; readonly there: string };
  readonly link: string | null;
  readonly side: 'here' | 'there';
  readonly key: string;
  readonly kind: PairConflictKind;
  readonly fields: readonly string[];
  readonly base: Json;
  readonly here: Json;
  readonly there: Json;
  readonly candidates: Json;
  /** Another one as soon as either copy is another. */
  readonly revision: string;
  readonly state: PairConflictState;
  readonly decision: Json;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
  readonly appliedAt: Date | null;
}

export type PairApprovalState = 'open' | 'approved' | 'rejected' | 'superseded';

/** So many deletions or changes in a pair that someone must approve them. */
export interface PairApproval {
  readonly id: string;
  readonly pair: string;
  readonly pairId: number;
  readonly kind: 'deletions' | 'changes';
  readonly digest: string;
  readonly entities: number;
  readonly reason: string | null;
  readonly state: PairApprovalState;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
  readonly appliedAt: Date | null;
  readonly applied: number | null;
  readonly released: number | null;
  /** The approval that it was a part of. Null: it is about all that waited. */
  readonly partOf: string | null;
  /** The first of what is held for it. */
  readonly items: readonly HeldItem[];
}

export interface HeldItem {
  readonly side: string;
  readonly key: string;
  readonly link: string | null;
  /** The last known state of one side of its link. Null: it has no link. */
  readonly seen: Json;
}

export interface PairInboxFilter<State> {
  readonly accounts: AccountScope;
  /** By name; null: all. */
  readonly pair: string | null;
  readonly state: State | null;
}

export type PairInboxStore = ReturnType<typeof createPairInboxStore>;

/** The conflicts and approvals of pairs. */
export function createPairInboxStore(db: Db) {
  return {
    /** The newest first. */
    async conflicts(
      filter: PairInboxFilter<PairConflictState>,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<PairConflict>> {
      const result = await db.raw<{ rows: ConflictRow[] }>(
        `select ${conflictColumns} from link_conflict x ${pairs} where ${filtered} order by x.id desc limit :rows`,
        bindingsOf(filter, limit, after),
      );
      return pageOf(result.rows.map(conflictFrom), limit, (last) => last.id);
    },

    /** Null: there is none, or it may not be seen. */
    async conflict(accounts: AccountScope, id: string): Promise<PairConflict | null> {
      const result = await db.raw<{ rows: ConflictRow[] }>(
        `select ${conflictColumns} from link_conflict x ${pairs} where x.id = :id and ${visible}`,
        { id, accounts: idsOf(accounts) },
      );
      const row = result.rows[0];
      return row === undefined ? null : conflictFrom(row);
    },

    /**
     * The conflict of a link that waits for someone or is about to be carried out. Null: there is none, or it may not
     * be seen.
     */
    async conflictOfLink(accounts: AccountScope, linkId: string): Promise<PairConflict | null> {
      const result = await db.raw<{ rows: ConflictRow[] }>(
        `select ${conflictColumns} from link_conflict x ${pairs}
         where x.link_id = :linkId and (x.state = 'open' or x.state = 'decided' and x.applied_at is null) and ${visible}
         order by x.id desc limit 1`,
        { linkId, accounts: idsOf(accounts) },
      );
      const row = result.rows[0];
      return row === undefined ? null : conflictFrom(row);
    },

    async lockConflict(id: string): Promise<void> {
      await db.raw('select from link_conflict where id = ? for update', [id]);
    },

    /** Throws `already-decided` where it is no longer open. */
    async decideConflict(id: string, choice: Json, by: string): Promise<void> {
      const result = await db.raw<{ rowCount: number }>(
        `update link_conflict set state = 'decided', decision = cast(:decision as jsonb), decided_at = now(), decided_by = :by
         where id = :id and state = 'open'`,
        { id, decision: JSON.stringify({ choice }), by },
      );
      if (result.rowCount !== 1) throw alreadyDecided();
    },

    /** Marks a decision as carried out, so that no worker has to do it. */
    async markApplied(id: string): Promise<void> {
      await db('link_conflict').where({ id, state: 'decided' }).update({ applied_at: db.fn.now() });
    },

    /** The newest first. */
    async approvals(
      filter: PairInboxFilter<PairApprovalState>,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<PairApproval>> {
      const result = await db.raw<{ rows: PairApproval[] }>(
        `select ${approvalColumns} from pair_approval x ${pairs} where ${filtered} order by x.id desc limit :rows`,
        bindingsOf(filter, limit, after),
      );
      return pageOf(result.rows, limit, (last) => last.id);
    },

    /** Null: there is none, or it may not be seen. */
    async approval(accounts: AccountScope, id: string): Promise<PairApproval | null> {
      const result = await db.raw<{ rows: PairApproval[] }>(
        `select ${approvalColumns} from pair_approval x ${pairs} where x.id = :id and ${visible}`,
        { id, accounts: idsOf(accounts) },
      );
      return result.rows[0] ?? null;
    },

    /** False: it is no longer open. */
    async lockOpenApproval(id: string): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `select from pair_approval where id = ? and state = 'open' for update`,
        [id],
      );
      return result.rowCount === 1;
    },

    /** Throws `not-found`, and `already-decided` where it is no longer open. */
    async decideApproval(id: string, decision: 'approve' | 'reject', by: string): Promise<void> {
      const result = await db.raw<{ rowCount: number }>(
        `update pair_approval set state = :state, decided_at = now(), decided_by = :by where id = :id and state = 'open'`,
        { id, state: decision === 'approve' ? 'approved' : 'rejected', by },
      );
      if (result.rowCount === 1) return;
      const known = await db<{ id: string }>('pair_approval').where({ id }).first('id');
      throw known === undefined ? notFound('approval') : alreadyDecided();
    },
  };
}

const pairs = `join pair p on p.id = x.pair_id join remote_system h on h.id = p.here_id join remote_system t on t.id = p.there_id`;

const visible = `(cast(:accounts as int[]) is null or h.account_id = any (:accounts) and t.account_id = any (:accounts))`;

const filtered = `${visible} and (cast(:pair as text) is null or p.name = :pair)
  and (cast(:state as text) is null or x.state = :state) and (cast(:after as bigint) is null or x.id < :after)`;

const idsOf = (accounts: AccountScope): number[] | null => (accounts === 'all' ? null : [...accounts]);

const bindingsOf = (
  { accounts, pair, state }: PairInboxFilter<string>,
  limit: number,
  after: string | null,
) => ({
  accounts: idsOf(accounts),
  pair,
  state,
  after,
  rows: limit + 1,
});

const conflictColumns = `x.id, p.name as pair, x.pair_id as "pairId", h.name as here_system, t.name as there_system,
  x.link_id as link, x.side, x.key, x.kind, x.fields, x.base, x.here,
  x.there, x.candidates, x.looked_at, x.state, x.decision, x.created_at as "createdAt", x.decided_at as "decidedAt",
  x.decided_by as "decidedBy", x.applied_at as "appliedAt"`;

const approvalColumns = `x.id, p.name as pair, x.pair_id as "pairId", x.kind, x.digest, x.entities, x.reason, x.state,
  x.created_at as "createdAt", x.decided_at as "decidedAt", x.decided_by as "decidedBy", x.applied_at as "appliedAt", x.applied, x.released, x.part_of as "partOf",
  (select coalesce(jsonb_agg(jsonb_build_object('side', j.side, 'key', j.key, 'link', j.link_id::text,
     'seen', (select e.seen from link_end e where e.link_id = j.link_id and e.seen -> 'isActive' = 'true' order by e.side limit 1)) order by j.id), '[]')
   from (
     select id, side, key, link_id from (
       select distinct on (coalesce('link ' || link_id, side || ' ' || key)) id, side, key, link_id from link_job
       where approval_id = x.id order by coalesce('link ' || link_id, side || ' ' || key), id
     ) one_per_entity order by id limit 200
   ) j) as items`;

interface ConflictRow extends Omit<PairConflict, 'revision' | 'systems'> {
  looked_at: Json;
  here_system: string;
  there_system: string;
}

const conflictFrom = ({
  looked_at: lookedAt,
  here_system: here,
  there_system: there,
  ...row
}: ConflictRow): PairConflict => ({
  ...row,
  systems: { here, there },
  revision: revisionOf({ here: row.here, there: row.there, lookedAt }),
});
