import type { Db } from '../../db/database';
import { MissingKeyError, type Seal, type SealPurpose } from '../../seal/seal';

/** A column with secrets that the server must be able to read again. */
export interface SecretColumn {
  readonly table: string;
  readonly column: string;
  readonly purpose: SealPurpose;
}

/** The complete list. A secret in a column that is not listed here would never be sealed again with a new key. */
export const secretColumns: readonly SecretColumn[] = [
  { table: 'server_key', column: 'value', purpose: 'token-key' },
  { table: 'notification_target', column: 'secret', purpose: 'webhook-secret' },
  { table: 'notification_target', column: 'previous_secret', purpose: 'webhook-secret' },
  { table: 'app_user', column: 'totp_secret', purpose: 'second-factor' },
  { table: 'app_user', column: 'totp_pending', purpose: 'second-factor' },
  { table: 'remote_system_secret', column: 'value', purpose: 'system-secret' },
];

/**
 * Called at start. Throws `MissingKeyError` if a secret is sealed with a key that is not configured. An altered secret
 * does not stop the server; the error appears where it is used.
 */
export async function needKeysOfSecrets(db: Db, seal: Pick<Seal, 'open'>): Promise<void> {
  for (const column of secretColumns) {
    for (const { value } of await createSealedSecretStore(db).list(column)) {
      const kept = typeof value === 'string' ? value : Buffer.from(value).toString('latin1');
      try {
        seal.open(kept, column.purpose);
      } catch (error) {
        if (error instanceof MissingKeyError) throw error;
      }
    }
  }
}

/** A secret as stored: bytes if it is a bytea column. */
export interface KeptSecret {
  readonly id: number;
  readonly value: string | Uint8Array;
}

/** All secrets in the database that the server must be able to read again. */
export function createSealedSecretStore(db: Db) {
  return {
    async list({ table, column }: SecretColumn): Promise<KeptSecret[]> {
      return db<KeptSecret>(table).whereNotNull(column).orderBy('id').select('id', { value: column });
    },

    /** As `list`; nobody changes them before the transaction of the caller ends. */
    async lock({ table, column }: SecretColumn): Promise<KeptSecret[]> {
      return db<KeptSecret>(table)
        .whereNotNull(column)
        .forUpdate()
        .orderBy('id')
        .select('id', { value: column });
    },

    async replace({ table, column }: SecretColumn, { id, value }: KeptSecret): Promise<void> {
      const written = typeof value === 'string' ? value : Buffer.from(value);
      await db(table)
        .where({ id })
        .update({ [column]: written });
    },
  };
}
