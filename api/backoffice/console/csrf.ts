import { timingSafeEqual } from 'node:crypto';
import { formTokenOf } from '../../../shared/secrets';

/** The name of the hidden field of every form. */
export const csrfField = '_csrf';

/**
 * The token that every form must contain. It is derived from the session token, which no page and no script can read,
 * so a form of one session is not valid in another.
 */
export const csrfTokenOf = formTokenOf;

export function isCsrfToken(given: unknown, sessionToken: string): boolean {
  if (typeof given !== 'string') return false;
  const [actual, expected] = [Buffer.from(given), Buffer.from(csrfTokenOf(sessionToken))];
  return actual.length === expected.length && timingSafeEqual(actual, expected);
}
