import type { Config } from '../shared/config/config';
import { openDatabase } from '../shared/db/database';
import { commandLineCaller } from '../shared/domain/staff';
import { findDatabaseUrl } from '../shared/embedded/database-url';
import { openFileStore } from '../shared/files/open-file-store';
import {
  createSolutionAdminStore,
  type RetiredSolution,
} from '../shared/stores/solutions/solution-admin-store';
import { type Purged, purgeSolution } from './accounts/purge';

interface Wanted {
  /** The name or the mail of a retired solution. */
  readonly solution: string;
  /** The same again as a confirmation; otherwise nothing is removed. */
  readonly confirm?: string;
}

/** `epack solution purge`. `purged` null: nothing was removed, because `confirm` is not the solution's name or mail. */
export async function purgeRetired(
  config: Config,
  { solution: wanted, confirm }: Wanted,
): Promise<{ readonly solution: RetiredSolution; readonly purged: Purged | null }> {
  const url = await findDatabaseUrl(config);
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-command' });
  try {
    const solution = onlyOne(wanted, await createSolutionAdminStore(db).findRetired(wanted));
    if (confirm !== wanted) return { solution, purged: null };
    const files = await openFileStore(config);
    return { solution, purged: await purgeSolution({ db, files, actor: commandLineCaller.email }, solution) };
  } finally {
    await db.destroy();
  }
}

function onlyOne(wanted: string, found: readonly RetiredSolution[]): RetiredSolution {
  const [only, ...others] = found;
  if (only === undefined) throw new Error(`No retired solution is called "${wanted}". Retire it first.`);
  if (others.length > 0) {
    const mails = found.map(({ mail }) => mail).join(', ');
    throw new Error(
      `${found.length} retired solutions are called "${wanted}": name one by its mail (${mails}).`,
    );
  }
  return only;
}
