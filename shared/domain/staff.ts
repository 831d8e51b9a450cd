/** admin: everything. manager: reads, edits and sets flags for its accounts. viewer: reads them. */
export const roles = ['admin', 'manager', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** In characters. The same rule applies wherever someone chooses a password. */
export const passwordLength = { least: 12, most: 1024 } as const;

/** The accounts whose solutions someone may see. */
export type AccountScope = 'all' | readonly number[];

/** The user who makes a call, and the address from which it comes. */
export interface Caller {
  /** Null: the command line of the server itself. */
  readonly userId: number | null;
  readonly email: string;
  readonly role: Role;
  readonly accounts: AccountScope;
  /** Null: the call did not come from the network. */
  readonly address: string | null;
}

export const mayEdit = (caller: Caller): boolean => caller.role !== 'viewer';

export const isAdmin = (caller: Caller): boolean => caller.role === 'admin';

export const sees = (caller: Caller, accountId: number): boolean =>
  caller.accounts === 'all' || caller.accounts.includes(accountId);

/** Someone who works on the server itself, e.g. with `epack solution add`. */
export const commandLineCaller: Caller = {
  userId: null,
  email: 'command line',
  role: 'admin',
  accounts: 'all',
  address: null,
};
