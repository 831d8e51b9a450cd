import type { OidcSignIn } from './backoffice/oidc/sign-in';
import type { SessionService } from './backoffice/services/session';
import type { LoginService } from './services/login';
import type { SecurityTrail } from './services/security-trail';

// The three doors, each with the trail beside it. They know nothing of it: what they throw is noted here.

type Watch = Pick<SecurityTrail, 'watch'>;

/** Solutions. */
export const watchedLogin = (trail: Watch, service: LoginService): LoginService => ({
  ...service,
  login: (attempt) => {
    const { mail: name, address, mac } = attempt;
    return trail.watch({ door: 'solution', name, address, particulars: { mac } }, () =>
      service.login(attempt),
    );
  },
});

/** Staff. Whoever changes a password proves the old one first: to guess there is to guess at the door. */
export const watchedSessions = (trail: Watch, service: SessionService): SessionService => ({
  ...service,
  signIn: (attempt) =>
    trail.watch({ door: 'staff', name: attempt.email, address: attempt.address }, () =>
      service.signIn(attempt),
    ),
  changePassword: (caller, change) =>
    trail.watch({ door: 'staff', name: caller.email, address: caller.address ?? '' }, () =>
      service.changePassword(caller, change),
    ),
});

/** Staff who come from the identity provider. Who they are is known only once they are let in. */
export const watchedProvider = (trail: Watch, signIn: OidcSignIn): OidcSignIn => ({
  ...signIn,
  depart: (returnTo, origin) =>
    trail.watch({ door: 'provider', name: 'nobody', address: origin.address }, () =>
      signIn.depart(returnTo, origin),
    ),
  arrive: (arrival) =>
    trail.watch({ door: 'provider', name: 'nobody', address: arrival.origin.address }, () =>
      signIn.arrive(arrival),
    ),
});
