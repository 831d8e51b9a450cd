import type { Db } from '../../db/database';
import { type Binding, prepared } from '../../db/prepared';
import type { EndSide } from '../../domain/link-ends';
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
  readonly reason: string | null;
  readonly operations: unknown;
  readonly fields: readonly string[];
  readonly before: unknown;
  readonly after: unknown;
  readonly calls: unknown;
}

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

    async partedFrom(side: EndSide, key: string): Promise<string[]> {
      const result = await db.raw<{ rows: { key: string }[] }>(
        `select o.key from link_end e join link l on l.id = e.link_id join link_end o on o.link_id = l.id and o.side <> e.side
         where e.pair_id = :pairId and e.side = :side and e.key = :key and e.is_gone and l.parted_at is not null`,
        { pairId, side, key },
      );
      return result.rows.map((row) => row.key);
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

    /** Commits a link with its ends and its event, in one statement. */
    async keep(change: LinkChange<Words>): Promise<KeptLink<Words>> {
      try {
        return await keep(change);
      } catch (error) {
        if (isTaken(error)) return { kind: 'taken' };
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

  async function keep(change: LinkChange<Words>): Promise<KeptLink<Words>> {
    const { known, event } = change;
    const statement = keepStatements[known === null ? 'added' : 'changed'][eventOf(event)];
    const [row] = await statement(db, {
      ...guardBindings(hold),
      pairId,
      ...keepBindings(change),
      ...eventBindings(event),
    });
    if (row?.is_held !== true) return { kind: 'lost' };
    if (row.id === null || row.sync_key === null || row.version === null) return { kind: 'taken' };
    const { ends, state, intent } = change;
    const link = { id: row.id, syncKey: row.sync_key, version: row.version, ends, state, intent };
    return { kind: 'kept', link, eventId: row.event_id };
  }
}

interface KeptRow {
  is_held: boolean;
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

const linksByIds = `select ${linkColumns} from link l ${bothEnds}
  where l.id = any(cast(:ids as bigint[])) and l.pair_id = :pairId and l.state <> 'gone'`;

/** Ends that there were when the listing began, and that nothing was done to since. */
const endsOfListing = `e.pair_id = :pairId and e.side = :side and not e.is_gone
  and l.changed_at < (select listing_began_at from pair_cursor where pair_id = :pairId and side = :side)`;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const insertLink = `insert into link (pair_id, state, intent, intent_at, ended_at)
  select :pairId, :state, cast(:intent as jsonb), case when cast(:intent as jsonb) is not null then now() end,
    case when cast(:state as text) = 'gone' then now() end
  from guard returning id, sync_key, version`;

const updateLink = `update link set state = :state, intent = cast(:intent as jsonb),
    intent_at = case when cast(:intent as jsonb) is null then null else coalesce(intent_at, now()) end, version = version + 1,
    changed_at = now(), ended_at = case when cast(:state as text) = 'gone' then now() end
  where id = :id and pair_id = :pairId and version = :version and state <> 'gone' and exists (select from guard)
  returning id, sync_key, version`;

const insertEvent = `insert into link_event (pair_id, link_id, job_id, run_id, kind, verdict, reason, operations, fields, before, after, calls)
  select :pairId, kept.id, :eventJob, :eventRun, :eventKind, :eventVerdict, :eventReason, cast(:eventOperations as jsonb),
    cast(:eventFields as text[]), cast(:eventBefore as jsonb), cast(:eventAfter as jsonb), cast(:eventCalls as jsonb)
  from kept returning id`;

const insertItemEvent = insertEvent
  .replace('pair_id, link_id,', 'pair_id, link_id, side, key,')
  .replace(':pairId, kept.id,', ':pairId, kept.id, :side, :key,');

const updateEvent = `update link_event set link_id = coalesce(kept.id, link_id), kind = :eventKind, verdict = :eventVerdict, reason = :eventReason,
    operations = cast(:eventOperations as jsonb), fields = cast(:eventFields as text[]), after = cast(:eventAfter as jsonb),
    calls = cast(:eventCalls as jsonb)
  from kept where link_event.id = :eventId returning link_event.id`;

const eventOf = (event: LinkEventRow | null) =>
  event === null ? 'silent' : event.id === null ? 'told' : 'toldMore';

const keepText = (keep: string, tell: string | null) =>
  `${withGuard}, kept as (
     ${keep}
   ), gone as (
     update link_end e set is_gone = true, needs_look = false from kept
     where e.link_id = kept.id and not e.is_gone
       and (e.side = 'here' and cast(:hereKey as text) is null or e.side = 'there' and cast(:thereKey as text) is null)
   ), ends as (
     insert into link_end (link_id, side, pair_id, key, revision, seen)
     select kept.id, s.side, :pairId, s.key, s.revision, s.seen
     from kept, (values ('here', cast(:hereKey as text), cast(:hereRevision as text), cast(:hereSeen as jsonb)),
       ('there', :thereKey, :thereRevision, :thereSeen)) s (side, key, revision, seen)
     where s.key is not null
     on conflict (link_id, side) do update set key = excluded.key, revision = excluded.revision, seen = excluded.seen,
       needs_look = false, is_gone = false, absent_listing = null
   )${tell === null ? '' : `, told as (${tell})`}
   select exists (select from guard) as is_held, (select id from kept) as id, (select sync_key from kept) as sync_key,
     (select version from kept) as version, ${tell === null ? 'null' : '(select id from told)'} as event_id`;

const keeping = (keep: string) => ({
  silent: prepared<KeptRow, Readonly<Record<string, Binding>>>('link_keep', keepText(keep, null)),
  told: prepared<KeptRow, Readonly<Record<string, Binding>>>('link_keep', keepText(keep, insertEvent)),
  toldMore: prepared<KeptRow, Readonly<Record<string, Binding>>>('link_keep', keepText(keep, updateEvent)),
});

const keepStatements = { added: keeping(insertLink), changed: keeping(updateLink) };

function keepBindings<Words extends LinkWords>({ known, ends, state, intent }: LinkChange<Words>) {
  return {
    ...(known === null ? {} : { id: known.id, version: known.version }),
    state,
    intent: jsonOrNull(intent),
    hereKey: ends.here?.key ?? null,
    hereRevision: ends.here?.revision ?? null,
    hereSeen: jsonOrNull(ends.here?.seen ?? null),
    thereKey: ends.there?.key ?? null,
    thereRevision: ends.there?.revision ?? null,
    thereSeen: jsonOrNull(ends.there?.seen ?? null),
  };
}

function eventBindings(event: LinkEventRow | null) {
  if (event === null) return {};
  return {
    ...(event.id === null
      ? { eventJob: event.jobId, eventRun: event.runId, eventBefore: jsonOrNull(event.before) }
      : { eventId: event.id }),
    eventKind: event.kind,
    eventVerdict: event.verdict,
    eventReason: event.reason,
    eventOperations: JSON.stringify(event.operations),
    eventFields: [...event.fields],
    eventAfter: jsonOrNull(event.after),
    eventCalls: jsonOrNull(event.calls),
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
