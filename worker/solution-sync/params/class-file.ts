import type { Readable } from 'node:stream';
import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Copy } from '../../../shared/domain/merge-copy';
import { because } from '../../../shared/domain/reason-english';
import type { RefusalCode } from '../../../shared/domain/refusal';
import { copyDigest } from '../../../shared/formats/parameter-digest';
import { decodeFields } from '../../../shared/formats/parameter-values';
import type { EntityProblem, ReadEntity } from '../../../shared/formats/xml-entity';
import { readEntityBatches } from '../../../shared/formats/xml-reader';
import type { Reject } from '../package/rejections';
import type { SentEntity } from '../../systems/solution/solution';

/** A class's file in the package. It is opened twice. */
export interface ClassFile {
  /** Name inside the package, e.g. `xml/Fridges.xml`. */
  readonly name: string;
  open(): Promise<Readable>;
}

/** Facts that are only known after the whole file was read. */
export interface Survey {
  /** The place of each Id's last entity in the file, by Id. */
  readonly lastPlaces: ReadonlyMap<string, number>;
  /** Ids of rejected entities. The solution has them nevertheless. */
  readonly rejectedIds: readonly string[];
}

/** Reads the file to its end. Throws `malformed-xml`, before anything of it was applied. */
export async function surveyClassFile(file: ClassFile): Promise<Survey> {
  const lastPlaces = new Map<string, number>();
  const rejectedIds: string[] = [];
  let place = 0;
  for await (const entities of readEntityBatches(await file.open())) {
    for (const entity of entities) {
      if (entity.kind === 'entity') lastPlaces.set(entity.id, place);
      else if (entity.id !== null) rejectedIds.push(entity.id);
      place += 1;
    }
  }
  return { lastPlaces, rejectedIds };
}

/** The entities that can be taken, in batches, each Id once. The others are rejected, one by one. */
export async function* readClassFile(
  parameterClass: ParameterClass,
  file: ClassFile,
  survey: Survey,
  reject: Reject,
): AsyncGenerator<readonly SentEntity[]> {
  let batch: SentEntity[] = [];
  let batchLength = 0;
  let place = 0;
  for await (const entities of readEntityBatches(await file.open())) {
    for (const entity of entities) {
      const taken = takeEntity(parameterClass, entity, survey.lastPlaces.get(entity.id ?? '') === place);
      place += 1;
      if ('problem' in taken) await reject(rejectedEntity(parameterClass, file, taken.problem));
      else batch.push(taken);
      batchLength += entity.raw.length;
    }
    if (batch.length < maxBatch && batchLength < maxBatchLength) continue;
    yield batch;
    batch = [];
    batchLength = 0;
  }
  if (batch.length > 0) yield batch;
}

/** From so many on a batch is full. */
const maxBatch = 1_000;
/** UTF-16 units. */
const maxBatchLength = 4_194_304;

type Problem = Omit<EntityProblem, 'kind' | 'code'> & { readonly code: RefusalCode };

function takeEntity(
  parameterClass: ParameterClass,
  entity: ReadEntity | EntityProblem,
  isLast: boolean,
): SentEntity | { problem: Problem } {
  if (entity.kind === 'problem') return { problem: entity };
  const { id, ts, isActive, line, raw } = entity;
  if (!isLast) {
    const why = because({ code: 'same-id-further-down', values: {} });
    return { problem: { id, line, code: 'duplicate-id', ...why, raw } };
  }
  const { fields, problems } = decodeFields(parameterClass, entity.fields);
  // The fields of a deleted entity no longer count.
  if (isActive && problems.length > 0) {
    const why = because({ code: 'fields-wrong', values: { problems } });
    return { problem: { id, line, code: 'bad-value', ...why, raw } };
  }
  const copy: Copy = { isActive, fields: isActive ? fields : {} };
  return { id, ts, copy, digest: copyDigest(copy), line, raw };
}

const rejectedEntity = (
  parameterClass: ParameterClass,
  file: ClassFile,
  { id, line, code, reason, why, raw }: Problem,
) => ({
  kind: 'entity' as const,
  subject: parameterClass.name,
  file: file.name,
  line,
  rowId: id,
  code,
  reason,
  why,
  header: null,
  raw,
});
