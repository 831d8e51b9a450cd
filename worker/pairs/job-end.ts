import type { LookedAt } from '../../shared/domain/link-ends';
import type { LinkJobEnd } from '../../shared/stores/pairs/link-job-store';
import { backoffMs } from '../../shared/domain/backoff';
import { Halted } from '../pipeline/calls';
import type { ApprovalKind, Awaited, Entry } from '../pipeline/entry';
import { type PerSide, perSide } from '../pipeline/sides';
import { Trouble } from '../pipeline/trouble';
import type { PairJob } from './words';

export interface RetryRules {
  readonly attempts: number;
  readonly firstMinutes: number;
}

/** The result of a job, by the result of its entry. */
export interface JobOutcome {
  readonly end: LinkJobEnd;
  /** The approval that it waits for. Null: none. */
  readonly needs: ApprovalKind | null;
  /**
   * The status to write back, if the pair writes back. Null: the engine has written it, or there is nothing to write.
   */
  readonly status: WrittenStatus | null;
}

export type WrittenStatus =
  'creating' | 'dirty' | 'failed' | 'given-up' | 'conflict' | 'deleted-here' | 'deleted-there';

/** `error`: what was thrown while the entry was processed; null: nothing. */
export function outcomeOf(job: PairJob, entry: Entry, error: unknown, retry: RetryRules): JobOutcome {
  const end = {
    ...unfinishedEnd(job),
    verdict: entry.verdict ?? null,
    lookedAt: lookedAtOf(entry),
    linkId: linkIdOf(entry),
  };
  switch (entry.verdict) {
    case undefined:
      return outcome({ ...end, lookedAt: null });
    case 'created':
    case 'updated':
    case 'moved':
    case 'deleted':
    case 'unchanged':
    case 'agreed':
      if (entry.leftFor !== null) return outcome(waitingEnd({ ...end, attempts: 0 }, entry, entry.leftFor));
      return { ...outcome({ ...doneEnd(end) }), status: markedStatus(entry) };
    case 'duplicate':
      // The work on another mention does not count for this one.
      return outcome(job.wanted === null ? doneEnd(end) : { ...end, verdict: null, lookedAt: null });
    case 'skipped':
      return outcome({ ...doneEnd(end), state: 'skipped', error: entry.reason, why: entry.why });
    case 'waiting':
      return { ...outcome(waitingEnd(end, entry, entry.waitsFor)), status: openStatus(entry) };
    case 'held':
      return entry.needs === null
        ? // Something that lay in a folder has to leave it first.
          outcome({
            ...end,
            state: 'failed',
            delaySeconds: 60,
            error: entry.reason,
            why: entry.why,
            lookedAt: null,
          })
        : {
            ...outcome({
              ...end,
              state: 'held',
              errorClass: entry.needs === 'changes' && entry.isAboveSizeLimit ? 'file-limit' : null,
              error: entry.reason,
              why: entry.why,
            }),
            needs: entry.needs,
            status: openStatus(entry),
          };
    case 'conflict':
    case 'quarantined':
      return {
        ...outcome({ ...end, state: 'held', error: entry.reason, why: entry.why }),
        status: 'conflict',
      };
    case 'untouched':
      return { ...outcome(givenUpEnd(end, 'untouched', entry)), status: 'given-up' };
    case 'failed':
      return failedOutcome(end, entry, error, retry);
  }
}

/** The end of a job that was not processed, so it does not count as an attempt. */
export function unfinishedEnd(job: PairJob): LinkJobEnd {
  return {
    id: job.id,
    state: 'new',
    stage: job.stage,
    runId: job.runId,
    verdict: null,
    attempts: job.attempts,
    delaySeconds: 0,
    errorClass: null,
    error: null,
    why: null,
    linkId: null,
    waitsSide: null,
    waitsKey: null,
    waitsField: null,
    waitsPair: null,
    lookedAt: null,
    approvalId: job.approvalId,
    signature: job.signature,
    calls: 0,
  };
}

const outcome = (end: LinkJobEnd): JobOutcome => ({ end, needs: null, status: null });

const doneEnd = (end: LinkJobEnd): LinkJobEnd => ({ ...end, state: 'done', attempts: 0 });

const givenUpEnd = (end: LinkJobEnd, errorClass: string, { reason, why }: Entry): LinkJobEnd => ({
  ...end,
  state: 'given-up',
  errorClass,
  error: reason,
  why,
});

/** The status of an entry that is not done although nothing failed. If it was not its turn yet, nothing is written. */
function openStatus({ link, waitsFor, verdict }: Entry): WrittenStatus | null {
  if (verdict === 'waiting' && waitsFor === null) return null;
  return link === null || link === undefined || link.state === 'creating' ? 'creating' : 'dirty';
}

/** One side deleted it, and the other keeps it. */
function markedStatus({ keptAfter }: Entry): JobOutcome['status'] {
  if (keptAfter === undefined || keptAfter === null) return null;
  return keptAfter === 'here' ? 'deleted-here' : 'deleted-there';
}

function waitingEnd(end: LinkJobEnd, { reason, why }: Entry, waitsFor: Awaited | null): LinkJobEnd {
  // It was not its turn yet.
  if (waitsFor === null) return { ...end, lookedAt: null };
  return {
    ...end,
    state: 'waiting',
    error: reason,
    why,
    waitsSide: waitsFor.side,
    waitsKey: waitsFor.key,
    waitsField: waitsFor.field,
    waitsPair: waitsFor.elsewhere === null ? null : Number(waitsFor.elsewhere),
  };
}

type ErrorClass = 'stopped' | 'unavailable' | 'refused' | 'duplicate' | 'blocked' | 'stale' | 'error';

function failedOutcome(end: LinkJobEnd, entry: Entry, error: unknown, retry: RetryRules): JobOutcome {
  const kind = classOf(entry, error);
  switch (kind) {
    case 'stopped':
      return outcome({ ...end, verdict: null, lookedAt: null });
    case 'refused':
      return { ...outcome(givenUpEnd(end, kind, entry)), status: 'given-up' };
    case 'duplicate':
      return {
        ...outcome({ ...end, state: 'held', errorClass: kind, error: entry.reason, why: entry.why }),
        status: 'conflict',
      };
    case 'unavailable':
    case 'blocked':
    case 'stale':
    case 'error': {
      const attempts = end.attempts + 1;
      const tried = { ...end, attempts };
      if (attempts >= retry.attempts)
        return { ...outcome(givenUpEnd(tried, kind, entry)), status: 'given-up' };
      return {
        ...outcome({
          ...tried,
          state: 'failed',
          errorClass: kind,
          error: entry.reason,
          why: entry.why,
          lookedAt: null,
          delaySeconds: delaySeconds(attempts, retry),
        }),
        status: 'failed',
      };
    }
  }
}

/** The delay doubles with each attempt, and half of it is random. */
function delaySeconds(attempts: number, { firstMinutes }: RetryRules): number {
  const firstMs = firstMinutes * 60_000;
  return backoffMs(attempts, { firstMs, maxMs: firstMs * 16 }) / 1000;
}

function classOf({ blocked }: Entry, error: unknown): ErrorClass {
  if (error instanceof Halted) return 'stopped';
  if (error instanceof Trouble) return troubleClass(error);
  if (error instanceof Error && error.name === 'AbortError') return 'stopped';
  if (error !== null && error !== undefined) return 'error';
  switch (blocked?.code) {
    case undefined:
      return 'stale';
    case 'invalid':
    case 'too-large':
    case 'bad-name':
    case 'forbidden':
      return 'refused';
    case 'duplicate':
      return 'duplicate';
    case 'locked':
      return 'unavailable';
    case 'name-taken':
    case 'cycle':
    case 'no-folder':
    case 'not-empty':
      return 'blocked';
  }
}

function troubleClass({ kind }: Trouble): ErrorClass {
  switch (kind) {
    case 'unauthorized':
    case 'throttled':
    case 'lease-lost':
    case 'database-away':
    case 'fields':
      return 'stopped';
    case 'invalid':
      return 'refused';
    case 'unavailable':
    case 'cursor-expired':
    case 'root-missing':
      return 'unavailable';
  }
}

/** The revisions that the decision is based on. If either changes, the entity is processed again. */
export function lookedAtOf({ items, link, side, mention }: Entry): PerSide<LookedAt | null> {
  return perSide((one) => {
    const item = items?.[one] ?? (one === side ? mention : null);
    const key = item?.key ?? link?.ends[one]?.key;
    if (key === undefined) return null;
    return { key, revision: item?.revision ?? '', isThere: item?.isActive === true };
  });
}

const linkIdOf = ({ link }: Entry): string | null => (link === undefined || link === null ? null : link.id);
