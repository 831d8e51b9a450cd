import type { RemoteSystemEntry, SystemStore } from '../../shared/stores/pairs/system-store';
import type { SystemKindName } from '../../shared/systems/system-kind';
import { systemKinds } from '../../shared/systems/system-kinds';
import { Trouble } from '../pipeline/trouble';
import type { CallLimits } from '../outside/limiter';
import type { RecordLoader } from '../systems/record-loader';
import type { Limiter, Connector } from '../systems/remote-system';
import type { Json } from '../../shared/systems/references';

interface Deps {
  readonly systems: Pick<SystemStore, 'findById'>;
  readonly connectors: Readonly<Partial<Record<SystemKindName, Connector>>>;
  /** The settings with every `${NAME}` replaced, and the values that were. Throws where one is missing. */
  readonly secretsOf: (
    system: RemoteSystemEntry,
  ) => Promise<{ readonly config: Json; readonly secrets: readonly string[] }>;
  readonly limiterOf: (limits: CallLimits) => Limiter;
}

/** Opens installed systems to load records there; anew each time, since it costs no call. */
export function createLoaderDoor({ systems, connectors, secretsOf, limiterOf }: Deps) {
  return async (systemId: number): Promise<RecordLoader> => {
    const system = await systems.findById(systemId);
    const openLoader = system === null ? undefined : connectors[system.kind]?.openLoader;
    if (system === null || openLoader === undefined)
      throw new Trouble('fields', 'this version cannot load records there');
    const { config, secrets } = await secretsOf(system);
    const settings = systemKinds[system.kind].settings.parse(config);
    const opening = { config: settings, secrets, end: null, fields: [], overlapMinutes: 0 };
    return openLoader(opening, {
      system: system.name,
      limiter: limiterOf({ atOnce: 1 }),
      observe: () => undefined,
    });
  };
}
