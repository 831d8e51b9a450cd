import type { Absent, Links, WholeListing } from './links';
import type { Side } from './sides';
import { type Cursor, type Item, type System, tombstone } from './system';
import { Trouble } from './trouble';

export interface DiscoverSettings {
  readonly system: System;
  readonly side: Side;
  readonly links: Links;
  /** Of an earlier listing; null: everything is listed. */
  readonly since: Cursor | null;
  /** True: continues a whole listing that was begun before. */
  readonly goesOn?: boolean;
  readonly signal: AbortSignal;
  readonly belief: Belief;
}

/** When a whole listing is trusted. */
export interface Belief {
  /** A listing that has less than `share` of `from` known items or more deletes nothing, unless someone approves. */
  readonly emptied: { readonly from: number; readonly share: number } | null;
  /**
   * Up to this many absent items are confirmed by asking for each of them. If there are more, an item is gone once two
   * whole listings lack it.
   */
  readonly confirmUpTo: number;
}

export const usualBelief: Belief = { emptied: { from: 10, share: 0.5 }, confirmUpTo: 200 };

/** A result of a listing that must be handled. */
export type Discovered =
  /** `cursor`: may be stored once the items are stored. Null: the cursor does not move. */
  | {
      readonly kind: 'page';
      readonly items: readonly Item[];
      readonly cursor: Cursor | null;
      /** The listing is complete. Only its absent items follow. */
      readonly isWhole: boolean;
    }
  /** The known items that the listing lacks. `isDoubted`: it lacks so many that someone must approve. */
  | { readonly kind: 'absent'; readonly items: readonly Item[]; readonly isDoubted: boolean }
  /** The listing ended before it was complete, so absent items mean nothing. */
  | { readonly kind: 'partial' };

/**
 * Lists what changed on one side, page by page, without items that show the same as before. If the cursor has expired,
 * it lists everything. Throws what the system throws. Results until then are valid.
 */
export async function* discover(settings: DiscoverSettings): AsyncGenerator<Discovered> {
  try {
    yield* listing(settings, settings.since);
  } catch (error) {
    const isExpired = error instanceof Trouble && error.kind === 'cursor-expired';
    if (!isExpired || settings.since === null) throw error;
    yield* listing(settings, null);
  }
}

async function* listing(settings: DiscoverSettings, since: Cursor | null): AsyncGenerator<Discovered> {
  const { system, side, links, signal } = settings;
  const { changes, deletions } = system.capabilities;
  const goesOn = settings.goesOn === true && since !== null;
  const whole = since === null || goesOn || changes === 'scan' ? await links.openListing(side) : null;
  let isWhole = false;
  for await (const page of system.list(since, signal)) {
    signal.throwIfAborted();
    const [items] = await Promise.all([
      differing(links, side, page.items),
      whole?.saw([...page.items.map(({ key }) => key), ...(page.leftOut ?? [])]),
    ]);
    yield { kind: 'page', items, cursor: page.cursor, isWhole: page.isWhole };
    if (deletions === 'tops') yield* below(settings, items);
    isWhole ||= page.isWhole;
  }
  if (whole === null) return;
  if (isWhole) yield* absences(settings, whole);
  else yield { kind: 'partial' };
}

async function differing(links: Links, side: Side, listed: readonly Item[]): Promise<readonly Item[]> {
  const last = new Map(listed.map((item) => [item.key, item]));
  const keys = new Set(await links.screen(side, [...last.values()]));
  return [...last.values()].filter(({ key }) => keys.has(key));
}

/** The system only reports a deleted folder itself, so each item in it is asked for. */
async function* below(settings: DiscoverSettings, items: readonly Item[]): AsyncGenerator<Discovered> {
  const { side, links } = settings;
  const gone = items.filter(({ isActive }) => !isActive).map(({ key }) => key);
  const waiting = [...(await links.byKeys(side, gone)).values()].map(({ id }) => id);
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop()) {
    const keys: string[] = [];
    for await (const child of links.childrenOf(folder, side)) {
      const key = child.ends[side]?.key;
      if (key !== undefined) keys.push(key);
      waiting.push(child.id);
    }
    if (keys.length > 0)
      yield { kind: 'page', items: await fetchAll(settings, keys), cursor: null, isWhole: false };
  }
}

async function* absences(settings: DiscoverSettings, whole: WholeListing): AsyncGenerator<Discovered> {
  const { belief } = settings;
  const { known, absent } = await whole.counts();
  const { emptied } = belief;
  const isDoubted = emptied !== null && known >= emptied.from && known - absent < known * emptied.share;
  if (isDoubted) {
    yield* inPages(whole.absent(), async (page) => ({
      kind: 'absent',
      items: page.map(({ key }) => tombstone(key)),
      isDoubted,
    }));
    return;
  }
  yield* inPages(whole.absent(), async (page) => ({
    kind: 'absent',
    items: absent <= belief.confirmUpTo ? await confirmed(settings, page) : absentAgain(page),
    isDoubted,
  }));
  await whole.believe();
}

const absentAgain = (page: readonly Absent[]) =>
  page.filter(({ isAgain }) => isAgain).map(({ key }) => tombstone(key));

/** A listing may lag behind. An item that it lacks but that still exists is not gone. */
async function confirmed(settings: DiscoverSettings, page: readonly Absent[]): Promise<readonly Item[]> {
  const items = await fetchAll(
    settings,
    page.map(({ key }) => key),
  );
  return differing(settings.links, settings.side, items);
}

async function fetchAll(
  { system, signal }: DiscoverSettings,
  keys: readonly string[],
): Promise<readonly Item[]> {
  const items: Item[] = [];
  const { batch } = system.capabilities;
  for (let start = 0; start < keys.length; start += batch) {
    const asked = keys.slice(start, start + batch);
    const found = await system.fetch(asked, signal);
    items.push(...asked.map((key) => found.get(key) ?? tombstone(key)));
  }
  return items;
}

const pageSize = 200;

async function* inPages(
  absent: AsyncIterable<Absent>,
  tell: (page: readonly Absent[]) => Promise<Discovered>,
): AsyncGenerator<Discovered> {
  let page: Absent[] = [];
  for await (const one of absent) {
    page.push(one);
    if (page.length < pageSize) continue;
    yield await tell(page);
    page = [];
  }
  if (page.length > 0) yield await tell(page);
}
