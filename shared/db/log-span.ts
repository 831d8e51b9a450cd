// SQL about log_span, the spans of time of a log and the ids that were measured in them.

/** A log, and the span of time for which log_span has a row. */
export interface SpannedLog {
  readonly span: 'day' | 'week';
}

/** SQL for the first day of the span of a time. -infinity: there is no time. */
export const spanStart = ({ span }: SpannedLog, time: string): string =>
  `coalesce(cast(date_trunc('${span}', ${time} at time zone 'UTC') as date), date '-infinity')`;

/** SQL for the ids of a log that may have been measured between two times. */
export interface SpanBounds {
  /** SQL for the earliest time, which is within; null: there is none. */
  readonly from: string | null;
  /** SQL for the time before which they were measured; null: there is none. */
  readonly to: string | null;
}

/**
 * SQL for an `int8multirange` with all ids of a log that were measured between two times, and maybe others: compare the
 * times of the rows as well. Its cost grows with the spans between the two times, not with what is stored. Ids that are
 * not indexed yet are among them. Needs the bindings `solutionId` and `table`.
 */
export function idsMeasured(table: SpannedLog, { from, to }: SpanBounds): string {
  if (from === null && to === null) return `cast('{(,)}' as int8multirange)`;
  const bounds = [
    from === null ? `starts_on > '-infinity'` : `starts_on >= ${spanStart(table, `(${from})`)}`,
    ...(to === null ? [] : [`starts_on <= ${spanStart(table, `(${to} - interval '1 microsecond')`)}`]),
  ];
  return `(coalesce((select range_agg(part) from log_span cross join lateral unnest(ids) as part
      where solution_id = :solutionId and table_name = :table and ${bounds.join(' and ')}), '{}')
    + coalesce((select not_indexed from log_mark where solution_id = :solutionId and table_name = :table), '{(,)}'))`;
}

/** SQL for the condition that an id lies in a range, such that PostgreSQL reads no index entry outside of it. */
export const idWithin = (range: string): string =>
  `id >= coalesce(lower(${range}), ${lowestId}) and id <= coalesce(upper(${range}) - 1, ${highestId})`;

/** SQL for a range of ids from one to another, which may be the highest there can be. */
export const idRange = (from: string, to: string): string =>
  `int8range(${from}, case when ${to} < ${highestId} then ${to} + 1 end)`;

/**
 * SQL for the time from which the age of a reading counts. It is its own time. If that is more than a year before its
 * receipt, or after it, the age counts from the receipt, so that a wrong clock does not decide how long data is kept.
 */
export const keptFrom = `case when received_at is null then measured_at
  when measured_at between received_at - interval '1 year' and received_at then measured_at
  else received_at end`;

const lowestId = String(-(2n ** 63n));
const highestId = String(2n ** 63n - 1n);
