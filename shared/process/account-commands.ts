import { purgeAccount, type Purged } from '../accounts/purge';
import type { Config } from '../config/config';
import { type Db, openDatabase } from '../db/database';
import { commandLineCaller } from '../domain/staff';
import { createDiskFileStore } from '../files/disk-file-store';
import { createAccountDataStore, type Retention } from '../stores/account-data-store';
import { type Account, createAccountStore } from '../stores/account-store';
import { createAuditStore } from '../stores/audit-store';
import { findDatabaseUrl } from './database-url';

/** `epack account purge`. Null: nothing was done, `confirm` is not the account's name; `solutions` would go. */
export function purge(
  config: Config,
  { account: name, confirm }: { readonly account: string; readonly confirm?: string },
): Promise<{ readonly solutions: number; readonly purged: Purged | null }> {
  return withAccount(config, name, async (db, account) => {
    const solutions = (await createAccountDataStore(db).solutionIds(account.id)).length;
    if (confirm !== account.name) return { solutions, purged: null };
    const files = createDiskFileStore(config.filesDir);
    return { solutions, purged: await purgeAccount({ db, files, actor: commandLineCaller.email }, account) };
  });
}

/** `epack account retention`. What is undefined stays as it is. Answers what holds now. */
export function changeRetention(
  config: Config,
  name: string,
  change: { readonly [Part in keyof Retention]?: Retention[Part] | undefined },
): Promise<Retention> {
  return withAccount(config, name, async (db, account) => {
    const before = await createAccountDataStore(db).retentionOf(account.id);
    const after = {
      fileDays: change.fileDays === undefined ? before.fileDays : change.fileDays,
      readingDays: change.readingDays === undefined ? before.readingDays : change.readingDays,
    };
    if (change.fileDays === undefined && change.readingDays === undefined) return before;
    await db.transaction(async (trx) => {
      await createAccountDataStore(trx).setRetention(account.id, after);
      await createAuditStore(trx).add([
        {
          actor: commandLineCaller.email,
          action: 'account.retention',
          solutionId: null,
          address: null,
          before: { account: account.name, ...before },
          after,
        },
      ]);
    });
    return after;
  });
}

/** Days as someone writes them; `default` or `ever`: null. Throws a sentence. */
export function daysFrom(written: string | undefined): number | null | undefined {
  if (written === undefined) return undefined;
  if (written === 'default' || written === 'ever') return null;
  if (/^[1-9]\d{0,4}$/.test(written) && Number(written) <= 36_500) return Number(written);
  throw new RangeError(
    'Days are a whole number from 1 to 36500, "default" for files, or "ever" for readings.',
  );
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
