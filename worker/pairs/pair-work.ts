import type { LinkJobEnd } from '../../shared/stores/pairs/link-job-store';
import { type Calls, callSystems } from '../pipeline/calls';
import { createEntry, type Decided, type Entry, type Mentioned, settle } from '../pipeline/entry';
import type { Links } from '../pipeline/links';
import { createMentions, type Mentions } from '../pipeline/mentions';
import type { Pipeline } from '../pipeline/pipeline';
import { type PerSide, type Side, sides } from '../pipeline/sides';
import { type Stages, standardStages } from '../pipeline/stages';
import { type Item, tombstone } from '../pipeline/system';
import { type Board, createBoard, workChanges, workDeletions, type WorkSettings } from '../pipeline/work';
import { type EntityWork, inEntity } from './call-scope';
import { decisionOf } from './decision-of';
import { unfinishedEnd } from './job-end';
import { rulesOf } from './pair-rules';
import { settleEntry } from './settle-entry';
import type { Slice } from './slice';
import type { PairJob } from './words';
import { failureReason } from '../pipeline/refusal';

/** Processes the jobs of a pair. */
export interface PairWork {
  /** Processes changes, batch by batch, until none is due or the slice is over. */
  changes(): Promise<void>;
  /** Processes deletions when no change is due any more. */
  sweep(): Promise<void>;
}

export function createPairWork(slice: Slice, links: Links): PairWork {
  const work = openWork(slice, links);
  return {
    changes: () => changes(work),
    sweep: () => sweep(work),
  };
}

interface Work {
  readonly slice: Slice;
  readonly links: Links;
  readonly calls: PerSide<Calls>;
  readonly board: Board;
  readonly working: WorkSettings;
  /** The present batch. */
  readonly batch: { mentions: Mentions };
  /** The jobs of the present batch, by `side key`. */
  readonly inHand: Map<string, EntityWork>;
  /** Results of jobs that are not stored yet. */
  readonly ends: Map<string, LinkJobEnd>;
}

function openWork(slice: Slice, links: Links): Work {
  const { halt, systems } = slice;
  const calls = callSystems(systems, halt);
  const board = createBoard();
  const batch = { mentions: createMentions() };
  const inHand = new Map<string, EntityWork>();
  const ends = new Map<string, LinkJobEnd>();
  const errors = new WeakMap<Entry, { readonly error: unknown }>();
  const workOf = (entry: Mentioned) => inHand.get(nameOf(entry.side, entry.mention.key));
  const stages = standardStages(rulesFor(slice, workOf), {
    systems: calls,
    links,
    signal: halt.signal,
    mentioned: (side, key) => batch.mentions.item(side, key),
    lastTurn: (side, key) => batch.mentions.lastTurn(side, key),
    noticed: (side, key, item) => {
      batch.mentions.notice(side, key, item);
    },
    wanting: (id) => board.wanting.get(id),
  });
  const fetch = async (side: Side, key: string) => (await calls[side].fetch(key)) ?? tombstone(key);
  const working: WorkSettings = {
    stages: recordedStages(stages, workOf),
    links,
    halt,
    atOnce: Math.min(...sides.map((side) => systems[side].capabilities.entriesAtOnce ?? entitiesAtOnce)),
    refetch: (entry) => told(workOf(entry), () => fetch(entry.side, entry.mention.key)),
    settled: (entry) =>
      told(workOf(entry), async () => {
        const found = workOf(entry);
        if (found === undefined) return;
        const end = await settleEntry({ slice, calls }, entry, found, errors.get(entry)?.error ?? null);
        ends.set(found.job.id, end);
      }),
    onFailed: (entry, error) => {
      errors.set(entry, { error });
      slice.log.warn({ err: error, side: entry.side, key: entry.mention.key }, 'an entity failed');
    },
  };
  return { slice, links, calls, board, working, batch, inHand, ends };
}

const entitiesAtOnce = 8;

const nameOf = (side: Side, key: string) => `${side} ${key}`;

function rulesFor(slice: Slice, workOf: (entry: Mentioned) => EntityWork | undefined) {
  const { settings, stores } = slice;
  const known = new Map<string, Promise<number>>();
  /** Those that earlier slices made. This slice adds its own to the run when it ends. */
  const changesBefore = (runId: string): Promise<number> => {
    const before = known.get(runId) ?? stores.runs.changesOf(runId);
    known.set(runId, before);
    return before;
  };
  return rulesOf(settings, {
    linkTargets: slice.linkTargets,
    jobOf: (entry) => workOf(entry)?.job,
    decisionOf: (entry) => decisionOf(slice.decisions, entry),
    // The gate itself counts the deletions of the batch.
    recentDeletions: async () => {
      const { waiting, recent } = await stores.jobs.deletions(settings.limits.deletions.hours);
      return waiting + recent;
    },
    liveLinks: () => stores.jobs.liveLinks(),
    changesLeft: async (entry) => {
      const limit = settings.limits.entries ?? settings.limits.changes;
      const runId = workOf(entry)?.job.runId ?? null;
      return (limit?.count ?? Infinity) - (runId === null ? 0 : await changesBefore(runId));
    },
    recentVersions: async ({ link }) =>
      link === null || link === undefined
        ? []
        : (await stores.links.recentlyShown(link.id)).map(({ fields }) => fields),
  });
}

/** All calls for an entity are recorded for its timeline. */
function recordedStages(stages: Stages, workOf: (entry: Mentioned) => EntityWork | undefined): Stages {
  const within = <In extends Mentioned, Out extends In>(pipeline: Pipeline<In, Out>): Pipeline<In, Out> => ({
    ...pipeline,
    run: (entry, reached) => told(workOf(entry), () => pipeline.run(entry, reached)),
  });
  return {
    change: within(stages.change),
    deletion: (destructive, unfinished) => within(stages.deletion(destructive, unfinished)),
  };
}

const told = <T>(work: EntityWork | undefined, run: () => T): T =>
  work === undefined ? run() : inEntity(work, run);

// Changes

/** The target duration of a batch, whatever the speed of the systems. Its jobs are marked as done when it ends. */
const batchMs = 3_000;
const batchSizes = { first: 16, least: 4, most: 1_024 };

async function changes(work: Work): Promise<void> {
  const { slice } = work;
  const { jobs } = slice.stores;
  let size = batchSizes.first;
  while (!slice.isOver()) {
    const due = await jobs.claim('change', size);
    const claimed = due.length > 0 ? due : await jobs.claimCircle();
    if (claimed.length === 0) return;
    const began = performance.now();
    await workBatch(work, claimed);
    await slice.stores.statistics.refresh();
    const ratio = batchMs / Math.max(1, performance.now() - began);
    size = Math.round(Math.min(batchSizes.most, Math.max(batchSizes.least, size * Math.min(2, ratio))));
  }
}

async function workBatch(work: Work, claimed: readonly PairJob[]): Promise<void> {
  const { slice, board, working, batch } = work;
  batch.mentions = createMentions();
  await takeInHand(work, claimed);
  await mention(work, claimed);
  await workChanges(batch.mentions.topDown(), board, working);
  const waiting = new Set(board.destructive.map((entry) => nameOf(entry.side, entry.mention.key)));
  for (const job of claimed) {
    if (work.ends.has(job.id)) continue;
    const stage = waiting.has(nameOf(job.side, job.key)) ? 'deletion' : job.stage;
    work.ends.set(job.id, { ...unfinishedEnd(job), stage });
  }
  await writeEnds(work);
  if (slice.halt.reason === null) await slice.stores.jobs.release();
}

/** A job that no run has found belongs to the run of hints. */
async function takeInHand(work: Work, claimed: readonly PairJob[]): Promise<void> {
  const hints = claimed.some(({ runId }) => runId === null) ? await work.slice.stores.runs.hintsRun() : null;
  for (const job of claimed) {
    const ofRun: PairJob = job.runId === null ? { ...job, runId: hints } : job;
    work.inHand.set(nameOf(job.side, job.key), {
      job: ofRun,
      startedAt: new Date(),
      calls: [],
      eventId: null,
      recordedCalls: 0,
    });
  }
}

/** A listed item is used as it was listed. Other items are fetched; if they have not changed, their jobs are done. */
async function mention(work: Work, claimed: readonly PairJob[]): Promise<void> {
  const { batch, slice, calls, ends } = work;
  const fetched: { readonly job: PairJob; readonly item: Item }[] = [];
  await Promise.all(
    claimed.map(async (job) => {
      if (job.hint !== null && job.attempts === 0) {
        batch.mentions.add(job.side, job.hint, job);
        return;
      }
      if (slice.halt.reason !== null) return;
      const found = work.inHand.get(nameOf(job.side, job.key));
      try {
        const item = await told(found, () => calls[job.side].fetch(job.key));
        fetched.push({ job, item: item ?? tombstone(job.key) });
      } catch (error) {
        if (slice.halt.judge(error) === 'run') throw error;
        if (found !== undefined) ends.set(job.id, await failUnread(work, found, error));
      }
    }),
  );
  const differing = await differingOf(work, fetched);
  const givenUp = await givenUpOf(work, fetched);
  for (const { job, item } of fetched) {
    if (givenUp.has(job.id)) ends.set(job.id, { ...unfinishedEnd(job), state: 'skipped', calls: 1 });
    else if (differing.has(nameOf(job.side, item.key)) || asksForMore(job))
      batch.mentions.add(job.side, item, job);
    else {
      ends.set(job.id, { ...unfinishedEnd(job), state: 'done', verdict: 'unchanged', attempts: 0, calls: 1 });
      slice.count(job.runId, { unchanged: 1 });
    }
  }
}

/** True if the item must be processed even if its revision has not changed. */
const asksForMore = ({ source, wanted, approvalId, withoutLinks }: PairJob): boolean =>
  withoutLinks || source === 'plan' || source === 'decision' || wanted !== null || approvalId !== null;

async function differingOf(
  { links }: Work,
  fetched: readonly { readonly job: PairJob; readonly item: Item }[],
): Promise<ReadonlySet<string>> {
  const differing = new Set<string>();
  for (const side of ['here', 'there'] as const) {
    const items = fetched.filter(({ job }) => job.side === side).map(({ item }) => item);
    for (const key of await links.screen(side, items)) differing.add(nameOf(side, key));
    // An unchanged item may still need a call that was recorded before.
    const same = items.map(({ key }) => key).filter((key) => !differing.has(nameOf(side, key)));
    for (const [key, { intent }] of await links.byKeys(side, same))
      if (intent !== null) differing.add(nameOf(side, key));
  }
  return differing;
}

/**
 * Returns the ids of jobs of webhooks about entities that were given up and have not changed since. That an entity was
 * given up is written back to the system, and the webhook only reports this write.
 */
async function givenUpOf(
  { slice }: Work,
  fetched: readonly { readonly job: PairJob; readonly item: Item }[],
): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  for (const side of ['here', 'there'] as const) {
    const reported = fetched.filter(({ job }) => job.side === side && job.source === 'webhook');
    const keys = new Set(
      await slice.stores.jobs.givenUpAsShown(
        side,
        reported.map(({ item }) => item),
      ),
    );
    for (const { job, item } of reported) if (keys.has(item.key)) ids.add(job.id);
  }
  return ids;
}

/** Ends the job of an item that could not be fetched. */
async function failUnread(work: Work, found: EntityWork, error: unknown): Promise<LinkJobEnd> {
  const { slice, calls } = work;
  const { job } = found;
  const item = job.hint ?? tombstone(job.key);
  const entry = createEntry({ side: job.side, item, turn: 0, isDoubted: job.isDoubted });
  settle(entry, 'failed', failureReason(error));
  return settleEntry({ slice, calls }, entry, found, error);
}

/** Writes the results of the jobs in few statements. */
async function writeEnds({ slice, ends, inHand, board }: Work): Promise<void> {
  const { jobs, decisions } = slice.stores;
  const all = [...ends.values()];
  ends.clear();
  await jobs.settle(all);
  const over = all.filter(({ state }) => state === 'done' || state === 'given-up').map(({ id }) => id);
  if (over.length > 0) await jobs.closeGivenUp(over);
  const done = all
    .filter(({ state, verdict }) => state === 'done' && verdict !== 'duplicate')
    .map(({ id }) => id);
  if (done.length > 0) await decisions.close(done);
  if (all.some(({ state }) => state === 'held')) await decisions.recountApprovals();
  const kept = new Set(board.destructive.map((entry) => nameOf(entry.side, entry.mention.key)));
  for (const name of inHand.keys()) if (!kept.has(name)) inHand.delete(name);
}

// Deletions

const mostDeletions = 500;
/** The pause of a deletion whose turn did not come. */
const pauseSeconds = 30;

async function sweep(work: Work): Promise<void> {
  const { slice, board, working, batch } = work;
  while (!slice.isOver()) {
    const claimed = await slice.stores.jobs.claim('deletion', mostDeletions);
    if (claimed.length === 0) return;
    const decided = new Map(board.destructive.map((entry) => [nameOf(entry.side, entry.mention.key), entry]));
    const mine = claimed.map((job) => nameOf(job.side, job.key));
    const others: Decided[] = board.destructive.filter(
      (entry) => !mine.includes(nameOf(entry.side, entry.mention.key)),
    );
    board.destructive = board.destructive.filter((entry) => !others.includes(entry));
    // Decisions that an earlier slice made are made again.
    const earlier = claimed.filter((job) => !decided.has(nameOf(job.side, job.key)));
    batch.mentions = createMentions();
    await takeInHand(work, earlier);
    await mention(work, earlier);
    await workChanges(batch.mentions.topDown(), board, working);
    await workDeletions(board, working);
    board.destructive = others;
    for (const job of claimed)
      if (!work.ends.has(job.id))
        work.ends.set(job.id, { ...unfinishedEnd(job), delaySeconds: pauseSeconds });
    const hasDeleted = [...work.ends.values()].some(({ verdict }) => verdict === 'deleted');
    await writeEnds(work);
    if (hasDeleted) await slice.stores.jobs.hastenBlocked();
  }
}
