import { createHash } from 'node:crypto';
import type { PlanLine } from '../../shared/stores/pairs/pair-plan-store';
import type { RunCounts } from '../../shared/stores/pairs/pair-run-store';
import type { Entry } from '../pipeline/entry';
import type { Links } from '../pipeline/links';
import { perSide, sides } from '../pipeline/sides';
import { type Progress, synchronise } from '../pipeline/synchronise';
import { linkFieldsOf, rulesOf } from './pair-rules';
import { signatureOf } from '../pipeline/approval';
import { createPlanPaths, type PlanPaths } from './plan-paths';
import { summaryOf } from './plan-summary';
import type { Slice } from './slice';

/** What a run would do. Nothing is written, and the cursors stay. */
export interface Rehearsed {
  readonly entries: readonly Entry[];
  readonly paths: PlanPaths;
  readonly progress: Progress;
  /** Why the plan is not complete. Null: it is complete. */
  readonly failure: string | null;
}

/** `fromCursors`: only looks at changes since the last run; otherwise at everything. */
export async function rehearsePair(slice: Slice, links: Links, fromCursors: boolean): Promise<Rehearsed> {
  const { settings, systems, halt, pair } = slice;
  const entries: Entry[] = [];
  const paths = createPlanPaths();
  let failure: string | null = null;
  const progress = await synchronise({
    ...rulesOf(settings, plannedParts(slice)),
    systems,
    links,
    mode: 'plan',
    readable: sides,
    since: {
      cursors: perSide((side) => (fromCursors ? pair.cursors[side].value : null)),
      again: [],
      stoppedBy: null,
    },
    signal: halt.signal,
    isDecided: () => false,
    settled: async (entry) => {
      paths.remember(entry);
      if (isPlanLine(entry)) entries.push(entry);
    },
    onProblem: (problem) => {
      if (problem.kind === 'partial-listing')
        failure = `${problem.side}: ${problem.error === null ? 'the listing is not whole' : textOf(problem.error)}`;
    },
  });
  const stopped = progress.stoppedBy;
  if (stopped !== null) halt.judge(stopped);
  return { entries, paths, progress, failure: stopped === null ? failure : textOf(stopped) };
}

const textOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** Nothing is held back, because the person who approves a plan sees all of it. */
const plannedParts = ({ stores, linkTargets }: Slice): Parameters<typeof rulesOf>[1] => ({
  linkTargets,
  jobOf: () => undefined,
  decisionOf: () => undefined,
  recentDeletions: () => Promise.resolve(0),
  liveLinks: () => stores.jobs.liveLinks(),
  changesLeft: () => Infinity,
  recentVersions: () => Promise.resolve([]),
});

/** A linked entity without a change is not a line of the plan. */
const isPlanLine = ({ verdict, link, isJoined }: Entry): boolean =>
  verdict !== 'duplicate' &&
  (verdict !== 'unchanged' || isJoined === true) &&
  (verdict !== 'agreed' || isJoined === true || link !== null);

/** Makes a plan that someone asked for. */
export async function makePlan(slice: Slice, links: Links, planId: string): Promise<void> {
  const { plans } = slice.stores;
  const { configVersion, mode } = slice.pair;
  await plans.clear(planId, configVersion);
  const { entries, paths, progress, failure } = await rehearsePair(slice, links, mode === 'run');
  if (failure !== null) {
    await plans.fail(planId, failure);
    return;
  }
  await paths.learn(links, entries);
  const lines = linesOf(slice, entries, paths);
  for (let start = 0; start < lines.length; start += linesAtOnce)
    await plans.addLines(planId, start + 1, lines.slice(start, start + linesAtOnce));
  await plans.ready(planId, {
    digest: digestOf(configVersion, lines),
    counts: countsOf(entries),
    cursors: progress.cursors,
    summary: summaryOf(slice.settings, entries),
  });
}

const linesAtOnce = 500;

const linesOf = ({ settings }: Slice, entries: readonly Entry[], paths: PlanPaths): PlanLine[] =>
  entries.map((entry) => ({
    side: entry.side,
    key: entry.mention.key,
    linkId: linkIdOf(entry),
    // Changes that would need an approval in a run are approved together with the plan.
    verdict: plannedVerdict(entry),
    reason: entry.verdict === 'held' ? null : entry.reason,
    why: entry.verdict === 'held' ? null : entry.why,
    operations: plannedOperations(entry),
    before: entry.states ?? null,
    after: entry.results ?? entry.states ?? null,
    ...paths.of(entry),
    signature: signatureOf(entry, linkFieldsOf(settings)),
  }));

/** A link that only the plan made has no number. */
const linkIdOf = ({ link }: Entry): string | null => (link && /^\d+$/.test(link.id) ? link.id : null);

function plannedVerdict({ verdict, results, needs }: Entry): string {
  if (verdict !== 'held' || needs === null) return verdict ?? 'untouched';
  return sides.every((side) => results?.[side].isActive !== true) ? 'deleted' : 'updated';
}

function plannedOperations({ verdict, operations, states, results }: Entry): Entry['operations'] {
  if (verdict !== 'held' || states === undefined || results === undefined) return operations;
  return sides
    .filter((side) => states[side].isActive && !results[side].isActive)
    .map((side) => ({ side, op: 'delete' as const }));
}

const digestOf = (configVersion: number, lines: readonly PlanLine[]): string =>
  createHash('sha256')
    .update(JSON.stringify([configVersion, ...lines.map(({ signature }) => signature).sort()]))
    .digest('hex');

function countsOf(entries: readonly Entry[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const entry of entries) {
    const verdict = plannedVerdict(entry);
    counts[verdict] = (counts[verdict] ?? 0) + 1;
  }
  return counts;
}

/** The counts of what a run would have done, for a pair that only makes plans. */
export function wouldHave(entries: readonly Entry[]): Partial<RunCounts> {
  const {
    created = 0,
    updated = 0,
    moved = 0,
    deleted = 0,
    failed = 0,
    agreed = 0,
    unchanged = 0,
  } = countsOf(entries);
  return { created, updated, moved, deleted, failed, unchanged: agreed + unchanged };
}
