import type { Db } from '../../shared/db/database';
import type { FileStore } from '../../shared/files/file-store';
import { lastingPrefixes } from '../../shared/files/layout';
import { removeSyncFiles } from '../../shared/files/sync-files';
import { type Account } from '../../shared/stores/solutions/account-store';
import { createAccountDataStore } from '../../shared/stores/solutions/account-data-store';
import type { RetiredSolution } from '../../shared/stores/solutions/solution-admin-store';
import { createSyncStore } from '../../shared/stores/syncs/sync-store';
import { createAuditStore } from '../../shared/stores/staff/audit-store';

interface Deps {
  readonly db: Db;
  readonly files: Pick<FileStore, 'remove'>;
  /** Who requested it, for the audit trail. */
  readonly actor: string;
}

export interface Purged {
  readonly solutions: number;
  readonly syncs: number;
  /** The rows of all other tables. */
  readonly rows: number;
}

/**
 * Removes an account for good, with its solutions and all data and files that they sent or received. It works in
 * batches, while the server runs; after an interruption, the same call continues. The audit trail keeps what was done
 * with them.
 */
export async function purgeAccount(deps: Deps, account: Pick<Account, 'id' | 'name'>): Promise<Purged> {
  const data = createAccountDataStore(deps.db);
  // Removed data must not be added again.
  await data.blockAll(account.id);
  const purged = { solutions: 0, syncs: 0, rows: 0 };
  for (const solutionId of await data.solutionIds(account.id)) {
    const { syncs, rows } = await removeSolution(deps, solutionId);
    purged.syncs += syncs;
    purged.rows += rows;
    purged.solutions += 1;
  }
  await deps.db.transaction(async (trx) => {
    await createAccountDataStore(trx).deleteAccount(account.id);
    await createAuditStore(trx).add([
      {
        actor: deps.actor,
        action: 'account.purge',
        solutionId: null,
        address: null,
        before: { account: account.name },
        after: purged,
      },
    ]);
  });
  return purged;
}

/** Like `purgeAccount`, for one solution that staff have retired before, so that nobody uses it any more. */
export async function purgeSolution(deps: Deps, { id, ...named }: RetiredSolution): Promise<Purged> {
  const purged: Purged = { solutions: 1, ...(await removeSolution(deps, id)) };
  await createAuditStore(deps.db).add([
    {
      actor: deps.actor,
      action: 'solution.purge',
      solutionId: null,
      address: null,
      before: { id, ...named },
      after: purged,
    },
  ]);
  return purged;
}

async function removeSolution(deps: Deps, solutionId: number): Promise<Omit<Purged, 'solutions'>> {
  const data = createAccountDataStore(deps.db);
  // Syncs are removed first: a worker in the middle of one finds it gone and commits nothing.
  const syncs = await removeSyncs(deps, solutionId);
  let rows = 0;
  for (const table of await data.tablesBySolution()) rows += await data.deleteAll(table, solutionId);
  for (const prefix of lastingPrefixes) await deps.files.remove(`${prefix}/${solutionId}`);
  await data.deleteSolution(solutionId);
  return { syncs, rows };
}

const syncsAtOnce = 200;

async function removeSyncs({ db, files }: Deps, solutionId: number): Promise<number> {
  const all = createSyncStore(db);
  for (let total = 0; ;) {
    const some = await all.someOf(solutionId, syncsAtOnce);
    if (some.length === 0) return total;
    await all.remove(some.map(({ id }) => id));
    for (const sync of some) await removeSyncFiles(files, sync);
    total += some.length;
  }
}
