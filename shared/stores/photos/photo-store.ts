import { findLogTable, type LogTable, tablesWithPhotos } from '../../catalog/log-tables';
import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';

/** The facts that a photo's content shows. */
export interface PhotoContent {
  /** Hex. */
  readonly sha256: string;
  readonly fileKey: string;
  readonly bytes: number;
  /** In pixels, after its orientation was applied. */
  readonly width: number;
  readonly height: number;
  /** Null: it could not be made, or was lost. */
  readonly thumbnail: { readonly sha256: string; readonly bytes: number } | null;
}

export interface Photo extends PhotoContent {
  readonly id: string;
  /**
   * True: another photo with its name was received later, and the name now means that one. This one is kept with its
   * readings.
   */
  readonly isSuperseded: boolean;
  /** As the solution names it, e.g. `label-12.jpg`. Case does not count. */
  readonly name: string;
  /** The time given by the solution, or else by the camera. */
  readonly takenAt: Date | null;
}

export interface NewPhoto extends PhotoContent {
  readonly name: string;
  /** By the camera's clock. */
  readonly exifTakenAt: Date | null;
}

/** The row of one photo in `csv/Photos.csv`. */
export interface PhotoNote {
  readonly name: string;
  readonly takenAt: Date | null;
  /** The log row that it belongs to, e.g. `Tbfridge` and `12`. Both or neither. */
  readonly tableName: string | null;
  readonly logId: string | null;
}

/** A photo as staff see it. */
export interface ListedPhoto extends Photo {
  readonly syncId: string | null;
  readonly receivedAt: Date;
  /** The log rows that it belongs to: those that name it, and the one that the solution's list names. */
  readonly logs: readonly PhotoLog[];
}

export interface PhotoLog {
  readonly table: string;
  readonly id: string;
  /** False: the row has not been received yet. */
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
  is_superseded: boolean;
}

/** The result for a received photo. `name-taken`: its name belongs to another photo, and it is not stored yet. */
export type PhotoOutcome = 'inserted' | 'duplicates' | 'name-taken';

const selectPhoto = `
  select p.id, p.name, p.sha256, p.file_key, p.bytes, p.width, p.height, coalesce(n.taken_at, p.listed_taken_at, p.exif_taken_at) as taken_at,
    p.thumbnail_sha256, p.thumbnail_bytes, p.sync_id, p.created_at, n.table_name, n.log_id,
    p.superseded_at is not null as is_superseded
  from photo p left join photo_note n
    on n.solution_id = p.solution_id and lower(n.name) = lower(p.name) and p.superseded_at is null
  where p.solution_id = :solutionId`;

export type PhotoStore = ReturnType<typeof createPhotoStore>;

export function createPhotoStore(db: Db) {
  return {
    /** The latest photo with this name, or the one with this name and this content (hex). */
    async find(solutionId: number, name: string, sha256: string | null = null): Promise<Photo | null> {
      const result = await db.raw<{ rows: Row[] }>(
        `${selectPhoto} and lower(p.name) = lower(:name)
           and case when cast(:sha256 as text) is null then p.superseded_at is null else p.sha256 = :sha256 end`,
        { solutionId, name: name.normalize('NFC'), sha256 },
      );
      const [row] = result.rows;
      return row === undefined ? null : photoFrom(row);
    },

    /** The latest first. `owner` null: all photos of the solution; otherwise those of one log row. */
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

    /** All photos of a solution by name, in pages; of one name in the order in which they came. */
    async *listAll(solutionId: number): AsyncGenerator<Photo> {
      let after = { name: '', id: '0' };
      for (;;) {
        const result = await db.raw<{ rows: Row[] }>(
          `${selectPhoto} and (p.name, p.id) > (:name, cast(:id as bigint)) order by p.name, p.id limit 1000`,
          { solutionId, ...after },
        );
        yield* result.rows.map(photoFrom);
        const last = result.rows.at(-1);
        if (last === undefined) return;
        after = { name: last.name, id: last.id };
      }
    },

    /** Stores a photo under its name, unless the name belongs to another photo. */
    async put(solutionId: number, syncId: string, photo: NewPhoto): Promise<PhotoOutcome> {
      if (await insert(solutionId, syncId, photo)) return 'inserted';
      const same = { solution_id: solutionId, sha256: photo.sha256 };
      const known: unknown = await db('photo')
        .where(same)
        .whereRaw('lower(name) = lower(?)', [photo.name.normalize('NFC')])
        .first('id');
      return known === undefined ? 'name-taken' : 'duplicates';
    },

    /**
     * Stores again a photo that was received before the one to which its name now belongs. False: it is stored already.
     */
    async putEarlier(solutionId: number, syncId: string, photo: NewPhoto): Promise<boolean> {
      return insert(solutionId, syncId, photo, 'now()');
    },

    async setThumbnail(
      solutionId: number,
      id: string,
      thumbnail: NonNullable<PhotoContent['thumbnail']>,
    ): Promise<void> {
      const { thumbnailSha256, thumbnailBytes } = thumbnailRow(thumbnail);
      await db('photo')
        .where({ solution_id: solutionId, id })
        .update({ thumbnail_sha256: thumbnailSha256, thumbnail_bytes: thumbnailBytes });
    },

    /**
     * Records notes about photos, at most one per photo, whether the photo has been received or not. Values that a note
     * does not contain stay as they are.
     */
    async note(solutionId: number, syncId: string, notes: readonly PhotoNote[]): Promise<void> {
      await db.raw(
        `insert into photo_note (solution_id, name, taken_at, table_name, log_id, sync_id)
         select :solutionId, normalize(name, NFC), "takenAt", "tableName", "logId", :syncId
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

    /** Deletes photos. Notes about them stay, in case they are sent again. */
    async remove(solutionId: number, ids: readonly string[]): Promise<void> {
      await db('photo').where({ solution_id: solutionId }).whereIn('id', ids).delete();
    },
  };

  /** False: its name belongs to a photo, or it is stored already. */
  async function insert(
    solutionId: number,
    syncId: string,
    { thumbnail, name, ...rest }: NewPhoto,
    supersededAt: 'null' | 'now()' = 'null',
  ): Promise<boolean> {
    const result = await db.raw<{ rowCount: number }>(
      `insert into photo (solution_id, name, sha256, file_key, bytes, width, height, exif_taken_at,
         thumbnail_sha256, thumbnail_bytes, sync_id, superseded_at)
       values (:solutionId, :name, :sha256, :fileKey, :bytes, :width, :height, :exifTakenAt,
         :thumbnailSha256, :thumbnailBytes, :syncId, ${supersededAt})
       on conflict do nothing`,
      { solutionId, syncId, name: name.normalize('NFC'), ...rest, ...thumbnailRow(thumbnail) },
    );
    return result.rowCount === 1;
  }

  async function withLogs(solutionId: number, rows: readonly Row[]): Promise<ListedPhoto[]> {
    const current = rows.filter((row) => !row.is_superseded).map(({ name }) => name);
    const naming = await logsNaming(solutionId, current);
    const pinned = await pinnedLogs(solutionId, rows);
    const said = rows.flatMap(({ table_name: table, log_id: id }) =>
      table !== null && id !== null ? [{ table, id }] : [],
    );
    const stored = await storedLogs(solutionId, [...said, ...[...pinned.values()].flat()]);
    return rows.map((row) => {
      const own = row.is_superseded ? [] : (naming.get(row.name) ?? []);
      const others = [
        ...(row.table_name === null || row.log_id === null
          ? []
          : [{ table: row.table_name, id: row.log_id }]),
        ...(pinned.get(row.id) ?? []),
      ].map((log) => ({ ...log, isStored: stored.has(`${log.table} ${log.id}`) }));
      const isNew = ({ table, id }: PhotoLog) => !own.some((log) => log.table === table && log.id === id);
      return {
        ...photoFrom(row),
        ...{ syncId: row.sync_id, receivedAt: row.created_at },
        logs: [...others.filter(isNew), ...own],
      };
    });
  }

  /** The log rows that keep a photo after another one took over its name, by the photo's id. */
  async function pinnedLogs(solutionId: number, rows: readonly Row[]): Promise<Map<string, LogKey[]>> {
    const result = await db.raw<{ rows: { photo_id: string; table_name: string; log_id: string }[] }>(
      `select p.id as photo_id, r.table_name, r.log_id
       from photo p join photo_reading r
         on r.solution_id = p.solution_id and lower(r.photo_name) = lower(p.name) and r.sha256 = p.sha256
       where p.solution_id = :solutionId and p.id = any(cast(:ids as bigint[]))
       order by r.table_name, r.log_id limit ${maxLogs}`,
      { solutionId, ids: rows.map(({ id }) => id) },
    );
    const found = new Map<string, LogKey[]>();
    for (const { photo_id: photo, table_name: table, log_id: id } of result.rows)
      found.set(photo, [...(found.get(photo) ?? []), { table, id }]);
    return found;
  }

  /** The log rows whose `PhotoName` is this name, by the photo's name, without those that keep an earlier photo. */
  async function logsNaming(solutionId: number, names: readonly string[]): Promise<Map<string, PhotoLog[]>> {
    if (names.length === 0) return new Map();
    const perTable = tablesWithPhotos.map(
      ({ name, table }) =>
        `select wanted.name, '${name}' as table_name, log.id
         from wanted join ${table} log on log.solution_id = :solutionId and log.photo_name is not null
           and lower(normalize(log.photo_name, NFC)) = lower(wanted.name)
         where not exists (select 1 from photo_reading r
           where r.solution_id = :solutionId and r.table_name = '${name}' and r.log_id = log.id
             and lower(r.photo_name) = lower(wanted.name))`,
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

  /** The log rows that exist, as `Tbfridge 12`. */
  async function storedLogs(solutionId: number, logs: readonly LogKey[]): Promise<ReadonlySet<string>> {
    const stored = new Set<string>();
    for (const table of new Set(logs.flatMap((log) => findLogTable(log.table) ?? []))) {
      const ids = logs.flatMap((log) => (log.table === table.name ? [log.id] : []));
      const found = await db<{ id: string; solution_id: number }>(table.table)
        .where({ solution_id: solutionId })
        .whereIn('id', ids)
        .select('id');
      for (const { id } of found) stored.add(`${table.name} ${id}`);
    }
    return stored;
  }
}

type LogKey = Pick<PhotoLog, 'table' | 'id'>;

/**
 * If thousands of rows name one photo, the solution has made a mistake. The limit keeps the page of the backoffice
 * small.
 */
const maxLogs = 10_000;

/** Names of tables come from the catalogue, never from a caller. */
const pinned = `select 1 from photo_reading r
  where r.solution_id = p.solution_id and r.table_name = :tableName and r.log_id = :logId`;

function conditionOf(owner: PhotoOwner | null): { sql: string; bindings: Record<string, string> } {
  if (owner === null) return { sql: '', bindings: {} };
  const { name, table } = owner.table;
  const named = tablesWithPhotos.includes(owner.table)
    ? `or (p.superseded_at is null
        and lower(p.name) = (select lower(normalize(photo_name, NFC)) from ${table} where solution_id = p.solution_id and id = :logId)
        and not exists (${pinned} and lower(r.photo_name) = lower(p.name)))`
    : '';
  return {
    sql: `and ((n.table_name = :tableName and n.log_id = :logId)
      or exists (${pinned} and lower(r.photo_name) = lower(p.name) and r.sha256 = p.sha256) ${named})`,
    bindings: { tableName: name, logId: owner.logId },
  };
}

const thumbnailRow = (thumbnail: PhotoContent['thumbnail']) => ({
  thumbnailSha256: thumbnail?.sha256 ?? null,
  thumbnailBytes: thumbnail?.bytes ?? null,
});

const photoFrom = (row: Row): Photo => ({
  id: row.id,
  isSuperseded: row.is_superseded,
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
