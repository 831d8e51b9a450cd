import type { Db } from '../../db/database';
import { prepared } from '../../db/prepared';
import { isNewestCopy } from '../../db/newest-copy';

/** A quarantined entity, or a quarantined file of a class, that is newer than the manager's copy. */
export interface NewestCopy {
  /** The id of the quarantined item. */
  readonly id: string;
  readonly className: string;
  /** Null: of a whole file, or of an entity whose Id could not be read. */
  readonly entityId: string | null;
}

interface Row {
  id: string;
  subject: string;
  row_id: string | null;
}

export type NewestCopyStore = ReturnType<typeof createNewestCopyStore>;

/** Copies of parameters that could not be stored, and that must not be overwritten before someone has decided. */
export function createNewestCopyStore(db: Db) {
  return {
    async ofSolution(solutionId: number): Promise<NewestCopy[]> {
      const rows = await newestOfSolution(db, { solutionId });
      return rows.map(copyFrom);
    },

    /** The quarantined item of one entity; null: there is none. */
    async ofEntity(key: {
      readonly solutionId: number;
      readonly className: string;
      readonly id: string;
    }): Promise<string | null> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `select q.id from quarantine q where q.solution_id = :solutionId and q.subject = :className
           and q.row_id = :id and ${isNewestCopy} order by q.id desc limit 1`,
        { ...key },
      );
      return result.rows[0]?.id ?? null;
    },

    /** The solution has sent something else since, so these are no longer the newest. */
    async supersede(ids: readonly string[]): Promise<void> {
      if (ids.length === 0) return;
      await db.raw(`update quarantine set superseded_at = now() where id = any(cast(? as bigint[]))`, [
        [...ids],
      ]);
    },
  };
}

const copyFrom = ({ id, subject, row_id: entityId }: Row): NewestCopy => ({
  id,
  className: subject,
  entityId,
});

const newestOfSolution = prepared<Row, { readonly solutionId: number }>(
  'newest_copies',
  `select q.id, q.subject, q.row_id from quarantine q
   where q.solution_id = :solutionId and q.subject is not null and ${isNewestCopy} order by q.id`,
);
