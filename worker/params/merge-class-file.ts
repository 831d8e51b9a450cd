import type { ParameterClass } from '../../shared/catalog/parameter-classes';
import type { Transaction } from '../../shared/db/database';
import { noParameterCounts, type ParameterCounts } from '../../shared/domain/report';
import { AppError } from '../../shared/errors/app-error';
import type { Reject } from '../package/rejections';
import { type ClassFile, readClassFile, surveyClassFile, type Survey } from './class-file';
import { applyDeletions, type ClassMerge, mergeBatch, planAbsent } from './class-merge';
import { needApproval, planDeletions } from './deletion-gate';
import { lockClass } from './param-rows';

export interface ReceivedClass {
  readonly solutionId: number;
  readonly syncId: string;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
  readonly parameterClass: ParameterClass;
  readonly file: ClassFile;
  /** What the solution sends replaces everything that the manager has of the class. */
  readonly replaceFromSolution?: boolean;
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
  const merge = await beginMerge(db, received, counts);
  const { parameterClass, file } = received;
  for await (const batch of readClassFile(parameterClass, file, survey, counted))
    await mergeBatch(merge, batch);
  if (received.replaceFromSolution === true) await planAbsent(merge, heldBySolution(survey));
  await deleteOrHold(merge);
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
    const { code, detail: reason, members } = error;
    const line = typeof members['line'] === 'number' ? members['line'] : null;
    await reject({
      kind: 'file',
      subject: parameterClass.name,
      file: file.name,
      line,
      rowId: null,
      code,
      reason,
      header: null,
      raw: null,
    });
    return null;
  }
}

async function beginMerge(
  db: Transaction['db'],
  { solutionId, syncId, timezone, parameterClass, replaceFromSolution }: ReceivedClass,
  counts: ParameterCounts,
): Promise<ClassMerge> {
  const key = { solutionId, className: parameterClass.name };
  return {
    db,
    key,
    syncId,
    timezone,
    parameterClass,
    replaces: replaceFromSolution === true || parameterClass.direction === 'solution',
    hasSent: await lockClass(db, key),
    counts,
    deletions: [],
    touchedHeld: new Set(),
  };
}

async function deleteOrHold(merge: ClassMerge): Promise<void> {
  const { db, key, syncId, parameterClass, counts, deletions, touchedHeld } = merge;
  if (deletions.length === 0 && touchedHeld.size === 0) return;
  const isHeld = await needApproval(db, key, parameterClass, deletions.length, counts.inserted);
  if (isHeld) counts.held += deletions.length;
  else await applyDeletions(merge);
  const sync = { syncId, channel: parameterClass.channel };
  await planDeletions(db, key, sync, isHeld ? deletions : [], touchedHeld);
}
