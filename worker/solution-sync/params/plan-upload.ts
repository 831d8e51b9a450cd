import { type Db, inTransaction, type Transaction } from '../../../shared/db/database';
import type { FileStore } from '../../../shared/files/file-store';
import type { UnpackedUpload } from '../../../shared/stores/syncs/sync-store';
import { sortPackageFiles } from '../package/package-files';
import type { Entry } from '../../pipeline/entry';
import type { Operation, Verdict } from '../../pipeline/verdict';
import { createUploadStandingStore } from '../../../shared/stores/parameters/upload-standing-store';
import { createFlagStore } from '../../../shared/stores/solutions/flag-store';
import { circumstancesOf } from './merge-upload';
import { mergeClassFile, type ReceivedClass } from './merge-class-file';

interface Deps {
  readonly db: Db;
  readonly files: FileStore;
}

/** The planned result for one entity. */
export interface PlannedLine {
  readonly className: string;
  readonly id: string;
  readonly verdict: Verdict;
  /** A sentence for a person, where the verdict needs one. */
  readonly reason: string | null;
  /** `here` is the manager, `there` the solution. */
  readonly operations: readonly Operation[];
  /** The fields that both sides changed differently; null: none. Empty: one side deleted what the other changed. */
  readonly disputed: readonly string[] | null;
}

/**
 * The changes to the parameters that an upload would cause, entity by entity. It is the same run on rehearsals of both
 * systems, and its transaction is rolled back.
 */
export async function planUpload({ db, files }: Deps, upload: UnpackedUpload): Promise<PlannedLine[]> {
  const { parameters } = await sortPackageFiles(files, upload);
  const lines: PlannedLine[] = [];
  await andRollBack(db, async (transaction) => {
    const standing = await createUploadStandingStore(transaction.db).ofSync(upload.syncId);
    const flags = await createFlagStore(transaction.db).honouredBy(upload.syncId);
    for (const { parameterClass, file } of parameters) {
      const received: ReceivedClass = {
        ...upload,
        ...circumstancesOf({ flags, drifted: [] }, standing, parameterClass),
        parameterClass,
        file,
        onPlanned: (entries) => lines.push(...entries.flatMap((entry) => lineOf(parameterClass.name, entry))),
      };
      await mergeClassFile(transaction, received, () => Promise.resolve());
    }
  });
  return lines;
}

function lineOf(className: string, { mention, verdict, reason, operations, conflict }: Entry): PlannedLine[] {
  if (verdict === undefined || verdict === 'unchanged' || verdict === 'agreed') return [];
  return [{ className, id: mention.key, verdict, reason, operations, disputed: conflict && conflict.fields }];
}

class RolledBack extends Error {}

async function andRollBack(db: Db, work: (transaction: Transaction) => Promise<void>): Promise<void> {
  try {
    await inTransaction(db, async (transaction): Promise<never> => {
      await work(transaction);
      throw new RolledBack();
    });
  } catch (error) {
    if (!(error instanceof RolledBack)) throw error;
  }
}
