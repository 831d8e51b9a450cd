import { tooManyRequests } from '../../../shared/errors/catalog';
import type { FailedLoginStore, FailureLimit } from '../../../shared/stores/staff/failed-login-store';
import type { StoreAccess } from '../../../shared/stores/store-access';

/** The stores in which attempts are counted. */
export interface FailureStores {
  readonly failedLogins: Omit<FailedLoginStore, 'removeOlderThan'>;
}

export interface AttemptLimits {
  readonly windowSeconds: number;
  /** Attempts at these limits are counted one after another. */
  readonly exact: readonly FailureLimit[];
  /** Attempts at these limits do not wait for each other. */
  readonly wide?: readonly FailureLimit[];
  /** The attempt is counted for these too, and none of them limits it. */
  readonly noted?: readonly string[];
}

/**
 * Counts an attempt against limits, of all API processes together. Returns the ids by which it can be taken back.
 * Throws `too-many-requests`, with the seconds until the next is allowed.
 */
export const countAttemptOf = (
  { transaction }: StoreAccess<FailureStores>,
  limits: AttemptLimits,
): Promise<string[]> => transaction((stores) => countAttemptIn(stores, limits));

/** The same on the stores of a transaction. */
export async function countAttemptIn(
  { failedLogins }: FailureStores,
  { windowSeconds, exact, wide = [], noted = [] }: AttemptLimits,
): Promise<string[]> {
  await failedLogins.lock(exact.map(({ subject }) => subject));
  const seconds = await failedLogins.secondsUntilAllowed([...exact, ...wide], windowSeconds);
  if (seconds !== null) throw tooManyRequests(seconds);
  return failedLogins.add([...[...exact, ...wide].map(({ subject }) => subject), ...noted]);
}
