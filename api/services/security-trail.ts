import type { AuditAction } from '../../shared/domain/audit-action';
import { isDatabaseAway } from '../../shared/db/database-away';
import type { SignInFailureKind } from '../../shared/domain/sign-in-failure';
import { AppError, InvalidFields } from '../../shared/errors/app-error';
import type { Logger } from '../../shared/log';
import type { AuditEntry, AuditStore } from '../../shared/stores/staff/audit-store';

/** An attempt to sign in: by whom, in which way, and from where. */
export interface SignInAttempt {
  readonly door: 'staff' | 'solution' | 'provider';
  /** The name that they give: an e-mail address of a user or a solution. It may not exist. */
  readonly name: string;
  readonly address: string;
  /** Further details about the caller, never a secret. */
  readonly particulars?: Readonly<Record<string, string>>;
}

/** A call that the role does not allow, or that another site made a browser send. */
export interface RefusedAccess {
  /** E-mail of who called; null: nobody who had signed in. */
  readonly user: string | null;
  readonly address: string;
  readonly method: string;
  readonly path: string;
}

interface Deps {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly count: (kind: SignInFailureKind) => void;
  readonly log: Pick<Logger, 'warn'>;
  /** For tests of time; default the real one. Milliseconds. */
  readonly now?: () => number;
}

export type SecurityTrail = ReturnType<typeof createSecurityTrail>;

/** Within this time, the same event of the same name and address becomes one entry. */
const windowMilliseconds = 5 * 60_000;
/** The most entries that all attackers together can cause, per process: about 200 MB a year in a permanent attack. */
const mostInWindow = 100;
const mostInDay = 2_000;
const dayMilliseconds = 86_400_000;
const withinMinutes = windowMilliseconds / 60_000;
const longestText = 320;

interface RecordedRefusal {
  readonly entry: RefusalEntry;
  readonly endsAt: number;
  /** How often it happened again since it was recorded. */
  again: number;
}

/**
 * Records refused calls in the audit trail, at a limited rate. The first one is written at once. Repetitions are
 * counted, and written as one entry with the count after five minutes. Callers do not wait for it, and a trail that
 * cannot be written does not stop them.
 */
export function createSecurityTrail({ audit, count, log, now = Date.now }: Deps) {
  const recorded = new Map<string, RecordedRefusal>();
  let beyond = 0;
  let windowEndsAt = now() + windowMilliseconds;
  let day = { endsAt: now() + dayMilliseconds, entries: 0 };
  const waiting: RefusalEntry[] = [];
  let writing: Promise<void> = Promise.resolve();
  const timer = setInterval(tellRepeated, windowMilliseconds / 10);
  timer.unref();

  return {
    /** Runs a sign-in and records a refusal. Throws what the sign-in throws. */
    async watch<T>(attempt: SignInAttempt, signIn: () => Promise<T>): Promise<T> {
      try {
        return await signIn();
      } catch (error) {
        if (error instanceof AppError) noteRefusal(attempt, error);
        throw error;
      }
    },

    accessRefused({ user, address, method, path }: RefusedAccess): void {
      note(entryOf('access.refused', user ?? 'nobody', address, { method, path: kept(path) }));
    },

    /** Writes what was only counted so far, and resolves when everything is written. */
    async close(): Promise<void> {
      clearInterval(timer);
      for (const one of recorded.values()) tell(one);
      recorded.clear();
      tellBeyond();
      await writing;
    },
  };

  function noteRefusal(attempt: SignInAttempt, error: AppError): void {
    const kind = kindOf(attempt.door, error);
    if (kind === null) return;
    count(kind);
    const reason = reasonOf(error);
    const action = actionOf(kind);
    const after = { door: attempt.door, reason, ...attempt.particulars };
    note(entryOf(action, kept(attempt.name), attempt.address, after));
  }

  function note(entry: RefusalEntry): void {
    const key = [entry.action, entry.actor.toLowerCase(), entry.address].join('\n');
    const known = recorded.get(key);
    if (known !== undefined && known.endsAt > now()) {
      known.again += 1;
      return;
    }
    if (known !== undefined) tell(known);
    if (recorded.size >= mostInWindow || !isWithinDay()) {
      beyond += 1;
      return;
    }
    recorded.set(key, { entry, endsAt: now() + windowMilliseconds, again: 0 });
    write(entry);
  }

  function isWithinDay(): boolean {
    if (day.endsAt <= now()) day = { endsAt: now() + dayMilliseconds, entries: 0 };
    return day.entries < mostInDay;
  }

  function tellRepeated(): void {
    for (const [key, one] of recorded) {
      if (one.endsAt > now()) continue;
      tell(one);
      recorded.delete(key);
    }
    if (now() >= windowEndsAt) tellBeyond();
  }

  /** One entry for everything above the limit. */
  function tellBeyond(): void {
    windowEndsAt = now() + windowMilliseconds;
    if (beyond === 0) return;
    write(entryOf('sign-in.failed', 'many', null, { count: beyond, withinMinutes }));
    beyond = 0;
  }

  function tell({ entry, again }: RecordedRefusal): void {
    if (again === 0) return;
    if (isWithinDay()) write({ ...entry, after: { ...entry.after, again, withinMinutes } });
    else beyond += again;
  }

  /**
   * Runs one statement at a time, with everything that was collected meanwhile, so that an attack uses at most one
   * connection.
   */
  function write(entry: RefusalEntry): void {
    day.entries += 1;
    waiting.push(entry);
    writing = writing.then(writeWaiting).catch((error: unknown) => {
      // The refusal itself does not depend on this.
      if (!isDatabaseAway(error)) log.warn({ err: error }, 'refusals not written to the audit trail');
    });
  }

  async function writeWaiting(): Promise<void> {
    const entries = waiting.splice(0);
    if (entries.length > 0) await audit.add(entries);
  }
}

/** Text of strangers in a form that PostgreSQL can store. */
const kept = (text: string): string => text.slice(0, longestText).replace(/[\p{Cc}\p{Cs}]/gu, '\ufffd');

interface RefusalEntry extends AuditEntry {
  readonly after: Readonly<Record<string, unknown>>;
}

const entryOf = (
  action: AuditAction,
  actor: string,
  address: string | null,
  after: RefusalEntry['after'],
): RefusalEntry => ({
  actor,
  action,
  solutionId: null,
  address,
  before: null,
  after,
});

function reasonOf(error: AppError): string {
  if (isWrongCode(error)) return 'wrong-code';
  const { reason } = error.members;
  return typeof reason === 'string' ? reason : error.code;
}

/** A wrong code while changing one's own second factor is reported as a fault of the form field. */
const isWrongCode = (error: AppError): boolean =>
  error instanceof InvalidFields && error.problems.some(({ fault }) => fault.code === 'wrong-code');

/** Null: it is no refusal of the one who tries. */
function kindOf(door: SignInAttempt['door'], error: AppError): SignInFailureKind | null {
  const { code } = error;
  if (code === 'too-many-requests') return `${door}-limited`;
  switch (door) {
    case 'staff':
      return code === 'bad-credentials' || isWrongCode(error) ? 'staff-failed' : null;
    case 'provider':
      return code === 'sign-in-refused' ? 'provider-refused' : null;
    case 'solution':
      return solutionKinds[code] ?? null;
  }
}

const solutionKinds: Readonly<Record<string, SignInFailureKind>> = {
  'bad-credentials': 'solution-failed',
  locked: 'solution-locked',
  blocked: 'solution-blocked',
};

function actionOf(kind: SignInFailureKind): AuditAction {
  if (kind.endsWith('-limited')) return 'sign-in.limited';
  return kind.endsWith('-failed') ? 'sign-in.failed' : 'sign-in.refused';
}
