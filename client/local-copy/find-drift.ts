import { createReadStream } from 'node:fs';
import { findParameterClass, type ParameterClass } from '../../shared/catalog/parameter-classes';
import type { Copy } from '../../shared/domain/merge-copy';
import { AppError } from '../../shared/errors/app-error';
import { classDigest, type ClassDigest } from '../../shared/formats/class-digest';
import { copyDigest } from '../../shared/formats/parameter-digest';
import { decodeFields } from '../../shared/formats/parameter-values';
import { readEntities } from '../../shared/formats/xml-reader';
import { fileBytes } from './durable-files';
import { type LocalCopy, xmlFile } from './local-copy';

/**
 * Which of the classes the copy holds otherwise than the server believes.
 * @param told by class name, from the manifest. A class that this program does not know is passed over.
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

/** Null: there is something in it that nobody can read. Of two entities of one `Id` the last counts. */
async function digestOf(file: string, parameterClass: ParameterClass): Promise<ClassDigest | null> {
  const digests = new Map<string, Buffer>();
  if ((await fileBytes(file)) === null) return classDigest(digests);
  try {
    for await (const entity of readEntities(createReadStream(file) as AsyncIterable<Buffer>)) {
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
