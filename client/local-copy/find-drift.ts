import { findParameterClass, type ParameterClass } from '../../shared/catalog/parameter-classes';
import type { Copy } from '../../shared/domain/merge-copy';
import { AppError } from '../../shared/errors/app-error';
import { classDigest, type ClassDigest } from '../../shared/formats/class-digest';
import { copyDigest } from '../../shared/formats/parameter-digest';
import { decodeFields } from '../../shared/formats/parameter-values';
import { readEntities } from '../../shared/formats/xml-reader';
import { fileBytes } from './durable-files';
import { type LocalCopy, xmlFile } from './local-copy';
import { piecesOfFile } from './read-file';

/**
 * The classes in which the copy differs from the server's belief.
 * @param told by class name, from the manifest. An unknown class is ignored.
 */
export async function findDrift(
  copy: LocalCopy,
  told: Readonly<Record<string, ClassDigest>>,
): Promise<readonly string[]> {
  const drifted: string[] = [];
  for (const [name, believed] of Object.entries(told)) {
    const parameterClass = findParameterClass(name);
    if (parameterClass === undefined) continue;
    const held = await digestOf(xmlFile(copy.dir, parameterClass.name), parameterClass);
    if (held?.digest !== believed.digest.toLowerCase()) drifted.push(parameterClass.name);
  }
  return drifted;
}

/** Null: a part of it cannot be read. If two entities have the same `Id`, the last one counts. */
async function digestOf(file: string, parameterClass: ParameterClass): Promise<ClassDigest | null> {
  const digests = new Map<string, Buffer>();
  if ((await fileBytes(file)) === null) return classDigest(digests);
  try {
    for await (const entity of readEntities(piecesOfFile(file))) {
      if (entity.kind === 'problem') return null;
      const { fields, problems } = decodeFields(parameterClass, entity.fields);
      const copy: Copy = { isActive: entity.isActive, fields };
      digests.delete(entity.id);
      if (!copy.isActive) continue;
      if (problems.length > 0) return null;
      digests.set(entity.id, copyDigest(copy));
    }
  } catch (error) {
    if (error instanceof AppError && error.code === 'malformed-xml') return null;
    throw error;
  }
  return classDigest(digests);
}
