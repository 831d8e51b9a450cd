import { createHash } from 'node:crypto';
import type { StoreAccess } from '../../../shared/stores/store-access';
import { callerNetwork } from '../../../shared/domain/network';
import type { SignInRules } from '../../../shared/domain/sign-in-rules';
import { signInRefused, tooManyRequests } from '../../../shared/errors/catalog';
import type { FailedLoginStore } from '../../../shared/stores/staff/failed-login-store';
import type { OidcStore } from '../../../shared/stores/staff/oidc-store';
import { openSession, type Origin, type Session, type SessionStores } from '../services/session';
import type { UserService } from '../services/users';
import { type AdmissionRules, type AdmissionStores, admit } from './admission';
import type { IdentityProvider } from './identity-provider';

interface Stores extends AdmissionStores, SessionStores {
  readonly failedLogins: Pick<FailedLoginStore, 'lock' | 'secondsUntilAllowed' | 'add'>;
  readonly oidc: Omit<OidcStore, 'unlink'>;
}

interface Deps extends StoreAccess<Stores> {
  readonly provider: IdentityProvider;
  readonly users: Pick<UserService, 'create' | 'update'>;
  readonly rules: AdmissionRules;
  readonly signInRules: SignInRules;
}

/** The data for a browser that goes to the provider. */
export interface Departure {
  readonly url: string;
  /** The value of its cookie. Only this browser may bring the response. */
  readonly state: string;
}

export interface Arrival {
  /** The query of the callback. */
  readonly answer: Readonly<Record<string, string>>;
  /** The value of the browser's cookie. Null: it has none. */
  readonly state: string | null;
  readonly origin: Origin;
}

/** How long someone may take to sign in at the provider. */
export const oidcAttemptSeconds = 600;
/** Departures from one address within five minutes: an office, all at once. */
const maxDepartures = 60;
const windowSeconds = 300;

export type OidcSignIn = ReturnType<typeof createOidcSignIn>;

/** Signs staff in through the identity provider. */
export function createOidcSignIn(deps: Deps) {
  return {
    /** Throws `identity-provider-away`, `too-many-requests`. `returnTo`: a path of ours. */
    async depart(returnTo: string, { address }: Origin): Promise<Departure> {
      await count(deps, `oidc:${callerNetwork(address)}`);
      const proof = deps.provider.newProof();
      const url = await deps.provider.signInUrl(proof);
      const { nonce, codeVerifier } = proof;
      const attempt = { nonce, codeVerifier, returnTo };
      await deps.stores.oidc.insertAttempt(sha256(proof.state), attempt, oidcAttemptSeconds);
      return { url, state: proof.state };
    },

    /** Throws `sign-in-refused`, `identity-provider-away`. A response can be used once, whatever its result. */
    async arrive({ answer, state, origin }: Arrival): Promise<{ session: Session; returnTo: string }> {
      if (state === null || answer['state'] !== state) throw signInRefused('expired');
      const attempt = await deps.stores.oidc.takeAttempt(sha256(state));
      if (attempt === null) throw signInRefused('expired');
      const person = await deps.provider.redeem({ state, ...attempt }, answer);
      const user = await admit(deps, person, origin.address);
      const session = await deps.transaction((stores) =>
        openSession(stores, { userId: user.id, method: 'oidc', rules: deps.signInRules }, origin),
      );
      return { session, returnTo: attempt.returnTo };
    },
  };
}

async function count({ transaction }: Deps, subject: string): Promise<void> {
  await transaction(async ({ failedLogins: departures }) => {
    await departures.lock([subject]);
    const seconds = await departures.secondsUntilAllowed([{ subject, most: maxDepartures }], windowSeconds);
    if (seconds !== null) throw tooManyRequests(seconds);
    await departures.add([subject]);
  });
}

const sha256 = (text: string) => createHash('sha256').update(text).digest();
