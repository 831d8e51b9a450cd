import { type Mapping, type Mappings, type PerSide, type Side, sides } from './mappings';
import type { Draft, Item, Match, Place, System, Written } from './system';

/**
 * The same systems and mappings, on which nothing is written: what is written to them is remembered, and shows when
 * they are asked again. With them a run does all that it would do, and nothing happens: a plan.
 */
export function rehearse(
  systems: PerSide<System>,
  mappings: Mappings,
): { readonly systems: PerSide<System>; readonly mappings: Mappings } {
  return {
    systems: { here: rehearseSystem(systems.here), there: rehearseSystem(systems.there) },
    mappings: rehearseMappings(mappings),
  };
}

function rehearseSystem(system: System): System {
  const written = new Map<string, Item>();
  const done = (item: Item): Promise<Written> => {
    if (system.capabilities.deferred) return Promise.resolve({ kind: 'deferred' });
    written.set(item.key, item);
    return Promise.resolve({ kind: 'done', item });
  };
  const itemAt = async (key: string) => written.get(key) ?? (await system.fetch(key));
  const change = async (key: string, particulars: Partial<Item>): Promise<Written> => {
    const item = await itemAt(key);
    return item === null ? { kind: 'stale' } : done({ ...item, ...particulars });
  };
  return {
    capabilities: system.capabilities,
    list: (since) => system.list(since),
    fetch: itemAt,
    find: async (match) => {
      const stored = (await system.find(match)).filter(({ key }) => !written.has(key));
      return [...stored, ...[...written.values()].filter((item) => item.isActive && matches(item, match))];
    },
    create: (key, draft) => done(planned(key, draft)),
    update: (key, { fields }) => change(key, { fields }),
    move: (key, place) => change(key, { place }),
    delete: (key) => change(key, { isActive: false, fields: {}, place: null }),
  };
}

const planned = (key: string, { fields, place, isFolder }: Draft): Item => ({
  key,
  revision: 'planned',
  isActive: true,
  fields,
  place,
  isFolder,
  origin: key,
});

function matches(item: Item, match: Match): boolean {
  switch (match.by) {
    case 'fields':
      return Object.entries(match.fields).every(([name, value]) => item.fields[name] === value);
    case 'parent':
      return item.place?.parent === match.parent;
    case 'place':
      return isAt(item.place, match);
  }
}

const isAt = (place: Place | null, { parent, name }: { parent: string | null; name: string }) =>
  place !== null && place.parent === parent && place.name === name;

function rehearseMappings(mappings: Mappings): Mappings {
  const saved = new Map<string, Mapping>();
  const byKey: PerSide<Map<string, Mapping>> = { here: new Map(), there: new Map() };
  const latest = (mapping: Mapping | null) => (mapping === null ? null : (saved.get(mapping.id) ?? mapping));
  return {
    byKey: async (side: Side, key: string) => byKey[side].get(key) ?? latest(await mappings.byKey(side, key)),
    byId: async (id) => saved.get(id) ?? (await mappings.byId(id)),
    all: (side) => mappings.all(side),
    save: (known, draft) => {
      const name = sides.map((side) => draft.keys[side] ?? '').join(' ');
      const mapping = { id: known?.id ?? `planned ${name}`, ...draft };
      saved.set(mapping.id, mapping);
      for (const side of sides) {
        const key = mapping.keys[side];
        if (key !== null) byKey[side].set(key, mapping);
      }
      return Promise.resolve(mapping);
    },
  };
}
