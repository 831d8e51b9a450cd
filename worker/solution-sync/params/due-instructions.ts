import type { ParameterClass } from '../../../shared/catalog/parameter-classes';
import type { Transaction } from '../../../shared/db/database';
import { writeEntityPages } from '../../../shared/formats/xml-writer';
import {
  createInstructionStore,
  type ParameterOp,
} from '../../../shared/stores/parameters/instruction-store';

/** The content of a package, and its receiver. */
export interface DueInstructionsInput {
  readonly solutionId: number;
  readonly syncId: string;
  /** The classes of the sync's channel. */
  readonly parameterClasses: readonly ParameterClass[];
  /** Every class whole, as `r`, instead of what is due. */
  readonly all: boolean;
}

/** One file of an instruction package. */
export interface ParameterFile {
  /** Name inside the package, e.g. `xml/Fridges-u.xml`. */
  readonly name: string;
  readonly op: ParameterOp;
  readonly parameterClass: ParameterClass;
  /** Entities in it. */
  readonly count: number;
  /** The file's text in pieces; returns the number of its instructions. */
  content(): AsyncGenerator<string, number>;
}

/**
 * The instructions about parameters, file by file, deletions last. They are recorded in the caller's transaction as the
 * content of this package, so that the confirmation can set the base to exactly that.
 */
export async function* dueInstructions(
  { db }: Transaction,
  { solutionId, syncId, parameterClasses, all }: DueInstructionsInput,
): AsyncGenerator<ParameterFile> {
  const instructions = createInstructionStore(db);
  const classes = new Map(parameterClasses.map((parameterClass) => [parameterClass.name, parameterClass]));
  const names = [...classes.keys()];
  if (all) await instructions.recordAll(solutionId, syncId, names);
  else if (!(await instructions.recordDue(solutionId, syncId, names))) return;
  const files = await instructions.files(syncId);
  const deletionsLast = [...files.filter(({ op }) => op !== 'd'), ...files.filter(({ op }) => op === 'd')];
  for (const { className, ...file } of deletionsLast) {
    const parameterClass = classes.get(className);
    if (parameterClass === undefined) continue;
    yield {
      ...file,
      parameterClass,
      async *content() {
        yield* writeEntityPages(parameterClass, instructions.pages(syncId, file.name));
        return file.count;
      },
    };
  }
}
