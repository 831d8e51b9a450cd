import type { Db } from '../../db/database';
import { prepared } from '../../db/prepared';

/** The file of a class in an upload. */
export interface SentFile {
  /** e.g. `Fridges`. */
  readonly className: string;
  /** Hex. The SHA-256 of the file and of what decides how it is read. */
  readonly digest: string;
}

export interface UnchangedFile extends SentFile {
  /** How many entities are in it. */
  readonly entities: number;
}

/**
 * The last file of each class of a solution, if reading it changed nothing. Triggers delete the row as soon as an entity of
 * the class is written or an instruction of the class is sent (docs/decisions/058).
 */
export function createUnchangedFileStore(db: Db) {
  return {
    /**
     * The files that need not be read again: the number of their entities, by class. A file is not among them if a decision
     * about the class must still be carried out, or if it was read last more than a day ago.
     */
    async among(solutionId: number, sent: readonly SentFile[]): Promise<ReadonlyMap<string, number>> {
      if (sent.length === 0) return new Map();
      const classes = sent.map(({ className }) => className);
      const digests = sent.map(({ digest }) => `\\x${digest}`);
      const rows = await findUnchanged(db, { solutionId, classes, digests });
      return new Map(rows.map((row) => [row.class, row.entities]));
    },

    /** Reading these files changed nothing. */
    async keep(solutionId: number, files: readonly UnchangedFile[]): Promise<void> {
      if (files.length === 0) return;
      await keepUnchanged(db, {
        solutionId,
        classes: files.map(({ className }) => className),
        digests: files.map(({ digest }) => `\\x${digest}`),
        entities: files.map(({ entities }) => String(entities)),
      });
    },

    /** Other files of these classes were read. */
    async forget(solutionId: number, classes: readonly string[]): Promise<void> {
      if (classes.length > 0) await forgetUnchanged(db, { solutionId, classes });
    },
  };
}

interface Files {
  readonly solutionId: number;
  readonly classes: readonly string[];
  readonly digests: readonly string[];
}

const findUnchanged = prepared<{ class: string; entities: number }, Files>(
  'find_unchanged_files',
  `select f.class, f.entities
   from unnest(cast(:classes as text[]), cast(:digests as bytea[])) as sent (class, digest)
     join unchanged_file f on f.solution_id = :solutionId and f.class = sent.class and f.digest = sent.digest
   where f.read_at > now() - interval '1 day'
     and f.class <> all (array(
       select class from approval where solution_id = :solutionId
         and state in ('approved', 'rejected') and applied_at is null and kind in ('deletes', 'replace', 'changes')))`,
);

const keepUnchanged = prepared<unknown, Files & { readonly entities: readonly string[] }>(
  'keep_unchanged_files',
  `insert into unchanged_file (solution_id, class, digest, entities)
   select cast(:solutionId as int), class, digest, entities
   from unnest(cast(:classes as text[]), cast(:digests as bytea[]), cast(:entities as int[])) as file (class, digest, entities)
   order by class
   on conflict (solution_id, class) do update
   set digest = excluded.digest, entities = excluded.entities, read_at = excluded.read_at`,
);

const forgetUnchanged = prepared<unknown, Pick<Files, 'solutionId' | 'classes'>>(
  'forget_unchanged_files',
  'delete from unchanged_file where solution_id = :solutionId and class = any(cast(:classes as text[]))',
);
