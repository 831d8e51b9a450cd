import { randomBytes } from 'node:crypto';
import type { Db } from '../db/database';

/** Keys that every API process shares and that nobody configured. */
export function createServerKeyStore(db: Db) {
  return {
    /** The key of that name; made (32 random bytes) by whoever asks first. */
    async findOrMake(name: string): Promise<Uint8Array> {
      await db('server_key')
        .insert({ name, value: randomBytes(32) })
        .onConflict('name')
        .ignore();
      const row = await db<{ name: string; value: Buffer }>('server_key').where({ name }).first('value');
      if (row === undefined) throw new Error(`server key ${name} vanished`);
      return row.value;
    },
  };
}
