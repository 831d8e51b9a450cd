import type { StoreAccess } from '../../../shared/stores/store-access';
import { callerNetwork, networksOf } from '../../../shared/domain/network';
import type { FailureLimit } from '../../../shared/stores/staff/failed-login-store';
import { countAttemptOf, type FailureStores } from './counted-attempts';

/** Who tries to prove who they are, and from where. */
export interface Prover {
  readonly email: string;
  readonly address: string;
}

const windowSeconds = 300;
/** Of one e-mail from one address or IPv6 /64: others' failures keep nobody out who comes from elsewhere. */
const mostOfPair = 10;
/** Of one e-mail from everywhere, of one address or /64, of a /56 and a /48, of the whole server. */
const mostOfEmail = 100;
const mostOfNetworks = [50, 100, 200];
const mostOfServer = 1_000;
/** Codes of a second factor, of someone who knows the password: wherever they come from. */
const mostOfCodes = 10;

/**
 * Counts an attempt as a failure before it is looked at, so that attempts at once cannot outrun the count. Answers what
 * to take back where it succeeds. `isAtHome`: this person has signed in from there of late, so that what others do
 * keeps nobody out. Throws `too-many-requests`.
 */
export function countAttempt(
  access: StoreAccess<FailureStores>,
  prover: Prover,
  isAtHome: boolean,
): Promise<string[]> {
  const pair = { subject: pairSubject(prover), most: mostOfPair };
  const wide = isAtHome ? [] : widerLimits(prover);
  return countAttemptOf(access, { windowSeconds, exact: [pair], wide });
}

/** As `countAttempt`, of codes of a second factor. */
export const countCode = (access: StoreAccess<FailureStores>, userId: number): Promise<string[]> =>
  countAttemptOf(access, { windowSeconds, exact: [{ subject: `code:${userId}`, most: mostOfCodes }] });

/** A right code takes back its own count alone: what was guessed before stays counted. */
export const forgiveCode = ({ failedLogins }: FailureStores, counted: readonly string[]): Promise<void> =>
  failedLogins.withdraw(counted);

/** Success: the pair starts again at none. The address keeps its other failures: one account of one's own must not help to guess at others. */
export async function forgive(
  { failedLogins }: FailureStores,
  prover: Prover,
  counted: readonly string[],
): Promise<void> {
  await failedLogins.withdraw(counted);
  await failedLogins.forget(pairSubject(prover));
}

const pairSubject = ({ email, address }: Prover) =>
  `staff:${email.toLowerCase()} from ${callerNetwork(address)}`;

const widerLimits = ({ email, address }: Prover): FailureLimit[] => [
  { subject: `staff:${email.toLowerCase()}`, most: mostOfEmail },
  ...networksOf(address).map((network, index) => ({
    subject: `staff-address:${network}`,
    most: mostOfNetworks[index] ?? mostOfPair,
  })),
  { subject: 'staff', most: mostOfServer },
];
