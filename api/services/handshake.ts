import { logTablesOf } from '../../shared/catalog/log-tables';
import { parameterClassesOf } from '../../shared/catalog/parameter-classes';
import { handshakeFlags, haveEffect } from '../../shared/catalog/special-syncs';
import type { ChannelKey } from '../../shared/domain/channel';
import type { Flag } from '../../shared/domain/flag';
import type { Statut } from '../../shared/domain/statut';
import { wrongStatus } from '../../shared/errors/catalog';
import type { FlagStore } from '../../shared/stores/solutions/flag-store';
import type { AskedIds, SyncSteps } from '../../shared/stores/syncs/sync-steps';

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
      return highestOf(key, asked);
    },

    /** The files that the solution must send next: of classes that it may edit, or of all where it is to replace ours. */
    async wantedParameterFiles(key: ChannelKey): Promise<string[]> {
      const asked = await deps.steps.askParameters(key);
      needIdle(asked?.statut ?? 0);
      return wantedOf(key, asked?.flags ?? []);
    },

    /**
     * Both, for a solution without a network: it is told with the package what its next upload has to hold, and cannot
     * ask later. Whatever the status is.
     */
    async forNextUpload(
      key: ChannelKey,
    ): Promise<{ readonly highestIds: Record<string, string>; readonly parameterFiles: string[] }> {
      const asked = await deps.steps.askIds(key);
      return {
        highestIds: await highestOf(key, asked),
        parameterFiles: wantedOf(key, asked?.flags ?? []),
      };
    },
  };

  async function highestOf(key: ChannelKey, asked: AskedIds | null): Promise<Record<string, string>> {
    const flags = (asked?.flags ?? []).filter((flag) => handshakeFlags.includes(flag));
    if (flags.length > 0) await deps.flags.markAnswered(key, flags);
    const highest = flags.length > 0 ? {} : (asked?.highestIds ?? {});
    return Object.fromEntries(
      logTablesOf(key.channel).map(({ name, table }) => [name, highest[table] ?? '-1']),
    );
  }
}

function wantedOf({ channel }: ChannelKey, flags: readonly Flag[]): string[] {
  const wantsAll = haveEffect(flags, 'asks-all-parameters');
  return parameterClassesOf(channel)
    .filter(({ direction }) => wantsAll || direction !== 'manager')
    .map(({ name }) => `${name}.xml`);
}

/** `statut` comes from the database, because memory may not know yet of a confirmation by another process. */
function needIdle(statut: Statut): void {
  if (statut !== 0) throw wrongStatus(statut, 0);
}
