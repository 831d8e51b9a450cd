import type { Db } from '../../db/database';
import { prepared, type PreparedStatement } from '../../db/prepared';
import type { EndSide } from '../../domain/link-ends';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';

/** An item of a tree without keys of its own, as a pair knows it. */
export interface TreeItem {
  readonly key: string;
  /** Null: the root. */
  readonly parent: string | null;
  /** Null: another item has its place. */
  readonly name: string | null;
  readonly isFolder: boolean;
  readonly bytes: number;
  readonly revision: string;
  readonly hash: string | null;
  readonly identity: string | null;
  readonly origin: string | null;
}

export interface NumberedTreeItem extends TreeItem {
  readonly number: number;
}

export interface TreePlace {
  readonly parent: string | null;
  readonly name: string;
}

interface ItemRow {
  key: string;
  number: string;
  parent: string | null;
  name: string | null;
  is_folder: boolean;
  bytes: string;
  revision: string;
  hash: string | null;
  identity: string | null;
  origin: string | null;
  path?: string;
}

export type TreeItemStore = ReturnType<typeof createTreeItemStore>;

/** The items of one side of a pair, as its slice sees them. Each write returns whether the slice still has the pair. */
export function createTreeItemStore(db: Db, pairId: number, side: EndSide, hold: SliceHold) {
  const mine = { pairId, side };
  const guarded = { ...guardBindings(hold), ...mine };

  async function itemsBy(condition: string, bindings: Readonly<Record<string, unknown>>) {
    const { rows } = await db.raw<{ rows: ItemRow[] }>(
      `select ${columns} from tree_item i where i.pair_id = :pairId and i.side = :side and ${condition}`,
      { ...mine, ...bindings },
    );
    return rows.map(itemFrom);
  }

  async function located<Bindings>(
    statement: PreparedStatement<Bindings & Mine, ItemRow>,
    bindings: Bindings,
  ) {
    const rows = await statement(db, { ...mine, ...bindings });
    return rows.map((row) => ({ ...itemFrom(row), path: row.path ?? '' }));
  }

  /** True: it was written under the slice's hold. */
  async function write(statement: string, bindings: Readonly<Record<string, unknown>>): Promise<boolean> {
    const { rows } = await db.raw<{ rows: { held: boolean }[] }>(
      `${withGuard}, written as (${statement}) select exists (select from guard) as held, (select count(*) from written)`,
      { ...guarded, ...bindings },
    );
    return rows[0]?.held === true;
  }

  return {
    byKeys: (keys: readonly string[]) =>
      located(locateByKeys, { keys: [...new Set(keys)].filter((key) => uuid.test(key)) }),

    byOrigin: (origin: string) => located(locateByOrigin, { origin }),

    async atPlaces(places: readonly TreePlace[]) {
      const rows = await findAtPlaces(db, { ...mine, places: JSON.stringify(places) });
      return rows.map(itemFrom);
    },

    byIdentities: (identities: readonly string[]) =>
      itemsBy('i.identity = any(:identities)', { identities: [...identities] }),

    byContents: (contents: readonly { readonly bytes: number; readonly revision: string }[]) =>
      itemsBy(
        `i.identity is null and not i.is_folder and i.bytes > 0 and (i.bytes, i.revision) in
           (select bytes, revision from jsonb_to_recordset(cast(:contents as jsonb)) as c (bytes bigint, revision text))`,
        { contents: JSON.stringify(contents) },
      ),

    /** Takes the place away from all other items there. */
    vacate: (items: readonly TreeItem[]) =>
      write(
        `update tree_item i set parent = null, name = null
         from jsonb_to_recordset(cast(:items as jsonb)) as p (key uuid, parent uuid, name text)
         where i.pair_id = :pairId and i.side = :side and i.name = p.name
           and coalesce(i.parent, '${root}') = coalesce(p.parent, '${root}') and i.key <> p.key
           and exists (select from guard) returning 1`,
        { items: JSON.stringify(items) },
      ),

    /** Their numbers, by key. `lost`: another worker has the pair; `taken`: another item is at one of the places. */
    async put(items: readonly TreeItem[]): Promise<ReadonlyMap<string, number> | 'lost' | 'taken'> {
      try {
        const rows = await putItems(db, { ...guarded, items: JSON.stringify(items) });
        if (rows.length < items.length) return 'lost';
        return new Map(rows.map(({ key, number }) => [key, Number(number)]));
      } catch (error) {
        if (isTaken(error)) return 'taken';
        throw error;
      }
    },

    remove: (keys: readonly string[]) =>
      write(
        `delete from tree_item where pair_id = :pairId and side = :side and key = any(cast(:keys as uuid[]))
           and exists (select from guard) returning 1`,
        { keys: [...keys] },
      ),

    async count(): Promise<number> {
      const { rows } = await db.raw<{ rows: { count: string }[] }>(
        'select count(*) from tree_item where pair_id = :pairId and side = :side',
        mine,
      );
      return Number(rows[0]?.count ?? 0);
    },

    async page(after: number, limit: number): Promise<{ key: string; number: number }[]> {
      const { rows } = await db.raw<{ rows: { key: string; number: string }[] }>(
        `select key, number from tree_item where pair_id = :pairId and side = :side and number > :after
         order by number limit :limit`,
        { ...mine, after, limit },
      );
      return rows.map(({ key, number }) => ({ key, number: Number(number) }));
    },

    /** The items in the root, up to the limit. */
    atRoot: (limit: number) => located(locateAtRoot, { limit }),

    async rootIdentity(): Promise<string | null> {
      const { rows } = await db.raw<{ rows: { identity: string }[] }>(
        'select identity from tree_root where pair_id = :pairId and side = :side',
        mine,
      );
      return rows[0]?.identity ?? null;
    },

    keepRootIdentity: (identity: string) =>
      write(
        `insert into tree_root (pair_id, side, identity) select :pairId, :side, :identity where exists (select from guard)
         on conflict (pair_id, side) do update set identity = excluded.identity returning 1`,
        { identity },
      ),

    forget: (keys: readonly string[]) =>
      write(
        `delete from tree_item i where i.pair_id = :pairId and i.side = :side and i.key = any(cast(:keys as uuid[]))
           and i.lost_at is not null and exists (select from guard)
           and not exists (select from link_end e where e.pair_id = :pairId and e.side = :side
             and e.key = cast(i.key as text) and not e.is_gone)
         returning 1`,
        { keys: [...keys] },
      ),

    markLost: (keys: readonly string[]) =>
      write(
        `update tree_item set lost_at = now() where pair_id = :pairId and side = :side
           and key = any(cast(:keys as uuid[])) and lost_at is null and exists (select from guard) returning 1`,
        { keys: [...keys] },
      ),
  };
}

const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'constraint' in error && error.constraint === 'tree_item_place';

/** No path has more folders above it. */
const deepest = 2_000;

const root = '00000000-0000-0000-0000-000000000000';

const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;

const columns =
  'i.key, i.number, i.parent, i.name, i.is_folder, i.bytes, i.revision, i.hash, i.identity, i.origin';

interface Mine {
  readonly pairId: number;
  readonly side: EndSide;
}

/** The items that `start` selects (key, parent, name), with their paths: each folder above is looked up by its key. */
const locating = (start: string) =>
  `with recursive above (start, parent, path, depth) as (
     select s.key, s.parent, s.name, 1 from (${start}) s
     union all
     select a.start, f.parent, f.name || '/' || a.path, a.depth + 1 from above a
     cross join lateral (
       select parent, name from tree_item
       where pair_id = :pairId and side = :side and key = a.parent and name is not null offset 0) f
     where a.depth < ${deepest})
   select ${columns}, a.path from above a
   cross join lateral (
     select * from tree_item where pair_id = :pairId and side = :side and key = a.start offset 0) i
   where a.parent is null`;

const locateByKeys = prepared<ItemRow, Mine & { readonly keys: readonly string[] }>(
  'tree_item_by_keys',
  locating(`select i.key, i.parent, i.name from unnest(cast(:keys as uuid[])) k (key)
    cross join lateral (
      select key, parent, name from tree_item
      where pair_id = :pairId and side = :side and key = k.key and name is not null offset 0) i`),
);

const locateByOrigin = prepared<ItemRow, Mine & { readonly origin: string }>(
  'tree_item_by_origin',
  locating(`select key, parent, name from tree_item
    where pair_id = :pairId and side = :side and origin = :origin and name is not null`),
);

const locateAtRoot = prepared<ItemRow, Mine & { readonly limit: number }>(
  'tree_item_at_root',
  locating(`select key, parent, name from tree_item
    where pair_id = :pairId and side = :side and parent is null and lost_at is null and name is not null limit :limit`),
);

const findAtPlaces = prepared<ItemRow, Mine & { readonly places: string }>(
  'tree_item_at_places',
  `select ${columns}
   from (select distinct coalesce(parent, '${root}') as parent, name
     from jsonb_to_recordset(cast(:places as jsonb)) as p (parent uuid, name text)) p
   cross join lateral (
     select * from tree_item where pair_id = :pairId and side = :side
       and coalesce(parent, '${root}') = p.parent and name = p.name offset 0) i`,
);

interface Guarded extends Mine {
  readonly jobId: string;
  readonly fence: number;
}

const putItems = prepared<{ key: string; number: string }, Guarded & { readonly items: string }>(
  'tree_item_put',
  `${withGuard}
   insert into tree_item (pair_id, side, key, parent, name, is_folder, bytes, revision, hash, identity, origin)
   select :pairId, :side, key, parent, name, "isFolder", bytes, revision, hash, identity, origin
   from jsonb_to_recordset(cast(:items as jsonb)) as i (key uuid, parent uuid, name text, "isFolder" boolean,
     bytes bigint, revision text, hash text, identity text, origin text)
   where exists (select from guard)
   on conflict (pair_id, side, key) do update set parent = excluded.parent, name = excluded.name,
     bytes = excluded.bytes, revision = excluded.revision, hash = excluded.hash, identity = excluded.identity,
     origin = excluded.origin, lost_at = null
   returning key, number`,
);

const itemFrom = (row: ItemRow): NumberedTreeItem => ({
  key: row.key,
  number: Number(row.number),
  parent: row.parent,
  name: row.name,
  isFolder: row.is_folder,
  bytes: Number(row.bytes),
  revision: row.revision,
  hash: row.hash,
  identity: row.identity,
  origin: row.origin,
});
