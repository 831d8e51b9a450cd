import { type Db, inTransaction } from '../../../shared/db/database';
import { callerNetwork, networksOf } from '../../../shared/domain/network';
import { tooManyRequests } from '../../../shared/errors/catalog';
import { createFailedLoginStore, type FailureLimit } from '../../../shared/stores/staff/failed-login-store';

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
export function countAttempt(db: Db, prover: Prover, isAtHome: boolean): Promise<string[]> {
  const pair = { subject: pairSubject(prover), most: mostOfPair };
  return count(db, [pair], isAtHome ? [] : widerLimits(prover));
}

/** As `countAttempt`, of codes of a second factor. */
export const countCode = (db: Db, userId: number): Promise<string[]> =>
  count(db, [{ subject: `code:${userId}`, most: mostOfCodes }], []);

/** Success: the pair starts again at none. The address keeps its other failures: one account of one's own must not help to guess at others. */
export async function forgive(db: Db, prover: Prover, counted: readonly string[]): Promise<void> {
  const failures = createFailedLoginStore(db);
  await failures.withdraw(counted);
  await failures.forget(pairSubject(prover));
}

/** Only the narrow ones are exact, one attempt after another: nobody waits for strangers at the wide ones. */
function count(db: Db, exact: readonly FailureLimit[], wide: readonly FailureLimit[]): Promise<string[]> {
  return inTransaction(db, async ({ db: trx }) => {
    const failures = createFailedLoginStore(trx);
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
