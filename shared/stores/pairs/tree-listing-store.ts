import type { Db } from '../../db/database';
import { commitsLazily, prepared } from '../../db/prepared';
import type { EndSide } from '../../domain/link-ends';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';

/** An entry of a listing that is put aside until the listing is whole. */
export interface AsideEntry {
  readonly place: number;
  readonly path: string;
  readonly isFolder: boolean;
  readonly size: number;
  readonly revision: string;
  readonly hash: string | null;
  readonly identity: string | null;
  readonly origin: string | null;
  readonly modifiedAt: Date | null;
}

/** An item that is about to be made. */
export interface TreeCreation {
  /** Null: the root. */
  readonly parent: string | null;
  readonly name: string;
  readonly origin: string;
  readonly isFolder: boolean;
  readonly bytes: number;
  readonly hash: string | null;
}

interface AsideRow {
  place: string;
  path: string;
  is_folder: boolean;
  bytes: string;
  revision: string;
  hash: string | null;
  identity: string | null;
  origin: string | null;
  modified_at: Date | null;
}

interface CreationRow {
  origin: string;
  parent: string | null;
  name: string;
  is_folder: boolean;
  bytes: string;
  hash: string | null;
}

/**
 * The notes of listings and creations in progress about one side. Each write returns whether the slice still has the
 * pair.
 */
export function createTreeListingStore(db: Db, pairId: number, side: EndSide, hold: SliceHold) {
  const mine = { pairId, side };

  async function write(statement: string, bindings: Readonly<Record<string, unknown>>): Promise<boolean> {
    const { rows } = await db.raw<{ rows: { held: boolean }[] }>(
      `${withGuard}, written as (${statement}) select exists (select from guard) as held, (select count(*) from written)`,
      { ...guardBindings(hold), ...mine, ...bindings },
    );
    return rows[0]?.held === true;
  }

  async function creationsBy(condition: string, bindings: Readonly<Record<string, unknown>>) {
    const { rows } = await db.raw<{ rows: CreationRow[] }>(
      `select c.origin, c.parent, c.name, c.is_folder, c.bytes, c.hash from tree_creation c
       where c.pair_id = :pairId and c.side = :side and ${condition}`,
      { ...mine, ...bindings },
    );
    return rows.map(creationFrom);
  }

  return {
    putAside: (entries: readonly AsideEntry[]) =>
      write(
        `insert into tree_listed (pair_id, side, place, path, is_folder, bytes, revision, hash, identity, origin, modified_at)
         select :pairId, :side, place, path, "isFolder", size, revision, hash, identity, origin, "modifiedAt"
         from jsonb_to_recordset(cast(:entries as jsonb)) as e (place bigint, path text, "isFolder" boolean, size bigint,
           revision text, hash text, identity text, origin text, "modifiedAt" timestamptz)
         where exists (select from guard) returning 1`,
        { entries: JSON.stringify(entries) },
      ),

    async aside(after: number, limit: number): Promise<AsideEntry[]> {
      const { rows } = await db.raw<{ rows: AsideRow[] }>(
        `select place, path, is_folder, bytes, revision, hash, identity, origin, modified_at from tree_listed
         where pair_id = :pairId and side = :side and place > :after order by place limit :limit`,
        { ...mine, after, limit },
      );
      return rows.map(asideFrom);
    },

    async identitiesAside(identities: readonly string[]): Promise<ReadonlySet<string>> {
      const { rows } = await db.raw<{ rows: { identity: string }[] }>(
        `select distinct identity from tree_listed
         where pair_id = :pairId and side = :side and identity = any(:identities)`,
        { ...mine, identities: [...identities] },
      );
      return new Set(rows.map(({ identity }) => identity));
    },

    async contentsAside({ bytes, revision }: { readonly bytes: number; readonly revision: string }) {
      const { rows } = await db.raw<{ rows: { count: string }[] }>(
        `select count(*) from tree_listed where pair_id = :pairId and side = :side and identity is null
           and not is_folder and bytes = :bytes and revision = :revision`,
        { ...mine, bytes, revision },
      );
      return Number(rows[0]?.count ?? 0);
    },

    clearAside: () =>
      write(
        `delete from tree_listed where pair_id = :pairId and side = :side and exists (select from guard) returning 1`,
        {},
      ),

    /** No two of them may have the same origin. */
    begin: async (creations: readonly TreeCreation[]) => {
      const [row] = await beginCreations(db, {
        ...guardBindings(hold),
        ...mine,
        creations: JSON.stringify(creations),
      });
      return row?.held === true;
    },

    creationsAt: (places: readonly Pick<TreeCreation, 'parent' | 'name'>[]) =>
      creationsBy(
        `(c.name, coalesce(cast(c.parent as text), '')) in (select name, coalesce(parent, '')
           from jsonb_to_recordset(cast(:places as jsonb)) as p (parent text, name text))`,
        { places: JSON.stringify(places) },
      ),

    async creationOf(origin: string): Promise<TreeCreation | null> {
      return (await creationsBy('c.origin = :origin', { origin }))[0] ?? null;
    },

    endCreations: async (origins: readonly string[]) => {
      const [row] = await endCreations(db, { ...guardBindings(hold), ...mine, origins: [...origins] });
      return row?.held === true;
    },
  };
}

interface Guarded {
  readonly jobId: string;
  readonly fence: number;
  readonly pairId: number;
  readonly side: EndSide;
}

const beginCreations = prepared<{ held: boolean }, Guarded & { readonly creations: string }>(
  'tree_creation_begin',
  `${withGuard}, written as (
     insert into tree_creation (pair_id, side, origin, parent, name, is_folder, bytes, hash)
     select :pairId, :side, origin, parent, name, "isFolder", bytes, hash
     from jsonb_to_recordset(cast(:creations as jsonb)) as c (origin text, parent uuid, name text, "isFolder" boolean,
       bytes bigint, hash text)
     where exists (select from guard)
     on conflict (pair_id, side, origin) do update set parent = excluded.parent, name = excluded.name,
       is_folder = excluded.is_folder, bytes = excluded.bytes, hash = excluded.hash, begun_at = now()
     returning 1)
   select exists (select from guard) as held, (select count(*) from written)`,
);

/** A note that is there again after a crash of PostgreSQL is as if the worker had died before this statement. */
const endCreations = prepared<{ held: boolean }, Guarded & { readonly origins: readonly string[] }>(
  'tree_creation_end',
  `${withGuard}, written as (
     delete from tree_creation where pair_id = :pairId and side = :side and origin = any(cast(:origins as text[]))
       and exists (select from guard) and ${commitsLazily} returning 1)
   select exists (select from guard) as held, (select count(*) from written)`,
);

const asideFrom = (row: AsideRow): AsideEntry => ({
  place: Number(row.place),
  path: row.path,
  isFolder: row.is_folder,
  size: Number(row.bytes),
  revision: row.revision,
  hash: row.hash,
  identity: row.identity,
  origin: row.origin,
  modifiedAt: row.modified_at,
});

const creationFrom = (row: CreationRow): TreeCreation => ({
  origin: row.origin,
  parent: row.parent,
  name: row.name,
  isFolder: row.is_folder,
  bytes: Number(row.bytes),
  hash: row.hash,
});
