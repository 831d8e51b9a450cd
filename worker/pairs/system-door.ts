import type { RemoteSystemEntry } from '../../shared/stores/pairs/system-store';
import type { SystemKindName } from '../../shared/systems/system-kind';
import { createLimiter } from '../outside/limiter';
import type { Connector, RemoteSystem } from '../systems/remote-system';
import type { PathTree } from '../systems/tree/path-tree';
import { createPairSystems, isPathTree, type OpeningRequest, type PairSystemsDeps } from './pair-systems';

/** Calls to other systems that are not part of the work on pairs. */
export interface SystemDoor {
  /**
   * Opens the installed system, or what a pair uses of it. It makes no call yet. Throws an error with a sentence if the
   * settings cannot be used.
   */
  open(system: RemoteSystemEntry, use?: SystemUse): Promise<ProbedSystem>;
  /**
   * Makes the system call `url` at every change of an entity. Returns the keys that sign these calls, by the system's
   * ids. Null: this kind of system has no webhooks.
   */
  registerWebhooks(
    system: RemoteSystemEntry,
    wish: { readonly entity: string; readonly url: string },
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | null>;
}

export type ProbedSystem = Pick<RemoteSystem, 'probe' | 'fieldTypes' | 'close'> &
  Pick<PathTree, 'rootLocation'>;

/** What a pair uses of a system. */
export interface SystemUse {
  /** Its entity, table or model. */
  readonly end: object;
  /** The names of the fields in the system. */
  readonly fields: readonly string[];
}

export interface SystemDoorDeps extends Omit<PairSystemsDeps, 'connectors'> {
  readonly connectors: Readonly<Partial<Record<SystemKindName, Connector>>>;
}

/** Opens installed systems outside the work on pairs, each time as new, so that a probe shows the current state. */
export function createSystemDoor(deps: SystemDoorDeps): SystemDoor {
  return {
    async open(entry, use) {
      const systems = createPairSystems(deps);
      const system = await systems.open(requestOf(entry, use));
      const fieldTypes = isPathTree(system) ? undefined : system.fieldTypes;
      return {
        probe: (signal) => system.probe(signal),
        rootLocation: async (signal) =>
          isPathTree(system) ? ((await system.rootLocation?.(signal)) ?? []) : [],
        ...(fieldTypes === undefined ? {} : { fieldTypes }),
        close: () => systems.close(),
      };
    },
    async registerWebhooks(entry, wish, signal) {
      const register = deps.connectors[entry.kind]?.registerWebhooks ?? null;
      if (register === null) return null;
      const { system } = requestOf(entry);
      const { config, secrets } = await deps.secretsOf(system);
      const opening = { config, secrets, end: null, fields: [], overlapMinutes: 0 };
      const limiter = createLimiter({ atOnce: 1 });
      return register(opening, { system: entry.name, limiter, observe: deps.observe }, wish, signal);
    },
  };
}

const requestOf = (entry: RemoteSystemEntry, use?: SystemUse): OpeningRequest => ({
  system: entry,
  end: use?.end ?? null,
  fields: use?.fields ?? [],
  find: null,
  accountId: entry.accountId,
  user: 'door',
});
