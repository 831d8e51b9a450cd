/** What staff are told by mail of their own account. */
export type StaffMailKind = 'password-changed' | 'second-factor-on' | 'second-factor-off';
