/**
 * `<`: below what the laboratory can count; `>`: above it. `absence`, `presence`: the germ was looked for in a quantity,
 * and not found or found.
 */
export const resultOperators = ['<', '=', '>', 'absence', 'presence'] as const;
export type ResultOperator = (typeof resultOperators)[number];

export const verdicts = ['satisfactory', 'acceptable', 'unsatisfactory'] as const;
export type Verdict = (typeof verdicts)[number];

/** A microbiological analysis, with the limits m and M of its criterion. Source: Reg. (EC) 2073/2005, annex I. */
export interface LabResult {
  readonly sample: string;
  readonly germ: string;
  readonly operator: ResultOperator;
  /** For `absence` and `presence`, the quantity that was examined: 25 in "absence in 25 g". Null: not given. */
  readonly value: number | null;
  /** The unit of the value and of both limits, e.g. `UFC/g`. */
  readonly unit: string | null;
  /** m: satisfactory up to it. Null: the criterion is absence. */
  readonly limitSatisfactory: number | null;
  /** M: acceptable up to it; m itself where the criterion has two classes only. */
  readonly limitAcceptable: number | null;
}

/** True if the germ was not counted. */
export const isQualitative = (operator: ResultOperator): operator is 'absence' | 'presence' =>
  operator === 'absence' || operator === 'presence';

/**
 * Satisfactory up to m, acceptable up to M, else unsatisfactory. If the result is not exact, the worst possible value
 * counts: `< 40` is certain to be within 100, but not within 10; `> 100` may be anything above. An absence is always
 * satisfactory, a presence never.
 */
export function verdictOf(
  result: Pick<LabResult, 'operator' | 'value' | 'unit' | 'limitSatisfactory' | 'limitAcceptable'>,
): Verdict {
  const highest = highestPossible(result);
  if (highest <= (result.limitSatisfactory ?? 0)) return 'satisfactory';
  return highest <= (result.limitAcceptable ?? 0) ? 'acceptable' : 'unsatisfactory';
}

/** Colonies are counted: fewer than 10 are 9 at most, fewer than 1 are none. A logarithm is no count. */
function highestPossible({ operator, value, unit }: Pick<LabResult, 'operator' | 'value' | 'unit'>): number {
  switch (operator) {
    // If absence is demanded, any quantity is too much.
    case 'presence':
      return Infinity;
    case 'absence':
      return 0;
    case '=':
      return value ?? Infinity;
    case '>':
      return Infinity;
    case '<': {
      const below = value ?? Infinity;
      const isCount = Number.isInteger(below) && !/log/i.test(unit ?? '');
      return isCount ? Math.max(0, below - 1) : below;
    }
  }
}
