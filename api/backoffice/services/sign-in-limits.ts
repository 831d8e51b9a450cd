import type { StoreAccess } from '../../../shared/stores/store-access';
import { callerNetwork, networksOf } from '../../../shared/domain/network';
import type { FailureLimit } from '../../../shared/stores/staff/failed-login-store';
import { countAttemptIn, countAttemptOf, type FailureStores } from './counted-attempts';

/** Who tries to sign in, and from where. */
export interface Prover {
  readonly email: string;
  readonly address: string;
}

/**
 * What is known about a caller who has not proved their identity yet. `place`: this person has signed in from that
 * network of late. `browser`: in that browser. `session`: they hold an open session. `id` is of the browser or of the
 * session.
 */
export type KnownAs =
  { readonly kind: 'stranger' | 'place' } | { readonly kind: 'browser' | 'session'; readonly id: string };

/** An attempt that was counted as a failure before it was checked. */
export interface CountedAttempt {
  /** The ids by which it is taken back. */
  readonly ids: readonly string[];
  /** The counter of its own, which begins at none once someone has proved who they are. */
  readonly own: string;
}

const windowSeconds = 300;
/** Failures of one e-mail from one address or IPv6 /64; or in one known browser; or in one session. */
const mostOfOne = 10;
/** Failures of one address or /64, of a /56 and of a /48, whatever the e-mail is. */
const mostOfNetworks = [50, 100, 200];
/** Failures of one e-mail, and of the server, from everywhere. Beyond these nobody is refused, but every stranger has fewer attempts. */
const manyOfEmail = 100;
const manyOfServer = 1_000;
const fewOfOne = 2;
const fewOfNetworks = [10, 20, 40];
/** Codes of a second factor by someone who knows the password, over all network addresses. */
const mostOfCodes = 10;

/**
 * Counts an attempt as a failure before it is looked at, so that attempts at once cannot outrun the count. Failures of
 * strangers do not lock out anyone who is known by a session or a browser, or who signs in from elsewhere. Throws
 * `too-many-requests`.
 */
export async function countAttempt(
  { transaction }: StoreAccess<FailureStores>,
  prover: Prover,
  standing: KnownAs,
): Promise<CountedAttempt> {
  const own = ownCounter(prover, standing);
  const ids = await transaction((stores) =>
    standing.kind === 'stranger'
      ? countStranger(stores, prover, own)
      : countAttemptIn(stores, { windowSeconds, exact: [{ subject: own, most: mostOfOne }] }),
  );
  return { ids, own };
}

/** As `countAttempt`, of codes of a second factor. A known browser has a counter of its own: who has stolen the password keeps its owner out no more. */
export const countCode = (
  access: StoreAccess<FailureStores>,
  userId: number,
  standing: KnownAs = { kind: 'stranger' },
): Promise<string[]> => {
  const inBrowser = standing.kind === 'browser' ? ` in ${standing.id}` : '';
  return countAttemptOf(access, {
    windowSeconds,
    exact: [{ subject: `code:${userId}${inBrowser}`, most: mostOfCodes }],
  });
};

/** A right code only takes back its own count. Earlier guesses stay counted. */
export const forgiveCode = ({ failedLogins }: FailureStores, counted: readonly string[]): Promise<void> =>
  failedLogins.withdraw(counted);

/** Success: the counter of its own starts again at none. The address keeps its other failures: one account of one's own must not help to guess at others. */
export async function forgive({ failedLogins }: FailureStores, counted: CountedAttempt): Promise<void> {
  await failedLogins.withdraw(counted.ids);
  await failedLogins.forget(counted.own);
}

/** An attempt whose password was not checked does not count. */
export const takeBack = ({ failedLogins }: FailureStores, counted: CountedAttempt): Promise<void> =>
  failedLogins.withdraw(counted.ids);

function ownCounter({ email, address }: Prover, standing: KnownAs): string {
  const subject = `staff:${email.toLowerCase()}`;
  switch (standing.kind) {
    case 'stranger':
    case 'place':
      return `${subject} from ${callerNetwork(address)}`;
    case 'browser':
      return `${subject} in ${standing.id}`;
    case 'session':
      return `staff-session:${standing.id}`;
  }
}

/**
 * Many failures from everywhere refuse nobody: whoever knows an e-mail and has some addresses would keep its owner out for
 * ever. They leave each address fewer attempts.
 */
async function countStranger(stores: FailureStores, prover: Prover, own: string): Promise<string[]> {
  const totals = totalsOf(prover);
  const areMany = (await stores.failedLogins.secondsUntilAllowed(totals, windowSeconds)) !== null;
  return countAttemptIn(stores, {
    windowSeconds,
    exact: [{ subject: own, most: areMany ? fewOfOne : mostOfOne }],
    wide: limitsOfNetworks(prover, areMany ? fewOfNetworks : mostOfNetworks),
    noted: totals.map(({ subject }) => subject),
  });
}

const totalsOf = ({ email }: Prover): FailureLimit[] => [
  { subject: `staff:${email.toLowerCase()}`, most: manyOfEmail },
  { subject: 'staff', most: manyOfServer },
];

const limitsOfNetworks = ({ address }: Prover, most: readonly number[]): FailureLimit[] =>
  networksOf(address).map((network, index) => ({
    subject: `staff-address:${network}`,
    most: most[index] ?? fewOfOne,
  }));
