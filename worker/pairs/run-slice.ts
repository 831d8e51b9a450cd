import { pauseReasonText } from '../../shared/domain/pause-reason';
import { reasonFacts } from '../../shared/formats/stored-reason';
import type { ClaimedJob } from '../../shared/stores/jobs/job-store';
import type { PairRun, RunCounts } from '../../shared/stores/pairs/pair-run-store';
import type { SlicePair } from '../../shared/stores/pairs/pair-slice-store';
import { createHalt } from '../pipeline/calls';
import type { Links } from '../pipeline/links';
import { type Side, sides } from '../pipeline/sides';
import { Trouble } from '../pipeline/trouble';
import type { FieldFinding } from '../records/mapped-system';
import { type CallTally, inTally } from './call-scope';
import { discoverRun } from './discover-run';
import { dueTimes } from './due-times';
import { compareFieldTypes } from './field-types';
import { openPair, SecretMissing } from './open-pair';
import { createTargetLinks, findLinkTargets } from './link-targets';
import { createPairLinks, leaseLost } from './pair-links';
import { createPairTreeIndex } from './pair-tree-index';
import { createPairWork } from './pair-work';
import { makePlan, rehearsePair, wouldHave } from './plan-pair';
import { listTakenBack } from './take-back';
import { type Slice, type SliceDeps, type SliceStores, storesOf } from './slice';

/** How often a pair without work is checked. New work wakes it earlier. */
const restSeconds = 3_600;

/**
 * Works on one pair for one slice, under the fence of its job: first what an earlier slice left, then listings, then
 * changes, then deletions. Resolves when the job is stored with the time of its next work. `done`: the pair does not
 * exist any more.
 */
export async function runSlice(deps: SliceDeps, job: ClaimedJob): Promise<'done' | 'ended'> {
  const pairId = Number(job.subject);
  const stores = storesOf(deps.db, pairId, job);
  if (!(await stores.sliceJobs.begin(job))) return 'ended';
  const pair = await stores.slice.load();
  if (pair === null || pair.mode === 'off') return 'done';
  const delaySeconds = await workOn(deps, stores, pair);
  await stores.sliceJobs.end(job, delaySeconds);
  return 'ended';
}

/** Returns how many seconds the pair rests. */
async function workOn(deps: SliceDeps, stores: SliceStores, pair: SlicePair): Promise<number> {
  if (pair.isPaused) return restSeconds;
  const wait = await stores.slice.waitSeconds([pair.systems.here.id, pair.systems.there.id]);
  if (wait === null) return restSeconds;
  if (wait > 0) return wait;
  const log = deps.log.child({ pair: pair.name });
  const tally: CallTally = { here: 0, there: 0 };
  const learned: FieldFinding[] = [];
  try {
    const slice = await openSlice({ deps, stores, pair, log, tally, learned });
    return await inTally(tally, () => steps(slice, learned));
  } catch (error) {
    if (error instanceof SecretMissing) return afterMissingSecret(stores, pair, error, log);
    if (!(error instanceof Trouble)) throw error;
    return afterTrouble(stores, pair, error, log);
  }
}

async function afterMissingSecret(
  stores: SliceStores,
  pair: SlicePair,
  { system, message, why }: SecretMissing,
  log: SliceDeps['log'],
): Promise<number> {
  if (!(await stores.slice.pauseSystem(system, message))) {
    const wait = await stores.slice.waitSeconds([system.id]);
    // Someone has set the secret in the meantime.
    return wait === null ? restSeconds : Math.max(wait, 1);
  }
  await stores.slice.notify('pair-paused', `system-paused:${system.id}:${Date.now()}`, {
    pair: pair.name,
    system: system.name,
    reason: 'secrets',
    detail: message,
    ...reasonFacts(why),
  });
  log.error({ system: system.name, reason: message }, 'the system is paused: a secret is missing');
  return restSeconds;
}

/** Handles an error that ends the slice and is not a defect. */
async function afterTrouble(
  stores: SliceStores,
  pair: SlicePair,
  error: Trouble,
  log: SliceDeps['log'],
): Promise<number> {
  if (error.kind === 'lease-lost') {
    log.warn({ err: error }, 'the pair is no longer this worker’s');
    // If this worker still has the job, the next slice begins soon.
    return 1;
  }
  if (error.kind !== 'fields') throw error;
  const isNews = await stores.slice.pausePair(pauseReasonText('fields', error.message), null);
  if (isNews)
    await stores.slice.notify('pair-paused', `pair-paused:${pair.id}:${Date.now()}`, {
      pair: pair.name,
      reason: 'fields',
      detail: error.message,
      ...reasonFacts({ code: 'fields-do-not-fit', values: {} }),
    });
  log.error({ err: error }, 'the pair is paused: its fields do not fit');
  return restSeconds;
}

interface Opening {
  readonly deps: SliceDeps;
  readonly stores: SliceStores;
  readonly pair: SlicePair;
  readonly log: SliceDeps['log'];
  readonly tally: CallTally;
  readonly learned: FieldFinding[];
}

async function openSlice({ deps, stores, pair, log, tally, learned }: Opening): Promise<Slice> {
  let linkTargets: Slice['linkTargets'] = {};
  const opened = await openPair(deps.systems, pair, {
    async missingPairs({ fields }) {
      const about = { own: pair.name, fields };
      const found = await findLinkTargets(stores.slice, about, (other) =>
        createTargetLinks(deps.db, stores.hold, other),
      );
      linkTargets = found.byField;
      return found.missing;
    },
    kept: await stores.fields.known(),
    learned: (finding) => learned.push(finding),
    treeIndex: (side) => createPairTreeIndex(deps.db, pair.id, side, stores.hold),
    linkedAmong: (side) => async (keys) => new Set((await stores.links.byKeys(side, keys)).keys()),
    checkFieldTypes: (side, types) => compareFieldTypes(stores.fieldTypes, side, types),
    mayCall() {
      if (!deps.lease.isHeld()) throw leaseLost();
    },
  });
  const halt = createHalt(endOfLease(deps.lease));
  const began = performance.now();
  const counts = new Map<string, Record<string, number>>();
  const took = () => performance.now() - began;
  return {
    deps,
    pair,
    stores,
    ...opened,
    linkTargets,
    halt,
    log,
    tally,
    counts,
    decisions: await stores.decisions.decided(),
    isOver: () => halt.reason !== null || deps.stopping.aborted || took() > deps.sliceMs,
    hasFoundLongEnough: () => took() > deps.sliceMs / 2,
    count: (runId, more) => addCounts(counts, runId, more),
    listings: new Map(),
    goesOn: new Set(),
  };
}

/** Calls in flight are aborted as well. */
function endOfLease({ signal }: SliceDeps['lease']): AbortSignal {
  const lost = new AbortController();
  const abort = () => {
    lost.abort(leaseLost());
  };
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  return lost.signal;
}

function addCounts(
  counts: Map<string, Record<string, number>>,
  runId: string | null,
  more: Partial<RunCounts>,
): void {
  if (runId === null) return;
  const sums = counts.get(runId) ?? {};
  for (const [name, value] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + value;
  counts.set(runId, sums);
}

/** A slice, step by step. */
async function steps(slice: Slice, learned: readonly FieldFinding[]): Promise<number> {
  const links = linksOf(slice);
  try {
    await recover(slice);
    await makePlans(slice, links);
    if (slice.pair.mode === 'run') await run(slice, links);
    else await rehearseRuns(slice, links);
  } finally {
    await slice.stores.fields.learn(learned);
    await tellSystems(slice);
    await writeCounts(slice, null);
  }
  await slice.stores.runs.endFinished();
  await slice.stores.decisions.applyApprovals();
  const { jobs, sliceJobs } = slice.stores;
  for (const other of await jobs.waitingElsewhere()) await sliceJobs.askFor(other);
  return pauseOf(slice);
}

const linksOf = (slice: Slice): Links =>
  createPairLinks({
    store: slice.stores.links,
    goesOn: (side) => slice.goesOn.delete(side),
    listing: (side, id) => slice.listings.set(side, id),
    listed: (side, id) => slice.stores.jobs.releaseListed(side, id),
  });

/** Continues what an earlier slice left, and carries out what people have decided since. */
async function recover({ stores, settings, pair }: Slice): Promise<void> {
  const { jobs, decisions } = stores;
  await jobs.putBackRunning();
  await jobs.addForIntents();
  await jobs.release();
  await jobs.resetGivenUp(settings.retry.resetHours);
  await jobs.releaseDecided();
  await decisions.releaseDecided();
  if (pair.seenVersion !== pair.configVersion) await jobs.lookAtAll(pair.configVersion);
}

async function makePlans(slice: Slice, links: Links): Promise<void> {
  const { plans } = slice.stores;
  for (let id = await plans.nextToMake(); id !== null && !slice.isOver(); id = await plans.nextToMake())
    await makePlan(slice, links, id);
}

async function run(slice: Slice, links: Links): Promise<void> {
  await askBySchedule(slice);
  const work = createPairWork(slice, links);
  await discoverRuns(slice, links);
  await work.changes();
  if (!slice.isOver()) await work.sweep();
}

async function discoverRuns(slice: Slice, links: Links): Promise<void> {
  const { runs, plans } = slice.stores;
  for (;;) {
    const next = await runs.nextToList();
    if (next === null || slice.isOver() || slice.hasFoundLongEnough()) return;
    if (next.kind === 'plan' && next.planId !== null) {
      await runs.begin(next.id);
      const isCurrent = await plans.carryOut(next.planId, next.id, slice.pair.configVersion);
      await runs.allListed(
        next.id,
        isCurrent ? null : 'the configuration has changed since the plan was made',
      );
    } else if (next.kind === 'take-back') {
      if (!(await takeBack(slice, next))) return;
    } else await discoverRun(slice, links, next);
    await writeCounts(slice, next.id);
    if ((await runs.nextToList())?.id === next.id) return;
  }
}

/** False: the run to be taken back has not ended yet. */
async function takeBack(slice: Slice, { id, takesBack }: PairRun): Promise<boolean> {
  const { runs } = slice.stores;
  if (takesBack === null) throw new Error('a run takes none back');
  if (!(await runs.hasEnded(takesBack))) return false;
  await runs.begin(id);
  await listTakenBack(slice, id, takesBack);
  await runs.allListed(id, null);
  return true;
}

/** For a pair that only makes plans: counts what a run would do, and writes nothing. */
async function rehearseRuns(slice: Slice, links: Links): Promise<void> {
  const { runs } = slice.stores;
  for (let next = await runs.nextToList(); next !== null && !slice.isOver(); next = await runs.nextToList()) {
    await runs.begin(next.id);
    if (next.kind === 'take-back') {
      await runs.allListed(next.id, 'the pair only plans: nothing is written');
      continue;
    }
    const { entries, failure } = await rehearsePair(slice, links, false);
    slice.count(next.id, wouldHave(entries));
    await writeCounts(slice, next.id);
    await runs.allListed(next.id, failure);
  }
}

/** Adds scheduled runs that are due. A run that was missed while no worker was running is added once. */
async function askBySchedule({ pair, settings, stores }: Slice): Promise<void> {
  const isDue = (seconds: number | null) => seconds !== null && seconds <= 0;
  const next = dueTimes(settings.find, new Date());
  const isNew = pair.checkInSeconds === null && pair.wholeInSeconds === null;
  const [checkIsDue, wholeIsDue] = [isDue(pair.checkInSeconds), isDue(pair.wholeInSeconds)];
  if ((checkIsDue || wholeIsDue) && !(await stores.runs.hasOpen()))
    await stores.runs.add(wholeIsDue ? 'whole' : 'check');
  if (!isNew && !checkIsDue && !wholeIsDue) return;
  await stores.slice.schedule({
    checkAt: isNew || checkIsDue ? next.checkAt : inSeconds(pair.checkInSeconds),
    wholeAt: isNew || wholeIsDue ? next.wholeAt : inSeconds(pair.wholeInSeconds),
  });
}

const inSeconds = (seconds: number | null): Date | null =>
  seconds === null ? null : new Date(Date.now() + seconds * 1000);

/** Records in the row of a system that it must not be called, so that other pairs see it. */
async function tellSystems(slice: Slice): Promise<void> {
  const { deps, halt, troubles, pair, stores, settings, tally, log } = slice;
  const answered = sides.filter((side) => tally[side] > 0).map((side) => pair.systems[side].id);
  const { reason } = halt;
  if (reason === null && answered.length > 0) await stores.slice.systemsAreUp(answered);
  if (!(reason instanceof Trouble)) return;
  const side: Side | null = troubles.sideOf(reason);
  if (side === null) return;
  const system = pair.systems[side];
  if (reason.kind === 'throttled') {
    await stores.slice.throttleSystem(system.id, (reason.retryAfterMs ?? usualRestMs) / 1000);
    log.warn({ err: reason, system: system.name }, 'the system is not called for a while');
  }
  if (reason.kind !== 'unauthorized') return;
  await deps.systems.forget(system.id);
  const isNews = await stores.slice.pauseSystem(system, pauseReasonText('unauthorized', reason.message));
  if (!isNews) return;
  log.error({ err: reason, system: system.name }, 'the system is paused: it accepts no call');
  if (settings.notify.includes('paused'))
    await stores.slice.notify('pair-paused', `system-paused:${system.id}:${Date.now()}`, {
      pair: pair.name,
      system: system.name,
      reason: 'unauthorized',
      detail: reason.message,
      ...reasonFacts({ code: 'system-refuses-us', values: {} }),
    });
}

/** Used if the server does not say how long to wait. */
const usualRestMs = 60_000;

/** Calls count for the run that was listed, or otherwise for the runs whose entities were processed. */
async function writeCounts({ stores, counts, tally }: Slice, runId: string | null): Promise<void> {
  const ids = new Set([...(runId === null ? [] : [runId]), ...counts.keys()]);
  for (const id of ids) {
    const calls = { ...tally };
    const sums = counts.get(id) ?? {};
    counts.delete(id);
    tally.here = 0;
    tally.there = 0;
    await stores.runs.count(id, sums, calls);
  }
}

const isRootMissing = (reason: unknown) => reason instanceof Trouble && reason.kind === 'root-missing';

/** How soon a missing root is checked again, because it may be mounted again. */
const rootMissingSeconds = 60;

/** The pause until something is due. */
async function pauseOf({ stores, settings, pair, halt }: Slice): Promise<number> {
  const wait = await stores.slice.waitSeconds([pair.systems.here.id, pair.systems.there.id]);
  if (wait === null) return restSeconds;
  if (halt.reason !== null) return Math.max(wait, isRootMissing(halt.reason) ? rootMissingSeconds : 1);
  if (pair.mode !== 'run') return restSeconds;
  if (await stores.runs.hasOpen()) return 0;
  const jobs = await stores.jobs.nextDueSeconds(settings.retry.resetHours);
  const due = await stores.slice.dueInSeconds();
  const times = [jobs, due].filter((seconds) => seconds !== null);
  return Math.min(restSeconds, ...times.map((seconds) => Math.max(wait, seconds, 0)));
}
