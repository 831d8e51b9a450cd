import { purgeAccount, type Purged } from './accounts/purge';
import type { Config } from '../shared/config/config';
import { type Db, openDatabase } from '../shared/db/database';
import { commandLineCaller } from '../shared/domain/staff';
import { openFileStore } from '../shared/files/open-file-store';
import { createAccountDataStore } from '../shared/stores/solutions/account-data-store';
import { type Account, createAccountStore } from '../shared/stores/solutions/account-store';
import { findDatabaseUrl } from '../shared/embedded/database-url';

/**
 * `epack account purge`. Null: nothing was removed, because `confirm` is not the account's name; `solutions` would be
 * removed.
 */
export function purge(
  config: Config,
  { account: name, confirm }: { readonly account: string; readonly confirm?: string },
): Promise<{ readonly solutions: number; readonly purged: Purged | null }> {
  return withAccount(config, name, async (db, account) => {
    const solutions = (await createAccountDataStore(db).solutionIds(account.id)).length;
    if (confirm !== account.name) return { solutions, purged: null };
    const files = await openFileStore(config);
    return { solutions, purged: await purgeAccount({ db, files, actor: commandLineCaller.email }, account) };
  });
}

async function withAccount<T>(
  config: Config,
  name: string,
  work: (db: Db, account: Account) => Promise<T>,
): Promise<T> {
  const url = await findDatabaseUrl(config);
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-command' });
  try {
    const account = await createAccountStore(db).findByName(name);
    if (account === null) throw new Error(`There is no account "${name}".`);
    return await work(db, account);
  } finally {
    await db.destroy();
  }
}
