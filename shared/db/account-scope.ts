import type { AccountScope } from '../domain/staff';

/** A solution `s` that is not retired and that the caller may see. `:accounts` is what `idsOf` gives. */
export const isVisibleSolution =
  's.retired_at is null and (cast(:accounts as int[]) is null or s.account_id = any(:accounts))';

/** For `(cast(:accounts as int[]) is null or account_id = any(:accounts))`. Null: all accounts. */
export const idsOf = (accounts: AccountScope): number[] | null => (accounts === 'all' ? null : [...accounts]);
