import type { Db } from '../../db/database';

/** A kitchen whose photos and readings are filed. */
export interface FiledKitchen {
  readonly id: number;
  readonly name: string;
  readonly timezone: string;
}

export interface KitchenFilter {
  /** Only kitchens of this account. Null: of all accounts. */
  readonly accountId: number | null;
  /** Names of accounts. Null: all. */
  readonly accounts: readonly string[] | null;
  /** Mails or numbers of solutions. Null: all. */
  readonly solutions: readonly string[] | null;
}

export interface FiledPhoto {
  readonly id: string;
  readonly solutionId: number;
  readonly name: string;
  /** Hex. */
  readonly sha256: string;
  readonly fileKey: string;
  readonly bytes: number;
  /** The time given by the solution, or else by the camera. */
  readonly takenAt: Date | null;
  readonly receivedAt: Date;
  /** True: an earlier photo of the kitchen has the same name. */
  readonly isNamesake: boolean;
}

export interface FiledPhotoQuery {
  readonly solutionIds: readonly number[];
  /** Only photos whose ids are greater. */
  readonly newerThan: string;
  /** After this one, in the order of solution and id. Null: from the beginning. */
  readonly after: { readonly solutionId: number; readonly id: string } | null;
  readonly limit: number;
}

interface PhotoRow {
  id: string;
  solution_id: number;
  name: string;
  sha256: string;
  file_key: string;
  bytes: string;
  taken_at: Date | null;
  created_at: Date;
  is_namesake: boolean;
}

const selectPhoto = `
  select p.id, p.solution_id, p.name, p.sha256, p.file_key, p.bytes, p.created_at,
    coalesce(n.taken_at, p.listed_taken_at, p.exif_taken_at) as taken_at,
    exists (select 1 from photo o
      where o.solution_id = p.solution_id and lower(o.name) = lower(p.name) and o.id < p.id) as is_namesake
  from photo p left join photo_note n
    on n.solution_id = p.solution_id and lower(n.name) = lower(p.name) and p.superseded_at is null`;

export type KitchenPhotoStore = ReturnType<typeof createKitchenPhotoStore>;

/** The kitchens and photos that pairs file elsewhere. Kitchens that were retired keep their data and are among them. */
export function createKitchenPhotoStore(db: Db) {
  return {
    async kitchens({ accountId, accounts, solutions }: KitchenFilter): Promise<FiledKitchen[]> {
      const { rows } = await db.raw<{ rows: FiledKitchen[] }>(
        `select s.id, s.name, s.timezone from solution s join account a on a.id = s.account_id
         where (cast(:accountId as int) is null or s.account_id = :accountId)
           and (cast(:accounts as text[]) is null or lower(a.name) = any(:accounts))
           and (cast(:solutions as text[]) is null or lower(s.mail) = any(:solutions) or s.id::text = any(:solutions))
         order by s.id`,
        { accountId, accounts: inSmallLetters(accounts), solutions: inSmallLetters(solutions) },
      );
      return rows;
    },

    async photos({ solutionIds, newerThan, after, limit }: FiledPhotoQuery): Promise<FiledPhoto[]> {
      const { rows } = await db.raw<{ rows: PhotoRow[] }>(
        `${selectPhoto} where p.solution_id = any(:solutionIds) and p.id > :newerThan
           and (p.solution_id, p.id) > (:afterSolution, cast(:afterId as bigint))
         order by p.solution_id, p.id limit :limit`,
        {
          solutionIds: [...solutionIds],
          newerThan,
          afterSolution: after?.solutionId ?? -1,
          afterId: after?.id ?? '0',
          limit,
        },
      );
      return rows.map(photoFrom);
    },

    async photo(solutionId: number, id: string): Promise<FiledPhoto | null> {
      const { rows } = await db.raw<{ rows: PhotoRow[] }>(
        `${selectPhoto} where p.solution_id = :solutionId and p.id = cast(:id as bigint)`,
        { solutionId, id },
      );
      return rows[0] === undefined ? null : photoFrom(rows[0]);
    },

    /** The time of the database. */
    async now(): Promise<Date> {
      const { rows } = await db.raw<{ rows: { at: Date }[] }>('select now() as at');
      const [row] = rows;
      if (row === undefined) throw new Error('the database does not tell its time');
      return row.at;
    },

    /**
     * The highest id of the photos that were received before that time. A photo with a lower id that is received later
     * comes from a sync that was begun before. `newerThan`: if there is none.
     */
    async settled(solutionIds: readonly number[], newerThan: string, before: Date): Promise<string> {
      const { rows } = await db.raw<{ rows: { id: string | null }[] }>(
        `select max(id) as id from photo
         where solution_id = any(:solutionIds) and id > :newerThan and created_at < :before`,
        { solutionIds: [...solutionIds], newerThan, before },
      );
      return rows[0]?.id ?? newerThan;
    },
  };
}

const inSmallLetters = (names: readonly string[] | null) =>
  names === null ? null : names.map((name) => name.toLowerCase());

const photoFrom = (row: PhotoRow): FiledPhoto => ({
  id: row.id,
  solutionId: row.solution_id,
  name: row.name,
  sha256: row.sha256,
  fileKey: row.file_key,
  bytes: Number(row.bytes),
  takenAt: row.taken_at,
  receivedAt: row.created_at,
  isNamesake: row.is_namesake,
});
