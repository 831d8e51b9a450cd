import { fieldOf, sameValue } from '../../shared/domain/merge-copy';
import type { Calls } from './calls';
import { type KnownLinks, type Link, type Links } from './links';
import { type PerSide, perSide, type Side, sides } from './sides';
import { sameName } from './names';
import type { Draft, Item, Match, Patch, Place, Written } from './system';
import { folderInItself, nameTaken } from './refusal';

/**
 * Wraps the systems so that nothing is written: writes are remembered and show in later reads. With these, a run does
 * everything except for real writes. That is a plan.
 */
export const rehearseSystems = (systems: PerSide<Calls>): PerSide<Calls> =>
  perSide((side) => rehearseSystem(systems[side]));

export function rehearse(
  systems: PerSide<Calls>,
  links: Links,
): { readonly systems: PerSide<Calls>; readonly links: Links } {
  const rehearsed = rehearseLinks(links);
  return {
    systems: rehearseSystems(systems),
    links: {
      ...rehearsed,
      screen: (side, items) => links.screen(side, items),
      childrenOf: (id, side) => links.childrenOf(id, side),
      withIntent: () => links.withIntent(),
      openListing: async (side) => ({
        ...(await links.openListing(side)),
        // What a plan reads is not remembered.
        believe: () => Promise.resolve(),
      }),
    },
  };
}

function rehearseSystem(system: Calls): Calls {
  const { capabilities } = system;
  const written = new Map<string, Item>();
  const rules = [capabilities.tree];
  const done = (item: Item): Written => {
    if (capabilities.deferred) return { kind: 'deferred' };
    written.set(item.key, item);
    return { kind: 'done', item };
  };
  const fetch = async (key: string) => {
    const item = written.get(key);
    return item === undefined ? system.fetch(key) : item.isActive ? item : null;
  };
  const find = async (match: Match) => {
    const stored = (await system.find(match)).filter(({ key }) => !written.has(key));
    return [...stored, ...[...written.values()].filter((item) => item.isActive && matches(item, match))];
  };
  const change = async (key: string, particulars: Partial<Item>): Promise<Written> => {
    const item = await fetch(key);
    return item === null ? { kind: 'stale', item } : done({ ...item, ...particulars, revision: 'planned' });
  };
  const refusal = (place: Place | null, key: string | null) =>
    place === null || capabilities.tree === null || capabilities.deferred
      ? Promise.resolve(null)
      : refusalOf({ fetch, find }, place, key);
  return {
    capabilities: { ...capabilities, answers: 'stored', writes: 'conditional' },
    fetch,
    find,
    create: async (key, draft) => (await refusal(draft.place, null)) ?? done(planned(key, draft)),
    update: (key, { whole, content }: Patch) =>
      change(key, content === null ? { fields: whole } : { fields: whole, content }),
    move: async (key, place) => (await refusal(place, key)) ?? change(key, { place }),
    delete: (key) => change(key, { isActive: false, fields: {}, place: null }),
  };

  function matches(item: Item, match: Match): boolean {
    switch (match.by) {
      case 'fields':
        return Object.entries(match.fields).every(([name, value]) =>
          sameValue(fieldOf(item.fields, name), value),
        );
      case 'parent':
        return item.place !== null && item.place.parent === match.parent;
      case 'place':
        return (
          item.place !== null &&
          item.place.parent === match.parent &&
          sameName(rules, item.place.name, match.name)
        );
      case 'origin':
        return item.origin === match.key;
    }
  }
}

/** The refusal that a server would return. */
async function refusalOf(
  { fetch, find }: Pick<Calls, 'fetch' | 'find'>,
  place: Place,
  key: string | null,
): Promise<Written | null> {
  const holders = await find({ by: 'place', ...place });
  if (holders.some((holder) => holder.key !== key)) return nameTaken;
  let above = key === null ? null : place.parent;
  for (let depth = 0; above !== null && depth < maxDepth; depth++) {
    if (above === key) return folderInItself;
    above = (await fetch(above))?.place?.parent ?? null;
  }
  return null;
}

const maxDepth = 1_000;

const planned = (key: string, { fields, place, isFolder, content }: Draft): Item => ({
  key: `planned ${key}`,
  revision: 'planned',
  isActive: true,
  fields,
  place,
  isFolder,
  origin: key,
  content,
});

/** Wraps the links so that nothing is stored. */
export function rehearseLinks(links: KnownLinks): KnownLinks {
  const saved = new Map<string, Link>();
  const byKey: PerSide<Map<string, Link>> = { here: new Map(), there: new Map() };
  const latest = (link: Link) => saved.get(link.id) ?? link;
  const keep = (known: Link | null, parts: Pick<Link, 'ends' | 'intent' | 'state'>): Promise<Link> => {
    const name = sides.map((side) => parts.ends[side]?.key ?? '').join(' ');
    const id = known?.id ?? `planned ${name}`;
    const link = { id, syncKey: known?.syncKey ?? name, version: (known?.version ?? 0) + 1, ...parts };
    saved.set(link.id, link);
    for (const side of sides) {
      const key = link.ends[side]?.key;
      if (key !== undefined) byKey[side].set(key, link);
    }
    return Promise.resolve(link);
  };
  return {
    byKeys: async (side: Side, keys) => {
      const stored = await links.byKeys(side, keys);
      const found = new Map<string, Link>();
      for (const key of keys) {
        const link = byKey[side].get(key) ?? stored.get(key);
        if (link !== undefined) found.set(key, latest(link));
      }
      return found;
    },
    byIds: async (ids) => {
      const found = new Map(await links.byIds(ids));
      for (const id of ids) {
        const link = saved.get(id);
        if (link !== undefined) found.set(id, link);
      }
      return found;
    },
    bySyncKey: (syncKey) => links.bySyncKey(syncKey),
    partedFrom: (side, key) => links.partedFrom(side, key),
    begin: (link, ends, intent) => keep(link, { ends, intent, state: link?.state ?? 'creating' }),
    finish: (link, { ends, state, intent }) => keep(link, { ends, state, intent }),
  };
}
