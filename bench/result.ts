/** What a bench found: a time or a rate beside that of the limit, measured in the same run. */
export interface BenchResult {
  readonly name: string;
  /** Ours ÷ limit. */
  readonly ratio: number;
  /** e.g. `≤ 1.0`. */
  readonly target: string;
  /** What was measured, for people. */
  readonly lines: string[];
}
