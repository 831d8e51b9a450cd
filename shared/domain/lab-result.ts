/** `<`: below what the laboratory can count; `>`: above it. */
export const resultOperators = ['<', '=', '>'] as const;
export type ResultOperator = (typeof resultOperators)[number];

export const verdicts = ['satisfactory', 'acceptable', 'unsatisfactory'] as const;
export type Verdict = (typeof verdicts)[number];

/** A microbiological analysis, with the limits m and M of its criterion. Source: Reg. (EC) 2073/2005, annex I. */
export interface LabResult {
  readonly sample: string;
  readonly germ: string;
  readonly operator: ResultOperator;
  readonly value: number;
  /** Of the value and of both limits, e.g. `UFC/g`. */
  readonly unit: string | null;
  /** m: satisfactory up to it. */
  readonly limitSatisfactory: number;
  /** M: acceptable up to it; m itself where the criterion has two classes only. */
  readonly limitAcceptable: number;
}

/**
 * Satisfactory up to m, acceptable up to M, else unsatisfactory. What the result leaves open counts as the worst that
 * it can be: `< 40` is certain to be within 100, but not within 10; `> 100` may be anything above.
 */
export function verdictOf(
  result: Pick<LabResult, 'operator' | 'value' | 'unit' | 'limitSatisfactory' | 'limitAcceptable'>,
): Verdict {
  const highest = highestPossible(result);
  if (highest <= result.limitSatisfactory) return 'satisfactory';
  return highest <= result.limitAcceptable ? 'acceptable' : 'unsatisfactory';
}

/** Colonies are counted: fewer than 10 are 9 at most, fewer than 1 are none. A logarithm is no count. */
function highestPossible({ operator, value, unit }: Pick<LabResult, 'operator' | 'value' | 'unit'>): number {
  switch (operator) {
    case '=':
      return value;
    case '>':
      return Infinity;
    case '<': {
      const isCount = Number.isInteger(value) && !/log/i.test(unit ?? '');
      return isCount ? Math.max(0, value - 1) : value;
    }
  }
}
