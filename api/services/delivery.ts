import type { Readable } from 'node:stream';
import type { StoreAccess } from '../../shared/stores/store-access';
import type { ChannelKey } from '../../shared/domain/channel';
import type { FailedInstruction } from '../../shared/domain/failed-instruction';
import { noSync, otherSync, wrongStatus } from '../../shared/errors/catalog';
import type { ByteRange, FileStore } from '../../shared/files/file-store';
import type { FlagStore } from '../../shared/stores/solutions/flag-store';
import type { InstructionStore } from '../../shared/stores/parameters/instruction-store';
import type { AuditEntry, AuditStore } from '../../shared/stores/staff/audit-store';
import type { MessageStore } from '../../shared/stores/messages/message-store';
import type { ReplacementStore } from '../../shared/stores/parameters/replacement-store';
import type { RolloutStore } from '../../shared/stores/rollouts/rollout-store';
import type { SyncSteps } from '../../shared/stores/syncs/sync-steps';
import type { Sync, SyncStore } from '../../shared/stores/syncs/sync-store';
import type { Downloads } from './downloads';
import type { StatutBoard } from './statut-board';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly flags: Pick<FlagStore, 'consume'>;
  readonly instructions: Pick<InstructionStore, 'confirm'>;
  readonly messages: Pick<MessageStore, 'confirm'>;
  readonly replacements: Pick<ReplacementStore, 'confirm'>;
  readonly rollouts: Pick<RolloutStore, 'settleFlags'>;
  readonly syncSteps: Pick<SyncSteps, 'packageAtHand' | 'atHand' | 'confirmPlain' | 'confirm'>;
  readonly syncs: Pick<SyncStore, 'lockCurrent' | 'lastConfirmedId' | 'latest'>;
}

interface Deps extends StoreAccess<Stores> {
  readonly files: FileStore;
  readonly board: Pick<StatutBoard, 'learn'>;
  readonly downloads: Pick<Downloads, 'note' | 'find' | 'forget'>;
}

/** An instruction package that waits for its solution. */
export interface Delivery {
  readonly syncId: string;
  readonly bytes: number;
  /** Hex. */
  readonly sha256: string;
  open(range?: ByteRange): Promise<Readable>;
}

export type DeliveryService = ReturnType<typeof createDeliveryService>;

/** Hands instruction packages out and takes confirmations in. */
export function createDeliveryService({ stores, transaction, files, board, downloads }: Deps) {
  return {
    /** The current package. Throws `wrong-status`. */
    async open(key: ChannelKey): Promise<Delivery> {
      const atHand = await stores.syncSteps.packageAtHand(key);
      if (atHand === null || typeof atHand === 'number') throw wrongStatus(atHand ?? 0, 2);
      const { syncId, packageKey, packageBytes, packageSha256 } = atHand;
      if (packageKey === null || packageBytes === null || packageSha256 === null) {
        throw new Error(`sync ${syncId} is at 2 without a package`);
      }
      return {
        syncId,
        bytes: packageBytes,
        sha256: packageSha256,
        open: (range) => files.read(packageKey, range),
      };
    },

    /** The solution has the whole package. */
    downloaded: (key: ChannelKey, syncId: string) => downloads.note(key, syncId),

    /**
     * Confirms the current package. `syncId` null: any package. A repeated confirmation has no effect. Throws
     * `other-sync` and `wrong-status`.
     */
    async confirm(
      key: ChannelKey,
      syncId: string | null,
      failed: readonly FailedInstruction[],
    ): Promise<void> {
      // A message has states of its own.
      const isPlain = failed.length === 0 && key.channel !== 'messagerie';
      const plain = isPlain ? await confirmPlain(key, syncId) : null;
      const confirmed = plain === null ? await settle(key, syncId, failed) : { statut: 0 as const, ...plain };
      if (confirmed !== null) board.learn(key, confirmed);
    },

    /** The sync in progress, or else the last one. Throws `no-sync`. */
    async currentSync(key: ChannelKey): Promise<Sync> {
      const sync = await stores.syncs.latest(key);
      if (sync === null) throw noSync();
      return sync;
    },
  };

  async function confirmPlain(key: ChannelKey, syncId: string | null) {
    const confirmed = await stores.syncSteps.confirmPlain(key, syncId, downloads.find(key));
    if (confirmed !== null) downloads.forget(key, confirmed.syncId);
    return confirmed;
  }

  /** Confirms a package of which something has to be settled. Null: it was confirmed before. */
  function settle(key: ChannelKey, syncId: string | null, failed: readonly FailedInstruction[]) {
    return transaction(async (stores) => {
      const { syncSteps, syncs } = stores;
      await syncs.lockCurrent(key);
      const status = await syncSteps.atHand(key);
      const atHand = status?.statut === 2 ? status.syncId : null;
      if (syncId !== null && syncId !== atHand && syncId === (await syncs.lastConfirmedId(key))) return null;
      if (status === null || atHand === null) throw wrongStatus(status?.statut ?? 0, 2);
      if (syncId !== null && syncId !== atHand) throw otherSync(atHand);
      if (status.hasInstructions) await stores.instructions.confirm(atHand, failed);
      if (key.channel === 'messagerie') await stores.messages.confirm(key.solutionId, atHand, failed);
      if (status.hasReplacements) await confirmReplacements(stores, key, atHand, failed);
      if (status.hasFlags) await consumeFlags(stores, key, atHand, failed);
      const revision = await syncSteps.confirm(key, atHand);
      if (revision === null) throw new Error(`sync ${atHand} is at hand no longer, though its row is locked`);
      return { statut: 0, syncId: atHand, revision } as const;
    });
  }
}

/** The audit trail records each flag that the sync carried out, and rollouts that have set one learn of it. */
async function consumeFlags(
  stores: Pick<Stores, 'audit' | 'flags' | 'rollouts'>,
  { solutionId, channel }: ChannelKey,
  sync: string,
  failed: readonly FailedInstruction[],
): Promise<void> {
  const consumed = await stores.flags.consume({ solutionId, channel }, sync);
  const entries = consumed.map(({ flag, setBy }): AuditEntry => ({
    actor: 'solution',
    action: 'flag.consume',
    solutionId,
    address: null,
    before: { channel, flag, setBy, sync },
    after: null,
  }));
  await stores.audit.add(entries);
  const flags = consumed.map(({ flag }) => flag);
  const [failure] = failed;
  const reason = failure === undefined ? null : `${failure.file}: ${failure.reason}`;
  if (flags.length > 0) await stores.rollouts.settleFlags({ solutionId, channel }, flags, reason);
}

/** The audit trail records what is parked by this. It waits until staff ask for it again. */
async function confirmReplacements(
  stores: Pick<Stores, 'audit' | 'replacements'>,
  { solutionId, channel }: ChannelKey,
  syncId: string,
  failed: readonly FailedInstruction[],
): Promise<void> {
  const parked = await stores.replacements.confirm(syncId, failed);
  if (parked.length === 0) return;
  await stores.audit.add(
    parked.map(({ file, failures, failureReason }) => ({
      actor: 'solution',
      action: 'replacement.park',
      solutionId,
      address: null,
      before: null,
      after: { channel, file, failures, reason: failureReason, sync: syncId },
    })),
  );
}
