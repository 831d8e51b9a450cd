import { type Db, inTransaction } from '../../shared/db/database';
import { uploadPrefixOf } from '../../shared/files/layout';
import type { FileStore } from '../../shared/files/file-store';
import type { Logger } from '../../shared/log';
import { createStatusStore } from '../../shared/stores/syncs/status-store';
import { createSyncStore } from '../../shared/stores/syncs/sync-store';

interface Deps {
  readonly db: Db;
  readonly files: Pick<FileStore, 'remove'>;
  readonly log: Logger;
}

const batchSize = 100;

/**
 * Frees the channels of uploads that died half-way: the process that received them is gone, or its solution is.
 * Source: ePack V4, The status ("it returns to 0 within a minute").
 */
export async function freeDeadUploads({ db, files, log }: Deps): Promise<number> {
  const dead = await createSyncStore(db).findDeadUploads(batchSize);
  for (const upload of dead) {
    const isRemoved = await inTransaction(db, async ({ db: trx }) => {
      if (!(await createSyncStore(trx).removeReceiving(upload.id))) return false;
      await createStatusStore(trx).release(upload, upload.id);
      return true;
    });
    // It was only late and is complete now, or the watchdog of another worker has done it.
    if (!isRemoved) continue;
    await files.remove(uploadPrefixOf(upload.id));
    log.warn(
      { syncId: upload.id, solutionId: upload.solutionId, channel: upload.channel },
      'dead upload given up',
    );
  }
  return dead.length;
}
