import type { OidcSignIn } from './backoffice/oidc/sign-in';
import type { SecondFactorService } from './backoffice/services/second-factor';
import type { SignInService } from './backoffice/services/sign-in';
import type { LoginService } from './services/login';
import type { SecurityTrail } from './services/security-trail';

// The doors, each with the trail beside it. They know nothing of it: what they throw is noted here.

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

/** Staff. Whoever changes a password, or is asked again, proves it first: to guess there is to guess at the door. */
export const watchedSignIn = (trail: Watch, service: SignInService): SignInService => ({
  signIn: (attempt) => trail.watch(doorOf(attempt.email, attempt.address), () => service.signIn(attempt)),
  begin: (attempt) => trail.watch(doorOf(attempt.email, attempt.address), () => service.begin(attempt)),
  // Whose code it is, is known to who has the right password: the failure is at the address.
  finish: (step, code, origin) =>
    trail.watch(doorOf('second factor', origin.address), () => service.finish(step, code, origin)),
  changePassword: (caller, change) =>
    trail.watch(doorOf(caller.email, caller.address), () => service.changePassword(caller, change)),
  proveAgain: (caller, password, token) =>
    trail.watch(doorOf(caller.email, caller.address), () => service.proveAgain(caller, password, token)),
});

/** Whoever finds an open browser must not guess the codes in it either. */
export const watchedSecondFactor = (trail: Watch, service: SecondFactorService): SecondFactorService => ({
  ...service,
  turnOn: (caller, code) =>
    trail.watch(doorOf(caller.email, caller.address), () => service.turnOn(caller, code)),
  turnOff: (caller, code) =>
    trail.watch(doorOf(caller.email, caller.address), () => service.turnOff(caller, code)),
});

const doorOf = (name: string, address: string | null) =>
  ({ door: 'staff', name, address: address ?? '' }) as const;

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
