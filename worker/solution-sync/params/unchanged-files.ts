import { createHash } from 'node:crypto';
import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Db } from '../../../shared/db/database';
import { packageVersion } from '../../../shared/process/package-version';
import {
  createUnchangedFileStore,
  type UnchangedFile,
} from '../../../shared/stores/parameters/unchanged-file-store';
import type { PackageFile } from '../package/package-files';

/** A class of an upload, with its file. */
export interface SentClass {
  readonly parameterClass: ParameterClass;
  readonly file: PackageFile;
}

/** Which files of an upload were read before, with nothing to do. */
export interface UnchangedFiles {
  /** The number of entities in the file, if it needs not be read again. Null: the file must be read. */
  entitiesOf(className: string): number | null;
  /** The file was read, and there was nothing to do. */
  noteNothingToDo(className: string, entities: number): void;
  /** Call it when all classes are merged. `merged`: the classes whose files were read. */
  keep(merged: readonly string[]): Promise<void>;
}

/** Looks up all files by their digests, in one statement. Large files are always read. */
export async function findUnchangedFiles(
  db: Db,
  solutionId: number,
  classes: readonly SentClass[],
): Promise<UnchangedFiles> {
  const store = createUnchangedFileStore(db);
  const digests = new Map<string, string>();
  for (const { parameterClass, file } of classes) {
    const digest = file.bytes <= mostBytes ? await digestOf(parameterClass, file) : null;
    if (digest !== null) digests.set(parameterClass.name, digest);
  }
  const sent = [...digests].map(([className, digest]) => ({ className, digest }));
  const known = await store.among(solutionId, sent);
  const found: UnchangedFile[] = [];
  return {
    entitiesOf: (className) => known.get(className) ?? null,

    noteNothingToDo(className, entities) {
      const digest = digests.get(className);
      if (digest !== undefined) found.push({ className, digest, entities });
    },

    async keep(merged) {
      const kept = new Set(found.map(({ className }) => className));
      await store.forget(
        solutionId,
        merged.filter((className) => !kept.has(className)),
      );
      await store.keep(solutionId, found);
    },
  };
}

/** Reading a larger file only for its digest would cost as much as it saves. */
const mostBytes = 262_144;

/**
 * Of the packed file, because the API has unpacked and checked it. Another version of the server, or another declaration of
 * the class, may read the same file differently.
 */
async function digestOf(parameterClass: ParameterClass, file: PackageFile): Promise<string | null> {
  const packed = await file.readPacked(mostBytes);
  if (packed === null) return null;
  const hash = createHash('sha256').update(`${readingOf(parameterClass)} ${packed.method} `);
  return hash.update(packed.bytes).digest('hex');
}

const readings = new WeakMap<ParameterClass, string>();

function readingOf(parameterClass: ParameterClass): string {
  const known = readings.get(parameterClass) ?? `${packageVersion()} ${JSON.stringify(parameterClass)}`;
  readings.set(parameterClass, known);
  return known;
}
