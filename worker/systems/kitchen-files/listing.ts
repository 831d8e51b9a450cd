import { z } from 'zod';
import { findLogTable } from '../../../shared/catalog/log-tables';
import type { LogMonth, LogMonthKey } from '../../../shared/stores/logs/log-month-store';
import type { FiledPhoto } from '../../../shared/stores/photos/kitchen-photo-store';
import type { Cursor, Item, Page } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { type Archive, tablesOf } from './archive';
import type { Kitchen } from './kitchens';
import { monthOf } from './months';

/**
 * Lists what came since the cursor, or everything: kitchens, then photos, then exports, each folder before its contents.
 * A listing of changes reads what changed alone. Whatever else changed, such as the name of a kitchen, a whole listing
 * finds.
 */
export async function* listFiles(
  archive: Archive,
  since: Cursor | null,
  { signal, overlapMinutes }: { readonly signal: AbortSignal; readonly overlapMinutes: number },
): AsyncGenerator<Page> {
  const before = since === null ? null : readCursor(since);
  const kitchens = await archive.kitchens.all();
  // An archive without any kitchen is a mistake in the settings, and not an empty archive.
  if (kitchens.length === 0)
    throw new Trouble('root-missing', 'there is no kitchen that the pair could file');
  const listing = await begun(archive, kitchens, before, overlapMinutes * 60_000);
  await noteMonths(listing, signal);
  const isWhole = before === null || before.position !== null;
  const pages = isWhole ? wholePages(listing, before?.position ?? null) : changedPages(listing, before);
  for await (const page of pages) {
    signal.throwIfAborted();
    yield page;
  }
  yield { items: [], cursor: cursorText({ ...listing.next, position: null }), isWhole };
}

const position = z.union([
  z.strictObject({ part: z.literal('photos'), solutionId: z.number(), id: z.string() }),
  z.strictObject({
    part: z.literal('exports'),
    solutionId: z.number(),
    month: z.string(),
    table: z.string(),
  }),
]);
const cursorSchema = z.strictObject({
  /** All photos up to this id are listed. */
  photo: z.string(),
  /** When the listing began. */
  at: z.iso.datetime(),
  /** Where a whole listing continues. Null: it has ended. */
  position: position.nullable(),
});
type Position = z.output<typeof position>;
type FileCursor = z.output<typeof cursorSchema>;

const cursorText = (cursor: FileCursor): Cursor => JSON.stringify(cursor);

function readCursor(text: Cursor): FileCursor {
  const read = cursorSchema.safeParse(jsonOf(text));
  if (!read.success) throw new Trouble('cursor-expired', 'the cursor is of another version');
  return read.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

interface Listing {
  readonly archive: Archive;
  readonly kitchens: ReadonlyMap<number, Kitchen>;
  readonly ids: readonly number[];
  readonly now: Date;
  /** From when changes are looked at. Null: since ever. */
  readonly changedSince: Date | null;
  /** What the next listing begins with. */
  readonly next: Omit<FileCursor, 'position'>;
}

async function begun(
  archive: Archive,
  kitchens: readonly Kitchen[],
  before: FileCursor | null,
  overlapMs: number,
): Promise<Listing> {
  const ids = kitchens.map(({ id }) => id);
  const now = await archive.photos.now();
  const isContinued = before !== null && before.position !== null;
  const settledBefore = new Date(now.getTime() - overlapMs);
  const photo = isContinued
    ? before.photo
    : await archive.photos.settled(ids, before?.photo ?? '0', settledBefore);
  return {
    archive,
    kitchens: new Map(kitchens.map((kitchen) => [kitchen.id, kitchen])),
    ids,
    now,
    changedSince: before === null || isContinued ? null : new Date(new Date(before.at).getTime() - overlapMs),
    next: { photo, at: isContinued ? before.at : now.toISOString() },
  };
}

/** A load of a large file becomes visible long after the time that it is given. */
const longestLoadMs = 3_600_000;

async function noteMonths(
  { archive: { months, end }, kitchens, ids, changedSince }: Listing,
  signal: AbortSignal,
): Promise<void> {
  if (end.exports === 'none') return;
  const since = changedSince === null ? null : new Date(changedSince.getTime() - longestLoadMs);
  const tables = tablesOf(end);
  for (const log of await months.unnoted(ids, since)) {
    signal.throwIfAborted();
    const timezone = kitchens.get(log.solutionId)?.timezone;
    const isWanted = findLogTable(log.table) !== undefined && (tables?.includes(log.table) ?? true);
    if (timezone !== undefined && isWanted) await months.note(log, timezone);
  }
}

const pageSize = 500;

async function* wholePages(listing: Listing, from: Position | null): AsyncGenerator<Page> {
  const { archive, kitchens, next } = listing;
  if (from === null)
    for (const page of chunks([...kitchens.values()]))
      yield { items: page.map((kitchen) => archive.files.kitchen(kitchen)), cursor: null, isWhole: false };
  if (from?.part !== 'exports')
    for await (const { items, last } of photoPages(listing, '0', from?.part === 'photos' ? from : null)) {
      const { solutionId, id } = last;
      const cursor = cursorText({ ...next, position: { part: 'photos', solutionId, id } });
      yield { items, cursor, isWhole: false };
    }
  const query = { solutionIds: listing.ids, month: null, changedSince: null };
  for await (const { items, last } of exportPages(listing, query, from?.part === 'exports' ? from : null)) {
    const { solutionId, month, table } = last;
    const cursor = cursorText({ ...next, position: { part: 'exports', solutionId, month, table } });
    yield { items, cursor, isWhole: false };
  }
}

async function* changedPages(listing: Listing, before: FileCursor): AsyncGenerator<Page> {
  const { ids, kitchens, now, changedSince } = listing;
  for await (const { items } of photoPages(listing, before.photo, null))
    yield { items: [...kitchensOf(listing, items), ...items], cursor: null, isWhole: false };
  const then = new Date(before.at);
  const endedMonths = new Map<string, number[]>();
  for (const { id, timezone } of kitchens.values()) {
    const month = monthOf(then, timezone);
    if (month !== monthOf(now, timezone)) endedMonths.set(month, [...(endedMonths.get(month) ?? []), id]);
  }
  const queries = [
    { solutionIds: ids, month: null, changedSince },
    ...[...endedMonths].map(([month, solutionIds]) => ({ solutionIds, month, changedSince: null })),
  ];
  for (const query of queries)
    for await (const { items } of exportPages(listing, query, null))
      yield { items: [...kitchensOf(listing, items), ...items], cursor: null, isWhole: false };
}

/** The folders of the kitchens whose files are listed, which may be new or have another name. */
function kitchensOf({ kitchens, archive }: Listing, items: readonly Item[]): Item[] {
  const ids = new Set(items.map(({ key }) => Number(/^k(\d+)/.exec(key)?.[1])));
  return [...kitchens.values()].filter(({ id }) => ids.has(id)).map((one) => archive.files.kitchen(one));
}

interface FilePage<Row> {
  readonly items: readonly Item[];
  readonly last: Row;
}

async function* photoPages(
  { archive: { photos, files, end }, kitchens, ids }: Listing,
  newerThan: string,
  from: { readonly solutionId: number; readonly id: string } | null,
): AsyncGenerator<FilePage<FiledPhoto>> {
  if (!end.photos) return;
  for (let after = from; ;) {
    const rows = await photos.photos({ solutionIds: ids, newerThan, after, limit: pageSize });
    const last = rows.at(-1);
    if (last === undefined) return;
    const items = rows.flatMap((photo) => {
      const kitchen = kitchens.get(photo.solutionId);
      if (kitchen === undefined) return [];
      return [files.month(kitchen, files.monthOfPhoto(kitchen, photo)), files.photo(kitchen, photo)];
    });
    yield { items: onceEach(items), last };
    if (rows.length < pageSize) return;
    after = last;
  }
}

interface MonthQuery {
  readonly solutionIds: readonly number[];
  readonly month: string | null;
  readonly changedSince: Date | null;
}

async function* exportPages(
  { archive: { months, files, end }, kitchens, now }: Listing,
  query: MonthQuery,
  from: LogMonthKey | null,
): AsyncGenerator<FilePage<LogMonth>> {
  if (end.exports === 'none') return;
  const tables = tablesOf(end);
  for (let after = from; ;) {
    const rows = await months.list({ ...query, tables, after, limit: pageSize });
    const last = rows.at(-1);
    if (last === undefined) return;
    const items = rows.flatMap((month) => {
      const kitchen = kitchens.get(month.solutionId);
      const found = kitchen === undefined ? [] : files.exports(kitchen, month, now);
      return kitchen === undefined || found.length === 0 ? [] : [files.month(kitchen, month.month), ...found];
    });
    yield { items: onceEach(items), last };
    if (rows.length < pageSize) return;
    after = last;
  }
}

const onceEach = (items: readonly Item[]): Item[] => [
  ...new Map(items.map((item) => [item.key, item])).values(),
];

function chunks<T>(all: readonly T[]): T[][] {
  const pages: T[][] = [];
  for (let start = 0; start < all.length; start += pageSize) pages.push(all.slice(start, start + pageSize));
  return pages;
}
