import type { Page, PageRequest } from '../../../shared/domain/page';
import { type JsonDifference, jsonDifferences } from '../../../shared/domain/json-differences';
import type { Caller } from '../../../shared/domain/staff';
import type {
  PairConfigStore,
  PairConfigVersion,
  PairEntry,
} from '../../../shared/stores/pairs/pair-config-store';
import { foundPair } from './pairs';

export interface PairChange {
  readonly version: PairConfigVersion;
  /** From the version before; null: it is the first. */
  readonly differences: readonly JsonDifference[] | null;
}

interface Stores {
  readonly pairConfigs: Pick<PairConfigStore, 'find' | 'versions'>;
}

export type PairHistoryService = ReturnType<typeof createPairHistoryService>;

/** The earlier configurations of a pair, and who changed them. */
export function createPairHistoryService({ stores }: { readonly stores: Stores }) {
  return {
    /** The newest first. Throws `not-found`. */
    async list(
      caller: Caller,
      name: string,
      page: PageRequest<number>,
    ): Promise<{ readonly pair: PairEntry } & Page<PairChange>> {
      const pair = await foundPair(stores, caller, name);
      const { items, next } = await stores.pairConfigs.versions(pair.id, page);
      const last = items.at(-1);
      const older =
        last === undefined
          ? []
          : (await stores.pairConfigs.versions(pair.id, { limit: 1, after: last.version })).items;
      const all = [...items, ...older];
      const changes = items.map((version, place): PairChange => {
        const before = all[place + 1];
        const differences = before === undefined ? null : jsonDifferences(before.config, version.config);
        return { version, differences };
      });
      return { pair, items: changes, next };
    },
  };
}
