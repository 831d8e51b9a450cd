import type { IdSpan } from '../../shared/domain/log-gaps';

/** The ids that the server lacks, and the differences that this solution found: the next upload reports on them. */
export interface Owed {
  /** By table: ids that never arrived at the server. */
  readonly gaps: Readonly<Record<string, readonly IdSpan[]>>;
  /** Classes of which the copy holds something else than the server believes. */
  readonly drift: readonly string[];
  /** Ids of messages of the manager that somebody has read. */
  readonly receipts: readonly string[];
}

/** The gaps of one table, filled while its rows are read. */
export interface GapSearch {
  /** True: the server lacks the row. */
  find(id: bigint): boolean;
  /** The gaps for which no row was read. */
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

/** `solution.json`; null: there is nothing to report. */
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
