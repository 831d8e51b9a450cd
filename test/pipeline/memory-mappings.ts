import { type Mapping, type Mappings, type Side, sides } from '../../worker/pipeline/mappings';

export interface MemoryMappings extends Mappings {
  readonly stored: ReadonlyMap<string, Mapping>;
}

export function createMemoryMappings(): MemoryMappings {
  const stored = new Map<string, Mapping>();
  let ids = 0;
  const owners: Record<Side, Map<string, string>> = { here: new Map(), there: new Map() };
  const byKey = (side: Side, key: string): Mapping | null => stored.get(owners[side].get(key) ?? '') ?? null;
  const replace = (id: string, mapping: Mapping | null): void => {
    for (const side of sides) {
      const before = stored.get(id)?.keys[side] ?? null;
      if (before !== null) owners[side].delete(before);
      const now = mapping?.keys[side] ?? null;
      if (now !== null) owners[side].set(now, id);
    }
    if (mapping === null) stored.delete(id);
    else stored.set(id, mapping);
  };
  return {
    stored,
    byKey: (side, key) => Promise.resolve(byKey(side, key)),
    byId: (id) => Promise.resolve(stored.get(id) ?? null),
    async *all(side) {
      for (const mapping of [...stored.values()]) if (mapping.keys[side] !== null) yield mapping;
    },
    save(known, draft) {
      const owner = sides
        .map((side) => (draft.keys[side] === null ? null : byKey(side, draft.keys[side])))
        .find((mapping) => mapping !== null && mapping.id !== known?.id);
      if (owner !== undefined && owner !== null) return Promise.resolve(owner);
      const id = known?.id ?? `m${++ids}`;
      const mapping = { id, ...draft };
      const isEmpty = draft.agreed === null && sides.some((side) => draft.keys[side] === null);
      replace(id, isEmpty ? null : mapping);
      return Promise.resolve(mapping);
    },
  };
}
