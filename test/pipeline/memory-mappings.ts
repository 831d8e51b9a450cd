import { type Mapping, type Mappings, type Side, sides } from '../../worker/pipeline/mappings';

export interface MemoryMappings extends Mappings {
  readonly stored: ReadonlyMap<string, Mapping>;
}

export function createMemoryMappings(): MemoryMappings {
  const stored = new Map<string, Mapping>();
  let ids = 0;
  const byKey = (side: Side, key: string): Mapping | null =>
    [...stored.values()].find(({ keys }) => keys[side] === key) ?? null;
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
      if (isEmpty) stored.delete(id);
      else stored.set(id, mapping);
      return Promise.resolve(mapping);
    },
  };
}
