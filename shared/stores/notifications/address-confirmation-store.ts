import type { Db } from '../../db/database';
import type { NotificationEvent } from '../../domain/notification';

/** The request to the owner of an address to confirm it. */
export interface AddressQuestion {
  readonly targetId: number;
  readonly address: string;
  /** Null: what happens in every account. */
  readonly accountName: string | null;
  readonly events: readonly NotificationEvent[];
}

interface Row {
  target_id: number;
  address: string;
  account_name: string | null;
  events: NotificationEvent[];
}

export type AddressConfirmationStore = ReturnType<typeof createAddressConfirmationStore>;

/** The links by which the owners of e-mail addresses say yes. */
export function createAddressConfirmationStore(db: Db) {
  return {
    async add(
      tokenSha256: Buffer,
      { targetId, address }: Pick<AddressQuestion, 'targetId' | 'address'>,
      hours: number,
    ): Promise<void> {
      await db('address_confirmation').insert({
        token_sha256: tokenSha256,
        target_id: targetId,
        address,
        expires_at: db.raw('now() + make_interval(hours => ?)', [hours]),
      });
    },

    /** Null: there is no such link, it is too old, or it was for an earlier address. */
    async find(tokenSha256: Buffer): Promise<AddressQuestion | null> {
      const result = await db.raw<{ rows: Row[] }>(
        `select t.id as target_id, t.address, t.events, a.name as account_name
         from address_confirmation c join notification_target t on t.id = c.target_id and t.address = c.address
         left join account a on a.id = t.account_id
         where c.token_sha256 = ? and c.expires_at > now() and t.confirmed_at is null`,
        [tokenSha256],
      );
      const row = result.rows[0];
      return row === undefined
        ? null
        : {
            targetId: row.target_id,
            address: row.address,
            accountName: row.account_name,
            events: row.events,
          };
    },

    /** False: as where `find` says null, or someone else was faster with it. Ends all links of the target. */
    async confirm(tokenSha256: Buffer): Promise<boolean> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `update notification_target t set confirmed_at = now() from address_confirmation c
         where c.token_sha256 = ? and c.expires_at > now() and t.id = c.target_id and t.address = c.address
           and t.confirmed_at is null
         returning t.id`,
        [tokenSha256],
      );
      const confirmed = result.rows[0];
      if (confirmed === undefined) return false;
      await db('address_confirmation').where({ target_id: confirmed.id }).delete();
      await db('notification')
        .where({ target_id: confirmed.id, event: 'confirm-address' })
        .whereNot({ state: 'delivered' })
        .delete();
      return true;
    },

    async removeExpired(): Promise<void> {
      await db('address_confirmation').whereRaw('expires_at < now()').delete();
    },
  };
}
