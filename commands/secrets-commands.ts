import type { Config } from '../shared/config/config';
import { type Db, inTransaction, openDatabase } from '../shared/db/database';
import { commandLineCaller } from '../shared/domain/staff';
import { findDatabaseUrl } from '../shared/embedded/database-url';
import { createSeal, MissingKeyError, type Seal, SealError, type SealPurpose } from '../shared/seal/seal';
import { createAuditStore } from '../shared/stores/staff/audit-store';
import {
  createSealedSecretStore,
  type KeptSecret,
  type SecretColumn,
  secretColumns,
} from '../shared/stores/staff/sealed-secret-store';
import { auditEntry } from '../api/backoffice/services/trail';

export interface Resealed {
  /** The number of secrets that were written again. */
  readonly changed: number;
  /** The number of all secrets. */
  readonly all: number;
}

/**
 * `epack secrets seal`: every secret in the database is sealed with `EPACK_SECRETS_KEY`, whether it was unencrypted or
 * sealed with a key that is still accepted; `epack secrets open` unseals all of them. All or none. Throws a sentence if
 * there is no key, or if a secret cannot be opened.
 */
export async function resealSecrets(config: Config, to: 'sealed' | 'plain'): Promise<Resealed> {
  const from = createSeal(config.secretsKeys);
  if (!from.isOn) throw new Error('EPACK_SECRETS_KEY is not set: there is nothing to seal or open with.');
  const target = to === 'sealed' ? from : createSeal([]);
  const url = await findDatabaseUrl(config);
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-command' });
  try {
    return await inTransaction(db, async ({ db: trx }) => {
      const done = { changed: 0, all: 0 };
      for (const column of secretColumns) {
        const { changed, all } = await resealColumn(trx, column, from, target);
        done.changed += changed;
        done.all += all;
      }
      const after = { secrets: to, changed: done.changed };
      if (done.changed > 0)
        await createAuditStore(trx).add([auditEntry(commandLineCaller, 'secrets.seal', { after })]);
      return done;
    });
  } finally {
    await db.destroy();
  }
}

/** Faults in the keys of secrets, for the check of the configuration. */
export interface KeyFindings {
  /** No server starts with these. */
  readonly mistakes: readonly string[];
  readonly warnings: readonly string[];
}

/** `epack config`: whether the set keys are those of the secrets in the database. Nothing if there is no database. */
export async function findWrongKeys(config: Config): Promise<KeyFindings> {
  const secrets = await allSecrets(config).catch(() => []);
  const [first, accepted] = config.secretsKeys;
  const countOf = (seal: Pick<Seal, 'isCurrent'>) =>
    secrets.filter(({ value }) => seal.isCurrent(value)).length;
  const { missing, altered } = unopened(createSeal(config.secretsKeys), secrets);
  const plain = first === undefined ? 0 : countOf(createSeal([]));
  const old = accepted === undefined ? 0 : countOf(createSeal([accepted]));
  return {
    mistakes: missing,
    warnings: [
      ...altered,
      ...(plain === 0
        ? []
        : [`${plain} of ${secrets.length} secrets are not sealed: run "epack secrets seal".`]),
      ...(old === 0
        ? []
        : [
            `${old} of ${secrets.length} secrets are sealed with EPACK_SECRETS_KEY_ACCEPTED: run "epack secrets seal".`,
          ]),
      ...(accepted === undefined || old > 0 || secrets.length === 0
        ? []
        : ['No secret is sealed with EPACK_SECRETS_KEY_ACCEPTED: take it away.']),
    ],
  };
}

interface PurposefulSecret extends KeptSecret {
  readonly purpose: SealPurpose;
}

async function allSecrets(config: Config): Promise<PurposefulSecret[]> {
  const url = await findDatabaseUrl(config);
  const db = openDatabase({ url, maxConnections: 1, applicationName: 'epack-command' });
  try {
    const store = createSealedSecretStore(db);
    const found: PurposefulSecret[] = [];
    for (const column of secretColumns)
      found.push(...(await store.list(column)).map((one) => ({ ...one, purpose: column.purpose })));
    return found;
  } finally {
    await db.destroy();
  }
}

/** Each sentence appears once. */
function unopened(
  seal: Seal,
  secrets: readonly PurposefulSecret[],
): { missing: string[]; altered: string[] } {
  const [missing, altered] = [new Set<string>(), new Set<string>()];
  for (const { value, purpose } of secrets) {
    try {
      if (typeof value === 'string') seal.open(value, purpose);
      else seal.openBytes(value, purpose);
    } catch (error) {
      if (error instanceof MissingKeyError) missing.add(error.message);
      else if (error instanceof SealError) altered.add(error.message);
      else throw error;
    }
  }
  return { missing: [...missing], altered: [...altered] };
}

async function resealColumn(db: Db, column: SecretColumn, from: Seal, to: Seal): Promise<Resealed> {
  const store = createSealedSecretStore(db);
  const all = await store.lock(column);
  const old = all.filter(({ value }) => !to.isCurrent(value));
  for (const { id, value } of old) {
    await store.replace(column, { id, value: sealedAgain(value, column.purpose, from, to) });
  }
  return { changed: old.length, all: all.length };
}

function sealedAgain(
  kept: KeptSecret['value'],
  purpose: SealPurpose,
  from: Seal,
  to: Seal,
): KeptSecret['value'] {
  return typeof kept === 'string'
    ? to.seal(from.open(kept, purpose), purpose)
    : to.sealBytes(from.openBytes(kept, purpose), purpose);
}
