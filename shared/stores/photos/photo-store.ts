import { findLogTable, type LogTable, logTables } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';

/** What a photo's content tells. */
export interface PhotoContent {
  /** Hex. */
  readonly sha256: string;
  readonly fileKey: string;
  readonly bytes: number;
  /** Pixels, as it is to be seen: after its orientation. */
  readonly width: number;
  readonly height: number;
  /** Null: it could not be made, or was lost. */
  readonly thumbnail: { readonly sha256: string; readonly bytes: number } | null;
}

export interface Photo extends PhotoContent {
  /** As the solution names it, e.g. `label-12.jpg`. Compared without case. */
  readonly name: string;
  /** What the solution says of it, else what the camera says. */
  readonly takenAt: Date | null;
}

export interface NewPhoto extends PhotoContent {
  readonly name: string;
  /** By the camera's clock. */
  readonly exifTakenAt: Date | null;
}

/** What `csv/Photos.csv` says of one photo. */
export interface PhotoNote {
  readonly name: string;
  readonly takenAt: Date | null;
  /** The log row that it belongs to, e.g. `Tbfridge` and `12`. Both or neither. */
  readonly tableName: string | null;
  readonly logId: string | null;
}

/** A photo as staff see it. */
export interface ListedPhoto extends Photo {
  readonly id: string;
  readonly syncId: string | null;
  readonly receivedAt: Date;
  /** The log rows that it belongs to: those that name it, and the one that the solution's list names. */
  readonly logs: readonly PhotoLog[];
}

export interface PhotoLog {
  readonly table: string;
  readonly id: string;
  /** False: the row has not come yet. */
  readonly isStored: boolean;
}

/** One log row. */
export interface PhotoOwner {
  readonly table: LogTable;
  readonly logId: string;
}

interface Row {
  id: string;
  name: string;
  sha256: string;
  file_key: string;
  bytes: string;
  width: number;
  height: number;
  taken_at: Date | null;
  thumbnail_sha256: string | null;
  thumbnail_bytes: number | null;
  sync_id: string | null;
  created_at: Date;
  table_name: string | null;
  log_id: string | null;
}

const selectPhoto = `
  select p.id, p.name, p.sha256, p.file_key, p.bytes, p.width, p.height, coalesce(n.taken_at, p.exif_taken_at) as taken_at,
    p.thumbnail_sha256, p.thumbnail_bytes, p.sync_id, p.created_at, n.table_name, n.log_id
  from photo p left join photo_note n on n.solution_id = p.solution_id and lower(n.name) = lower(p.name)
  where p.solution_id = :solutionId`;

export type PhotoStore = ReturnType<typeof createPhotoStore>;

export function createPhotoStore(db: Db) {
  return {
    async find(solutionId: number, name: string): Promise<Photo | null> {
      const result = await db.raw<{ rows: Row[] }>(`${selectPhoto} and lower(p.name) = lower(:name)`, {
        solutionId,
        name,
      });
      const [row] = result.rows;
      return row === undefined ? null : photoFrom(row);
    },

    /** The last to come first; `owner` null: all of the solution's, else those of one log row. */
    async list(
      solutionId: number,
      owner: PhotoOwner | null,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<ListedPhoto>> {
      const of = conditionOf(owner);
      const result = await db.raw<{ rows: Row[] }>(
        `${selectPhoto} and (cast(:after as bigint) is null or p.id < :after) ${of.sql} order by p.id desc limit :rows`,
        { solutionId, after, rows: limit + 1, ...of.bindings },
      );
      const page = pageOf(result.rows, limit, (last) => last.id);
      return { items: await withLogs(solutionId, page.items), next: page.next };
    },

    /** All photos of a solution by name, in pages. */
    async *listAll(solutionId: number): AsyncGenerator<Photo> {
      let after = '';
      for (;;) {
        const result = await db.raw<{ rows: Row[] }>(
          `${selectPhoto} and p.name > :after order by p.name limit 1000`,
          { solutionId, after },
        );
        yield* result.rows.map(photoFrom);
        const last = result.rows.at(-1);
        if (last === undefined) return;
        after = last.name;
      }
    },

    /** Keeps a photo under its name. False: that very photo was there already. */
    async put(solutionId: number, syncId: string, photo: NewPhoto): Promise<boolean> {
      const { thumbnail, ...rest } = photo;
      const result = await db.raw<{ rowCount: number }>(
        `insert into photo (solution_id, name, sha256, file_key, bytes, width, height, exif_taken_at,
           thumbnail_sha256, thumbnail_bytes, sync_id)
         values (:solutionId, :name, :sha256, :fileKey, :bytes, :width, :height, :exifTakenAt,
           :thumbnailSha256, :thumbnailBytes, :syncId)
         on conflict (solution_id, lower(name)) do update set
           sha256 = excluded.sha256, file_key = excluded.file_key, bytes = excluded.bytes,
           width = excluded.width, height = excluded.height, exif_taken_at = excluded.exif_taken_at,
           thumbnail_sha256 = excluded.thumbnail_sha256, thumbnail_bytes = excluded.thumbnail_bytes,
           sync_id = excluded.sync_id, created_at = now()
         where photo.sha256 <> excluded.sha256`,
        { solutionId, syncId, ...rest, ...thumbnailRow(thumbnail) },
      );
      return result.rowCount === 1;
    },

    async setThumbnail(
      solutionId: number,
      name: string,
      thumbnail: NonNullable<PhotoContent['thumbnail']>,
    ): Promise<void> {
      const { thumbnailSha256, thumbnailBytes } = thumbnailRow(thumbnail);
      await db('photo')
        .where({ solution_id: solutionId, name })
        .update({ thumbnail_sha256: thumbnailSha256, thumbnail_bytes: thumbnailBytes });
    },

    /** Takes note of what was said of photos, each named once, whether they are there yet or not. What is not said stays. */
    async note(solutionId: number, syncId: string, notes: readonly PhotoNote[]): Promise<void> {
      await db.raw(
        `insert into photo_note (solution_id, name, taken_at, table_name, log_id, sync_id)
         select :solutionId, name, "takenAt", "tableName", "logId", :syncId
         from jsonb_to_recordset(cast(:rows as jsonb))
           as note (name text, "takenAt" timestamptz, "tableName" text, "logId" bigint)
         on conflict (solution_id, lower(name)) do update set
           taken_at = coalesce(excluded.taken_at, photo_note.taken_at),
           table_name = coalesce(excluded.table_name, photo_note.table_name),
           log_id = coalesce(excluded.log_id, photo_note.log_id),
           sync_id = excluded.sync_id, noted_at = now()`,
        { solutionId, syncId, rows: JSON.stringify(notes) },
      );
    },

    /** Forgets photos; what was said of them stays, for when they come again. */
    async remove(solutionId: number, names: readonly string[]): Promise<void> {
      await db('photo').where({ solution_id: solutionId }).whereIn('name', names).delete();
    },
  };

  async function withLogs(solutionId: number, rows: readonly Row[]): Promise<ListedPhoto[]> {
    const naming = await logsNaming(
      solutionId,
      rows.map(({ name }) => name),
    );
    const stored = await storedLogs(solutionId, rows);
    return rows.map((row) => {
      const own = naming.get(row.name) ?? [];
      const noted = notedLog(row, stored);
      const isOwn = own.some(({ table, id }) => table === noted?.table && id === noted.id);
      return {
        ...photoFrom(row),
        ...{ id: row.id, syncId: row.sync_id, receivedAt: row.created_at },
        logs: noted === null || isOwn ? own : [noted, ...own],
      };
    });
  }

  /** The log rows whose `PhotoName` it is, by the photo's name. */
  async function logsNaming(solutionId: number, names: readonly string[]): Promise<Map<string, PhotoLog[]>> {
    if (names.length === 0) return new Map();
    const perTable = tablesWithPhotos.map(
      ({ name, table }) =>
        `select wanted.name, '${name}' as table_name, log.id
         from wanted join ${table} log on log.solution_id = :solutionId and log.photo_name is not null
           and lower(log.photo_name) = lower(wanted.name)`,
    );
    const result = await db.raw<{ rows: { name: string; table_name: string; id: string }[] }>(
      `with wanted as materialized (select unnest(cast(:names as text[])) as name)
       ${perTable.join(' union all ')} order by table_name, id limit ${maxLogs}`,
      { solutionId, names: [...names] },
    );
    const found = new Map<string, PhotoLog[]>();
    for (const { name, table_name: table, id } of result.rows)
      found.set(name, [...(found.get(name) ?? []), { table, id, isStored: true }]);
    return found;
  }

  /** Of the log rows that lists name: those that are there, as `Tbfridge 12`. */
  async function storedLogs(solutionId: number, rows: readonly Row[]): Promise<ReadonlySet<string>> {
    const stored = new Set<string>();
    for (const table of new Set(rows.flatMap(({ table_name: name }) => findLogTable(name ?? '') ?? []))) {
      const ids = rows.flatMap((row) => (row.table_name === table.name ? (row.log_id ?? []) : []));
      const found = await db<{ id: string; solution_id: number }>(table.table)
        .where({ solution_id: solutionId })
        .whereIn('id', ids)
        .select('id');
      for (const { id } of found) stored.add(`${table.name} ${id}`);
    }
    return stored;
  }
}

/** A photo that thousands of rows name is a mistake of the solution's; a page of the backoffice stays one. */
const maxLogs = 10_000;

const tablesWithPhotos = logTables.filter(({ columns }) => columns.some(({ name }) => name === 'PhotoName'));

/** Names of tables come from the catalogue, never from a caller. */
function conditionOf(owner: PhotoOwner | null): { sql: string; bindings: Record<string, string> } {
  if (owner === null) return { sql: '', bindings: {} };
  const { name, table } = owner.table;
  const named = tablesWithPhotos.includes(owner.table)
    ? `or lower(p.name) = (select lower(photo_name) from ${table} where solution_id = p.solution_id and id = :logId)`
    : '';
  return {
    sql: `and ((n.table_name = :tableName and n.log_id = :logId) ${named})`,
    bindings: { tableName: name, logId: owner.logId },
  };
}

function notedLog({ table_name: table, log_id: id }: Row, stored: ReadonlySet<string>): PhotoLog | null {
  return table === null || id === null ? null : { table, id, isStored: stored.has(`${table} ${id}`) };
}

const thumbnailRow = (thumbnail: PhotoContent['thumbnail']) => ({
  thumbnailSha256: thumbnail?.sha256 ?? null,
  thumbnailBytes: thumbnail?.bytes ?? null,
});

const photoFrom = (row: Row): Photo => ({
  name: row.name,
  sha256: row.sha256,
  fileKey: row.file_key,
  bytes: Number(row.bytes),
  width: row.width,
  height: row.height,
  takenAt: row.taken_at,
  thumbnail:
    row.thumbnail_sha256 === null || row.thumbnail_bytes === null
      ? null
      : { sha256: row.thumbnail_sha256, bytes: row.thumbnail_bytes },
});
