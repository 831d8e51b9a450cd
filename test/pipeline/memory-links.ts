import {
  type Absent,
  type End,
  type Finished,
  type Intent,
  type Link,
  type Links,
  LinkTaken,
} from '../../worker/pipeline/links';
import { type PerSide, type Side, sides } from '../../worker/pipeline/sides';
import { createKill, type Kill, step } from './kill';

export interface MemoryLinks extends Links {
  /** Those that live, by id. */
  readonly stored: ReadonlyMap<string, Link>;
  /** How often each call was made. */
  readonly counts: Record<string, number>;
  /** Thrown by every write from now on: the lease is lost. */
  failure: Error | null;
  kill: Kill;
}

/** Links in memory, each write atomic. */
export function createMemoryLinks(): MemoryLinks {
  const stored = new Map<string, Link>();
  const gone = new Map<string, string>();
  const owners: Record<Side, Map<string, string>> = { here: new Map(), there: new Map() };
  const absentBefore: Record<Side, Set<string>> = { here: new Set(), there: new Set() };
  let ids = 0;

  const links: MemoryLinks = {
    stored,
    counts: {},
    failure: null,
    kill: createKill(),
    byKeys: async (side, keys) => {
      count('byKeys');
      return new Map(keys.flatMap((key) => pairOf(key, ownerOf(side, key))));
    },
    byIds: async (wanted) => {
      count('byIds');
      return new Map(wanted.flatMap((id) => pairOf(id, stored.get(id))));
    },
    bySyncKey: async (syncKey) => [...stored.values()].find((link) => link.syncKey === syncKey) ?? null,
    partedFrom: async () => new Set(),
    begin: (link, ends, intent) =>
      write('begin', link, ends, () => keep(link, { ends, intent, state: link?.state ?? 'creating' })),
    finish: (link, finished) => write('finish', link, finished.ends, () => finish(link, finished)),
    screen: async (side, items) => {
      count('screen');
      return items.filter((item) => needsLook(side, item)).map(({ key }) => key);
    },
    async *childrenOf(id, side) {
      for (const link of [...stored.values()]) if (link.ends[side]?.seen.place?.parent === id) yield link;
    },
    async *withIntent() {
      for (const link of [...stored.values()]) if (link.intent !== null) yield link;
    },
    openListing: async (side) => {
      const known = [...owners[side].keys()];
      const saw = new Set<string>();
      const lacking = () => known.filter((key) => !saw.has(key) && ownerOf(side, key) !== undefined);
      return {
        saw: async (keys) => {
          for (const key of keys) saw.add(key);
        },
        counts: async () => ({ known: known.length, absent: lacking().length }),
        async *absent() {
          for (const key of lacking()) yield { key, isAgain: absentBefore[side].has(key) } satisfies Absent;
        },
        believe: async () => {
          absentBefore[side] = new Set(lacking());
        },
      };
    },
  };
  return links;

  function count(call: string): void {
    links.counts[call] = (links.counts[call] ?? 0) + 1;
  }

  function ownerOf(side: Side, key: string): Link | undefined {
    return stored.get(owners[side].get(key) ?? '');
  }

  function needsLook(side: Side, item: { key: string; revision: string; isActive: boolean }): boolean {
    const end = ownerOf(side, item.key)?.ends[side];
    if (end) return !item.isActive || end.revision === null || end.revision !== item.revision;
    return item.isActive && gone.get(`${side} ${item.key}`) !== item.revision;
  }

  function write(call: string, link: Link | null, ends: PerSide<End | null>, run: () => Link): Promise<Link> {
    count(call);
    return step(links.kill, `links.${call} ${ends.here?.key ?? ''}/${ends.there?.key ?? ''}`, () => {
      if (links.failure !== null) throw links.failure;
      if (link !== null && stored.get(link.id)?.version !== link.version) throw new LinkTaken(link.id);
      for (const side of sides) {
        const key = ends[side]?.key;
        const owner = key === undefined ? undefined : ownerOf(side, key);
        if (owner !== undefined && owner.id !== link?.id) throw new LinkTaken(`${side} ${key ?? ''}`);
      }
      return run();
    });
  }

  function finish(link: Link | null, { ends, intent, state }: Finished): Link {
    const kept = keep(link, { ends, intent, state });
    if (state === 'gone') drop(kept, link);
    return kept;
  }

  function keep(
    known: Link | null,
    parts: { ends: PerSide<End | null>; intent: Intent | null; state: Link['state'] },
  ): Link {
    ids += known === null ? 1 : 0;
    const id = known?.id ?? `m${ids}`;
    const link: Link = {
      id,
      syncKey: known?.syncKey ?? `sync-${ids}`,
      version: (known?.version ?? 0) + 1,
      ...parts,
    };
    for (const side of sides) {
      const before = stored.get(id)?.ends[side];
      if (before) owners[side].delete(before.key);
      const now = link.ends[side];
      if (now) owners[side].set(now.key, id);
    }
    stored.set(id, link);
    return link;
  }

  /** The last revision is remembered, so that a late mention of it has no effect. */
  function drop(link: Link, before: Link | null): void {
    for (const side of sides) {
      const end = before?.ends[side];
      if (end && end.revision !== null) gone.set(`${side} ${end.key}`, end.revision);
    }
    stored.delete(link.id);
  }
}

const pairOf = (key: string, link: Link | undefined): [string, Link][] =>
  link === undefined ? [] : [[key, link]];
