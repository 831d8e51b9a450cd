import type { IdSpan } from '../../shared/domain/log-gaps';

/** What the server said that it lacks, and what this solution found to be otherwise: to be answered by the next upload. */
export interface Owed {
  /** By table: ids that never came to the server. */
  readonly gaps: Readonly<Record<string, readonly IdSpan[]>>;
  /** Classes of which the copy holds something else than the server believes. */
  readonly drift: readonly string[];
  /** Ids of messages of the manager that somebody has read. */
  readonly receipts: readonly string[];
}

/** The gaps of one table while its rows pass by. */
export interface GapSearch {
  /** True: the server lacks the row. */
  find(id: bigint): boolean;
  /** Those of which no row passed by. */
  absent(): readonly IdSpan[];
}

export function searchGaps(spans: readonly IdSpan[]): GapSearch {
  const gaps = spans
    .map(([first, last]) => ({ first: BigInt(first), last: BigInt(last), isFound: false }))
    .sort((one, other) => (one.first < other.first ? -1 : 1));
  return {
    find(id) {
      let [from, to] = [0, gaps.length];
      while (from < to) {
        const middle = (from + to) >> 1;
        if ((gaps[middle]?.last ?? 0n) < id) from = middle + 1;
        else to = middle;
      }
      const gap = gaps[from];
      if (gap === undefined || id < gap.first) return false;
      gap.isFound = true;
      return true;
    },
    absent: () =>
      gaps.filter(({ isFound }) => !isFound).map(({ first, last }) => [String(first), String(last)]),
  };
}

/** `solution.json`; null: there is nothing to say. */
export function statementText(
  drift: readonly string[],
  absent: Readonly<Record<string, readonly IdSpan[]>>,
): string | null {
  const said = {
    ...(drift.length === 0 ? {} : { drift }),
    ...(Object.keys(absent).length === 0 ? {} : { absent }),
  };
  return Object.keys(said).length === 0 ? null : JSON.stringify(said);
}
