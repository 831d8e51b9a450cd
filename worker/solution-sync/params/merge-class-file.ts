import type { ClassLimit, ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Transaction } from '../../../shared/db/database';
import type { HoldReason, SolutionClock } from '../../../shared/domain/successor';
import { noParameterCounts, type ParameterCounts } from '../../../shared/domain/report';
import { ReasonedError } from '../../../shared/errors/app-error';
import { isTime } from '../../../shared/formats/read-instant';
import { keptTextOf } from '../package/kept-text';
import type { Reject } from '../package/rejections';
import { type ClassFile, readClassFile, surveyClassFile, type Survey } from './class-file';
import type { Entry } from '../../pipeline/entry';
import { createManagerSystem } from '../../systems/solution/manager';
import { absentIds, countActive, lockClass } from '../../../shared/stores/parameters/param-rows';
import { type Batches, createSolutionSystem, type SentEntity } from '../../systems/solution/solution';
import { carryOutDecided } from './apply-approvals';
import { runClass } from './class-run';
import { type HeldEntity, planHeld, waitingChanges } from './held-plans';
import { recordEntries } from './record-entries';

export interface ReceivedClass {
  readonly solutionId: number;
  readonly syncId: string;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
  readonly parameterClass: ParameterClass;
  readonly file: ClassFile;
  readonly clock: SolutionClock;
  /** The file replaces everything that the manager has of the class. */
  readonly replaceFromSolution?: boolean;
  /** The manager's copies replace everything on the solution, so what it sends changes nothing. */
  readonly isReplaced?: boolean;
  /** Why every change of what the manager has waits for an approval; null: it does not. */
  readonly holdsAll?: HoldReason | null;
  /** Gets the ids of deleted entities that came back with other content. */
  readonly onCameBack?: (id: string) => void;
  /** Gets the ids in the file, after the whole file has been read and before any of it is applied. */
  readonly onSurveyed?: (ids: ReadonlySet<string>) => Promise<void>;
  /** Gets entities whose `Ts` is no time. */
  readonly onUnreadableTs?: (found: { id: string; line: number | null; written: string }) => void;
  /** Called with the number of entities in the file, if none of them differs and nothing else of the class is open. */
  readonly onNothingToDo?: (entities: number) => void;
  /** If it is set, nothing is written. It gets the planned results of the examined entities. */
  readonly onPlanned?: (entries: readonly Entry[]) => void;
}

/** False: the manager alone edits the class, and what the solution sends of it is ignored. */
export function isMerged({ parameterClass, replaceFromSolution }: Omit<ReceivedClass, 'file'>): boolean {
  return parameterClass.direction !== 'manager' || replaceFromSolution === true;
}

/**
 * Merges the solution's copies of one class with the manager's, in the caller's transaction.
 *
 * Two stages: additions and changes, then deletions, which wait for an approval where they are too many. An entity that
 * cannot be taken is rejected alone, a malformed file as a whole (`malformed-xml`), before anything of it is applied.
 * Work grows with what changed. Source: ePack V4, Processing, Parameters.
 */
export async function mergeClassFile(
  { db }: Transaction,
  received: ReceivedClass,
  reject: Reject,
): Promise<ParameterCounts> {
  const counts = noParameterCounts();
  if (!isMerged(received)) return counts;
  const counted: Reject = (rejected) => {
    counts.rejected += 1;
    return reject(rejected);
  };
  const survey = await surveyOrReject(received, counted);
  if (survey === null) return counts;
  const { parameterClass, file } = received;
  await received.onSurveyed?.(new Set(heldBySolution(survey)));
  const batches = (pass: 'first' | 'again') =>
    pass === 'first'
      ? tellingUnreadableTs(received, readClassFile(parameterClass, file, survey, counted))
      : readClassFile(parameterClass, file, survey, () => Promise.resolve());
  if (received.isReplaced === true) await countOnly(counts, batches('first'));
  else await mergeBatches(db, received, batches, { counts, reject: counted, survey });
  return counts;
}

async function* tellingUnreadableTs(
  { onUnreadableTs }: ReceivedClass,
  batches: Batches,
): AsyncGenerator<readonly SentEntity[]> {
  for await (const batch of batches) {
    for (const { id, line, ts } of batch)
      if (ts !== null && !isTime(ts)) onUnreadableTs?.({ id, line, written: ts.slice(0, maxReportedLength) });
    yield batch;
  }
}

/** The longest reported part of an invalid `Ts`, in UTF-16 units. */
const maxReportedLength = 64;

/** Nothing of the file is used, but unreadable entities are still rejected. */
async function countOnly(counts: ParameterCounts, batches: Batches): Promise<void> {
  for await (const batch of batches) counts.unchanged += batch.length;
}

const heldBySolution = ({ lastPlaces, rejectedIds }: Survey) => [...lastPlaces.keys(), ...rejectedIds];

async function surveyOrReject(
  { parameterClass, file }: ReceivedClass,
  reject: Reject,
): Promise<Survey | null> {
  try {
    return await surveyClassFile(file);
  } catch (error) {
    if (!(error instanceof ReasonedError) || error.code !== 'malformed-xml') throw error;
    const { detail: reason, reason: why, members } = error;
    const line = typeof members['line'] === 'number' ? members['line'] : null;
    await reject({
      kind: 'file',
      subject: parameterClass.name,
      file: file.name,
      line,
      rowId: null,
      code: 'malformed-xml',
      reason,
      why,
      header: null,
      raw: await keptTextOf(file),
    });
    return null;
  }
}

const noDeletion: ClassLimit = { kind: 'soft', count: 0, share: 0 };

async function mergeBatches(
  db: Transaction['db'],
  received: ReceivedClass,
  batches: (pass: 'first' | 'again') => Batches,
  { counts, reject, survey }: { counts: ParameterCounts; reject: Reject; survey: Survey },
): Promise<void> {
  const { solutionId, syncId, timezone, parameterClass, onPlanned } = received;
  const replaces = received.replaceFromSolution === true;
  const key = { solutionId, className: parameterClass.name };
  const { hasSent, hasDecided } = await lockClass(db, key);
  if (hasDecided) await carryOutDecided(db, parameterClass, key);
  const lead = replaces || parameterClass.direction === 'solution' ? ('there' as const) : null;
  const inserted = () => counts.inserted;
  let passed = 0;
  // The person who sets the flag wants the changes, and a class that only the solution edits belongs to it.
  const total = lead === null ? async () => (await countActive(db, key)) - inserted() : null;
  const solution = createSolutionSystem({
    db,
    key,
    syncId,
    batches,
    total,
    withManager: lead !== null,
    hasSent,
    absentIds: replaces ? () => absentIds(db, key, heldBySolution(survey)) : null,
    onUnchanged: (count) => {
      counts.unchanged += count;
      passed += count;
    },
  });
  const manager = createManagerSystem({ db, key, syncId, by: 'solution', solution, hasSent });
  const held: HeldEntity[] = [];
  const touched = new Set<string>();
  const quarantine = (entry: Entry, sent: SentEntity | undefined) =>
    reject(quarantined(received, entry, sent));
  const { onCameBack = () => undefined } = received;
  const recording = {
    db,
    key,
    syncId,
    solution,
    manager,
    hasSent,
    counts,
    quarantine,
    held,
    touched,
    onCameBack,
  };
  const holdsAll = replaces ? null : (received.holdsAll ?? null);
  // The person who sets the flag wants the changes, but each loss needs an approval.
  const maxChanges = replaces ? null : parameterClass.maxChanges;
  const maxDeletes = replaces ? noDeletion : parameterClass.maxDeletes;
  await runClass({
    db,
    key,
    mode: onPlanned === undefined ? 'apply' : 'plan',
    timezone,
    clock: received.clock,
    parameterClass,
    lead,
    solution,
    manager,
    limits: {
      maxChanges,
      maxDeletes,
      holdsAll,
      waiting: replaces ? new Map() : await waitingChanges(db, key),
      inserted,
    },
    settled: async (entries) => {
      if (onPlanned === undefined) await recordEntries(recording, entries);
      else onPlanned(entries);
    },
  });
  const reason = holdsAll ?? (solution.isMassChange() ? 'many-changes' : null);
  await planHeld(db, key, { syncId, channel: parameterClass.channel, reason }, { held, touched });
  const { lastPlaces, rejectedIds } = survey;
  const isNothing = passed === lastPlaces.size && rejectedIds.length === 0 && counts.rejected === 0;
  if (isNothing && !hasSent && !hasDecided) received.onNothingToDo?.(passed);
}

const quarantined = (
  { parameterClass, file }: ReceivedClass,
  { mention, verdict, reason, why }: Entry,
  sent: SentEntity | undefined,
) => ({
  kind: 'entity' as const,
  subject: parameterClass.name,
  file: file.name,
  line: sent?.line ?? null,
  rowId: mention.key,
  code: verdict === 'skipped' ? ('above-limit' as const) : ('flip-flop' as const),
  reason: reason ?? '',
  why,
  header: null,
  raw: sent?.raw ?? null,
});
