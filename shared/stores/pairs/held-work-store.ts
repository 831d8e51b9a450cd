import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';

/** Why something waits for an approval. `file-limit`: the file is larger than one may be. */
export type HeldKind = 'deletions' | 'file-limit' | 'changes';

/** How many of each kind. */
export type HeldCounts = Readonly<Partial<Record<HeldKind, number>>>;

/** A folder, and what waits in it and below it. */
export interface HeldFolder {
  readonly name: string;
  readonly counts: HeldCounts;
}

/** A document that waits. */
export interface HeldLine {
  /** From the root of the pair. Null: its folder is not known. */
  readonly path: string | null;
  readonly kind: HeldKind;
  readonly side: 'here' | 'there';
  readonly key: string;
  readonly link: string | null;
}

/** A part of the entries that wait for an approval. Null members do not limit it. */
export interface HeldPart {
  /** The path of a folder from the root of the pair: itself, and all that lies below it. */
  readonly folder: string | null;
  readonly kind: HeldKind | null;
}

export type HeldWorkStore = ReturnType<typeof createHeldWorkStore>;

/** The entries of a pair of documents that wait for an approval, by folder and by kind. */
export function createHeldWorkStore(db: Db) {
  return {
    async counts(approvalId: string): Promise<HeldCounts> {
      const result = await db.raw<{ rows: { counts: HeldCounts }[] }>(
        `with ${heldEntities}
         select coalesce(jsonb_object_agg(kind, n), '{}') as counts from (select kind, count(*)::int as n from held group by kind) k`,
        { approvalId },
      );
      return result.rows[0]?.counts ?? {};
    },

    /** The folders right in a folder in which something waits, by name. `folder`: its path; empty: the root. */
    async folders(
      approvalId: string,
      folder: string,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<HeldFolder>> {
      const result = await db.raw<{ rows: HeldFolder[] }>(
        `with recursive ${heldPaths}, below as (
           select split_part(substr(path, length(:within) + 1), '/', 1) as name, kind, count(*)::int as n from lines
           where starts_with(path, :within) and strpos(substr(path, length(:within) + 1), '/') > 0 group by 1, 2
         )
         select name, jsonb_object_agg(kind, n) as counts from below
         where cast(:after as text) is null or name collate "C" > :after group by name order by name collate "C" limit :rows`,
        { approvalId, within: inside(folder), after, rows: limit + 1 },
      );
      return pageOf(result.rows, limit, (last) => last.name);
    },

    /** The waiting entries directly in a folder, by path. Entries without a known folder are shown in the root. */
    async lines(
      approvalId: string,
      folder: string,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<HeldLine>> {
      const result = await db.raw<{ rows: (HeldLine & { place: string })[] }>(
        `with recursive ${heldPaths}, shown as (
           select path, kind, side, key, link_id as link, (coalesce(path, '') || ' ' || job) collate "C" as place from lines
           where path is null and :within = '' or starts_with(path, :within) and strpos(substr(path, length(:within) + 1), '/') = 0
         )
         select * from shown where cast(:after as text) is null or place > :after order by place limit :rows`,
        { approvalId, within: inside(folder), after, rows: limit + 1 },
      );
      const page = pageOf(result.rows, limit, (last) => last.place);
      return { ...page, items: page.items.map(({ place: _place, ...line }) => line) };
    },

    /**
     * Makes an approval of its own of a part of what waits, decided at once, and counts the rest again. Returns its id,
     * or `whole` where nothing else waits, and then nothing was changed. Null: nothing of that part waits.
     */
    async decidePart(
      approvalId: string,
      part: HeldPart,
      { decision, by }: { readonly decision: 'approve' | 'reject'; readonly by: string },
    ): Promise<{ readonly id: string } | 'whole' | null> {
      const chosen = await chosenOf(approvalId, part);
      if (chosen.length === 0) return null;
      if (!(await areOthers(approvalId, chosen))) return 'whole';
      const state = decision === 'approve' ? 'approved' : 'rejected';
      const made = await db.raw<{ rows: { id: string }[] }>(
        `insert into pair_approval (pair_id, kind, digest, entities, reason, state, decided_at, decided_by, part_of)
         select pair_id, kind, '', :entities, reason, :state, now(), :by, id from pair_approval where id = :approvalId returning id`,
        { approvalId, entities: chosen.length, state, by },
      );
      const id = made.rows[0]?.id;
      if (id === undefined) return null;
      await db.raw(
        `update link_job j set approval_id = :id where approval_id = :approvalId and state = 'held' and ${entityOf('j')} = any (cast(:chosen as text[]))`,
        { id, approvalId, chosen },
      );
      await db.raw(
        `update pair_approval a set digest = h.digest, entities = h.entities
         from (select approval_id, count(distinct ${entityOf('j')})::int as entities,
             encode(sha256(convert_to(coalesce(string_agg(j.signature, ',' order by j.signature), ''), 'UTF8')), 'hex') as digest
           from link_job j where approval_id = any (cast(:both as bigint[])) and state in ('held', 'running') group by approval_id) h
         where h.approval_id = a.id`,
        { both: [id, approvalId] },
      );
      return { id };
    },
  };

  async function chosenOf(approvalId: string, { folder, kind }: HeldPart): Promise<string[]> {
    const paths =
      folder === null ? `${heldEntities}, lines as (select held.*, '' as path from held)` : heldPaths;
    const result = await db.raw<{ rows: { entity: string }[] }>(
      `with recursive ${paths}
       select entity from lines
       where (cast(:kind as text) is null or kind = :kind)
         and (cast(:folder as text) is null or path = :folder or starts_with(path, cast(:folder as text) || '/'))`,
      { approvalId, kind, folder },
    );
    return result.rows.map(({ entity }) => entity);
  }

  /** Entries that are being processed now may be held again. */
  async function areOthers(approvalId: string, chosen: readonly string[]): Promise<boolean> {
    const result = await db.raw<{ rows: { are: boolean }[] }>(
      `select exists (select from link_job j where approval_id = :approvalId and state in ('held', 'running')
         and not ${entityOf('j')} = any (cast(:chosen as text[]))) as are`,
      { approvalId, chosen: [...chosen] },
    );
    return result.rows[0]?.are === true;
  }
}

const inside = (folder: string): string => (folder === '' ? '' : `${folder}/`);

/** Both sides may have a job about the same link: that is one entity. */
const entityOf = (job: string) => `coalesce('link ' || ${job}.link_id, ${job}.side || ' ' || ${job}.key)`;

/** SQL: a row for each entity that is held, and why. */
const heldEntities = `held as (
  select distinct on (${entityOf('j')}) ${entityOf('j')} as entity, j.id as job, j.pair_id, j.side, j.key, j.link_id, j.hint -> 'place' as hinted,
    case when a.kind = 'deletions' then 'deletions' when j.error_class = 'file-limit' then 'file-limit' else 'changes' end as kind
  from link_job j join pair_approval a on a.id = j.approval_id
  where j.approval_id = :approvalId and j.state = 'held' order by ${entityOf('j')}, j.id
)`;

/** SQL: where an item lies by its link; the copies of links name a folder by its link. */
const placeOfLink = (link: string) => `select e.seen -> 'place' ->> 'name' as name,
  cast(e.seen -> 'place' ->> 'parent' as bigint) as link, cast(null as text) as side, cast(null as text) as key
  from link_end e where e.link_id = ${link} and jsonb_typeof(e.seen -> 'place') = 'object' order by e.is_gone, e.side limit 1`;

/**
 * SQL: a row for each entity that is held, with its path. An item that has no link yet names its folder by its key, and
 * that folder may be held as well. Each folder above is looked up once.
 */
const heldPaths = `${heldEntities}, placed as (
  select held.*, p.name, p.link as in_link, p.side as in_side, p.key as in_key
  from held left join lateral (
    select * from (
      select 1 as preference, held.hinted ->> 'name' as name, cast(null as bigint) as link, held.side as side, held.hinted ->> 'parent' as key
      where held.link_id is null and jsonb_typeof(held.hinted) = 'object'
      union all select 2, l.* from (${placeOfLink('held.link_id')}) l
    ) either order by preference limit 1
  ) p on true
), up as (
  select distinct pair_id, in_link, in_side, in_key, in_link as link, in_side as side, in_key as key, cast(null as text) as path, 0 as depth
  from placed where in_link is not null or in_key is not null
  union all
  select up.pair_id, up.in_link, up.in_side, up.in_key, above.link, above.side, above.key, above.name || coalesce('/' || up.path, ''), up.depth + 1
  from up cross join lateral (
    select * from (
      select 1 as preference, l.* from (${placeOfLink('up.link')}) l
      union all select 2, l.* from link_end k cross join lateral (${placeOfLink('k.link_id')}) l
        where up.link is null and k.pair_id = up.pair_id and k.side = up.side and k.key = up.key and not k.is_gone
      union all select 3, o.hint -> 'place' ->> 'name', null, o.side, o.hint -> 'place' ->> 'parent' from link_job o
        where up.link is null and o.pair_id = up.pair_id and o.side = up.side and o.key = up.key
          and o.state in ('new', 'waiting', 'held', 'failed') and jsonb_typeof(o.hint -> 'place') = 'object'
    ) either order by preference limit 1
  ) above
  where (up.link is not null or up.key is not null) and up.depth < 200
), folder_paths as (
  select in_link, in_side, in_key, path from up where link is null and key is null
), lines as (
  select p.entity, p.job, p.side, p.key, p.link_id, p.kind,
    case when p.in_link is null and p.in_key is null then p.name else f.path || '/' || p.name end as path
  from placed p left join folder_paths f on f.in_link is not distinct from p.in_link
    and f.in_side is not distinct from p.in_side and f.in_key is not distinct from p.in_key
)`;
