import type { Config } from '../shared/config/config';
import { type Db, inTransaction, openDatabase } from '../shared/db/database';
import { commandLineCaller } from '../shared/domain/staff';
import { findDatabaseUrl } from '../shared/embedded/database-url';
import { createSeal, type Seal } from '../shared/seal/seal';
import { createAuditStore } from '../shared/stores/staff/audit-store';
import { createSealedSecretStore } from '../shared/stores/staff/sealed-secret-store';
import { auditEntry } from '../api/backoffice/services/trail';

export interface Resealed {
  /** Secrets that were written anew. */
  readonly changed: number;
  /** All that there are. */
  readonly all: number;
}

/**
 * `epack secrets seal`: every secret in the database is sealed with `EPACK_SECRETS_KEY`, whether it was plain or sealed
 * with a key that is still accepted; `epack secrets open` makes all of them plain again. All or none. Throws a sentence
 * where there is no key, or where one does not open.
 */
export async function resealSecrets(config: Config, to: 'sealed' | 'plain'): Promise<Resealed> {
  const from = createSeal(config.secretsKeys);
  if (!from.isOn) throw new Error('EPACK_SECRETS_KEY is not set: there is nothing to seal or open with.');
  const target = to === 'sealed' ? from : createSeal([]);
  const url = await findDatabaseUrl(config);
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-command' });
  try {
    return await inTransaction(db, async ({ db: trx }) => {
      const keys = await resealKeys(trx, from, target);
      const webhooks = await resealWebhooks(trx, from, target);
      const done = { changed: keys.changed + webhooks.changed, all: keys.all + webhooks.all };
      const after = { secrets: to, changed: done.changed };
      if (done.changed > 0)
        await createAuditStore(trx).add([auditEntry(commandLineCaller, 'secrets.seal', { after })]);
      return done;
    });
  } finally {
    await db.destroy();
  }
}

async function resealKeys(db: Db, from: Seal, to: Seal): Promise<Resealed> {
  const store = createSealedSecretStore(db);
  const all = await store.serverKeys();
  const old = all.filter(({ value }) => !to.isCurrent(value));
  for (const { id, value } of old) {
    const opened = from.openBytes(value, 'token-key');
    await store.replaceServerKey({ id, value: to.sealBytes(opened, 'token-key') });
  }
  return { changed: old.length, all: all.length };
}

async function resealWebhooks(db: Db, from: Seal, to: Seal): Promise<Resealed> {
  const store = createSealedSecretStore(db);
  const all = await store.webhookSecrets();
  const anew = (kept: string): string => to.seal(from.open(kept, 'webhook-secret'), 'webhook-secret');
  const old = all.filter(
    ({ value: { current, previous } }) =>
      !to.isCurrent(current) || (previous !== null && !to.isCurrent(previous)),
  );
  for (const { id, value } of old) {
    const previous = value.previous === null ? null : anew(value.previous);
    await store.replaceWebhookSecrets({ id, value: { current: anew(value.current), previous } });
  }
  return { changed: old.length, all: all.length };
}
