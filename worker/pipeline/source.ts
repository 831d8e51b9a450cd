import { createEntry, type Entry } from './entry';
import { type Mappings, type PerSide, type Side, sides } from './mappings';
import type { Item, Page, System } from './system';

/** Entries, and systems, that are worked on at once. */
const groupSize = 8;

export interface SourceSettings {
  readonly systems: PerSide<System>;
  readonly mappings: Mappings;
  /** Those that are asked what changed. */
  readonly readable: readonly Side[];
  readonly cursors: PerSide<string | null>;
  /** Entities that an earlier run did not finish. */
  readonly again: readonly Unfinished[];
  readonly onPartial: (side: Side, error: unknown) => void;
}

export interface Unfinished {
  readonly side: Side;
  readonly key: string;
}

/** All that the readable systems mentioned. */
export interface Reading {
  /** Top-down, in groups. */
  readonly groups: readonly (readonly Entry[])[];
  /** Where the next reading goes on. That of a partial listing stays where it was. */
  readonly cursors: PerSide<string | null>;
  /** The last mention of a key. */
  readonly mentioned: (side: Side, key: string) => Item | undefined;
  /** The turn of the last mention of a key; -1: none. */
  readonly lastTurn: (side: Side, key: string) => number;
}

/** Lists all readable systems at once. A listing that fails or is partial says nothing of what it lacks. */
export async function readSystems(settings: SourceSettings): Promise<Reading> {
  const { systems, cursors, readable } = settings;
  const mentions = createMentions();
  const reached = await Promise.all(
    sides.map((side) =>
      readable.includes(side) ? readSystem(settings, side, mentions) : Promise.resolve(null),
    ),
  );
  await readAgain(systems, settings.again, mentions);
  return {
    groups: inGroups(topDown(mentions)),
    cursors: { here: reached[0] ?? cursors.here, there: reached[1] ?? cursors.there },
    mentioned: (side, key) => mentions.last(side, key)?.item,
    lastTurn: (side, key) => mentions.last(side, key)?.turn ?? -1,
  };
}

/** A single system without places, page by page: memory holds one page. Each key comes once. */
export async function* streamSystem(side: Side, pages: AsyncIterable<Page>): AsyncGenerator<Entry[]> {
  let turn = 0;
  for await (const { items } of pages) yield items.map((item) => createEntry(side, item, turn++));
}

interface Mention {
  readonly side: Side;
  readonly item: Item;
  readonly turn: number;
}

interface Mentions {
  add(side: Side, item: Item): void;
  last(side: Side, key: string): Mention | undefined;
  all(): readonly Mention[];
}

function createMentions(): Mentions {
  const all: Mention[] = [];
  const last: PerSide<Map<string, Mention>> = { here: new Map(), there: new Map() };
  return {
    add(side, item) {
      const mention = { side, item, turn: all.length };
      all.push(mention);
      last[side].set(item.key, mention);
    },
    last: (side, key) => last[side].get(key),
    all: () => all,
  };
}

/** Answers where the next listing goes on; null: it was partial. */
async function readSystem(
  { systems, cursors, mappings, onPartial }: SourceSettings,
  side: Side,
  mentions: Mentions,
): Promise<string | null> {
  let cursor: string | null = null;
  try {
    for await (const page of systems[side].list(cursors[side])) {
      for (const item of page.items) mentions.add(side, item);
      cursor = page.cursor;
    }
  } catch (error) {
    onPartial(side, error);
    return null;
  }
  if (cursor === null) onPartial(side, null);
  else if (lacksWhatIsDeleted(systems[side])) await mentionAbsent(mappings, side, mentions);
  return cursor;
}

const lacksWhatIsDeleted = ({ capabilities }: System) =>
  capabilities.changes === 'scan' && !capabilities.tombstones;

async function mentionAbsent(mappings: Mappings, side: Side, mentions: Mentions): Promise<void> {
  for await (const { keys } of mappings.all(side)) {
    const key = keys[side];
    if (key !== null && mentions.last(side, key) === undefined) mentions.add(side, tombstone(key));
  }
}

/** What is gone without a trace. */
export const tombstone = (key: string): Item => ({
  key,
  revision: '',
  isActive: false,
  fields: {},
  place: null,
  isFolder: false,
  origin: null,
});

async function readAgain(
  systems: PerSide<System>,
  again: readonly Unfinished[],
  mentions: Mentions,
): Promise<void> {
  for (let start = 0; start < again.length; start += groupSize) {
    const group = again
      .slice(start, start + groupSize)
      .filter(({ side, key }) => mentions.last(side, key) === undefined);
    const items = await Promise.all(
      group.map(async ({ side, key }) => (await systems[side].fetch(key)) ?? tombstone(key)),
    );
    group.forEach(({ side }, index) => {
      const item = items[index];
      if (item !== undefined) mentions.add(side, item);
    });
  }
}

/** Folders before what lies in them, which waits for them. */
function topDown(mentions: Mentions): Entry[] {
  const entries = new Map<Mention, Entry>();
  const ordered: Entry[] = [];
  const place = (mention: Mention, below: ReadonlySet<Mention>): Entry | null => {
    const known = entries.get(mention);
    if (known !== undefined) return known;
    // Folders that lie in each other have no top.
    if (below.has(mention)) return null;
    const parent = mention.item.place?.parent ?? null;
    const folder = parent === null ? undefined : mentions.last(mention.side, parent);
    const predecessor = folder === undefined ? null : place(folder, new Set([...below, mention]));
    const entry = createEntry(mention.side, mention.item, mention.turn, predecessor);
    entries.set(mention, entry);
    ordered.push(entry);
    return entry;
  };
  for (const mention of mentions.all()) place(mention, new Set());
  return ordered;
}

function inGroups(entries: readonly Entry[]): Entry[][] {
  const groups: Entry[][] = [];
  for (let start = 0; start < entries.length; start += groupSize)
    groups.push(entries.slice(start, start + groupSize));
  return groups;
}
