/** The mails that staff get about their own account. */
export type StaffMailKind = 'password-changed' | 'second-factor-on' | 'second-factor-off';
