import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { linkJobStates, linkStates } from '../../systems/pair-states';
import type { Json } from '../../systems/references';

export type LinkViewState = (typeof linkStates)[number];

export type LinkJobViewState = (typeof linkJobStates)[number];

/** One side of a link. */
export interface LinkEndView {
  readonly key: string;
  readonly revision: string | null;
  /** The last known state of that side, in the words of the pair. */
  readonly seen: Json;
}

/** A link, as people see it. */
export interface LinkView {
  readonly id: string;
  readonly pairId: number;
  readonly state: LinkViewState;
  readonly syncKey: string;
  readonly here: LinkEndView | null;
  readonly there: LinkEndView | null;
  /** A copy that tells a person what it is: of a side that has it, or what is to be created. Null: none is known. */
  readonly shown: Json;
  /** True: it is not known yet whether a call was made. */
  readonly isUnsettled: boolean;
  readonly madeAt: Date;
  readonly changedAt: Date;
  readonly endedAt: Date | null;
}

/** Something that was done about a link, with its calls. */
export interface LinkEventView {
  readonly id: string;
  readonly at: Date;
  readonly kind: string;
  readonly verdict: string | null;
  /** The sentence for programs. */
  readonly reason: string | null;
  readonly reasonCode: string | null;
  readonly reasonValues: unknown;
  readonly operations: Json;
  readonly fields: readonly string[];
  readonly before: Json;
  readonly after: Json;
  /** Secrets are left out. */
  readonly calls: Json;
  readonly by: string | null;
}

/** A content that a document has had. */
export interface DocumentVersion {
  readonly id: string;
  readonly at: Date;
  readonly run: string | null;
  readonly operations: Json;
  /** {here, there} of {bytes, hash}. */
  readonly contents: Json;
}

/** Something that a run did to a record. */
export interface RunEventView extends Pick<
  LinkEventView,
  | 'id'
  | 'at'
  | 'kind'
  | 'verdict'
  | 'reason'
  | 'reasonCode'
  | 'reasonValues'
  | 'operations'
  | 'before'
  | 'after'
> {
  readonly link: string | null;
  readonly side: 'here' | 'there' | null;
  readonly key: string | null;
  /** The last known state of one side of its link. Null: it has no link. */
  readonly seen: Json;
}

export interface LinkJobView {
  readonly id: string;
  readonly pairId: number;
  readonly side: 'here' | 'there';
  readonly key: string;
  readonly link: string | null;
  /** What tells a person which record it is: a state of its link, or the record as it was listed. Null: neither is known. */
  readonly seen: Json;
  readonly stage: 'change' | 'deletion';
  readonly source: string;
  readonly state: LinkJobViewState;
  readonly attempts: number;
  readonly runAfter: Date;
  readonly waitsSide: 'here' | 'there' | null;
  readonly waitsKey: string | null;
  /** The pair that has or will have the link that it waits for. The side is a side of that pair. Null: it waits for none. */
  readonly waitsPair: string | null;
  /** The name of the system on that side. */
  readonly waitsSystem: string | null;
  readonly verdict: string | null;
  /** The sentence for programs. */
  readonly error: string | null;
  readonly reasonCode: string | null;
  readonly reasonValues: unknown;
  readonly errorClass: string | null;
  readonly approval: string | null;
  readonly run: string | null;
  readonly calls: number;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
}

export interface LinkFilter {
  readonly state: LinkViewState | null;
  /** Text to find in keys and in seen values. Case is ignored. */
  readonly search: string | null;
}

export type LinkDeskStore = ReturnType<typeof createLinkDeskStore>;

/** Links and the work on them, as people see and use them. */
export function createLinkDeskStore(db: Db) {
  return {
    /** The newest first. Links in the state `gone` are only listed on request. */
    async list(
      pairId: number,
      { state, search }: LinkFilter,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<LinkView>> {
      const result = await db.raw<{ rows: LinkView[] }>(
        `select ${linkColumns} from link l
         where l.pair_id = :pairId and (cast(:after as bigint) is null or l.id < :after)
           and (cast(:state as text) is null and l.state <> 'gone' or l.state = :state)
           and (cast(:pattern as text) is null or exists (
             select from link_end e where e.link_id = l.id and (e.key ilike :pattern or e.seen::text ilike :pattern)))
         order by l.id desc limit :rows`,
        { pairId, state, pattern: search === null ? null : patternOf(search), after, rows: limit + 1 },
      );
      return pageOf(result.rows, limit, (last) => last.id);
    },

    async find(id: string): Promise<LinkView | null> {
      const result = await db.raw<{ rows: LinkView[] }>(`select ${linkColumns} from link l where l.id = ?`, [
        id,
      ]);
      return result.rows[0] ?? null;
    },

    /** The newest first. */
    async events(linkId: string, limit: number): Promise<LinkEventView[]> {
      const result = await db.raw<{ rows: LinkEventView[] }>(
        `select ${eventColumns} from link_event where link_id = :linkId order by id desc limit :limit`,
        { linkId, limit },
      );
      return result.rows;
    },

    /** The events that changed the content of a document, the newest first. */
    async versions(linkId: string, limit: number): Promise<DocumentVersion[]> {
      const result = await db.raw<{ rows: DocumentVersion[] }>(
        `select id, at, run_id as run, operations, contents from link_event
         where link_id = :linkId and contents is not null
           and (before -> 'here' -> 'content' is distinct from after -> 'here' -> 'content'
             or before -> 'there' -> 'content' is distinct from after -> 'there' -> 'content')
         order by id desc limit :limit`,
        { linkId, limit },
      );
      return result.rows;
    },

    /** The newest known size and hash of each side. Null: it is a record, or nothing is known. */
    async contents(linkId: string): Promise<Json> {
      const result = await db.raw<{ rows: { contents: Json }[] }>(
        `select contents from link_event where link_id = :linkId and contents is not null order by id desc limit 1`,
        { linkId },
      );
      return result.rows[0]?.contents ?? null;
    },

    /** The events of a record while it had no link, the newest first. */
    async eventsOfItem(
      pairId: number,
      { side, key }: { readonly side: 'here' | 'there'; readonly key: string },
      limit: number,
    ): Promise<LinkEventView[]> {
      const result = await db.raw<{ rows: LinkEventView[] }>(
        `select ${eventColumns} from link_event
         where pair_id = :pairId and side = :side and key = :key and link_id is null order by id desc limit :limit`,
        { pairId, side, key, limit },
      );
      return result.rows;
    },

    /**
     * The paths of folders from the root of the pair, by the links that they are. A folder that is not known any more
     * is left out. A folder that only the other side has so far is known by its place there.
     */
    async folderPaths(linkIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
      if (linkIds.length === 0) return new Map();
      const result = await db.raw<{ rows: { id: string; path: string }[] }>(
        `with recursive up as (
           select f.id, e.place, 1 as depth from unnest(cast(:linkIds as bigint[])) f (id) cross join lateral ${placeOf('f.id')} e
           union all
           select up.id, e.place, up.depth + 1 from up cross join lateral ${placeOf("cast(up.place ->> 'parent' as bigint)")} e
           where up.depth < 200
         )
         select id, string_agg(place ->> 'name', '/' order by depth desc) as path from up group by id`,
        { linkIds: [...new Set(linkIds)] },
      );
      return new Map(result.rows.map(({ id, path }) => [id, path]));
    },

    /** The events of a run, the earliest first, without calls. */
    async eventsOfRun(
      pairId: number,
      runId: string,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<RunEventView>> {
      const result = await db.raw<{ rows: RunEventView[] }>(
        `select id, at, kind, verdict, reason, ${reasonColumns}, operations, before, after, link_id as link, side, key, ${seenOf('link_event.link_id')} as seen
         from link_event
         where run_id = :runId and pair_id = :pairId and kind not in ('intent', 'kept') and (cast(:after as bigint) is null or id > :after)
         order by id limit :rows`,
        { pairId, runId, after, rows: limit + 1 },
      );
      return pageOf(result.rows, limit, (last) => last.id);
    },

    /** Makes the next slice look at both ends, whatever their revisions. */
    async needLook(linkId: string): Promise<void> {
      await db('link_end').where({ link_id: linkId, is_gone: false }).update({ needs_look: true });
    },

    async needLookAt(pairId: number, side: 'here' | 'there', key: string): Promise<void> {
      await db('link_end').where({ pair_id: pairId, side, key, is_gone: false }).update({ needs_look: true });
    },

    /**
     * Unlinks the two, so that they are not matched again. False: a call about the link is not settled, or the link is
     * gone.
     */
    async part(linkId: string, by: string): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `with parted as (
           update link set state = 'gone', ended_at = now(), parted_at = now(), changed_at = now(), version = version + 1
           where id = :linkId and state <> 'gone' and intent is null returning id, pair_id
         ), ends as (
           update link_end set is_gone = true from parted where link_end.link_id = parted.id
         ), closed as (
           update link_conflict set state = 'superseded', applied_at = now() from parted
           where link_conflict.link_id = parted.id and link_conflict.state = 'open'
         ), told as (
           insert into link_event (pair_id, link_id, kind, by) select pair_id, id, 'unlinked', :by from parted
         )
         select id from parted`,
        { linkId, by },
      );
      return result.rowCount === 1;
    },

    /** Links two items by hand. Null: one of them has another link. */
    async join(
      pairId: number,
      keys: { readonly here: string; readonly there: string },
      by: string,
    ): Promise<string | null> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `with free as (
           select where not exists (
             select from link_end e where e.pair_id = :pairId and not e.is_gone
               and (e.side = 'here' and e.key = :here or e.side = 'there' and e.key = :there))
         ), made as (
           insert into link (pair_id) select :pairId from free returning id
         ), ends as (
           insert into link_end (link_id, side, pair_id, key, seen, needs_look)
           select made.id, s.side, :pairId, s.key, '{"isActive": false, "fields": {}, "place": null}', true
           from made, (values ('here', cast(:here as text)), ('there', cast(:there as text))) as s (side, key)
         ), told as (
           insert into link_event (pair_id, link_id, kind, by) select :pairId, id, 'joined', :by from made
         )
         select id from made`,
        { pairId, ...keys, by },
      );
      return result.rows[0]?.id ?? null;
    },

    /** The newest first. */
    async listJobs(
      pairId: number,
      { state, link }: { readonly state: LinkJobViewState | null; readonly link: string | null },
      { limit, after }: PageRequest<string>,
    ): Promise<Page<LinkJobView>> {
      const result = await db.raw<{ rows: LinkJobView[] }>(
        `select ${jobColumns} from link_job j
         where pair_id = :pairId and (cast(:state as text) is null or state = :state)
           and (cast(:link as bigint) is null or link_id = :link) and (cast(:after as bigint) is null or id < :after)
         order by id desc limit :rows`,
        { pairId, state, link, after, rows: limit + 1 },
      );
      return pageOf(result.rows, limit, (last) => last.id);
    },

    /** The newest work about a link, also where nobody has looked yet which link it is about. Null: there is none. */
    async newestJob(linkId: string): Promise<LinkJobView | null> {
      const result = await db.raw<{ rows: LinkJobView[] }>(
        `select ${jobColumns} from link_job j where j.id = greatest(
           (select max(k.id) from link_job k where k.link_id = :linkId),
           (select max(k.id) from link_end e join link_job k on k.pair_id = e.pair_id and k.side = e.side and k.key = e.key
            where e.link_id = :linkId and not e.is_gone and k.state in ('new', 'waiting', 'held', 'failed')))`,
        { linkId },
      );
      return result.rows[0] ?? null;
    },

    async findJob(id: string): Promise<LinkJobView | null> {
      const result = await db.raw<{ rows: LinkJobView[] }>(
        `select ${jobColumns} from link_job j where id = ?`,
        [id],
      );
      return result.rows[0] ?? null;
    },
  };
}

/** The SQL pattern for texts that contain this one. */
const patternOf = (search: string): string => `%${search.replaceAll(/[\\%_]/g, '\\$&')}%`;

/** What is still to be created is on no side yet: it is in the intent, or in what was last told about it. */
const seenOf = (link: string) => `coalesce(
  (select e.seen from link_end e where e.link_id = ${link} and e.seen -> 'isActive' = 'true' order by e.side limit 1),
  (select k.intent -> 'sent' from link k where k.id = ${link} and k.intent is not null),
  (select case when v.after -> 'here' ->> 'isActive' = 'true' then v.after -> 'here' else v.after -> 'there' end
   from link_event v where v.link_id = ${link} order by v.id desc limit 1))`;

const endJson = (
  side: string,
) => `(select jsonb_build_object('key', e.key, 'revision', e.revision, 'seen', e.seen)
  from link_end e where e.link_id = l.id and e.side = '${side}')`;

const linkColumns = `l.id, l.pair_id as "pairId", l.state, l.sync_key as "syncKey", l.intent is not null as "isUnsettled",
  l.made_at as "madeAt", l.changed_at as "changedAt", l.ended_at as "endedAt",
  ${endJson('here')} as here, ${endJson('there')} as there, ${seenOf('l.id')} as shown`;

/** The place of a folder, on the side that has it. */
const placeOf = (link: string) => `(select seen -> 'place' as place from link_end
  where link_id = ${link} and jsonb_typeof(seen -> 'place') = 'object' order by side limit 1)`;

const reasonColumns = `reason_code as "reasonCode", reason_values as "reasonValues"`;

const eventColumns = `id, at, kind, verdict, reason, ${reasonColumns}, operations, coalesce(fields, '{}') as fields, before, after, calls, by`;

const jobColumns = `id, pair_id as "pairId", side, key, link_id as link, coalesce(${seenOf('j.link_id')}, j.hint) as seen, stage, source, state, attempts, run_after as "runAfter",
  waits_side as "waitsSide", waits_key as "waitsKey",
  case when waits_side is not null then (select p.name from pair p where p.id = coalesce(waits_pair, pair_id)) end as "waitsPair",
  (select s.name from pair p join remote_system s on s.id = case waits_side when 'here' then p.here_id when 'there' then p.there_id end
    where p.id = coalesce(waits_pair, pair_id)) as "waitsSystem", verdict, error, ${reasonColumns}, error_class as "errorClass", approval_id as approval,
  run_id as run, coalesce(calls, 0)::int as calls, created_at as "createdAt", started_at as "startedAt", ended_at as "endedAt"`;
