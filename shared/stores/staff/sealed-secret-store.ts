import type { Db } from '../../db/database';

/** Where one sealed secret is kept. */
export interface KeptSecret<Value> {
  readonly id: number;
  readonly value: Value;
}

export type SealedSecretStore = ReturnType<typeof createSealedSecretStore>;

/** Every secret of the database that is kept to be opened again, for who seals them anew. In a transaction of its caller. */
export function createSealedSecretStore(db: Db) {
  return {
    /** Nobody changes them before the transaction ends. */
    async serverKeys(): Promise<KeptSecret<Uint8Array>[]> {
      return db<{ id: number; value: Buffer }>('server_key').forUpdate().orderBy('id').select('id', 'value');
    },

    async replaceServerKey({ id, value }: KeptSecret<Uint8Array>): Promise<void> {
      await db('server_key')
        .where({ id })
        .update({ value: Buffer.from(value) });
    },

    async webhookSecrets(): Promise<KeptSecret<{ current: string; previous: string | null }>[]> {
      const rows = await db<{ id: number; kind: string; secret: string; previous_secret: string | null }>(
        'notification_target',
      )
        .where({ kind: 'webhook' })
        .forUpdate()
        .orderBy('id')
        .select('id', 'secret', 'previous_secret');
      return rows.map((row) => ({
        id: row.id,
        value: { current: row.secret, previous: row.previous_secret },
      }));
    },

    async replaceWebhookSecrets({
      id,
      value,
    }: KeptSecret<{ current: string; previous: string | null }>): Promise<void> {
      await db('notification_target')
        .where({ id })
        .update({ secret: value.current, previous_secret: value.previous });
    },
  };
}
