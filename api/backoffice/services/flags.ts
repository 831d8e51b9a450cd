import { haveEffect } from '../../../shared/catalog/special-syncs';
import type { StoreAccess } from '../../../shared/stores/store-access';
import type { Channel, ChannelKey } from '../../../shared/domain/channel';
import type { Flag } from '../../../shared/domain/flag';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import type { AuditEntry, AuditStore } from '../../../shared/stores/staff/audit-store';
import type { ChannelResetStore } from '../../../shared/stores/syncs/channel-reset-store';
import type { FlagStore } from '../../../shared/stores/solutions/flag-store';
import type { JobStore } from '../../../shared/stores/jobs/job-store';
import type { InstructionStore } from '../../../shared/stores/parameters/instruction-store';
import type { DueReplacement, ReplacementStore } from '../../../shared/stores/parameters/replacement-store';
import type {
  SolutionAdminStore,
  SolutionFilter,
} from '../../../shared/stores/solutions/solution-admin-store';
import { needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly channelResets: ChannelResetStore;
  readonly flags: Pick<FlagStore, 'clear' | 'releaseFrom' | 'set'>;
  readonly instructions: Pick<InstructionStore, 'takeBack'>;
  readonly jobs: Pick<JobStore, 'endOfSyncs'>;
  readonly replacements: Pick<ReplacementStore, 'cancel' | 'list'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'idsMatching' | 'visibleOf' | 'isVisible'>;
}

/** Solutions by their ids, or all that a filter finds. */
export type Selection = { readonly ids: readonly number[] } | { readonly filter: SolutionFilter };

export type FlagService = ReturnType<typeof createFlagService>;

/** Special synchronisations. Source: ePack V4, Special synchronisations. */
export function createFlagService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** `reset-status` acts at once and is not kept. Throws `not-found`, `forbidden`. */
    async set(caller: Caller, { solutionId, channel }: ChannelKey, flag: Flag): Promise<void> {
      await transaction(async (stores) => {
        await needVisible(stores, caller, solutionId);
        needEditor(caller);
        await raise(stores, caller, [solutionId], { channel, flag });
      });
    },

    /** All of the solutions or none: one that the caller does not see is `not-found`. */
    async setMany(caller: Caller, selection: Selection, channel: Channel, flag: Flag): Promise<void> {
      await transaction(async (stores) => {
        const solutionIds = await selectSolutions(stores, caller, selection);
        needEditor(caller);
        await raise(stores, caller, solutionIds, { channel, flag });
      });
    },

    /**
     * A flag that is not set is no error. Its instructions that the solution could not carry out are not sent again.
     * Throws `not-found`, `forbidden`.
     */
    async clear(caller: Caller, key: ChannelKey, flag: Flag): Promise<void> {
      await transaction(async (stores) => {
        await needVisible(stores, caller, key.solutionId);
        needEditor(caller);
        const wasSet = await stores.flags.clear(key, flag);
        const cancelled = tellsWhole(flag) ? await stores.replacements.cancel(key) : [];
        if (!wasSet && cancelled.length === 0) return;
        const deed = { solutionId: key.solutionId, before: { channel: key.channel, flag, cancelled } };
        await stores.audit.add([auditEntry(caller, 'flag.clear', deed)]);
      });
    },

    /** Classes and tables that the solution was told to replace, and has not. Throws `not-found`. */
    async replacements(caller: Caller, solutionId: number): Promise<DueReplacement[]> {
      await needVisible(stores, caller, solutionId);
      return stores.replacements.list(solutionId);
    },
  };
}

const tellsWhole = (flag: Flag) =>
  haveEffect([flag], 'tells-all-parameters') || haveEffect([flag], 'tells-all-logs');

/** All of the solutions or none. Throws `not-found`: the caller does not see one of them. */
export async function selectSolutions(
  { solutionAdmin }: { readonly solutionAdmin: Pick<SolutionAdminStore, 'idsMatching' | 'visibleOf'> },
  caller: Caller,
  selection: Selection,
): Promise<number[]> {
  if ('filter' in selection) return solutionAdmin.idsMatching(caller.accounts, selection.filter);
  const visible = await solutionAdmin.visibleOf(caller.accounts, selection.ids);
  if (visible.length !== new Set(selection.ids).size) throw notFound('solution');
  return visible;
}

interface ChannelFlag {
  readonly channel: Channel;
  readonly flag: Flag;
}

async function raise(
  stores: Stores,
  caller: Caller,
  solutionIds: readonly number[],
  { channel, flag }: ChannelFlag,
): Promise<void> {
  if (haveEffect([flag], 'frees-channel')) {
    await reset(stores, caller, solutionIds, { channel, flag });
    return;
  }
  await stores.flags.set(solutionIds, channel, flag, caller.email);
  await stores.audit.add(
    solutionIds.map((solutionId) => auditEntry(caller, 'flag.set', { solutionId, after: { channel, flag } })),
  );
}

async function reset(
  stores: Stores,
  caller: Caller,
  solutionIds: readonly number[],
  { channel, flag }: ChannelFlag,
): Promise<void> {
  const given = await stores.channelResets.reset(solutionIds, channel);
  await giveUpWork(
    stores,
    given.map(({ syncId }) => syncId),
  );
  const givenBySolution = new Map(given.map((one) => [one.solutionId, one]));
  const entries = solutionIds.map((solutionId): AuditEntry => {
    const busy = givenBySolution.get(solutionId);
    const before = { channel, statut: String(busy?.statut ?? 0), abandoned: busy?.syncId ?? null };
    const after = { channel, flag, statut: '0' };
    return auditEntry(caller, 'flag.set', { solutionId, before, after });
  });
  await stores.audit.add(entries);
}

/** The work of syncs that are abandoned now waits for the next ones. */
async function giveUpWork({ jobs, instructions, flags }: Stores, syncIds: readonly string[]): Promise<void> {
  if (syncIds.length === 0) return;
  await jobs.endOfSyncs(syncIds);
  await instructions.takeBack(syncIds);
  await flags.releaseFrom(syncIds);
}
