import type { Role } from './staff';

/**
 * Who may sign in with a password where an identity provider is configured. `break-glass`: admins alone, for the day on
 * which the provider is away; each use is recorded in the log and in the audit trail.
 */
export const passwordSignIns = ['yes', 'break-glass', 'no'] as const;
export type PasswordSignIn = (typeof passwordSignIns)[number];

/** Who must use a second factor. Everyone may use one. */
export const secondFactorDemands = ['nobody', 'admins', 'everyone'] as const;
export type SecondFactorDemand = (typeof secondFactorDemands)[number];

/** How staff sign in, as it is configured. */
export interface SignInRules {
  readonly passwords: PasswordSignIn;
  readonly secondFactor: SecondFactorDemand;
  /** A session that nobody uses for so long ends. */
  readonly idleMinutes: number;
  /** A user whose last proof of identity is older must prove it again before changes of keys, roles and secrets. */
  readonly askAgainMinutes: number;
  /** False: no mail server is configured, and nobody is told by mail. */
  readonly sendsMail: boolean;
}

export const usualSignInRules: SignInRules = {
  passwords: 'yes',
  secondFactor: 'nobody',
  idleMinutes: 240,
  askAgainMinutes: 15,
  sendsMail: false,
};

export const isDemandedOf = ({ secondFactor }: SignInRules, role: Role): boolean =>
  secondFactor === 'everyone' || (secondFactor === 'admins' && role === 'admin');

/** A step that a user must take on the console before anything else. */
export type Duty = 'change-password' | 'set-up-second-factor';
