import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import { haveEffect } from '../../../shared/catalog/special-syncs';
import type { Transaction } from '../../../shared/db/database';
import type { Flag } from '../../../shared/domain/flag';
import { noParameterCounts, type ParameterCounts, type UnreadableTs } from '../../../shared/domain/report';
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
import { findUnchangedFiles } from './unchanged-files';

/** The parameters of an upload. */
export interface UploadedParameters {
  readonly solutionId: number;
  readonly syncId: string;
  /** IANA name of the solution's time zone. */
  readonly timezone: string;
  readonly parameters: readonly { readonly parameterClass: ParameterClass; readonly file: PackageFile }[];
  /** Those that the sync honours. */
  readonly flags: readonly Flag[];
  /** Classes whose content on the solution, as it says, differs from what it was sent. */
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
 * Merges the classes of an upload, one after another, each as far as its copies can be believed. An entity in
 * quarantine that was sent again is no longer the newest copy.
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
  const known = await findUnchangedFiles(db, upload.solutionId, comparable(upload, standing, newest));
  const read: string[] = [];
  for (const { parameterClass, file } of upload.parameters) {
    const { name } = parameterClass;
    const entities = known.entitiesOf(name);
    if (entities !== null) {
      merged.params[name] = { ...noParameterCounts(), unchanged: entities };
      continue;
    }
    let hasUnreadableTs = false;
    const received: ReceivedClass = {
      ...upload,
      ...circumstancesOf(upload, standing, parameterClass),
      parameterClass,
      file,
      onCameBack: (id) => (merged.cameBack[name] ??= []).push(id),
      onUnreadableTs: (found) => {
        hasUnreadableTs = true;
        noteUnreadable(merged.unreadableTs, name, found);
      },
      onSurveyed: (ids) => createNewestCopyStore(db).supersede(sentAgain(newest, name, ids)),
      // The report mentions such a `Ts` at every sync, so the file must be read every time.
      onNothingToDo: (entities) => {
        if (!hasUnreadableTs) known.noteNothingToDo(name, entities);
      },
    };
    if (!isMerged(received)) continue;
    merged.params[name] = await mergeClassFile(transaction, received, reject);
    read.push(name);
  }
  await known.keep(read);
  if (standing.isFirstOfDevice && !standing.isReplay)
    await createSolutionStore(db).noteFirstUpload(upload.solutionId);
  return merged;
}

/**
 * The classes whose file need not be read if the same file was read before: its effect depends only on what is stored of the
 * class. A class with two files is not among them.
 */
function comparable(
  upload: UploadedParameters,
  standing: UploadStanding,
  newest: readonly NewestCopy[],
): UploadedParameters['parameters'] {
  if (standing.isReplay) return [];
  const inDoubt = new Set(newest.map(({ className }) => className));
  return upload.parameters.filter(({ parameterClass }) => {
    const { isReplaced, replaceFromSolution, holdsAll } = circumstancesOf(upload, standing, parameterClass);
    const isPlain = isReplaced !== true && replaceFromSolution !== true && holdsAll === null;
    const files = upload.parameters.filter((other) => other.parameterClass === parameterClass);
    return isPlain && files.length === 1 && !inDoubt.has(parameterClass.name);
  });
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
const sentAgain = (newest: readonly NewestCopy[], className: string, ids: ReadonlySet<string>): string[] =>
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
