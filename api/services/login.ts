import { type Db, inTransaction } from '../../shared/db/database';
import type { Device } from '../../shared/domain/device';
import {
  badCredentials,
  badRequest,
  solutionBlocked,
  solutionLocked,
  tooManyRequests,
} from '../../shared/errors/catalog';
import { createAuditStore } from '../../shared/stores/staff/audit-store';
import { createFailedLoginStore, type FailedLoginStore } from '../../shared/stores/staff/failed-login-store';
import type { SolutionCredentials, SolutionStore } from '../../shared/stores/solutions/solution-store';
import { verifySecret } from '../../shared/secrets';
import type { Tokens } from './tokens';

export interface LoginAttempt {
  readonly mail: string;
  readonly mac: string;
  /** Absent from older solutions, whose policy is `mac`. */
  readonly secret: string | null;
  /** Where it comes from. */
  readonly address: string;
  readonly device: Device;
}

interface Deps {
  readonly db: Db;
  readonly solutions: Pick<
    SolutionStore,
    'findCredentials' | 'bindMac' | 'lock' | 'forgetPreviousSecret' | 'noteDevice'
  >;
  readonly tokens: Pick<Tokens, 'issue'>;
}

const maxFailures = 10;
const failureWindowSeconds = 300;

export type LoginService = ReturnType<typeof createLoginService>;

export function createLoginService(deps: Deps) {
  return {
    /** Answers a token. Throws `bad-credentials`, `locked`, `blocked` or `too-many-requests`. */
    async login(attempt: LoginAttempt): Promise<string> {
      await refuseTooManyFailures(createFailedLoginStore(deps.db), attempt);
      const solution = await checkSecret(deps, attempt);
      await checkMac(deps, solution, attempt);
      if (solution.isBlocked) throw solutionBlocked();
      await deps.solutions.noteDevice(solution.id, attempt.device);
      return deps.tokens.issue(solution.id);
    },
  };
}

const subjects = (attempt: LoginAttempt) => [
  `solution:${attempt.mail.toLowerCase()}`,
  `address:${attempt.address}`,
];

async function refuseTooManyFailures(
  failures: Pick<FailedLoginStore, 'secondsUntilAllowed'>,
  attempt: LoginAttempt,
): Promise<void> {
  const seconds = await failures.secondsUntilAllowed(subjects(attempt), maxFailures, failureWindowSeconds);
  if (seconds !== null) throw tooManyRequests(seconds);
}

/** An unknown mail costs the same look at a secret as a known one: time must not tell them apart. */
async function checkSecret(deps: Deps, attempt: LoginAttempt): Promise<SolutionCredentials> {
  const solution = await deps.solutions.findCredentials(attempt.mail);
  const isCurrent = verifySecret(attempt.secret ?? '', solution?.secretHash ?? null);
  const isPrevious = verifySecret(attempt.secret ?? '', solution?.previousSecretHash ?? null);
  const isWaived = solution?.loginPolicy === 'mac';
  if (solution === null || !(isCurrent || isPrevious || isWaived)) {
    await countFailure(deps.db, attempt);
    throw badCredentials();
  }
  if (isCurrent && solution.previousSecretHash !== null)
    await deps.solutions.forgetPreviousSecret(solution.id);
  return solution;
}

/** One after another: of attempts that come at once, none but the first ten may learn that they have failed. */
function countFailure(db: Db, attempt: LoginAttempt): Promise<void> {
  return inTransaction(db, async ({ db: trx }) => {
    const failures = createFailedLoginStore(trx);
    await failures.lock(subjects(attempt));
    await refuseTooManyFailures(failures, attempt);
    await failures.add(subjects(attempt));
  });
}

/** What the backoffice stores for a solution that may come with any MAC. */
const anyMac = 'ignore';

/** The first login binds the MAC; another one later locks the solution. */
async function checkMac(
  deps: Deps,
  solution: SolutionCredentials,
  { mail, mac, address }: LoginAttempt,
): Promise<void> {
  if (solution.isLocked) throw solutionLocked();
  if (solution.mac === anyMac || solution.mac === normalised(mac)) return;
  // A device must not give itself this right.
  if (normalised(mac) === anyMac) throw badRequest('"ignore" is no MAC.');
  if (solution.mac === null && (await deps.solutions.bindMac(solution.id, normalised(mac)))) return;
  if (await deps.solutions.lock(solution.id)) {
    const [before, after] = [{ mac: solution.mac }, { mac: normalised(mac) }];
    const entry = {
      actor: mail,
      action: 'solution.lock',
      solutionId: solution.id,
      address,
      before,
      after,
    } as const;
    await createAuditStore(deps.db).add([entry]);
  }
  throw solutionLocked();
}

/** `00-1A-2B…` and `00:1a:2b…` are one address. */
const normalised = (mac: string) => mac.trim().toLowerCase().replaceAll('-', ':');
