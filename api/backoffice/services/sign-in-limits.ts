import type { StoreAccess } from '../../../shared/stores/store-access';
import { callerNetwork, networksOf } from '../../../shared/domain/network';
import { tooManyRequests } from '../../../shared/errors/catalog';
import type { FailedLoginStore, FailureLimit } from '../../../shared/stores/staff/failed-login-store';

/** What attempts are counted in. */
export interface FailureStores {
  readonly failedLogins: Omit<FailedLoginStore, 'removeOlderThan'>;
}

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
  return count(access, [pair], isAtHome ? [] : widerLimits(prover));
}

/** As `countAttempt`, of codes of a second factor. */
export const countCode = (access: StoreAccess<FailureStores>, userId: number): Promise<string[]> =>
  count(access, [{ subject: `code:${userId}`, most: mostOfCodes }], []);

/** Success: the pair starts again at none. The address keeps its other failures: one account of one's own must not help to guess at others. */
export async function forgive(
  { failedLogins }: FailureStores,
  prover: Prover,
  counted: readonly string[],
): Promise<void> {
  await failedLogins.withdraw(counted);
  await failedLogins.forget(pairSubject(prover));
}

/** Only the narrow ones are exact, one attempt after another: nobody waits for strangers at the wide ones. */
function count(
  { transaction }: StoreAccess<FailureStores>,
  exact: readonly FailureLimit[],
  wide: readonly FailureLimit[],
): Promise<string[]> {
  return transaction(async ({ failedLogins: failures }) => {
    await failures.lock(exact.map(({ subject }) => subject));
    const seconds = await failures.secondsUntilAllowed([...exact, ...wide], windowSeconds);
    if (seconds !== null) throw tooManyRequests(seconds);
    return failures.add([...exact, ...wide].map(({ subject }) => subject));
  });
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
