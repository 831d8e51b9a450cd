import type { Db } from '../../db/database';
import type { Role } from '../../domain/staff';

/** The user of a session, with the current role and accounts: a change of these applies from the next call on. */
export interface SessionUser {
  readonly userId: number;
  readonly email: string;
  readonly role: Role;
  readonly accountIds: readonly number[];
  readonly method: SignInMethod;
  /** When the user last entered a password or signed in. */
  readonly provedAt: Date;
  /** True: someone else chose the password. */
  readonly isPasswordFirst: boolean;
  readonly hasSecondFactor: boolean;
}

/** How someone signed in. */
export type SignInMethod = 'password' | 'oidc';

export interface NewSession {
  readonly tokenSha256: Buffer;
  readonly userId: number;
  /** How long it lasts. */
  readonly seconds: number;
  readonly method: SignInMethod;
  /** Where it comes from. */
  readonly address: string;
  /** The `User-Agent` of the browser or program. Null: it sent none. */
  readonly userAgent: string | null;
}

/** A session as it is shown: without anything that would let someone use it. */
export interface OpenSession {
  readonly id: string;
  readonly userId: number;
  readonly method: SignInMethod;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly createdAt: Date;
  /** To about ten minutes. */
  readonly seenAt: Date;
  readonly expiresAt: Date;
  /** It is the session of the caller. */
  readonly isCurrent: boolean;
}

export interface Look {
  readonly idleMinutes: number;
  readonly isUse: boolean;
}

interface Row {
  user_id: number;
  email: string;
  role: Role;
  account_ids: number[];
  method: SignInMethod;
  proved_at: Date;
  password_is_first: boolean;
  has_second_factor: boolean;
  is_seen_long_ago: boolean;
}

interface OpenRow {
  id: string;
  user_id: number;
  method: SignInMethod;
  address: string | null;
  user_agent: string | null;
  created_at: Date;
  seen_at: Date;
  expires_at: Date;
  is_current: boolean;
}

/** The use of a session is recorded this often, or more often if the session would otherwise end soon. */
const seenEverySeconds = 600;
const signsUntilIdle = 10;
/** The most sessions that are listed. */
const mostListed = 200;

export type SessionStore = ReturnType<typeof createSessionStore>;

/** A session that is not used for `idleMinutes` has ended. */
const isOpen = 'expires_at > now() and seen_at > now() - make_interval(mins => :idleMinutes)';

/** Sessions of staff. Only digests of their tokens are stored. */
export function createSessionStore(db: Db) {
  return {
    /** Returns when it ends. */
    async insert(session: NewSession): Promise<Date> {
      const result = await db.raw<{ rows: { expires_at: Date }[] }>(
        `insert into user_session (token_sha256, user_id, method, address, user_agent, expires_at)
         values (:tokenSha256, :userId, :method, :address, :userAgent, now() + make_interval(secs => :seconds))
         returning expires_at`,
        { ...session },
      );
      const row = result.rows[0];
      if (row === undefined) throw new Error('insert into user_session returned no row');
      return row.expires_at;
    },

    /**
     * Null: there is no such session, it is over, or its user is disabled. `isUse`: the user does something. A page
     * that refreshes itself does not count.
     */
    async find(tokenSha256: Buffer, { idleMinutes, isUse }: Look): Promise<SessionUser | null> {
      const signSeconds = Math.min(seenEverySeconds, Math.ceil((idleMinutes * 60) / signsUntilIdle));
      const result = await db.raw<{ rows: Row[] }>(
        `select u.id as user_id, u.email, u.role, s.method, s.proved_at, u.password_is_first,
           u.totp_secret is not null as has_second_factor,
           array(select a.account_id from user_account a where a.user_id = u.id) as account_ids,
           s.seen_at < now() - make_interval(secs => :signSeconds) as is_seen_long_ago
         from user_session s join app_user u on u.id = s.user_id
         where s.token_sha256 = :tokenSha256 and ${isOpen} and u.disabled_at is null`,
        { tokenSha256, idleMinutes, signSeconds },
      );
      const row = result.rows[0];
      if (row === undefined) return null;
      if (isUse && row.is_seen_long_ago) await touch(tokenSha256);
      return sessionUserFrom(row);
    },

    /** The user has entered the password again. */
    async noteProof(tokenSha256: Buffer): Promise<void> {
      await db('user_session')
        .where({ token_sha256: tokenSha256 })
        .update({ proved_at: db.fn.now(), seen_at: db.fn.now() });
    },

    /** The open sessions of a user, the newest first. `current`: digest of the token of whoever asks. */
    async list(userId: number, current: Buffer | null, idleMinutes: number): Promise<OpenSession[]> {
      const result = await db.raw<{ rows: OpenRow[] }>(
        `select id, user_id, method, address, user_agent, created_at, seen_at, expires_at,
           coalesce(token_sha256 = cast(:current as bytea), false) as is_current
         from user_session where user_id = :userId and ${isOpen}
         order by id desc limit ${mostListed}`,
        { userId, current, idleMinutes },
      );
      return result.rows.map(openSessionFrom);
    },

    async remove(tokenSha256: Buffer): Promise<void> {
      await db('user_session').where({ token_sha256: tokenSha256 }).delete();
    },

    /** False: the user has no such session. */
    async removeOne(userId: number, id: string): Promise<boolean> {
      return (await db('user_session').where({ id, user_id: userId }).delete()) === 1;
    },

    /** Signs a user out everywhere, except for the session of the given token. Returns how many sessions ended. */
    async removeOfUser(userId: number, butFor: Buffer | null = null): Promise<number> {
      const sessions = db('user_session').where({ user_id: userId });
      return butFor === null ? sessions.delete() : sessions.whereNot({ token_sha256: butFor }).delete();
    },

    /** Those whose time is over. */
    async removeExpired(): Promise<void> {
      await db('user_session').whereRaw('expires_at < now()').delete();
    },
  };

  async function touch(tokenSha256: Buffer): Promise<void> {
    await db('user_session').where({ token_sha256: tokenSha256 }).update({ seen_at: db.fn.now() });
  }
}

const sessionUserFrom = (row: Row): SessionUser => ({
  userId: row.user_id,
  email: row.email,
  role: row.role,
  accountIds: row.account_ids,
  method: row.method,
  provedAt: row.proved_at,
  isPasswordFirst: row.password_is_first,
  hasSecondFactor: row.has_second_factor,
});

const openSessionFrom = (row: OpenRow): OpenSession => ({
  id: row.id,
  userId: row.user_id,
  method: row.method,
  address: row.address,
  userAgent: row.user_agent,
  createdAt: row.created_at,
  seenAt: row.seen_at,
  expiresAt: row.expires_at,
  isCurrent: row.is_current,
});
