import { idsOf, isVisibleSolution } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { Side } from '../../domain/merge';
import { type Copy, type Fields, sameCopy } from '../../domain/merge-copy';
import type { DisputedCopies } from '../../domain/settle-conflict';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { AccountScope } from '../../domain/staff';
import { alreadyDecided, notFound } from '../../errors/catalog';
import { copyDigest, deletedDigest } from '../../formats/parameter-digest';
import { revisionOf } from '../../formats/revision';

/**
 * `open`: it waits for a decision; `decided`: a person decided; `resolved`: the policy decided; `superseded`: the two
 * sides have become equal in another way.
 */
export type ConflictState = 'open' | 'decided' | 'resolved' | 'superseded';

export interface Conflict {
  readonly id: string;
  readonly solutionId: number;
  /** The sync that found it last. */
  readonly syncId: string;
  /** e.g. `Fridges`. */
  readonly className: string;
  readonly entityId: string;
  /** The copy on which both sides last agreed. Null: they never agreed. */
  readonly base: Fields | null;
  /** While the conflict is open, the current copy; afterwards, the copy at that time. */
  readonly manager: Copy;
  readonly solution: Copy;
  /** It changes whenever either copy changes, by an edit or by a later sync. */
  readonly revision: string;
  /** The fields in conflict. Empty if one side deleted the entity that the other side changed. */
  readonly fields: readonly string[];
  readonly state: ConflictState;
  readonly resolution: Side | 'fields' | null;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  /** E-mail; null: the policy. */
  readonly decidedBy: string | null;
}

/** The copies of an open conflict, as they are now. */
export interface ConflictSides extends DisputedCopies {
  readonly idServer: string;
  /** The solution's clock at its change, as it was sent. */
  readonly solutionTs: string | null;
}

/** A person's decision. */
export interface Settlement {
  /** The copy for both sides. */
  readonly settled: Copy;
  readonly resolution: Side | 'fields';
  /** E-mail. */
  readonly by: string;
}

export interface ConflictFilter {
  readonly accounts: AccountScope;
  readonly solutionId: number | null;
  readonly state: ConflictState | null;
}

export type ConflictStore = ReturnType<typeof createConflictStore>;

/** Conflicts between the two copies of an entity, both open ones and those that a policy has resolved. */
export function createConflictStore(db: Db) {
  return {
    /** The newest first. */
    async list(filter: ConflictFilter, { limit, after }: PageRequest<string>): Promise<Page<Conflict>> {
      const result = await db.raw<{ rows: Row[] }>(
        `select ${columns} from ${tables} join solution s on s.id = c.solution_id
         where ${isVisibleSolution}
           and (cast(:solutionId as int) is null or c.solution_id = :solutionId)
           and (cast(:state as text) is null or c.state = :state)
           and (cast(:after as bigint) is null or c.id < :after)
         order by c.id desc limit :rows`,
        {
          ...filter,
          accounts: idsOf(filter.accounts),
          after,
          rows: limit + 1,
        },
      );
      return pageOf(result.rows.map(conflictFrom), limit, (last) => last.id);
    },

    find: (id: string): Promise<Conflict | null> => findConflict(db, id),

    /** From here to the end of the transaction, neither copy changes, and nobody else decides. */
    lock: (id: string): Promise<void> => lockConflict(db, id),

    /** Locks it and returns its copies. Throws `not-found`, and `already-decided` where it is no longer open. */
    sides: (id: string): Promise<ConflictSides> => lockSides(db, id),

    /**
     * Settles an open conflict that is locked: the solution has the copy that it sent, and the next sync sends it the
     * differences. Throws `not-found`.
     */
    async settle(id: string, sides: ConflictSides, settlement: Settlement): Promise<Conflict> {
      await writeBase(db, sides);
      if (!sameCopy(settlement.settled, sides.manager)) await writeManager(db, sides, settlement);
      await markDecided(db, id, sides, settlement);
      const decided = await findConflict(db, id);
      if (decided === null) throw notFound('conflict');
      return decided;
    },
  };
}

interface Row {
  id: string;
  solution_id: number;
  sync_id: string;
  class: string;
  entity_id: string;
  base_fields: Fields | null;
  manager_fields: Fields;
  manager_active: boolean;
  solution_fields: Fields;
  solution_active: boolean;
  fields: string[];
  state: ConflictState;
  resolution: Side | 'fields' | null;
  created_at: Date;
  decided_at: Date | null;
  decided_by: string | null;
}

const tables = 'conflict c join param p on p.id_server = c.id_server';

const columns = `c.id, c.solution_id, c.sync_id, c.class, c.entity_id, c.base_fields,
  case when c.state = 'open' then p.fields else c.manager_fields end as manager_fields,
  case when c.state = 'open' then p.is_active else c.manager_active end as manager_active,
  c.solution_fields, c.solution_active, c.fields, c.state, c.resolution, c.created_at, c.decided_at, c.decided_by`;

async function findConflict(db: Db, id: string): Promise<Conflict | null> {
  const result = await db.raw<{ rows: Row[] }>(`select ${columns} from ${tables} where c.id = ?`, [id]);
  const row = result.rows[0];
  return row === undefined ? null : conflictFrom(row);
}

interface SidesRow {
  id_server: string;
  base_fields: Fields | null;
  base_active: boolean | null;
  fields: Fields;
  is_active: boolean;
  solution_fields: Fields;
  solution_active: boolean;
  solution_ts: string | null;
  state: ConflictState;
}

/** Locks the entity first and then the conflict, in the same order as a sync. */
async function lockConflict(db: Db, id: string): Promise<void> {
  await db.raw(
    `select from param where id_server = (select id_server from conflict where id = ?) for update`,
    [id],
  );
  await db.raw(`select from conflict where id = ? for update`, [id]);
}

async function lockSides(db: Db, id: string): Promise<ConflictSides> {
  await lockConflict(db, id);
  const result = await db.raw<{ rows: SidesRow[] }>(
    `select c.id_server, p.base_fields, p.base_active, p.fields, p.is_active, c.solution_fields, c.solution_active,
       c.solution_ts, c.state
     from ${tables} where c.id = ?`,
    [id],
  );
  const row = result.rows[0];
  if (row === undefined) throw notFound('conflict');
  if (row.state !== 'open') throw alreadyDecided();
  return {
    idServer: row.id_server,
    base: row.base_fields === null ? null : { isActive: row.base_active === true, fields: row.base_fields },
    manager: { isActive: row.is_active, fields: row.fields },
    solution: { isActive: row.solution_active, fields: row.solution_fields },
    solutionTs: row.solution_ts,
  };
}

async function writeBase(db: Db, { idServer, solution }: ConflictSides): Promise<void> {
  await db.raw(
    `update param set held = false, failures = 0, failure_reason = null, base_fields = cast(:fields as jsonb),
       base_active = :isActive, base_digest = :digest
     where id_server = :idServer`,
    {
      idServer,
      fields: JSON.stringify(solution.fields),
      isActive: solution.isActive,
      digest: digestOf(solution),
    },
  );
}

async function writeManager(
  db: Db,
  { idServer, solutionTs }: ConflictSides,
  { settled, by }: Settlement,
): Promise<void> {
  await db.raw(
    `with changed as (
       update param set fields = case when :isActive then cast(:fields as jsonb) else fields end,
         is_active = :isActive, digest = :digest, ts = coalesce(:solutionTs, ts), version = version + 1,
         updated_at = now(), updated_by = :by, edited_at = now()
       where id_server = :idServer returning id_server, version, fields, is_active, updated_by
     )
     insert into param_version (id_server, version, fields, is_active, by)
     select id_server, version, fields, is_active, updated_by from changed`,
    {
      idServer,
      fields: JSON.stringify(settled.fields),
      isActive: settled.isActive,
      digest: digestOf(settled),
      solutionTs,
      by,
    },
  );
}

async function markDecided(
  db: Db,
  id: string,
  { manager }: ConflictSides,
  { resolution, by }: Settlement,
): Promise<void> {
  await db.raw(
    `update conflict set state = 'decided', resolution = :resolution, decided_at = now(), decided_by = :by,
       manager_fields = cast(:fields as jsonb), manager_active = :isActive
     where id = :id`,
    { id, resolution, by, fields: JSON.stringify(manager.fields), isActive: manager.isActive },
  );
}

const digestOf = (copy: Copy): Buffer => (copy.isActive ? copyDigest(copy) : deletedDigest);

const conflictFrom = (row: Row): Conflict => {
  const manager = { isActive: row.manager_active, fields: row.manager_fields };
  const solution = { isActive: row.solution_active, fields: row.solution_fields };
  return {
    id: row.id,
    solutionId: row.solution_id,
    syncId: row.sync_id,
    className: row.class,
    entityId: row.entity_id,
    base: row.base_fields,
    manager,
    solution,
    revision: revisionOf({ manager, solution }),
    fields: row.fields,
    state: row.state,
    resolution: row.resolution,
    createdAt: row.created_at,
    decidedAt: row.decided_at,
    decidedBy: row.decided_by,
  };
};
