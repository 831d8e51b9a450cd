import { logTablesOf } from '../../shared/catalog/log-tables';
import { parameterClassesOf } from '../../shared/catalog/parameter-classes';
import { handshakeFlags, haveEffect } from '../../shared/catalog/special-syncs';
import type { ChannelKey } from '../../shared/domain/channel';
import type { Statut } from '../../shared/domain/statut';
import { wrongStatus } from '../../shared/errors/catalog';
import type { FlagStore } from '../../shared/stores/solutions/flag-store';
import type { LogMarkStore } from '../../shared/stores/logs/log-mark-store';
import type { StatusStore } from '../../shared/stores/syncs/status-store';

interface Deps {
  readonly statuses: Pick<StatusStore, 'read' | 'noteIdsAsked'>;
  readonly marks: LogMarkStore;
  readonly flags: Pick<FlagStore, 'listOf' | 'markAnswered'>;
}

export type HandshakeService = ReturnType<typeof createHandshakeService>;

/** The questions of a solution before its upload. */
export function createHandshakeService(deps: Deps) {
  return {
    /** Each log table of the channel with the highest id that we know, or `-1`. */
    async highestLogIds(key: ChannelKey): Promise<Record<string, string>> {
      needIdle((await deps.statuses.noteIdsAsked(key)) ?? 0);
      const asked = (await deps.flags.listOf(key)).filter((flag) => handshakeFlags.includes(flag));
      if (asked.length > 0) await deps.flags.markAnswered(key, asked);
      const highest =
        asked.length > 0 ? new Map<string, string>() : await deps.marks.highestIds(key.solutionId);
      return Object.fromEntries(
        logTablesOf(key.channel).map(({ name, table }) => [name, highest.get(table) ?? '-1']),
      );
    },

    /** The files that the solution must send next: of classes that it may edit, or of all where it is to replace ours. */
    async wantedParameterFiles(key: ChannelKey): Promise<string[]> {
      needIdle((await deps.statuses.read(key))?.statut ?? 0);
      const flags = await deps.flags.listOf(key);
      const wantsAll = haveEffect(flags, 'asks-all-parameters');
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
