import type { OidcSignIn } from './backoffice/oidc/sign-in';
import type { SecondFactorService } from './backoffice/services/second-factor';
import type { SignInService } from './backoffice/services/sign-in';
import type { LoginService } from './services/login';
import type { SecurityTrail } from './services/security-trail';

// The ways to sign in, each recorded in the audit trail. The services do not know about it: their errors are recorded
// here.

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

/** Staff. Changing a password and confirming it again are recorded too, because both could be used to guess it. */
export const watchedSignIn = (trail: Watch, service: SignInService): SignInService => ({
  signIn: (attempt) => trail.watch(doorOf(attempt.email, attempt.address), () => service.signIn(attempt)),
  begin: (attempt) => trail.watch(doorOf(attempt.email, attempt.address), () => service.begin(attempt)),
  // The password was right, so the failure of the code counts for the address.
  finish: (step, code, origin) =>
    trail.watch(doorOf('second factor', origin.address), () => service.finish(step, code, origin)),
  changePassword: (caller, change) =>
    trail.watch(doorOf(caller.email, caller.address), () => service.changePassword(caller, change)),
  proveAgain: (caller, password, token) =>
    trail.watch(doorOf(caller.email, caller.address), () => service.proveAgain(caller, password, token)),
});

/** Someone who finds an open browser must not be able to guess the codes. */
export const watchedSecondFactor = (trail: Watch, service: SecondFactorService): SecondFactorService => ({
  ...service,
  turnOn: (caller, code) =>
    trail.watch(doorOf(caller.email, caller.address), () => service.turnOn(caller, code)),
  turnOff: (caller, code) =>
    trail.watch(doorOf(caller.email, caller.address), () => service.turnOff(caller, code)),
});

const doorOf = (name: string, address: string | null) =>
  ({ door: 'staff', name, address: address ?? '' }) as const;

/** Staff who sign in through the identity provider. Their identity is only known after a successful sign-in. */
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
