import { type ValueProblem, valueProblemInEnglish } from '../../shared/domain/value-problem';

/** A value that a system can never store, or that a pair has no word for. The thrower does not know its field. */
export class UnfitValue extends Error {
  override readonly name = 'UnfitValue';

  constructor(readonly problem: ValueProblem) {
    super(valueProblemInEnglish(problem));
  }
}
