import type { Db } from '../../db/database';
import { prepared } from '../../db/prepared';
import type { Device } from '../../domain/device';
import type { Confirmation, LoginPolicy } from '../../domain/solution-settings';

/** The credentials of a solution, and whether it may sign in. */
export interface SolutionCredentials {
  readonly id: number;
  readonly loginPolicy: LoginPolicy;
  readonly secretHash: string;
  /** The secret before the last rotation, while it still works. */
  readonly previousSecretHash: string | null;
  /** Null: not bound yet. `ignore`: any will do. */
  readonly mac: string | null;
  readonly isLocked: boolean;
  readonly isBlocked: boolean;
  /** New tokens contain this number. */
  readonly tokenGeneration: number;
}

/** The data that every call of a signed-in solution checks. */
export interface SolutionAccess {
  readonly id: number;
  readonly isBlocked: boolean;
  readonly isLocked: boolean;
  readonly confirmation: Confirmation;
  /** Tokens of an earlier generation have ended. */
  readonly tokenGeneration: number;
}

interface CredentialsRow {
  id: number;
  login_policy: LoginPolicy;
  secret_hash: string;
  previous_secret_hash: string | null;
  mac: string | null;
  is_locked: boolean;
  is_blocked: boolean;
  token_generation: number;
}

interface AccessRow {
  id: number;
  blocked_at: Date | null;
  locked_at: Date | null;
  confirmation: Confirmation;
  token_generation: number;
}

export type SolutionStore = ReturnType<typeof createSolutionStore>;

export function createSolutionStore(db: Db) {
  return {
    async findCredentials(mail: string): Promise<SolutionCredentials | null> {
      const result = await db.raw<{ rows: CredentialsRow[] }>(
        `select id, login_policy, secret_hash, mac, token_generation,
           case when previous_secret_until > now() then previous_secret_hash end as previous_secret_hash,
           locked_at is not null as is_locked, blocked_at is not null as is_blocked
         from solution where lower(mail) = lower(?) and retired_at is null`,
        [mail],
      );
      const row = result.rows[0];
      return row === undefined ? null : credentialsFrom(row);
    },

    async findAccess(id: number): Promise<SolutionAccess | null> {
      const row = await db<AccessRow>('solution')
        .where({ id })
        .first('id', 'blocked_at', 'locked_at', 'confirmation', 'token_generation');
      return row === undefined
        ? null
        : {
            id: row.id,
            isBlocked: row.blocked_at !== null,
            isLocked: row.locked_at !== null,
            confirmation: row.confirmation,
            tokenGeneration: row.token_generation,
          };
    },

    /**
     * Binds the first MAC. False: another MAC was bound meanwhile. A device signs in on its four channels at the same
     * time, and all four logins must succeed.
     */
    async bindMac(id: number, mac: string): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        'update solution set mac = :mac where id = :id and (mac is null or mac = :mac)',
        { id, mac },
      );
      return result.rowCount === 1;
    },

    /** False: it was locked already. */
    async lock(id: number): Promise<boolean> {
      const locked = await db('solution')
        .where({ id })
        .whereNull('locked_at')
        .update({ locked_at: db.fn.now() });
      return locked === 1;
    },

    /**
     * Policy `mac`: records a login with a different MAC. It is no proof of identity, so it only informs staff. Only
     * the last one is kept.
     */
    async noteRefusedMac(id: number, mac: string): Promise<void> {
      await db('solution')
        .where({ id, login_policy: 'mac' })
        .update({ refused_mac: mac, refused_mac_at: db.fn.now() });
    },

    /**
     * Values that the request does not contain stay as they are. A clock difference of one second comes from the
     * network and is not written.
     */
    async noteDevice(id: number, { clockSkewSeconds, version }: Device): Promise<void> {
      if (clockSkewSeconds === null && version === null) return;
      await noteDevice(db, { id, clockSkewSeconds, version });
    },

    /** Records that the first upload of the device has been received. */
    async noteFirstUpload(id: number): Promise<void> {
      await db('solution').where({ id }).update({ mac_forgotten_at: null });
    },

    /** Records that the new device receives the messages from now on. */
    async forgetOldDevice(id: number): Promise<void> {
      await db('solution').where({ id }).update({ old_device_left_at: null });
    },

    /** The new secret has been used, so the old one ends. */
    async forgetPreviousSecret(id: number): Promise<void> {
      await db('solution').where({ id }).update({ previous_secret_hash: null, previous_secret_until: null });
    },
  };
}

const noteDevice = prepared<unknown, Device & { readonly id: number }>(
  'note_device',
  `update solution set clock_skew_seconds = coalesce(cast(:clockSkewSeconds as int), clock_skew_seconds),
     version = coalesce(cast(:version as text), version)
   where id = :id and (abs(cast(cast(:clockSkewSeconds as int) as bigint) - coalesce(clock_skew_seconds, 1e12)) > 1
     or version is distinct from coalesce(cast(:version as text), version))`,
);

const credentialsFrom = (row: CredentialsRow): SolutionCredentials => ({
  id: row.id,
  loginPolicy: row.login_policy,
  secretHash: row.secret_hash,
  previousSecretHash: row.previous_secret_hash,
  mac: row.mac,
  isLocked: row.is_locked,
  isBlocked: row.is_blocked,
  tokenGeneration: row.token_generation,
});
