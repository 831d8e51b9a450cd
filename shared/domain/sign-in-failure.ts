/** The kinds of failed sign-ins, for the counter `epack_sign_in_failures_total`. */
export const signInFailureKinds = [
  'staff-failed',
  'staff-limited',
  'solution-failed',
  'solution-limited',
  'solution-locked',
  'solution-blocked',
  'provider-refused',
  'provider-limited',
] as const;
export type SignInFailureKind = (typeof signInFailureKinds)[number];
