import type { RemoteSystemEntry } from '../../shared/stores/pairs/system-store';
import type { SystemKindName } from '../../shared/systems/system-kind';
import { createLimiter } from '../outside/limiter';
import type { Connector } from '../systems/remote-system';
import { createPairSystems, type OpeningRequest, type PairSystemsDeps } from './pair-systems';
import type { SystemDoor } from './system-tasks';

export interface SystemDoorDeps extends Omit<PairSystemsDeps, 'connectors'> {
  readonly connectors: Readonly<Partial<Record<SystemKindName, Connector>>>;
}

/**
 * Opens installed systems apart from the work on pairs, each time from the beginning, so that a probe shows the current
 * state.
 */
export function createSystemDoor(deps: SystemDoorDeps): SystemDoor {
  return {
    async open(entry) {
      const systems = createPairSystems(deps);
      const system = await systems.open(requestOf(entry));
      return { probe: (signal) => system.probe(signal), close: () => systems.close() };
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

const requestOf = (entry: RemoteSystemEntry): OpeningRequest => ({
  system: { ...entry, waitsSeconds: 0 },
  end: null,
  fields: [],
  find: null,
  user: 'door',
});
