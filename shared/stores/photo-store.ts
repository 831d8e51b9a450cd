import type { Db } from '../db/database';

export interface Photo {
  /** As the solution names it, e.g. `label-12.jpg`. Compared without case. */
  readonly name: string;
  /** Hex. */
  readonly sha256: string;
  readonly fileKey: string;
  readonly bytes: number;
  /** Pixels, as it is to be seen: after its orientation. */
  readonly width: number;
  readonly height: number;
  readonly takenAt: Date | null;
  /** The log row that it belongs to. */
  readonly tableName: string | null;
  readonly logId: string | null;
}

interface Row {
  solution_id: number;
  name: string;
  sha256: string;
  file_key: string;
  bytes: string;
  width: number;
  height: number;
  taken_at: Date | null;
  table_name: string | null;
  log_id: string | null;
}

const columns = [
  'solution_id',
  'name',
  'sha256',
  'file_key',
  'bytes',
  'width',
  'height',
  'taken_at',
  'table_name',
  'log_id',
] as const;

export type PhotoStore = ReturnType<typeof createPhotoStore>;

export function createPhotoStore(db: Db) {
  return {
    async find(solutionId: number, name: string): Promise<Photo | null> {
      const row = await db<Row>('photo')
        .where({ solution_id: solutionId })
        .andWhereRaw('lower(name) = lower(?)', [name])
        .first(...columns);
      return row === undefined ? null : photoFrom(row);
    },

    /** All photos of a solution by name, in pages. */
    async *listAll(solutionId: number): AsyncGenerator<Photo> {
      let after = '';
      for (;;) {
        const rows = await db<Row>('photo')
          .where({ solution_id: solutionId })
          .andWhere('name', '>', after)
          .orderBy('name')
          .limit(1000)
          .select(...columns);
        yield* rows.map(photoFrom);
        const last = rows.at(-1);
        if (last === undefined) return;
        after = last.name;
      }
    },

    /** Forgets the photos whose content is not among these. Answers how many. */
    removeAllBut(solutionId: number, fileKeys: readonly string[]): Promise<number> {
      return db('photo')
        .where({ solution_id: solutionId })
        .andWhereRaw('not (file_key = any(?))', [[...fileKeys]])
        .delete();
    },

    /** Keeps a photo under its name. False: that very photo was there already. */
    async put(solutionId: number, syncId: string, photo: Photo): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `insert into photo (solution_id, name, sha256, file_key, bytes, width, height, taken_at, table_name, log_id, sync_id)
         values (:solutionId, :name, :sha256, :fileKey, :bytes, :width, :height, :takenAt, :tableName, :logId, :syncId)
         on conflict (solution_id, lower(name)) do update set
           sha256 = excluded.sha256, file_key = excluded.file_key, bytes = excluded.bytes,
           width = excluded.width, height = excluded.height,
           taken_at = coalesce(excluded.taken_at, photo.taken_at),
           table_name = coalesce(excluded.table_name, photo.table_name),
           log_id = coalesce(excluded.log_id, photo.log_id), sync_id = excluded.sync_id
         where photo.sha256 <> excluded.sha256
           or (excluded.table_name is not null and
               (photo.table_name, photo.log_id) is distinct from (excluded.table_name, excluded.log_id))`,
        { solutionId, syncId, ...photo },
      );
      return result.rowCount === 1;
    },
  };
}

const photoFrom = (row: Row): Photo => ({
  name: row.name,
  sha256: row.sha256,
  fileKey: row.file_key,
  bytes: Number(row.bytes),
  width: row.width,
  height: row.height,
  takenAt: row.taken_at,
  tableName: row.table_name,
  logId: row.log_id,
});
