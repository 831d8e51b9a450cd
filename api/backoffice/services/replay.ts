import type { Readable } from 'node:stream';
import type { ChannelKey } from '../../../shared/domain/channel';
import type { IntakeService, Replay } from '../../services/intake';

/** The result: a new sync, as if the solution had sent the archive. */
export interface Replayed {
  readonly syncId: string;
}

/**
 * Sends an archive through the intake once more: claim, store, unpack, queue. It has its own copy of the upload, so
 * that neither sync loses its files when those of the other are removed. `alongside` is in the transaction that
 * queues. Throws `wrong-status` unless the channel is at 0.
 */
export async function replayArchive(
  intake: Pick<IntakeService, 'begin'>,
  key: ChannelKey,
  openArchive: () => Promise<Readable>,
  alongside: (syncId: string) => Replay,
): Promise<Replayed> {
  const reception = await intake.begin(key, null);
  try {
    await reception.store(await openArchive());
    return await reception.complete(null, alongside(reception.syncId));
  } catch (error) {
    await reception.refuse();
    throw error;
  }
}
