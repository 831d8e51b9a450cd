import { reasonFacts } from '../../shared/formats/stored-reason';
import type { LookedAt } from '../../shared/domain/link-ends';
import type { LinkJobEnd } from '../../shared/stores/pairs/link-job-store';
import type { FoundConflict } from '../../shared/stores/pairs/pair-decision-store';
import type { RunCounts } from '../../shared/stores/pairs/pair-run-store';
import { fieldOf, type Fields, sameValue } from '../../shared/domain/merge-copy';
import type { Calls } from '../pipeline/calls';
import type { Conflict, Entry } from '../pipeline/entry';
import { otherSide, type PerSide, perSide, type Side, sides } from '../pipeline/sides';
import { type EntityWork } from './call-scope';
import { changedFields } from './changed-fields';
import { contentsOf } from './contents-of';
import { decisionOf } from './decision-of';
import { type JobOutcome, lookedAtOf, outcomeOf } from './job-end';
import { linkFieldsOf } from './pair-rules';
import { signatureOf } from '../pipeline/approval';
import type { Slice } from './slice';
import type { PairJob } from './words';
import { keptOf } from './take-back';
import { timeFields, writeBackFields } from './write-back';

export interface Settling {
  readonly slice: Slice;
  readonly calls: PerSide<Calls>;
}

/** Records the result of an entity and adds notifications. Returns the result of its job. */
export async function settleEntry(
  { slice, calls }: Settling,
  entry: Entry,
  work: EntityWork,
  error: unknown,
): Promise<LinkJobEnd> {
  const { job } = work;
  const outcome = outcomeOf(job, entry, error, slice.settings.retry);
  const told = await tellStatus({ slice, calls }, entry, work, outcome);
  const held = await hold(slice, entry, job, outcome);
  await openConflict(slice, entry, job, told);
  await notifyGivenUp(slice, entry, job, held);
  await tellTimeline(slice, entry, work, held);
  await tellKept(slice, entry, work);
  slice.count(job.runId, countsOf(entry, held));
  const seconds = (Date.now() - work.startedAt.getTime()) / 1000;
  slice.deps.watch.settled(slice.pair.name, held.end.verdict ?? held.end.state, seconds);
  return { ...held.end, lookedAt: held.end.lookedAt === null ? null : told, calls: work.calls.length };
}

const failures: ReadonlySet<LinkJobEnd['state']> = new Set<LinkJobEnd['state']>(['failed', 'given-up']);

function countsOf({ verdict }: Entry, { end }: JobOutcome): Partial<RunCounts> {
  switch (verdict) {
    case 'created':
    case 'updated':
    case 'moved':
    case 'deleted':
      return { [verdict]: 1 };
    case 'unchanged':
    case 'agreed':
      return { unchanged: 1 };
    default:
      return failures.has(end.state) ? { failed: 1 } : {};
  }
}

/**
 * Writes the result of an entity back to a side to which the engine had nothing to write. Returns the new revisions.
 */
async function tellStatus(
  { slice, calls }: Settling,
  entry: Entry,
  work: EntityWork,
  { status, end }: JobOutcome,
): Promise<PerSide<LookedAtSide>> {
  const looked: Record<Side, LookedAtSide> = { ...lookedAtOf(entry) };
  // The part that was written before the conflict stopped the rest has already reported it.
  if (status === null || (entry.operations.length > 0 && !marks.has(status))) return looked;
  const { settings, stores } = slice;
  for (const side of sides) {
    const item = entry.items?.[side] ?? (side === entry.side ? entry.mention : null);
    if (item?.isActive !== true) continue;
    const fields = writeBackFields(settings, side, {
      other: entry.items?.[otherSide(side)] ?? null,
      syncKey: entry.link?.syncKey ?? null,
      status,
      attempts: end.attempts,
      error: end.error,
      now: work.startedAt,
    });
    if (!differs(fields, item.fields, timeFields(settings, side)) || slice.halt.reason !== null) continue;
    const to = await tryToTell(calls[side], slice, item, fields);
    if (to === null) continue;
    await stores.links.moveRevision(side, item.key, item.revision, to);
    looked[side] = { key: item.key, revision: to, isThere: true };
    // An approval only applies to the present revision of the side.
    const told = { ...item, revision: to, fields: { ...item.fields, ...fields } };
    if (entry.items !== undefined)
      entry.items = side === 'here' ? { ...entry.items, here: told } : { ...entry.items, there: told };
  }
  return looked;
}

/** The engine reports these to neither side when it writes. */
const marks: ReadonlySet<JobOutcome['status']> = new Set<JobOutcome['status']>([
  'deleted-here',
  'deleted-there',
]);

type LookedAtSide = LookedAt | null;

/** If writing back the status fails, the entity is not tried again. Null: it failed. */
async function tryToTell(
  system: Calls,
  slice: Slice,
  item: NonNullable<Entry['mention']>,
  fields: Fields,
): Promise<string | null> {
  try {
    const patch = { fields, whole: { ...item.fields, ...fields }, content: null };
    const written = await system.update(item.key, patch, item.revision);
    return written.kind === 'done' ? written.item.revision : null;
  } catch (error) {
    if (slice.halt.judge(error) === 'run') throw error;
    slice.log.warn({ err: error, key: item.key }, 'its status was not written back');
    return null;
  }
}

const differs = (fields: Fields, shown: Fields, times: ReadonlySet<string>): boolean =>
  Object.entries(fields).some(([name, value]) => !times.has(name) && !sameValue(value, fieldOf(shown, name)));

/** Holds an entity for an approval, which is bound to this decision. */
async function hold(slice: Slice, entry: Entry, job: PairJob, outcome: JobOutcome): Promise<JobOutcome> {
  const { needs, end } = outcome;
  if (needs === null) return outcome;
  // It differs from the plan, so it is processed again without the plan.
  if (job.source === 'plan' && job.signature !== null)
    return { ...outcome, end: { ...end, state: 'new', signature: null, lookedAt: null, verdict: null } };
  const { decisions, slice: sliceStore } = slice.stores;
  const approval = await decisions.approvalFor(needs, entry.reason);
  if (approval?.isNew === true && slice.settings.notify.includes('approval'))
    await sliceStore.notify('approval-waiting', `approval-waiting:${approval.id}`, {
      approval: approval.id,
      pair: slice.pair.name,
      kind: needs,
    });
  const signature = signatureOf(entry, linkFieldsOf(slice.settings));
  return { ...outcome, end: { ...end, approvalId: approval?.id ?? null, signature } };
}

async function openConflict(
  slice: Slice,
  entry: Entry,
  job: PairJob,
  lookedAt: PerSide<LookedAtSide>,
): Promise<void> {
  const found = conflictOf(slice, entry, lookedAt);
  if (found === null) return;
  const { decisions, slice: sliceStore } = slice.stores;
  const { name } = slice.pair;
  // A decision by a person is stored as such.
  if (found.resolution !== null && decisionOf(slice.decisions, entry) !== undefined) return;
  slice.deps.watch.conflict(name, found.resolution ?? 'open');
  if (found.resolution !== null) {
    await decisions.keepResolved(found);
    return;
  }
  const id = await decisions.open(found);
  if (id === null || !slice.settings.notify.includes('conflict')) return;
  await sliceStore.notify('conflict-waiting', `conflict-waiting:${id}`, {
    conflict: id,
    pair: name,
    kind: found.kind,
    fields: found.fields,
    key: job.key,
  });
}

/** Null: nothing is disputed, or the result of the dispute was not written yet. */
function conflictOf(slice: Slice, entry: Entry, lookedAt: PerSide<LookedAtSide>): FoundConflict | null {
  const { conflict, side, mention, link, states, bases, blocked, verdict } = entry;
  const common = {
    linkId: link?.id ?? null,
    side,
    key: mention.key,
    base: bases ?? null,
    here: states?.here ?? null,
    there: states?.there ?? null,
    lookedAt,
  };
  if (blocked?.code === 'duplicate' && verdict === 'failed') {
    const shown = { here: {}, there: {}, [side]: { [mention.key]: ofThePair(slice, mention.fields) } };
    const candidates = { here: [], there: [], [blocked.side]: blocked.holders ?? [], shown };
    return { ...common, kind: 'match', fields: [], candidates, resolution: null };
  }
  if (conflict === null) return null;
  const isDecided = conflict.resolution !== null;
  // A decision by the rules is stored when it has been carried out.
  if (isDecided && entry.operations.length === 0) return null;
  if (!isDecided && verdict !== 'conflict' && verdict !== 'quarantined') return null;
  return {
    ...common,
    kind: conflict.kind,
    fields: conflict.fields,
    candidates:
      conflict.candidates === undefined ? null : { ...conflict.candidates, shown: shownOf(slice, conflict) },
    resolution: conflict.resolution,
  };
}

/** Values that were written back to a system do not help to choose a record. */
const ofThePair = ({ settings }: Slice, fields: Fields): Fields =>
  Object.fromEntries(
    settings.fields.flatMap(({ name }) =>
      Object.hasOwn(fields, name) ? [[name, fieldOf(fields, name)]] : [],
    ),
  );

const shownOf = (slice: Slice, { shown }: Conflict) =>
  shown === undefined
    ? null
    : perSide((side) =>
        Object.fromEntries(
          Object.entries(shown[side]).map(([key, fields]) => [key, ofThePair(slice, fields)]),
        ),
      );

async function notifyGivenUp(slice: Slice, entry: Entry, job: PairJob, { end }: JobOutcome): Promise<void> {
  if (end.state !== 'given-up' || !slice.settings.notify.includes('given-up')) return;
  await slice.stores.slice.notify('entity-given-up', `entity-given-up:${job.id}:${end.attempts}`, {
    pair: slice.pair.name,
    job: job.id,
    link: entry.link?.id ?? null,
    side: job.side,
    key: job.key,
    attempts: end.attempts,
    reason: end.error,
    ...reasonFacts(entry.why),
  });
}

/** When a run is taken back: records what was changed since and stays as it is. */
async function tellKept({ settings, stores }: Slice, entry: Entry, { job }: EntityWork): Promise<void> {
  if (job.wanted === null || entry.verdict === undefined || entry.verdict === 'duplicate') return;
  const fields = keptOf(settings, entry, job.wanted);
  if (fields.length === 0) return;
  await stores.links.tell(
    {
      id: null,
      jobId: job.id,
      runId: job.runId,
      kind: 'kept',
      verdict: null,
      reason: null,
      why: null,
      operations: [],
      fields,
      before: entry.states ?? null,
      after: job.wanted.wanted,
      calls: null,
      contents: null,
    },
    { linkId: job.wanted.linkId, side: job.side, key: job.key },
  );
}

/** A write already has its event. This adds events for what was not written, and later calls. */
async function tellTimeline(
  slice: Slice,
  entry: Entry,
  work: EntityWork,
  { end }: JobOutcome,
): Promise<void> {
  const isRecorded =
    work.eventId !== null && work.recordedCalls === work.calls.length && end.state === 'done';
  const hasNothingToRecord = work.eventId === null && (end.state === 'new' || end.state === 'done');
  if (isRecorded || hasNothingToRecord) return;
  const { states, results, operations } = entry;
  const before = states ?? null;
  await slice.stores.links.tell(
    {
      id: work.eventId,
      jobId: work.job.id,
      runId: work.job.runId,
      kind: end.state === 'done' ? 'sync' : (entry.verdict ?? end.state),
      verdict: end.verdict,
      reason: end.error,
      why: end.why,
      operations,
      fields:
        states !== undefined && results !== undefined
          ? changedFields(states, results)
          : (entry.conflict?.fields ?? []),
      before,
      after: operations.length > 0 ? (results ?? null) : before,
      calls: work.calls,
      contents: contentsOf(entry.items),
    },
    { linkId: entry.link?.id ?? null, side: work.job.side, key: work.job.key },
  );
}
