import type { Db } from '../../shared/db/database';
import { packagePrefixOf, uploadPrefixOf } from '../../shared/files/layout';
import type { FileStore } from '../../shared/files/file-store';
import { createFailedLoginStore } from '../../shared/stores/failed-login-store';
import { createSyncStore } from '../../shared/stores/sync-store';

interface Deps {
  readonly db: Db;
  readonly files: Pick<FileStore, 'remove'>;
  readonly retentionDays: number;
}

const batchSize = 200;
const failedLoginSeconds = 3_600;
const orphanSeconds = 3_600;

/** Removes the files of syncs that have been kept long enough; what was applied stays. Answers of how many. */
export async function removeExpiredFiles({ db, files, retentionDays }: Deps): Promise<number> {
  const syncs = createSyncStore(db);
  const expired = await syncs.findExpired(retentionDays, batchSize);
  for (const { id, archiveKey } of expired) {
    if (archiveKey !== null) await removeArchive(files, archiveKey);
    await files.remove(uploadPrefixOf(id));
    await files.remove(packagePrefixOf(id));
  }
  await syncs.markFilesRemoved(expired.map(({ id }) => id));
  return expired.length;
}

/**
 * Removes what is left of syncs that are gone, an hour later: an upload that was given up may still be on its way, and
 * cleans up after itself when it fails. Answers of how many.
 */
export async function removeOrphanFiles({ db, files }: Omit<Deps, 'retentionDays'>): Promise<number> {
  const syncs = createSyncStore(db);
  const gone = await syncs.findGone(orphanSeconds, batchSize);
  for (const { id, archiveKey } of gone) {
    if (archiveKey !== null) await removeArchive(files, archiveKey);
    await files.remove(uploadPrefixOf(id));
    await files.remove(packagePrefixOf(id));
  }
  await syncs.forgetGone(gone.map(({ id }) => id));
  return gone.length;
}

/** Beside an archive that came as a resumable upload lie its particulars. */
async function removeArchive(files: Deps['files'], archiveKey: string): Promise<void> {
  await files.remove(archiveKey);
  await files.remove(`${archiveKey}.json`);
}

/** Removes what only counted for a while. */
export async function removeStaleRows(db: Db): Promise<void> {
  await createFailedLoginStore(db).removeOlderThan(failedLoginSeconds);
  await db('user_session').whereRaw('expires_at < now()').delete();
  await db('job').where({ state: 'done' }).andWhereRaw(`finished_at < now() - interval '7 days'`).delete();
}
