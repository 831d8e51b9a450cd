import type { Caller } from '../../../shared/domain/staff';
import type { AttemptLimits } from './counted-attempts';

/** Something that is sent because a user asked for it. */
export interface Sending {
  /** Null: it concerns all accounts. */
  readonly accountId: number | null;
  readonly address: string;
}

const testSeconds = 600;
const mostTests = { ofUser: 10, ofAccount: 20 };

const questionSeconds = 3_600;
/** The limits for mails to people who have not asked for them, so that nobody can flood an address. */
const mostQuestions = { ofUser: 60, ofAccount: 60, ofAddress: 5 };

/** The limits for tests, because each one makes our server call another server. */
export const testLimits = (caller: Caller, { accountId }: Sending): AttemptLimits => ({
  windowSeconds: testSeconds,
  exact: [
    { subject: `test-of-user:${caller.email}`, most: mostTests.ofUser },
    { subject: `test-of-account:${accountId ?? 'all'}`, most: mostTests.ofAccount },
  ],
});

/** The limits for confirmation e-mails. */
export const questionLimits = (caller: Caller, { accountId, address }: Sending): AttemptLimits => ({
  windowSeconds: questionSeconds,
  exact: [
    { subject: `address-of-user:${caller.email}`, most: mostQuestions.ofUser },
    { subject: `address-of-account:${accountId ?? 'all'}`, most: mostQuestions.ofAccount },
    { subject: `address:${address.toLowerCase()}`, most: mostQuestions.ofAddress },
  ],
});
