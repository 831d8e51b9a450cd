import type { RemoteSystemEntry } from '../../shared/stores/pairs/system-store';
import type { SystemKindName } from '../../shared/systems/system-kind';
import { createLimiter } from '../outside/limiter';
import type { Connector, RemoteSystem } from '../systems/remote-system';
import { createPairSystems, isPathTree, type OpeningRequest, type PairSystemsDeps } from './pair-systems';

/** What is asked of other systems beside the work on pairs. */
export interface SystemDoor {
  /**
   * The installed system alone, or what a pair uses of it. It makes no call yet. Throws a sentence where the settings
   * cannot be used.
   */
  open(system: RemoteSystemEntry, use?: SystemUse): Promise<ProbedSystem>;
  /**
   * Has the system call `url` at every change of an entity. Returns the keys that sign its calls, by its own ids. Null:
   * its kind cannot.
   */
  registerWebhooks(
    system: RemoteSystemEntry,
    wish: { readonly entity: string; readonly url: string },
    signal: AbortSignal,
  ): Promise<Readonly<Record<string, string>> | null>;
}

export type ProbedSystem = Pick<RemoteSystem, 'probe' | 'fieldTypes' | 'close'>;

/** What a pair uses of a system. */
export interface SystemUse {
  /** Its entity, table or model. */
  readonly end: object;
  /** In the system's own words. */
  readonly fields: readonly string[];
}

export interface SystemDoorDeps extends Omit<PairSystemsDeps, 'connectors'> {
  readonly connectors: Readonly<Partial<Record<SystemKindName, Connector>>>;
}

/**
 * Opens installed systems apart from the work on pairs, each time from the beginning, so that a probe shows the current
 * state.
 */
export function createSystemDoor(deps: SystemDoorDeps): SystemDoor {
  return {
    async open(entry, use) {
      const systems = createPairSystems(deps);
      const system = await systems.open(requestOf(entry, use));
      const fieldTypes = isPathTree(system) ? undefined : system.fieldTypes;
      return {
        probe: (signal) => system.probe(signal),
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
  user: 'door',
});
