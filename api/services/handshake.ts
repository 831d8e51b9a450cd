import { logTablesOf } from '../../shared/catalog/log-tables';
import { parameterClassesOf } from '../../shared/catalog/parameter-classes';
import { handshakeFlags, haveEffect } from '../../shared/catalog/special-syncs';
import type { ChannelKey } from '../../shared/domain/channel';
import type { Statut } from '../../shared/domain/statut';
import { wrongStatus } from '../../shared/errors/catalog';
import type { FlagStore } from '../../shared/stores/solutions/flag-store';
import type { SyncSteps } from '../../shared/stores/syncs/sync-steps';

interface Deps {
  readonly steps: Pick<SyncSteps, 'askIds' | 'askParameters'>;
  readonly flags: Pick<FlagStore, 'markAnswered'>;
}

export type HandshakeService = ReturnType<typeof createHandshakeService>;

/** The questions of a solution before its upload. */
export function createHandshakeService(deps: Deps) {
  return {
    /** Each log table of the channel with the highest id that we know, or `-1`. */
    async highestLogIds(key: ChannelKey): Promise<Record<string, string>> {
      const asked = await deps.steps.askIds(key);
      needIdle(asked?.statut ?? 0);
      const flags = (asked?.flags ?? []).filter((flag) => handshakeFlags.includes(flag));
      if (flags.length > 0) await deps.flags.markAnswered(key, flags);
      const highest = flags.length > 0 ? {} : (asked?.highestIds ?? {});
      return Object.fromEntries(
        logTablesOf(key.channel).map(({ name, table }) => [name, highest[table] ?? '-1']),
      );
    },

    /** The files that the solution must send next: of classes that it may edit, or of all where it is to replace ours. */
    async wantedParameterFiles(key: ChannelKey): Promise<string[]> {
      const asked = await deps.steps.askParameters(key);
      needIdle(asked?.statut ?? 0);
      const wantsAll = haveEffect(asked?.flags ?? [], 'asks-all-parameters');
      return parameterClassesOf(key.channel)
        .filter(({ direction }) => wantsAll || direction !== 'manager')
        .map(({ name }) => `${name}.xml`);
    },
  };
}

/** `statut` comes from the database, because memory may not know yet of a confirmation by another process. */
function needIdle(statut: Statut): void {
  if (statut !== 0) throw wrongStatus(statut, 0);
}
