import type { LogTable } from '../../../shared/catalog/log-tables';
import { LogId } from './log-id';

/** The ids of a file's readings by the span of time in which they were measured (log_span). */
export interface ReadingSpans {
  /** `measuredMs`: since 1970, NaN where the reading has no time. It must cost almost nothing for rows in order. */
  note(id: LogId, measuredMs: number): void;
  /**
   * The spans, and the ids of each as PostgreSQL writes an `int8multirange`: those that were noted and maybe others
   * between them. Null: the times jump so much that the index of times is built later, from what is stored.
   */
  rows(): SpanRows | null;
}

/** Both lists have one member for each span. */
export interface SpanRows {
  /** The first day of the span, in days since 2000-01-01; empty for readings without a time. */
  readonly days: readonly string[];
  readonly ids: readonly string[];
}

export function createReadingSpans({ span }: Pick<LogTable, 'span'>): ReadingSpans {
  const ranges = new Map<number, IdRange[]>();
  let rangeCount = 0;
  let isGivenUp = false;
  const start = new LogId();
  const end = new LogId();
  let isOpen = false;
  let current = NaN;
  let fromMs = NaN;
  let toMs = NaN;

  return { note, rows };

  function note(id: LogId, measuredMs: number): void {
    if (measuredMs >= fromMs && measuredMs < toMs && isNext(id)) {
      end.low = id.low;
      return;
    }
    if (isGivenUp) return;
    closeRange();
    current = Number.isNaN(measuredMs) ? noTime : firstDayOf(span, measuredMs);
    fromMs = epochMs + current * dayMs;
    toMs = fromMs + spanDays[span] * dayMs;
    start.set(id);
    end.set(id);
    isOpen = true;
  }

  function isNext(id: LogId): boolean {
    return id.high === end.high && id.low > end.low && id.low <= end.low + joinedGap;
  }

  function closeRange(): void {
    if (!isOpen) return;
    isOpen = false;
    const known = ranges.get(current) ?? [];
    const last = known.at(-1);
    const from = start.toBigInt();
    const to = end.toBigInt();
    if (last !== undefined && from >= last.from && from <= last.to + BigInt(joinedGap)) {
      if (to > last.to) last.to = to;
      return;
    }
    known.push({ from, to });
    ranges.set(current, known);
    if (++rangeCount <= maxRanges) return;
    isGivenUp = true;
    ranges.clear();
    fromMs = NaN;
  }

  function rows(): SpanRows | null {
    closeRange();
    if (isGivenUp) return null;
    const spans = [...ranges];
    return {
      days: spans.map(([day]) => (day === noTime ? '' : String(day))),
      ids: spans.map(([, list]) => `{${list.map(textOf).join()}}`),
    };
  }
}

interface IdRange {
  readonly from: bigint;
  to: bigint;
}

const textOf = ({ from, to }: IdRange) => `[${from},${to < topId ? to + 1n : ''})`;

/** In days since 2000-01-01, which was a Saturday: the Monday after it has the number 2. */
function firstDayOf(span: LogTable['span'], ms: number): number {
  const day = Math.floor((ms - epochMs) / dayMs);
  return span === 'day' ? day : Math.floor((day - 2) / 7) * 7 + 2;
}

/** Fewer ids than this between two ranges are read faster with them than skipped. */
const joinedGap = 64;
/** So that a file with invented times does not fill the memory. */
const maxRanges = 20_000;
const spanDays = { day: 1, week: 7 } as const;
const noTime = -Infinity;
const dayMs = 86_400_000;
const epochMs = Date.UTC(2000, 0, 1);
const topId = 2n ** 63n - 1n;
