import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { Retention } from '../../domain/retention';
import type { AccountScope } from '../../domain/staff';

/** A customer. */
export interface Account {
  readonly id: number;
  readonly name: string;
  readonly retention: Retention;
  readonly createdAt: Date;
}

interface Row {
  id: number;
  name: string;
  file_retention_days: number | null;
  log_retention_days: number | null;
  created_at: Date;
}

const columns = ['id', 'name', 'file_retention_days', 'log_retention_days', 'created_at'] as const;

export type AccountStore = ReturnType<typeof createAccountStore>;

export function createAccountStore(db: Db) {
  return {
    async list({ limit, after }: PageRequest<number>): Promise<Page<Account>> {
      const rows = await db<Row>('account')
        .where('id', '>', after ?? 0)
        .orderBy('id')
        .limit(limit + 1)
        .select(...columns);
      return pageOf(rows.map(accountFrom), limit, (last) => String(last.id));
    },

    async find(id: number): Promise<Account | null> {
      const row = await db<Row>('account')
        .where({ id })
        .first(...columns);
      return row === undefined ? null : accountFrom(row);
    },

    /** As `find`; nobody else changes it before the transaction ends. */
    async lock(id: number): Promise<Account | null> {
      const row = await db<Row>('account')
        .where({ id })
        .forUpdate()
        .first(...columns);
      return row === undefined ? null : accountFrom(row);
    },

    async findByName(name: string): Promise<Account | null> {
      const row = await db<Row>('account')
        .where({ name })
        .first(...columns);
      return row === undefined ? null : accountFrom(row);
    },

    /** The accounts that someone may see, by name, at most a thousand. */
    async seenBy(accounts: AccountScope): Promise<Account[]> {
      const all = db<Row>('account');
      const seen = accounts === 'all' ? all : all.whereIn('id', [...accounts]);
      const rows = await seen
        .orderBy('name')
        .limit(1_000)
        .select(...columns);
      return rows.map(accountFrom);
    },

    /** The ids of the accounts with these names. Unknown names are left out. */
    async idsOfNames(names: readonly string[]): Promise<number[]> {
      const rows = await db<Row>('account')
        .whereIn('name', [...names])
        .orderBy('id')
        .select('id');
      return rows.map((row) => row.id);
    },

    /** Null: an account with that name exists. */
    async insert(name: string): Promise<Account | null> {
      const [row] = await db<Row>('account').insert({ name }).onConflict('name').ignore().returning(columns);
      return row === undefined ? null : accountFrom(row);
    },

    async setRetention(id: number, { fileDays, readingDays }: Retention): Promise<void> {
      await db<Row>('account')
        .where({ id })
        .update({ file_retention_days: fileDays, log_retention_days: readingDays });
    },

    /** Those of the ids that are accounts. */
    async existing(ids: readonly number[]): Promise<number[]> {
      const rows = await db<Row>('account')
        .whereIn('id', [...ids])
        .select('id');
      return rows.map((row) => row.id);
    },
  };
}

const accountFrom = (row: Row): Account => ({
  id: row.id,
  name: row.name,
  retention: { fileDays: row.file_retention_days, readingDays: row.log_retention_days },
  createdAt: row.created_at,
});
