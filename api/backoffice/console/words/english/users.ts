import type { Role } from '../../../../../shared/domain/staff';

/** Texts of users and accounts. */
export const usersEnglish = {
  users: 'Users',
  usersMeaning: 'Who can sign in here, and which solutions they see.',
  role: 'Role',
  roles: { admin: 'Admin', manager: 'Manager', viewer: 'Viewer' } satisfies Record<Role, string>,
  roleMeanings: {
    admin: 'Admin: can do everything, including users',
    manager: 'Manager: can edit their accounts',
    viewer: 'Viewer: can look at their accounts',
  } satisfies Record<Role, string>,
  allAccounts: 'all',
  disabled: 'disabled',
  addUser: 'Add a user',
  passwordHint: (least: number) => `At least ${least} characters.`,
  newPassword: 'New password',
  newPasswordHint: 'If it is left empty, the old password stays. A new one ends all sessions of the user.',
  mayNotSignIn: 'Can no longer sign in',
  accounts: 'Accounts',
  accountsMeaning:
    'Accounts are customers. A solution belongs to one account. A user sees the accounts that they were given.',
  addAccount: 'Add an account',
  noAccounts: 'There is no account yet',
};

export type UsersWords = typeof usersEnglish;
