import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { Role } from '../../domain/staff';

/** A member of staff. */
export interface User {
  readonly id: number;
  readonly email: string;
  readonly role: Role;
  /** The accounts whose solutions this user sees. An admin sees all accounts, whatever is listed here. */
  readonly accountIds: readonly number[];
  readonly isDisabled: boolean;
  /** Someone else chose the password: the console asks for another one at the next sign-in. */
  readonly mustChangePassword: boolean;
  readonly hasSecondFactor: boolean;
  readonly createdAt: Date;
}

export interface UserCredentials {
  readonly id: number;
  readonly email: string;
  readonly role: Role;
  readonly passwordHash: string;
  readonly hasSecondFactor: boolean;
  readonly isPasswordFirst: boolean;
}

export interface NewUser {
  readonly email: string;
  readonly passwordHash: string;
  readonly role: Role;
  readonly isPasswordFirst: boolean;
}

/** Absent values stay as they are. */
export interface UserChanges {
  readonly passwordHash?: string;
  readonly isPasswordFirst?: boolean;
  readonly role?: Role;
  readonly isDisabled?: boolean;
}

interface Row {
  id: number;
  email: string;
  role: Role;
  account_ids: number[];
  disabled_at: Date | null;
  password_is_first: boolean;
  has_second_factor: boolean;
  created_at: Date;
}

interface CredentialsRow {
  id: number;
  email: string;
  role: Role;
  password_hash: string;
  has_second_factor: boolean;
  password_is_first: boolean;
}

const selectCredentials = `select id, email, role, password_hash, totp_secret is not null as has_second_factor, password_is_first
   from app_user where disabled_at is null`;

const selectUser = `
  select u.id, u.email, u.role, u.disabled_at, u.created_at, u.password_is_first,
    u.totp_secret is not null as has_second_factor,
    array(select a.account_id from user_account a where a.user_id = u.id order by a.account_id) as account_ids
  from app_user u`;

export type UserStore = ReturnType<typeof createUserStore>;

/** E-mail addresses compare without case. */
export function createUserStore(db: Db) {
  return {
    async list({ limit, after }: PageRequest<number>): Promise<Page<User>> {
      const result = await db.raw<{ rows: Row[] }>(
        `${selectUser} where u.id > :after order by u.id limit :rows`,
        { after: after ?? 0, rows: limit + 1 },
      );
      return pageOf(result.rows.map(userFrom), limit, (last) => String(last.id));
    },

    async find(id: number): Promise<User | null> {
      const result = await db.raw<{ rows: Row[] }>(`${selectUser} where u.id = ?`, [id]);
      const row = result.rows[0];
      return row === undefined ? null : userFrom(row);
    },

    async findByEmail(email: string): Promise<User | null> {
      const result = await db.raw<{ rows: Row[] }>(`${selectUser} where lower(u.email) = lower(?)`, [email]);
      const row = result.rows[0];
      return row === undefined ? null : userFrom(row);
    },

    async exists(email: string): Promise<boolean> {
      const row = await db('app_user')
        .whereRaw('lower(email) = lower(?)', [email])
        .first<{ id: number } | undefined>('id');
      return row !== undefined;
    },

    async any(): Promise<boolean> {
      return (await db('app_user').first<{ id: number } | undefined>('id')) !== undefined;
    },

    /** Null: there is no such user, or it is disabled. */
    async findCredentials(email: string): Promise<UserCredentials | null> {
      const result = await db.raw<{ rows: CredentialsRow[] }>(
        `${selectCredentials} and lower(email) = lower(?)`,
        [email],
      );
      const row = result.rows[0];
      return row === undefined ? null : credentialsFrom(row);
    },

    /** As `findCredentials`. */
    async findCredentialsById(id: number): Promise<UserCredentials | null> {
      const result = await db.raw<{ rows: CredentialsRow[] }>(`${selectCredentials} and id = ?`, [id]);
      const row = result.rows[0];
      return row === undefined ? null : credentialsFrom(row);
    },

    /** Null: a user with that e-mail address exists. */
    async insert(user: NewUser): Promise<number | null> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `insert into app_user (email, password_hash, role, password_is_first)
         values (:email, :passwordHash, :role, :isPasswordFirst)
         on conflict (lower(email)) do nothing returning id`,
        { ...user },
      );
      return result.rows[0]?.id ?? null;
    },

    async update(id: number, changes: UserChanges): Promise<void> {
      await db.raw(
        `update app_user set
           password_hash = coalesce(:passwordHash, password_hash),
           password_is_first = coalesce(:isPasswordFirst, password_is_first),
           role = coalesce(:role, role),
           disabled_at = case cast(:isDisabled as boolean)
             when true then coalesce(disabled_at, now()) when false then null else disabled_at end
         where id = :id`,
        {
          id,
          passwordHash: changes.passwordHash ?? null,
          isPasswordFirst: changes.isPasswordFirst ?? null,
          role: changes.role ?? null,
          isDisabled: changes.isDisabled ?? null,
        },
      );
    },

    /** Deletes the user with sessions and everything else. False: no user has that e-mail address. */
    async remove(email: string): Promise<boolean> {
      return (await db('app_user').whereRaw('lower(email) = lower(?)', [email]).delete()) > 0;
    },

    async setAccounts(id: number, accountIds: readonly number[]): Promise<void> {
      await db('user_account').where({ user_id: id }).delete();
      if (accountIds.length === 0) return;
      await db('user_account').insert(
        accountIds.map((accountId) => ({ user_id: id, account_id: accountId })),
      );
    },

    /** The admins who can sign in. Nobody may change one of them before the transaction ends. */
    async lockActiveAdmins(): Promise<number[]> {
      const rows = await db('app_user')
        .where({ role: 'admin' })
        .whereNull('disabled_at')
        .orderBy('id')
        .forUpdate()
        .select<{ id: number }[]>('id');
      return rows.map((row) => row.id);
    },

    /** A second caller waits until the transaction of the first one has ended. */
    async lockCreationOfFirst(): Promise<void> {
      await db.raw(`select pg_advisory_xact_lock(hashtext('epack first admin'))`);
    },
  };
}

const credentialsFrom = (row: CredentialsRow): UserCredentials => ({
  id: row.id,
  email: row.email,
  role: row.role,
  passwordHash: row.password_hash,
  hasSecondFactor: row.has_second_factor,
  isPasswordFirst: row.password_is_first,
});

const userFrom = (row: Row): User => ({
  id: row.id,
  email: row.email,
  role: row.role,
  accountIds: row.account_ids,
  isDisabled: row.disabled_at !== null,
  mustChangePassword: row.password_is_first,
  hasSecondFactor: row.has_second_factor,
  createdAt: row.created_at,
});
