import type { Db } from '../../db/database';
import { isNewestCopy } from '../../db/newest-copy';
import type { Copy, Fields } from '../../domain/merge-copy';
import { copyDigest, deletedDigest } from '../../formats/parameter-digest';

/** One entity of one class of one solution. */
interface SetKey {
  readonly solutionId: number;
  /** e.g. `Fridges`. */
  readonly className: string;
  readonly id: string;
}

/** An entity that is to be changed together with many others. */
export interface LockedParam extends SetKey {
  /** The manager's copy. Null: there is no such entity. */
  readonly copy: Copy | null;
  /** A sync or a person changes it at this moment. It must not be changed now. */
  readonly isBusy: boolean;
  /** A newer copy of the solution is in quarantine, and must not be overwritten unseen. */
  readonly hasNewerCopy: boolean;
}

export interface ParamWrite extends SetKey {
  /** The manager's copy from now on. */
  readonly copy: Copy;
  /** It was not there when it was locked. If a sync has added it since, it stays as the sync made it. */
  readonly isNew: boolean;
}

export type ParamSetStore = ReturnType<typeof createParamSetStore>;

/** Edits of staff for entities of many solutions at once, each in a few statements. Call it in a transaction. */
export function createParamSetStore(db: Db) {
  return {
    /**
     * Locks the entities to the end of the transaction, and returns them in the order of the keys. It waits for nobody,
     * because a sync that waits for another of these entities would make it a deadlock.
     */
    async lock(keys: readonly SetKey[]): Promise<LockedParam[]> {
      const { rows } = await db.raw<{ rows: LockRow[] }>(
        `with given as (${givenKeys}), free as materialized (
           select p.solution_id, p.class, p.id, p.fields, p.is_active
           from param p join given g using (solution_id, class, id)
           for update of p skip locked
         )
         select f.fields, f.is_active, f.id is null and p.id is not null as is_busy,
           exists (select from quarantine q where q.solution_id = g.solution_id and q.subject = g.class
             and q.row_id = g.id and ${isNewestCopy}) as has_newer_copy
         from given g left join param p using (solution_id, class, id) left join free f using (solution_id, class, id)
         order by g.place`,
        bindingsOf(keys),
      );
      return rows.map((row, place) => lockedFrom(keys[place], row));
    },

    /** Writes copies of locked entities, and adds those that are new. Each solution is told with its next package. */
    async write(writes: readonly ParamWrite[], by: string): Promise<void> {
      if (writes.length === 0) return;
      await db.raw(
        `with given as (
           select * from jsonb_to_recordset(cast(:rows as jsonb)) as given (solution_id int, class text, id text,
             is_new boolean, fields jsonb, is_active boolean, digest bytea)
         ), added as (
           insert into param (solution_id, class, id, fields, is_active, digest, updated_by, edited_at)
           select solution_id, class, id, fields, is_active, digest, :by, now() from given where is_new
           on conflict (solution_id, class, id) do nothing
           returning id_server, version, fields, is_active
         ), changed as (
           update param p set fields = g.fields, is_active = g.is_active, digest = g.digest, version = p.version + 1,
             updated_at = now(), updated_by = :by, edited_at = now(), failures = 0, failure_reason = null
           from given g
           where p.solution_id = g.solution_id and p.class = g.class and p.id = g.id and not g.is_new
           returning p.id_server, p.version, p.fields, p.is_active
         )
         insert into param_version (id_server, version, fields, is_active, by)
         select id_server, version, fields, is_active, :by from (select * from added union all select * from changed) w`,
        { rows: JSON.stringify(writes.map(rowOf)), by },
      );
    },
  };
}

interface LockRow {
  fields: Fields | null;
  is_active: boolean | null;
  is_busy: boolean;
  has_newer_copy: boolean;
}

const givenKeys = `select solution_id, class, id, place
  from unnest(cast(:solutionIds as int[]), cast(:classes as text[]), cast(:ids as text[]))
    with ordinality as given (solution_id, class, id, place)`;

const bindingsOf = (keys: readonly SetKey[]) => ({
  solutionIds: keys.map(({ solutionId }) => solutionId),
  classes: keys.map(({ className }) => className),
  ids: keys.map(({ id }) => id),
});

function lockedFrom(key: SetKey | undefined, row: LockRow): LockedParam {
  if (key === undefined) throw new RangeError('more rows than keys');
  return {
    ...key,
    copy: row.fields === null ? null : { isActive: row.is_active === true, fields: row.fields },
    isBusy: row.is_busy,
    hasNewerCopy: row.has_newer_copy,
  };
}

const rowOf = ({ solutionId, className, id, copy, isNew }: ParamWrite) => ({
  solution_id: solutionId,
  class: className,
  id,
  is_new: isNew,
  fields: copy.fields,
  is_active: copy.isActive,
  digest: `\\x${(copy.isActive ? copyDigest(copy) : deletedDigest).toString('hex')}`,
});
