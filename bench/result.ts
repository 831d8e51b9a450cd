/** The result of a benchmark: a time or a rate, and that of the limit, measured in the same run. */
export interface BenchResult {
  readonly name: string;
  /** Ours ÷ limit. */
  readonly ratio: number;
  /** e.g. `≤ 1.0`. */
  readonly target: string;
  /** A sentence for people that says what was measured. */
  readonly lines: string[];
}
