import type { Db } from '../db/database';
import type { Role } from '../domain/staff';

/** Whose session it is, with what that user may do now: a change of role or accounts holds at the next call. */
export interface SessionUser {
  readonly userId: number;
  readonly email: string;
  readonly role: Role;
  readonly accountIds: readonly number[];
}

interface Row {
  user_id: number;
  email: string;
  role: Role;
  account_ids: number[];
}

export type SessionStore = ReturnType<typeof createSessionStore>;

/** Sessions of staff. Only digests of their tokens are stored. */
export function createSessionStore(db: Db) {
  return {
    /** Answers when it ends. */
    async insert(tokenSha256: Buffer, userId: number, seconds: number): Promise<Date> {
      const result = await db.raw<{ rows: { expires_at: Date }[] }>(
        `insert into user_session (token_sha256, user_id, expires_at)
         values (:tokenSha256, :userId, now() + make_interval(secs => :seconds)) returning expires_at`,
        { tokenSha256, userId, seconds },
      );
      const row = result.rows[0];
      if (row === undefined) throw new Error('insert into user_session returned no row');
      return row.expires_at;
    },

    /** Null: there is no such session, it is over, or its user is disabled. */
    async find(tokenSha256: Buffer): Promise<SessionUser | null> {
      const result = await db.raw<{ rows: Row[] }>(
        `select u.id as user_id, u.email, u.role,
           array(select a.account_id from user_account a where a.user_id = u.id) as account_ids
         from user_session s join app_user u on u.id = s.user_id
         where s.token_sha256 = ? and s.expires_at > now() and u.disabled_at is null`,
        [tokenSha256],
      );
      const row = result.rows[0];
      return row === undefined ? null : sessionUserFrom(row);
    },

    async remove(tokenSha256: Buffer): Promise<void> {
      await db('user_session').where({ token_sha256: tokenSha256 }).delete();
    },

    /** Signs a user out everywhere. */
    async removeOfUser(userId: number): Promise<void> {
      await db('user_session').where({ user_id: userId }).delete();
    },
  };
}

const sessionUserFrom = (row: Row): SessionUser => ({
  userId: row.user_id,
  email: row.email,
  role: row.role,
  accountIds: row.account_ids,
});
