import type { StoreAccess } from '../../shared/stores/store-access';
import type { Device } from '../../shared/domain/device';
import {
  badCredentials,
  badRequest,
  solutionBlocked,
  solutionLocked,
  tooManyRequests,
} from '../../shared/errors/catalog';
import type { AuditStore } from '../../shared/stores/staff/audit-store';
import { callerNetwork, networksOf } from '../../shared/domain/network';
import type { FailedLoginStore, FailureLimit } from '../../shared/stores/staff/failed-login-store';
import type { SolutionCredentials, SolutionStore } from '../../shared/stores/solutions/solution-store';
import { verifySecret } from '../../shared/secrets';
import type { StatutBoard } from './statut-board';
import type { Tokens } from './tokens';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly failedLogins: Pick<FailedLoginStore, 'secondsUntilAllowed' | 'lock' | 'add'>;
  readonly solutions: Pick<
    SolutionStore,
    'findCredentials' | 'bindMac' | 'lock' | 'forgetPreviousSecret' | 'noteDevice' | 'noteRefusedMac'
  >;
}

export interface LoginAttempt {
  readonly mail: string;
  readonly mac: string;
  /** Absent from older solutions, whose policy is `mac`. */
  readonly secret: string | null;
  /** The IP address of the caller. */
  readonly address: string;
  readonly device: Device;
}

interface Deps extends StoreAccess<Stores> {
  readonly tokens: Pick<Tokens, 'issue'>;
  readonly board: Pick<StatutBoard, 'forgetAccess'>;
}

const failureWindowSeconds = 300;
/** Per solution, and per address or IPv6 /64. */
const mostFailures = 10;
/** Per IPv6 /56 and /48: a household, a company. */
const mostOfWiderNetworks = [40, 160];
/** Per solution over all addresses, if only a MAC is checked. Above it, nobody can sign in for a while. */
const mostGuessesAtMac = 100;

export type LoginService = ReturnType<typeof createLoginService>;

export function createLoginService(deps: Deps) {
  return {
    /** Returns a token. Throws `bad-credentials`, `locked`, `blocked` or `too-many-requests`. */
    async login(attempt: LoginAttempt): Promise<string> {
      const solution = await deps.stores.solutions.findCredentials(attempt.mail);
      const hasSecret = isItsSecret(attempt, solution);
      // A caller without proof must learn nothing: an unknown e-mail address, a wrong secret and a wrong MAC give the
      // same response.
      const isKnown = solution !== null && (hasSecret || (await isLetInByMac(deps, attempt, solution)));
      if (!isKnown) throw await failed(deps, attempt, solution);
      await checkMac(deps, attempt, solution);
      if (solution.isBlocked) throw solutionBlocked();
      await deps.stores.solutions.noteDevice(solution.id, attempt.device);
      return deps.tokens.issue(solution.id, solution.tokenGeneration);
    },
  };
}

/**
 * An unknown e-mail address takes the same time as a known one, so that the time reveals nothing. A right secret is
 * accepted however many attempts failed before: 256 bits cannot be guessed, and nobody must be able to lock out a
 * kitchen by failing in its name.
 */
function isItsSecret({ secret }: LoginAttempt, solution: SolutionCredentials | null): boolean {
  const isCurrent = verifySecret(secret ?? '', solution?.secretHash ?? null);
  const isPrevious = verifySecret(secret ?? '', solution?.previousSecretHash ?? null);
  return isCurrent || isPrevious;
}

/** Policy `mac`: the device only shows its MAC. A MAC can be guessed, so attempts are limited. */
async function isLetInByMac(
  deps: Deps,
  attempt: LoginAttempt,
  solution: SolutionCredentials,
): Promise<boolean> {
  if (solution.loginPolicy !== 'mac') return false;
  const seconds = await deps.stores.failedLogins.secondsUntilAllowed(
    limitsOfGuess(attempt),
    failureWindowSeconds,
  );
  if (seconds !== null) throw tooManyRequests(seconds);
  return isOrBecomesItsMac(deps, solution, attempt.mac);
}

/**
 * The first login binds the MAC; another one later, with the right secret, locks the solution. Under policy `mac` it
 * proves nothing, so it locks nothing.
 */
async function checkMac(deps: Deps, attempt: LoginAttempt, solution: SolutionCredentials): Promise<void> {
  if (solution.loginPolicy === 'mac') {
    if (!(await isOrBecomesItsMac(deps, solution, attempt.mac))) throw await failed(deps, attempt, solution);
    if (solution.isLocked) throw solutionLocked();
    return;
  }
  if (verifySecret(attempt.secret ?? '', solution.secretHash) && solution.previousSecretHash !== null)
    await deps.stores.solutions.forgetPreviousSecret(solution.id);
  if (solution.isLocked) throw solutionLocked();
  // A device must not set this value itself.
  if (solution.mac !== anyMac && normalisedMac(attempt.mac) === anyMac)
    throw badRequest('"ignore" is no MAC.');
  if (await isOrBecomesItsMac(deps, solution, attempt.mac)) return;
  await lock(deps, attempt, solution);
  throw solutionLocked();
}

async function lock(
  { stores, board }: Deps,
  { mail, mac, address }: LoginAttempt,
  solution: SolutionCredentials,
): Promise<void> {
  if (!(await stores.solutions.lock(solution.id))) return;
  board.forgetAccess(solution.id);
  const [before, after] = [{ mac: solution.mac }, { mac: normalisedMac(mac) }];
  const deed = { action: 'solution.lock', solutionId: solution.id, before, after } as const;
  await stores.audit.add([{ actor: mail, address, ...deed }]);
}

/** The value that the backoffice stores for a solution that may sign in with any MAC. */
const anyMac = 'ignore';

/** The first one is bound. */
async function isOrBecomesItsMac(
  { stores }: Deps,
  solution: SolutionCredentials,
  written: string,
): Promise<boolean> {
  const mac = normalisedMac(written);
  if (solution.mac === anyMac) return true;
  if (mac === anyMac) return false;
  return (
    solution.mac === mac || (solution.mac === null && (await stores.solutions.bindMac(solution.id, mac)))
  );
}

/** Counts the failure. Returns the error for the caller: `bad-credentials` or `too-many-requests`. */
async function failed(
  { stores, transaction }: Deps,
  attempt: LoginAttempt,
  solution: SolutionCredentials | null,
): Promise<Error> {
  // A secret cannot be guessed, so refused attempts are not counted. A MAC can be guessed, so each attempt counts.
  const isGuess = solution?.loginPolicy === 'mac';
  const limits = limitsOfFailure(attempt);
  // Above the limit, the lock is not needed.
  const early = await stores.failedLogins.secondsUntilAllowed(limits, failureWindowSeconds);
  if (early !== null && !isGuess) return tooManyRequests(early);
  const seconds = await transaction(async ({ failedLogins: failures }) => {
    // Simultaneous attempts are counted one after another, so that only the first ten learn that they have failed.
    await failures.lock(limits.map(({ subject }) => subject));
    const wait = await failures.secondsUntilAllowed(limits, failureWindowSeconds);
    if (wait === null || isGuess) await failures.add(subjectsOf(attempt));
    return wait;
  });
  // For an unknown solution, or one with a secret, it writes nothing, but it takes the same time.
  await stores.solutions.noteRefusedMac(solution?.id ?? 0, normalisedMac(attempt.mac));
  return seconds === null ? badCredentials() : tooManyRequests(seconds);
}

/** Whose failure it is: staff have counters of their own. */
const limitsOfFailure = ({ mail, address }: LoginAttempt): FailureLimit[] => [
  { subject: `device:${mail.toLowerCase()}`, most: mostFailures },
  ...networkLimits(address),
];

/** Failures from other addresses do not lock out the solution's own address, unless there are very many. */
const limitsOfGuess = ({ mail, address }: LoginAttempt): FailureLimit[] => [
  { subject: `device:${mail.toLowerCase()}`, most: mostGuessesAtMac },
  { subject: `device:${mail.toLowerCase()} from ${callerNetwork(address)}`, most: mostFailures },
  ...networkLimits(address),
];

const subjectsOf = (attempt: LoginAttempt): string[] => [
  ...new Set([...limitsOfFailure(attempt), ...limitsOfGuess(attempt)].map(({ subject }) => subject)),
];

const networkLimits = (address: string): FailureLimit[] =>
  networksOf(address).map((network, index) => ({
    subject: `device-address:${network}`,
    most: [mostFailures, ...mostOfWiderNetworks][index] ?? mostFailures,
  }));

/** `00-1A-2B…` and `00:1a:2b…` are one address. */
export const normalisedMac = (mac: string) => mac.trim().toLowerCase().replaceAll('-', ':');
