import type { AccountScope } from '../domain/staff';

/** For `(cast(:accounts as int[]) is null or account_id = any(:accounts))`. Null: all accounts. */
export const idsOf = (accounts: AccountScope): number[] | null => (accounts === 'all' ? null : [...accounts]);
