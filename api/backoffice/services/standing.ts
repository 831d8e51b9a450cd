import { callerNetwork } from '../../../shared/domain/network';
import { hashSessionToken, isSessionToken, newSessionToken } from '../../../shared/secrets';
import type { SignInStore } from '../../../shared/stores/staff/sign-in-store';
import type { Origin } from './session';
import type { KnownAs } from './sign-in-limits';

/** Where a person signs in from. */
export interface BrowserOrigin extends Origin {
  /** The browser's proof of an earlier sign-in. Undefined: there is none. */
  readonly browserToken?: string | undefined;
}

type Known = Pick<SignInStore, 'findBrowser' | 'isKnownPlace' | 'noteBrowser'>;

/** What is known about a person who signs in, by their browser or else by their network. */
export async function standingOf(
  signIns: Known,
  email: string,
  { address, browserToken }: BrowserOrigin,
): Promise<KnownAs> {
  if (browserToken !== undefined && isSessionToken(browserToken)) {
    const tokenSha256 = hashSessionToken(browserToken);
    const { isOfUser } = await signIns.findBrowser(tokenSha256, email);
    if (isOfUser) return { kind: 'browser', id: tokenSha256.toString('base64url') };
  }
  const isAtHome = await signIns.isKnownPlace(email, callerNetwork(address));
  return { kind: isAtHome ? 'place' : 'stranger' };
}

/** What is known about a person with a session. */
export const standingInSession = (token: string): KnownAs => ({
  kind: 'session',
  id: hashSessionToken(token).toString('base64url'),
});

/**
 * From now on that user is known in the browser. Returns what the browser is to show. A token that the server did not
 * give is not taken over: whoever planted it in the browser would know it too.
 */
export async function noteBrowserOf(
  signIns: Known,
  user: { readonly id: number; readonly email: string },
  shown: string | undefined,
): Promise<string> {
  const isOurs =
    shown !== undefined &&
    isSessionToken(shown) &&
    (await signIns.findBrowser(hashSessionToken(shown), user.email)).isKnown;
  const token = isOurs ? shown : newSessionToken();
  await signIns.noteBrowser(hashSessionToken(token), user.id);
  return token;
}
