import type { ClassLimit, ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Transaction } from '../../../shared/db/database';
import { noParameterCounts, type ParameterCounts } from '../../../shared/domain/report';
import { AppError } from '../../../shared/errors/app-error';
import { keptTextOf } from '../package/kept-text';
import type { Reject } from '../package/rejections';
import { type ClassFile, readClassFile, surveyClassFile, type Survey } from './class-file';
import type { Entry } from '../../pipeline/entry';
import { createManager } from '../../systems/solution/manager';
import { absentIds, lockClass } from '../../../shared/stores/parameters/param-rows';
import { createSolutionSystem, type SentEntity } from '../../systems/solution/solution';
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
  /** What the solution sends replaces everything that the manager has of the class. */
  readonly replaceFromSolution?: boolean;
  /** Nothing is written: told what would become of the entities that need a look. */
  readonly onPlanned?: (entries: readonly Entry[]) => void;
}

/** False: the manager alone edits the class, and what the solution sends of it is ignored. */
export function isMerged({ parameterClass, replaceFromSolution }: Omit<ReceivedClass, 'file'>): boolean {
  return parameterClass.direction !== 'manager' || replaceFromSolution === true;
}

/**
 * Merges what the solution holds of one class with what the manager holds, in the caller's transaction.
 *
 * Two stages: additions and changes, then deletions, which wait for an approval where they are too many.
 * An entity that cannot be taken is rejected alone, a malformed file as a whole (`malformed-xml`), before anything
 * of it is applied. Work grows with what changed. Source: ePack V4, Processing, Parameters.
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
  const batches = readClassFile(parameterClass, file, survey, counted);
  await mergeBatches(db, received, counts, counted, batches, survey);
  return counts;
}

const heldBySolution = ({ lastPlaces, rejectedIds }: Survey) => [...lastPlaces.keys(), ...rejectedIds];

async function surveyOrReject(
  { parameterClass, file }: ReceivedClass,
  reject: Reject,
): Promise<Survey | null> {
  try {
    return await surveyClassFile(file);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'malformed-xml') throw error;
    const { detail: reason, members } = error;
    const line = typeof members['line'] === 'number' ? members['line'] : null;
    await reject({
      kind: 'file',
      subject: parameterClass.name,
      file: file.name,
      line,
      rowId: null,
      code: 'malformed-xml',
      reason,
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
  counts: ParameterCounts,
  reject: Reject,
  batches: AsyncIterable<readonly SentEntity[]>,
  survey: Survey,
): Promise<void> {
  const { solutionId, syncId, timezone, parameterClass, onPlanned } = received;
  const replaces = received.replaceFromSolution === true;
  const key = { solutionId, className: parameterClass.name };
  const { hasSent, hasDecided } = await lockClass(db, key);
  if (hasDecided) await carryOutDecided(db, parameterClass, key);
  const lead = replaces || parameterClass.direction === 'solution' ? ('there' as const) : null;
  const solution = createSolutionSystem({
    db,
    key,
    syncId,
    batches,
    withManager: lead !== null,
    hasSent,
    absentIds: replaces ? () => absentIds(db, key, heldBySolution(survey)) : null,
    onUnchanged: (count) => (counts.unchanged += count),
  });
  const manager = createManager({ db, key, syncId, by: 'solution', solution, hasSent });
  const held: HeldEntity[] = [];
  const touched = new Set<string>();
  const quarantine = (entry: Entry, sent: SentEntity | undefined) =>
    reject(quarantined(received, entry, sent));
  const recording = { db, key, syncId, solution, manager, hasSent, counts, quarantine, held, touched };
  // Whoever sets the flag wants the changes; for what would be lost, however little, someone is asked.
  const maxChanges = replaces ? null : parameterClass.maxChanges;
  const maxDeletes = replaces ? noDeletion : parameterClass.maxDeletes;
  await runClass({
    db,
    key,
    mode: onPlanned === undefined ? 'apply' : 'plan',
    timezone,
    parameterClass,
    lead,
    solution,
    manager,
    limits: {
      maxChanges,
      maxDeletes,
      waiting: maxChanges === null ? new Set() : await waitingChanges(db, key),
      inserted: () => counts.inserted,
    },
    settled: async (entries) => {
      if (onPlanned === undefined) await recordEntries(recording, entries);
      else onPlanned(entries);
    },
  });
  await planHeld(db, key, { syncId, channel: parameterClass.channel }, held, touched);
}

const quarantined = (
  { parameterClass, file }: ReceivedClass,
  { mention, verdict, reason }: Entry,
  sent: SentEntity | undefined,
) => ({
  kind: 'entity' as const,
  subject: parameterClass.name,
  file: file.name,
  line: sent?.line ?? null,
  rowId: mention.key,
  code: verdict === 'skipped' ? ('above-limit' as const) : ('flip-flop' as const),
  reason: reason ?? '',
  header: null,
  raw: sent?.raw ?? null,
});
