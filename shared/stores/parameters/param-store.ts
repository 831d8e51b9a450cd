import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import { type Copy, type Fields, sameCopy } from '../../domain/merge-copy';
import { notFound, staleVersion } from '../../errors/catalog';
import { copyDigest, deletedDigest } from '../../formats/parameter-digest';

/** One entity of one class of one solution. */
export interface ParamKey {
  readonly solutionId: number;
  /** e.g. `Fridges`. */
  readonly className: string;
  readonly id: string;
}

/** The manager's copy of an entity, and whether the solution has it. */
export interface Param {
  readonly id: string;
  readonly idServer: string;
  readonly fields: Fields;
  readonly isActive: boolean;
  readonly version: number;
  readonly updatedAt: Date;
  /** The e-mail address of the member of staff, or `solution`. */
  readonly updatedBy: string;
  /** An instruction about it is due or has been sent. */
  readonly isDue: boolean;
  /** It waits for someone: in a conflict or in an approval. */
  readonly isHeld: boolean;
  /** How many instructions in a row the solution could not carry out. */
  readonly failures: number;
  readonly failureReason: string | null;
  /** When the solution sent it again with other content after it had been deleted. Null: never. */
  readonly returnedAt: Date | null;
}

export interface ParamVersion {
  readonly version: number;
  readonly fields: Fields;
  readonly isActive: boolean;
  readonly at: Date;
  /** E-mail of the member of staff, or `solution`. */
  readonly by: string;
  readonly syncId: string | null;
}

export interface ParamEdit {
  /**
   * The named fields are set, and null clears a field. Other fields stay as they are. The values are already validated.
   */
  readonly fields: Fields;
  /** E-mail. */
  readonly by: string;
  /** The version that the edit is based on. Null: any version. */
  readonly ifVersion: number | null;
}

export type ParamStore = ReturnType<typeof createParamStore>;

/**
 * The manager's copies, as staff read and edit them. An edit only changes the row. The package of the next sync tells
 * the solution.
 */
export function createParamStore(db: Db) {
  return {
    /** By id; deleted ones too. */
    async list(
      { solutionId, className }: Omit<ParamKey, 'id'>,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<Param>> {
      const result = await db.raw<{ rows: Row[] }>(
        `select ${columns} from param where solution_id = :solutionId and class = :className and id > :after
         order by id limit :rows`,
        { solutionId, className, after: after ?? '', rows: limit + 1 },
      );
      return pageOf(result.rows.map(paramFrom), limit, (last) => last.id);
    },

    async find(key: ParamKey): Promise<Param | null> {
      const row = await rowOf(db, key);
      return row === null ? null : paramFrom(row);
    },

    /**
     * Inserts or changes the manager's copy. `isNew`: it did not exist or was deleted. Call it in a transaction. Throws
     * `stale`. An edit that changes nothing makes no version, but gives an entity that failed too often another chance.
     */
    async put(key: ParamKey, edit: ParamEdit): Promise<{ param: Param; isNew: boolean }> {
      const isNew = await insert(db, key, edit);
      const row = await lock(db, key);
      if (isNew) return { param: paramFrom(row), isNew };
      checkVersion(row, edit.ifVersion);
      const before: Copy = { isActive: row.is_active, fields: row.fields };
      const fields = row.is_active
        ? Object.fromEntries([...entries(row.fields), ...entries(edit.fields)])
        : edit.fields;
      const changed = await write(db, row, { before, after: { isActive: true, fields } }, edit.by);
      return { param: paramFrom(changed), isNew: !before.isActive };
    },

    /** Call it in a transaction. Throws `not-found` and `stale`. */
    async delete(key: ParamKey, { by, ifVersion }: Omit<ParamEdit, 'fields'>): Promise<Param> {
      const row = await lock(db, key);
      if (!row.is_active) throw notFound('parameter');
      checkVersion(row, ifVersion);
      const before: Copy = { isActive: true, fields: row.fields };
      return paramFrom(await write(db, row, { before, after: { isActive: false, fields: row.fields } }, by));
    },

    /** The latest first. */
    async history(
      { solutionId, className, id }: ParamKey,
      { limit, after }: PageRequest<number>,
    ): Promise<Page<ParamVersion>> {
      const result = await db.raw<{ rows: VersionRow[] }>(
        `select v.version, v.fields, v.is_active, v.at, v.by, v.sync_id
         from param_version v join param p on p.id_server = v.id_server
         where p.solution_id = :solutionId and p.class = :className and p.id = :id
           and (cast(:after as int) is null or v.version < :after)
         order by v.version desc limit :rows`,
        { solutionId, className, id, after, rows: limit + 1 },
      );
      return pageOf(result.rows.map(versionFrom), limit, (last) => String(last.version));
    },
  };
}

interface Row {
  id: string;
  id_server: string;
  fields: Fields;
  is_active: boolean;
  version: number;
  updated_at: Date;
  updated_by: string;
  due: boolean;
  held: boolean;
  failures: number;
  failure_reason: string | null;
  returned_at: Date | null;
}

interface VersionRow {
  version: number;
  fields: Fields;
  is_active: boolean;
  at: Date;
  by: string;
  sync_id: string | null;
}

const columns =
  'id, id_server, fields, is_active, version, updated_at, updated_by, due, held, failures, failure_reason, returned_at';

async function rowOf(db: Db, key: ParamKey, lockClause: '' | 'for update' = ''): Promise<Row | null> {
  const result = await db.raw<{ rows: Row[] }>(
    `select ${columns} from param where solution_id = :solutionId and class = :className and id = :id ${lockClause}`,
    { ...key },
  );
  return result.rows[0] ?? null;
}

async function lock(db: Db, key: ParamKey): Promise<Row> {
  const row = await rowOf(db, key, 'for update');
  if (row === null) throw notFound('parameter');
  return row;
}

/** False: it is there already. */
async function insert(db: Db, key: ParamKey, { fields, by, ifVersion }: ParamEdit): Promise<boolean> {
  if (ifVersion !== null) {
    if ((await rowOf(db, key)) === null) throw staleVersion(0);
    return false;
  }
  const result = await db.raw<{ rows: unknown[] }>(
    `with added as (
       insert into param (solution_id, class, id, fields, is_active, digest, updated_by, edited_at)
       values (:solutionId, :className, :id, cast(:fields as jsonb), true, :digest, :by, now())
       on conflict (solution_id, class, id) do nothing
       returning id_server, version, fields, is_active, updated_by
     )
     insert into param_version (id_server, version, fields, is_active, by)
     select id_server, version, fields, is_active, updated_by from added returning version`,
    { ...key, fields: JSON.stringify(fields), digest: copyDigest({ isActive: true, fields }), by },
  );
  return result.rows.length === 1;
}

function checkVersion(row: Row, ifVersion: number | null): void {
  if (ifVersion !== null && ifVersion !== row.version) throw staleVersion(row.version);
}

async function write(
  db: Db,
  row: Row,
  { before, after }: { readonly before: Copy; readonly after: Copy },
  by: string,
): Promise<Row> {
  if (sameCopy(before, after)) {
    const [same = row] = await db<Row>('param')
      .where({ id_server: row.id_server })
      .update({ failures: 0, failure_reason: null })
      .returning(columns.split(', ') as (keyof Row)[]);
    return same;
  }
  const result = await db.raw<{ rows: Row[] }>(
    `with changed as (
       update param set fields = cast(:fields as jsonb), is_active = :isActive, digest = :digest,
         version = version + 1, updated_at = now(), updated_by = :by, edited_at = now(), failures = 0,
         failure_reason = null
       where id_server = :idServer returning ${columns}
     ), told as (
       insert into param_version (id_server, version, fields, is_active, by)
       select id_server, version, fields, is_active, updated_by from changed
     )
     select ${columns} from changed`,
    {
      idServer: row.id_server,
      fields: JSON.stringify(after.fields),
      isActive: after.isActive,
      digest: after.isActive ? copyDigest(after) : deletedDigest,
      by,
    },
  );
  return result.rows[0] ?? row;
}

const entries = (fields: Fields) => Object.entries(fields);

const paramFrom = (row: Row): Param => ({
  id: row.id,
  idServer: row.id_server,
  fields: row.fields,
  isActive: row.is_active,
  version: row.version,
  updatedAt: row.updated_at,
  updatedBy: row.updated_by,
  isDue: row.due,
  isHeld: row.held,
  failures: row.failures,
  failureReason: row.failure_reason,
  returnedAt: row.returned_at,
});

const versionFrom = (row: VersionRow): ParamVersion => ({
  version: row.version,
  fields: row.fields,
  isActive: row.is_active,
  at: row.at,
  by: row.by,
  syncId: row.sync_id,
});
