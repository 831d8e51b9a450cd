import type { Caller } from '../../../shared/domain/staff';
import type { AttemptLimits } from './counted-attempts';

/** Where something is sent because someone asked for it. */
export interface Sending {
  /** Null: what happens in every account. */
  readonly accountId: number | null;
  readonly address: string;
}

const testSeconds = 600;
const mostTests = { ofUser: 10, ofAccount: 20 };

const questionSeconds = 3_600;
/** Mails to people who have not asked for any: an address is not to be filled with them, whoever enters it. */
const mostQuestions = { ofUser: 60, ofAccount: 60, ofAddress: 5 };

/** Of tests: each calls a server of someone, from ours. */
export const testLimits = (caller: Caller, { accountId }: Sending): AttemptLimits => ({
  windowSeconds: testSeconds,
  exact: [
    { subject: `test-of-user:${caller.email}`, most: mostTests.ofUser },
    { subject: `test-of-account:${accountId ?? 'all'}`, most: mostTests.ofAccount },
  ],
});

/** Of the mails that ask the owner of an address. */
export const questionLimits = (caller: Caller, { accountId, address }: Sending): AttemptLimits => ({
  windowSeconds: questionSeconds,
  exact: [
    { subject: `address-of-user:${caller.email}`, most: mostQuestions.ofUser },
    { subject: `address-of-account:${accountId ?? 'all'}`, most: mostQuestions.ofAccount },
    { subject: `address:${address.toLowerCase()}`, most: mostQuestions.ofAddress },
  ],
});
