import { randomUUID } from 'node:crypto';
import type { Db } from '../../db/database';
import { prepared } from '../../db/prepared';
import type { EndSide } from '../../domain/link-ends';
import type { Reason } from '../../domain/reason';
import { guardBindings, type SliceHold, withGuard } from '../../db/slice-guard';

/** One side's part of a link, as it is stored. */
export interface StoredEnd<Seen> {
  readonly key: string;
  /** Null: not known, or the side must be looked at again. */
  readonly revision: string | null;
  /** The last known state of that side, in shared words. */
  readonly seen: Seen;
}

export interface StoredLink<Words extends LinkWords> {
  readonly id: string;
  readonly syncKey: string;
  readonly state: LinkStateName;
  readonly intent: Words['intent'] | null;
  readonly version: number;
  readonly ends: Readonly<Record<EndSide, StoredEnd<Words['seen']> | null>>;
}

export type LinkStateName =
  'active' | 'creating' | 'conflict' | 'quarantined' | 'deleted-here' | 'deleted-there' | 'gone';

/** The types of the values that the user of the store keeps in JSON. */
export interface LinkWords {
  readonly seen: unknown;
  readonly intent: unknown;
}

/** The new state of a link. */
export interface LinkChange<Words extends LinkWords> {
  /** Null: a new link. */
  readonly known: Pick<StoredLink<Words>, 'id' | 'version'> | null;
  readonly ends: StoredLink<Words>['ends'];
  readonly state: LinkStateName;
  readonly intent: Words['intent'] | null;
  /** Null: no event is written. */
  readonly event: LinkEventRow | null;
}

/** An event of the timeline. */
export interface LinkEventRow {
  /** The id of an event that is extended. Null: a new event. */
  readonly id: string | null;
  readonly jobId: string | null;
  readonly runId: string | null;
  readonly kind: string;
  readonly verdict: string | null;
  /** The sentence for programs. */
  readonly reason: string | null;
  /** The same for people. */
  readonly why: Reason | null;
  readonly operations: unknown;
  readonly fields: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
  readonly calls: unknown;
  /** Null: a record, or not known. */
  readonly contents: EventContents | null;
}

/** What each side of a document held after an event. Null: it has no content. */
export type EventContents = Readonly<
  Record<EndSide, { readonly bytes: number; readonly hash: string | null } | null>
>;

/** The subject of an event. */
export interface EventSubject {
  readonly linkId: string | null;
  readonly side: EndSide;
  readonly key: string;
}

/** `lost`: another worker has the slice now; `taken`: the link was changed since, or a key belongs to another link. */
export type KeptLink<Words extends LinkWords> =
  | { readonly kind: 'kept'; readonly link: StoredLink<Words>; readonly eventId: string | null }
  | { readonly kind: 'lost' }
  | { readonly kind: 'taken' };

export interface ListedItem {
  readonly key: string;
  readonly revision: string;
  readonly isActive: boolean;
}

/** A whole listing in progress. */
export interface OpenListing {
  readonly id: string;
  /** Where it continues. Null: it begins. */
  readonly value: string | null;
}

interface LinkRow<Words extends LinkWords> {
  id: string;
  sync_key: string;
  state: LinkStateName;
  intent: Words['intent'] | null;
  version: number;
  here: EndRow<Words['seen']> | null;
  there: EndRow<Words['seen']> | null;
  /** The key with which it was requested. */
  asked?: string;
}

interface EndRow<Seen> {
  key: string;
  revision: string | null;
  seen: Seen;
  needs_look: boolean;
}

export type LinkStore<Words extends LinkWords> = ReturnType<typeof createLinkStore<Words>>;

/** The links of one pair, as its slice sees them. */
export function createLinkStore<Words extends LinkWords>(db: Db, pairId: number, hold: SliceHold) {
  const findByKeys = prepared<LinkRow<Words>, { pairId: number; side: EndSide; keys: readonly string[] }>(
    'link_by_keys',
    linksByKeys,
  );
  const findByIds = prepared<LinkRow<Words>, { pairId: number; ids: readonly string[] }>(
    'link_by_ids',
    linksByIds,
  );
  return {
    /** By the requested key. Links in the state `gone` are left out. */
    async byKeys(side: EndSide, keys: readonly string[]): Promise<ReadonlyMap<string, StoredLink<Words>>> {
      if (keys.length === 0) return new Map();
      const rows = await findByKeys(db, { pairId, side, keys: [...keys] });
      return new Map(rows.map((row) => [row.asked ?? '', linkFrom(row)]));
    },

    async byIds(ids: readonly string[]): Promise<ReadonlyMap<string, StoredLink<Words>>> {
      const numbers = ids.filter((id) => /^\d{1,18}$/.test(id));
      if (numbers.length === 0) return new Map();
      const rows = await findByIds(db, { pairId, ids: numbers });
      return new Map(rows.map((row) => [row.id, linkFrom(row)]));
    },

    async bySyncKey(syncKey: string): Promise<StoredLink<Words> | null> {
      if (!uuid.test(syncKey)) return null;
      const result = await db.raw<{ rows: LinkRow<Words>[] }>(
        `select ${linkColumns} from link l ${bothEnds} where l.sync_key = :syncKey and l.pair_id = :pairId and l.state <> 'gone'`,
        { pairId, syncKey },
      );
      const row = result.rows[0];
      return row === undefined ? null : linkFrom(row);
    },

    /** The links of items last seen in this folder, on that side: a page by id. */
    async childrenOf(
      id: string,
      side: EndSide,
      after: string | null,
      limit: number,
    ): Promise<StoredLink<Words>[]> {
      const result = await db.raw<{ rows: LinkRow<Words>[] }>(
        `select ${linkColumns} from link_end e join link l on l.id = e.link_id ${bothEnds}
         where e.pair_id = :pairId and e.side = :side and not e.is_gone and e.seen -> 'place' ->> 'parent' = :id
           and (cast(:after as bigint) is null or l.id > :after)
         order by l.id limit :limit`,
        { pairId, side, id, after, limit },
      );
      return result.rows.map(linkFrom);
    },

    /** The keys whose link is in the state `gone`. */
    async goneAmong(side: EndSide, keys: readonly string[]): Promise<string[]> {
      const result = await db.raw<{ rows: { key: string }[] }>(
        `select distinct e.key from link_end e
         where e.pair_id = :pairId and e.side = :side and e.key = any(:keys) and e.is_gone and not exists (
           select from link_end o where o.pair_id = :pairId and o.side = :side and o.key = e.key and not o.is_gone)`,
        { pairId, side, keys: [...keys] },
      );
      return result.rows.map(({ key }) => key);
    },

    /** The keys of the other side that were parted from each of these by hand, by key. */
    async partedFrom(
      side: EndSide,
      keys: readonly string[],
    ): Promise<ReadonlyMap<string, readonly string[]>> {
      const rows = await findParted(db, { pairId, side, keys: [...keys] });
      const parted = new Map<string, string[]>();
      for (const { asked, key } of rows) parted.set(asked, [...(parted.get(asked) ?? []), key]);
      return parted;
    },

    /**
     * The keys of a page of a listing that must be looked at. One statement per page: 1,000,000 keys take about 5 s.
     * An item that was parted by hand stays parted until it changes. An item that was deleted and is there again as it
     * was, e.g. from a recycle bin, must be looked at.
     */
    async screen(side: EndSide, items: readonly ListedItem[]): Promise<string[]> {
      if (items.length === 0) return [];
      const result = await db.raw<{ rows: { key: string }[] }>(
        `select s.key from unnest(cast(:keys as text[]), cast(:revisions as text[]), cast(:active as bool[])) s (key, revision, is_active)
         left join lateral (
           select revision, needs_look from link_end
           where pair_id = :pairId and side = :side and key = s.key and not is_gone offset 0
         ) e on true
         left join lateral (
           select true as is_known from link_end p join link l on l.id = p.link_id
           where p.pair_id = :pairId and p.side = :side and p.key = s.key and p.is_gone and p.revision = s.revision
             and l.parted_at is not null limit 1
         ) g on e.needs_look is null
         where case when e.needs_look is null then s.is_active and g.is_known is null
           else e.needs_look or not s.is_active or e.revision is distinct from s.revision end`,
        {
          pairId,
          side,
          keys: items.map(({ key }) => key),
          revisions: items.map(({ revision }) => revision),
          active: items.map(({ isActive }) => isActive),
        },
      );
      return result.rows.map(({ key }) => key);
    },

    /**
     * Commits links with their ends and events, in one statement. Throws an error of `concernsOneLink` if one of them
     * cannot be written; then none is.
     */
    async keep(changes: readonly LinkChange<Words>[]): Promise<KeptLink<Words>[]> {
      try {
        return await keep(changes);
      } catch (error) {
        if (changes.length === 1 && isTaken(error)) return [{ kind: 'taken' }];
        throw error;
      }
    },

    /** Writes an event about something that was not written, or extends an event. Returns its id. */
    async tell(event: LinkEventRow, about: EventSubject): Promise<string | null> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `${withGuard}, kept as (select (select id from link where id = cast(:linkId as bigint)) as id from guard)
         ${event.id === null ? insertItemEvent : updateEvent}`,
        {
          ...guardBindings(hold),
          pairId,
          ...eventBindings(event),
          linkId: about.linkId,
          ...(event.id === null ? { side: about.side, key: about.key } : {}),
        },
      );
      return result.rows[0]?.id ?? null;
    },

    /** The values of a link on this side within the last hour, the earliest first. */
    async recentlyShown(linkId: string): Promise<Words['seen'][]> {
      const result = await db.raw<{ rows: { here: Words['seen'] }[] }>(
        `select after -> 'here' as here from link_event
         where link_id = :linkId and at > now() - interval '1 hour' and after is not null and jsonb_array_length(operations) > 0 order by id`,
        { linkId },
      );
      return result.rows.map(({ here }) => here);
    },

    /**
     * Records the new revision of a side after a write-back, so that it does not count as a change. False: the end has
     * changed, or another worker has the slice.
     */
    async moveRevision(side: EndSide, key: string, from: string, to: string): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `${withGuard}
         update link_end set revision = :to
         where pair_id = :pairId and side = :side and key = :key and not is_gone and revision = :from and exists (select from guard)`,
        { ...guardBindings(hold), pairId, side, key, from, to },
      );
      return result.rowCount === 1;
    },

    // Whole listings

    /** Continues a whole listing, or opens a new one. Null: another worker has the slice. */
    async openListing(side: EndSide, goesOn: boolean): Promise<OpenListing | null> {
      const result = await db.raw<{ rows: { listing: string; listing_value: string | null }[] }>(
        `${withGuard}, old as (
           select listing from pair_cursor where pair_id = :pairId and side = :side
         ), forgotten as (
           delete from listed_key where not :goesOn and listing = (select listing from old) and exists (select from guard)
         )
         insert into pair_cursor as c (pair_id, side, listing, listing_began_at)
         select :pairId, :side, nextval('whole_listing_id'), now() from guard
         on conflict (pair_id, side) do update set
           listing = case when :goesOn and c.listing is not null then c.listing else excluded.listing end,
           listing_value = case when :goesOn and c.listing is not null then c.listing_value end,
           listing_seen = case when :goesOn and c.listing is not null then c.listing_seen else 0 end,
           listing_began_at = case when :goesOn and c.listing is not null then c.listing_began_at else now() end
         returning listing, listing_value`,
        { ...guardBindings(hold), pairId, side, goesOn },
      );
      const row = result.rows[0];
      return row === undefined ? null : { id: row.listing, value: row.listing_value };
    },

    /** False: the slice is another's. */
    async saw(side: EndSide, listing: string, keys: readonly string[]): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `${withGuard}, seen as (
           insert into listed_key (listing, key)
           select :listing, key from unnest(cast(:keys as text[])) key where exists (select from guard) returning 1
         )
         update pair_cursor set listing_seen = listing_seen + (select count(*) from seen)
         where pair_id = :pairId and side = :side and listing = :listing and exists (select from guard)`,
        { ...guardBindings(hold), pairId, side, listing, keys: [...keys] },
      );
      return result.rowCount === 1;
    },

    /**
     * `known`: the number of ends when it began that were not changed since; `absent`: how many of them it lacks.
     * `isLost`: its keys were lost in a crash of the database.
     */
    async countListing(
      side: EndSide,
      listing: string,
    ): Promise<{ known: number; absent: number; isLost: boolean }> {
      const result = await db.raw<{ rows: { known: number; absent: number; is_lost: boolean }[] }>(
        `select count(*)::int as known, count(*) filter (where listed.key is null)::int as absent,
           (select c.listing_seen > (select count(*) from listed_key where listing = :listing)
            from pair_cursor c where c.pair_id = :pairId and c.side = :side) as is_lost
         from link_end e join link l on l.id = e.link_id
           left join (select distinct key from listed_key where listing = :listing) listed on listed.key = e.key
         where ${endsOfListing}`,
        { pairId, side, listing },
      );
      const row = result.rows[0];
      return { known: row?.known ?? 0, absent: row?.absent ?? 0, isLost: row?.is_lost ?? true };
    },

    /** The items that it lacks: a page by key. `isAgain`: the previous whole listing lacked it as well. */
    async absentOf(
      side: EndSide,
      listing: string,
      after: string | null,
      limit: number,
    ): Promise<{ key: string; isAgain: boolean }[]> {
      const result = await db.raw<{ rows: { key: string; is_again: boolean }[] }>(
        `select e.key, e.absent_listing is not null and e.absent_listing = c.whole_listing as is_again
         from link_end e join link l on l.id = e.link_id join pair_cursor c on c.pair_id = e.pair_id and c.side = e.side
         where ${endsOfListing} and (cast(:after as text) is null or e.key > :after)
           and not exists (select from listed_key k where k.listing = :listing and k.key = e.key)
         order by e.key limit :limit`,
        { pairId, side, listing, after, limit },
      );
      return result.rows.map((row) => ({ key: row.key, isAgain: row.is_again }));
    },

    /** Remembers the absent items for the next listing. False: another worker has the slice. */
    async believe(side: EndSide, listing: string): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `${withGuard}, marked as (
           update link_end e set absent_listing = :listing
           from link l
           where l.id = e.link_id and ${endsOfListing} and exists (select from guard)
             and not exists (select from listed_key k where k.listing = :listing and k.key = e.key)
         )
         update pair_cursor set whole_listing = :listing, whole_at = now()
         where pair_id = :pairId and side = :side and exists (select from guard)`,
        { ...guardBindings(hold), pairId, side, listing },
      );
      return result.rowCount === 1;
    },

    /** Closes the listing, whatever its result. */
    async closeListing(side: EndSide, listing: string): Promise<void> {
      await db.raw(
        `${withGuard}, forgotten as (delete from listed_key where listing = :listing and exists (select from guard))
         update pair_cursor set listing = null, listing_value = null, listing_seen = 0, listing_began_at = null
         where pair_id = :pairId and side = :side and listing = :listing and exists (select from guard)`,
        { ...guardBindings(hold), pairId, side, listing },
      );
    },
  };

  async function keep(changes: readonly LinkChange<Words>[]): Promise<KeptLink<Words>[]> {
    const rows = await keepLinks(db, {
      ...guardBindings(hold),
      pairId,
      changes: JSON.stringify(changes.map(changeRow)),
    });
    if (rows[0]?.is_held !== true) return changes.map(() => ({ kind: 'lost' }));
    const kept = new Map(rows.map((row) => [row.place, row]));
    return changes.map(({ ends, state, intent }, place): KeptLink<Words> => {
      const row = kept.get(place);
      if (row === undefined || row.id === null || row.sync_key === null || row.version === null)
        return { kind: 'taken' };
      const link = { id: row.id, syncKey: row.sync_key, version: row.version, ends, state, intent };
      return { kind: 'kept', link, eventId: row.event_id };
    });
  }
}

/** True: one of several links cannot be written, and the others may be. Source: SQLSTATE, classes 22 and 23. */
export const concernsOneLink = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' && /^2[23]/.test(error.code);

interface KeptRow {
  is_held: boolean;
  place: number | null;
  id: string | null;
  sync_key: string | null;
  version: number | null;
  event_id: string | null;
}

const linkColumns = `l.id, l.sync_key, l.state, l.intent, l.version, h.end as here, t.end as there`;

const endOf = (side: EndSide, name: string) =>
  `left join lateral (
     select jsonb_build_object('key', key, 'revision', revision, 'seen', seen, 'needs_look', needs_look) as end
     from link_end where link_id = l.id and side = '${side}' and not is_gone
   ) ${name} on true`;

const bothEnds = `${endOf('here', 'h')} ${endOf('there', 't')}`;

const linksByKeys = `select ${linkColumns}, e.key as asked
  from unnest(cast(:keys as text[])) k (key)
  cross join lateral (
    select key, link_id from link_end
    where pair_id = :pairId and side = :side and key = k.key and not is_gone offset 0) e
  join link l on l.id = e.link_id ${bothEnds}`;

const findParted = prepared<
  { asked: string; key: string },
  { readonly pairId: number; readonly side: EndSide; readonly keys: readonly string[] }
>(
  'link_parted',
  `select e.key as asked, o.key
   from link_end e join link l on l.id = e.link_id join link_end o on o.link_id = l.id and o.side <> e.side
   where e.pair_id = :pairId and e.side = :side and e.key = any(cast(:keys as text[])) and e.is_gone
     and l.parted_at is not null`,
);

const linksByIds = `select ${linkColumns} from link l ${bothEnds}
  where l.id = any(cast(:ids as bigint[])) and l.pair_id = :pairId and l.state <> 'gone'`;

/** Ends that there were when the listing began, and that nothing was done to since. */
const endsOfListing = `e.pair_id = :pairId and e.side = :side and not e.is_gone
  and l.changed_at < (select listing_began_at from pair_cursor where pair_id = :pairId and side = :side)`;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const insertEvent = `insert into link_event (pair_id, link_id, job_id, run_id, kind, verdict, reason, reason_code, reason_values, operations, fields, before, after, calls, contents)
  select :pairId, kept.id, :eventJob, :eventRun, :eventKind, :eventVerdict, :eventReason, cast(:eventReasonCode as text),
    cast(:eventReasonValues as jsonb), cast(:eventOperations as jsonb),
    cast(:eventFields as text[]), cast(:eventBefore as jsonb), cast(:eventAfter as jsonb), cast(:eventCalls as jsonb), cast(:eventContents as jsonb)
  from kept returning id`;

const insertItemEvent = insertEvent
  .replace('pair_id, link_id,', 'pair_id, link_id, side, key,')
  .replace(':pairId, kept.id,', ':pairId, kept.id, :side, :key,');

const updateEvent = `update link_event set link_id = coalesce(kept.id, link_id), kind = :eventKind, verdict = :eventVerdict, reason = :eventReason,
    reason_code = :eventReasonCode, reason_values = cast(:eventReasonValues as jsonb),
    operations = cast(:eventOperations as jsonb), fields = cast(:eventFields as text[]), after = cast(:eventAfter as jsonb),
    calls = cast(:eventCalls as jsonb), contents = cast(:eventContents as jsonb)
  from kept where link_event.id = :eventId returning link_event.id`;

/** Links are joined to their changes by their sync keys, which the caller makes. */
const keepLinks = prepared<
  KeptRow,
  { readonly jobId: string; readonly fence: number; readonly pairId: number; readonly changes: string }
>(
  'link_keep',
  `${withGuard}, asks as materialized (
     select * from jsonb_to_recordset(cast(:changes as jsonb)) as a (place int, id bigint, version int, sync_key uuid,
       state text, intent jsonb, here_key text, here_revision text, here_seen jsonb, there_key text, there_revision text,
       there_seen jsonb, is_told boolean, event_id bigint, job bigint, run bigint, kind text, verdict text, reason text, reason_code text, reason_values jsonb,
       operations jsonb, fields text[], before jsonb, after jsonb, calls jsonb, contents jsonb)
     where exists (select from guard)
   ), changed as (
     update link l set state = a.state, intent = a.intent,
       intent_at = case when a.intent is null then null else coalesce(l.intent_at, now()) end, version = l.version + 1,
       changed_at = now(), ended_at = case when a.state = 'gone' then now() end
     from asks a
     where l.id = a.id and l.pair_id = :pairId and l.version = a.version and l.state <> 'gone'
     returning a.place, l.id, l.sync_key, l.version
   ), added as (
     insert into link (pair_id, sync_key, state, intent, intent_at, ended_at)
     select :pairId, sync_key, state, intent, case when intent is not null then now() end,
       case when state = 'gone' then now() end
     from asks where id is null order by place
     returning id, sync_key, version
   ), kept as (
     select * from changed
     union all
     select a.place, n.id, n.sync_key, n.version from added n join asks a on a.sync_key = n.sync_key
   ), gone as (
     update link_end e set is_gone = true, needs_look = false
     from kept join asks a on a.place = kept.place
     where e.link_id = kept.id and not e.is_gone
       and (e.side = 'here' and a.here_key is null or e.side = 'there' and a.there_key is null)
   ), ends as (
     insert into link_end (link_id, side, pair_id, key, revision, seen)
     select kept.id, s.side, :pairId, s.key, s.revision, s.seen
     from kept join asks a on a.place = kept.place
     cross join lateral (values ('here', a.here_key, a.here_revision, a.here_seen),
       ('there', a.there_key, a.there_revision, a.there_seen)) s (side, key, revision, seen)
     where s.key is not null
     on conflict (link_id, side) do update set key = excluded.key, revision = excluded.revision, seen = excluded.seen,
       needs_look = false, is_gone = false, absent_listing = null
   ), told as (
     insert into link_event (pair_id, link_id, job_id, run_id, kind, verdict, reason, reason_code, reason_values, operations, fields, before, after, calls, contents)
     select :pairId, kept.id, a.job, a.run, a.kind, a.verdict, a.reason, a.reason_code, a.reason_values, a.operations, a.fields, a.before, a.after, a.calls, a.contents
     from kept join asks a on a.place = kept.place
     where a.is_told and a.event_id is null order by a.place
     returning id, link_id
   ), told_more as (
     update link_event v set link_id = kept.id, kind = a.kind, verdict = a.verdict, reason = a.reason,
       reason_code = a.reason_code, reason_values = a.reason_values, operations = a.operations, fields = a.fields, after = a.after, calls = a.calls, contents = a.contents
     from kept join asks a on a.place = kept.place
     where a.is_told and v.id = a.event_id
     returning v.id, v.link_id
   )
   select exists (select from guard) as is_held, k.place, k.id, k.sync_key, k.version, coalesce(t.id, m.id) as event_id
   from (values (1)) one left join kept k on true
     left join told t on t.link_id = k.id left join told_more m on m.link_id = k.id`,
);

function changeRow<Words extends LinkWords>(
  { known, ends: { here, there }, state, intent, event }: LinkChange<Words>,
  place: number,
) {
  return {
    place,
    ...(known === null ? { sync_key: randomUUID() } : { id: known.id, version: known.version }),
    state,
    intent,
    here_key: here?.key ?? null,
    here_revision: here?.revision ?? null,
    here_seen: here?.seen ?? null,
    there_key: there?.key ?? null,
    there_revision: there?.revision ?? null,
    there_seen: there?.seen ?? null,
    ...(event === null ? { is_told: false } : eventColumns(event)),
  };
}

const eventColumns = (event: LinkEventRow) => ({
  is_told: true,
  event_id: event.id,
  job: event.jobId,
  run: event.runId,
  kind: event.kind,
  verdict: event.verdict,
  reason: event.reason,
  reason_code: event.why?.code ?? null,
  reason_values: event.why?.values ?? null,
  operations: event.operations,
  fields: event.fields,
  before: event.before,
  after: event.after,
  calls: event.calls,
  contents: event.contents,
});

function eventBindings(event: LinkEventRow) {
  return {
    ...(event.id === null
      ? { eventJob: event.jobId, eventRun: event.runId, eventBefore: jsonOrNull(event.before) }
      : { eventId: event.id }),
    eventKind: event.kind,
    eventVerdict: event.verdict,
    eventReason: event.reason,
    eventReasonCode: event.why?.code ?? null,
    eventReasonValues: jsonOrNull(event.why?.values ?? null),
    eventOperations: JSON.stringify(event.operations),
    eventFields: [...event.fields],
    eventAfter: jsonOrNull(event.after),
    eventCalls: jsonOrNull(event.calls),
    eventContents: jsonOrNull(event.contents),
  };
}

const jsonOrNull = (value: unknown) => (value === null ? null : JSON.stringify(value));

/** True for the error that a key belongs to another link. */
const isTaken = (error: unknown): boolean =>
  error instanceof Error && 'constraint' in error && error.constraint === 'link_end_key';

const linkFrom = <Words extends LinkWords>(row: LinkRow<Words>): StoredLink<Words> => ({
  id: row.id,
  syncKey: row.sync_key,
  state: row.state,
  intent: row.intent,
  version: row.version,
  ends: { here: endFrom(row.here), there: endFrom(row.there) },
});

const endFrom = <Seen>(row: EndRow<Seen> | null): StoredEnd<Seen> | null =>
  row && { key: row.key, revision: row.needs_look ? null : row.revision, seen: row.seen };
