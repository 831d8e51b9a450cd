import type { Db } from '../../shared/db/database';
import type { FileStore } from '../../shared/files/file-store';
import { removeSyncFiles } from '../../shared/files/sync-files';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { createPairRetentionStore } from '../../shared/stores/pairs/pair-retention-store';
import { createSystemTaskStore } from '../../shared/stores/pairs/system-task-store';
import { createAddressConfirmationStore } from '../../shared/stores/notifications/address-confirmation-store';
import { createFailedLoginStore } from '../../shared/stores/staff/failed-login-store';
import { createSessionStore } from '../../shared/stores/staff/session-store';
import { createSignInStore } from '../../shared/stores/staff/sign-in-store';
import { createSyncStore } from '../../shared/stores/syncs/sync-store';

interface Deps {
  readonly db: Db;
  readonly files: Pick<FileStore, 'remove'>;
  readonly retentionDays: number;
}

const batchSize = 200;
const failedLoginSeconds = 3_600;
/** After this time without a sign-in, a network address is no longer known for a user. */
const knownPlaceDays = 90;
const orphanSeconds = 3_600;
const doneJobDays = 7;
/** How long runs of pairs can be taken back. */
const pairRetention = { historyDays: 30, goneDays: 90 };
const pairBatchSize = 5_000;
/** The caller has long had the answer. */
const systemTaskHours = 24;

/** Removes the files of syncs that have been kept long enough; what was applied stays. Returns for how many. */
export async function removeExpiredFiles({ db, files, retentionDays }: Deps): Promise<number> {
  const syncs = createSyncStore(db);
  return inBatches(async () => {
    const expired = await syncs.findExpired(retentionDays, batchSize);
    for (const sync of expired) await removeSyncFiles(files, sync);
    await syncs.markFilesRemoved(expired.map(({ id }) => id));
    return expired.length;
  });
}

/**
 * Removes what is left of syncs that are gone, an hour later: an upload that was given up may still be on its way, and
 * cleans up after itself when it fails. Returns for how many.
 */
export async function removeOrphanFiles({ db, files }: Omit<Deps, 'retentionDays'>): Promise<number> {
  const syncs = createSyncStore(db);
  return inBatches(async () => {
    const gone = await syncs.findGone(orphanSeconds, batchSize);
    for (const sync of gone) await removeSyncFiles(files, sync);
    await syncs.forgetGone(gone.map(({ id }) => id));
    return gone.length;
  });
}

/** Removes rows that are no longer needed. */
export async function removeStaleRows(db: Db): Promise<void> {
  await createFailedLoginStore(db).removeOlderThan(failedLoginSeconds);
  await createSignInStore(db).removeKnownOlderThan(knownPlaceDays);
  await createAddressConfirmationStore(db).removeExpired();
  await createSessionStore(db).removeExpired();
  await createJobStore(db).removeDone(doneJobDays);
  await createSystemTaskStore(db).removeOld(systemTaskHours);
  const pairs = createPairRetentionStore(db);
  while ((await pairs.removeOld(pairRetention, pairBatchSize)) === pairBatchSize);
}

/** Until a batch is not full: what waits must not grow from round to round. Returns the sum. */
async function inBatches(removeSome: () => Promise<number>): Promise<number> {
  for (let total = 0; ;) {
    const removed = await removeSome();
    total += removed;
    if (removed < batchSize) return total;
  }
}
