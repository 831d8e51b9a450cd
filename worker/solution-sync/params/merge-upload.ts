import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import { haveEffect } from '../../../shared/catalog/special-syncs';
import type { Transaction } from '../../../shared/db/database';
import type { Flag } from '../../../shared/domain/flag';
import type { ParameterCounts, UnreadableTs } from '../../../shared/domain/report';
import type { HoldReason } from '../../../shared/domain/successor';
import {
  createUploadStandingStore,
  type UploadStanding,
} from '../../../shared/stores/parameters/upload-standing-store';
import { createSolutionStore } from '../../../shared/stores/solutions/solution-store';
import { createNewestCopyStore, type NewestCopy } from '../../../shared/stores/syncs/newest-copy-store';
import { classFileOf } from '../instructions/replacements';
import type { PackageFile } from '../package/package-files';
import type { Reject } from '../package/rejections';
import { isMerged, mergeClassFile, type ReceivedClass } from './merge-class-file';

/** The parameters of an upload. */
export interface UploadedParameters {
  readonly solutionId: number;
  readonly syncId: string;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
  readonly parameters: readonly { readonly parameterClass: ParameterClass; readonly file: PackageFile }[];
  /** Those that the sync honours. */
  readonly flags: readonly Flag[];
  /** Classes of which the solution says that it holds something else than it was told. */
  readonly drifted: readonly ParameterClass[];
}

/** The result of them, by class. */
export interface MergedParameters {
  readonly params: Record<string, ParameterCounts>;
  /** Ids of what was deleted and came back with other content. */
  readonly cameBack: Record<string, string[]>;
  readonly unreadableTs: Record<string, UnreadableTs>;
}

/**
 * Merges the classes of an upload, one after another, each as far as its copies can be believed. What lay in quarantine
 * and was sent again is no longer the newest copy.
 */
export async function mergeUpload(
  transaction: Transaction,
  upload: UploadedParameters,
  reject: Reject,
): Promise<MergedParameters> {
  const merged: MergedParameters = { params: {}, cameBack: {}, unreadableTs: {} };
  if (upload.parameters.length === 0) return merged;
  const { db } = transaction;
  const standing = await createUploadStandingStore(db).ofSync(upload.syncId);
  const newest = await createNewestCopyStore(db).ofSolution(upload.solutionId);
  for (const { parameterClass, file } of upload.parameters) {
    const received: ReceivedClass = {
      ...upload,
      ...circumstancesOf(upload, standing, parameterClass),
      parameterClass,
      file,
      onCameBack: (id) => (merged.cameBack[parameterClass.name] ??= []).push(id),
      onUnreadableTs: (found) => noteUnreadable(merged.unreadableTs, parameterClass.name, found),
      onSurveyed: (ids) => createNewestCopyStore(db).supersede(sentAnew(newest, parameterClass.name, ids)),
    };
    if (!isMerged(received)) continue;
    merged.params[parameterClass.name] = await mergeClassFile(transaction, received, reject);
  }
  if (standing.isFirstOfDevice && !standing.isReplay)
    await createSolutionStore(db).noteFirstUpload(upload.solutionId);
  return merged;
}

/** How far what the solution sends of a class is believed. */
export function circumstancesOf(
  { flags, drifted }: Pick<UploadedParameters, 'flags' | 'drifted'>,
  { clock, isFirstOfDevice, setFlags, replacedFiles }: UploadStanding,
  parameterClass: ParameterClass,
): Pick<ReceivedClass, 'clock' | 'isReplaced' | 'replaceFromSolution' | 'holdsAll'> {
  const isReplaced = haveEffect(setFlags, 'keeps-manager') || replacedFiles.has(classFileOf(parameterClass));
  return {
    clock,
    isReplaced,
    replaceFromSolution: !isReplaced && haveEffect(flags, 'replaces-manager'),
    holdsAll: holdReason(isFirstOfDevice, flags, drifted.includes(parameterClass)),
  };
}

function holdReason(isFirstOfDevice: boolean, flags: readonly Flag[], isDrifted: boolean): HoldReason | null {
  if (isFirstOfDevice) return 'first-upload';
  if (haveEffect(flags, 'tells-all-parameters')) return 'resend';
  return isDrifted ? 'drift' : null;
}

/** An entity without an Id cannot be found again in the file: if it is there still, it is refused again. */
const sentAnew = (newest: readonly NewestCopy[], className: string, ids: ReadonlySet<string>): string[] =>
  newest
    .filter((copy) => copy.className === className && (copy.entityId === null || ids.has(copy.entityId)))
    .map(({ id }) => id);

function noteUnreadable(
  noted: Record<string, UnreadableTs>,
  className: string,
  found: Omit<UnreadableTs, 'entities'>,
): void {
  const before = noted[className];
  noted[className] =
    before === undefined ? { entities: 1, ...found } : { ...before, entities: before.entities + 1 };
}
