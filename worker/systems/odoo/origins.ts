import { createBoundedMap } from '../bounded-map';
import type { ExternalIds } from './external-ids';

/** The keys of our creations: the created records have them as external ids. */
export interface Origins {
  /** Reads those that are not known yet. Null: we did not create the record. */
  of(ids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, string | null>>;
  learn(id: number, key: string): void;
}

/** No module of Odoo has this name, so no update of a module removes the ids. */
const ourModule = '__sync__';

export const externalIdOf = (key: string): string => `${ourModule}.${key}`;

const most = 50_000;

export function createOrigins(externalIds: ExternalIds, model: string): Origins {
  /** If we did not create a record, this never changes. */
  const known = createBoundedMap<number, string | null>(most);
  return {
    async of(ids, signal) {
      const unknown = ids.filter((id) => known.get(id) === undefined);
      const names = await externalIds.of(model, unknown, signal);
      for (const id of unknown) known.set(id, originIn(names.get(id)));
      return new Map(ids.map((id) => [id, known.get(id) ?? null]));
    },
    learn: (id, key) => known.set(id, key),
  };
}

function originIn(names: readonly string[] = []): string | null {
  const ours = names.find((name) => name.startsWith(`${ourModule}.`));
  return ours === undefined ? null : ours.slice(ourModule.length + 1);
}
