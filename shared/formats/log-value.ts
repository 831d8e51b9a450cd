import type { Column } from '../catalog/column';

/** A value as the database's client gives it: bigint as text, time as Date, date as `2026-11-20` or as a Date at local midnight. */
export type LogValue = string | number | boolean | Date | null;

/** How a value of a log is written in CSV, so that reading it gives the same value again. Times are RFC 3339 in UTC. */
export function formatLogValue(column: Pick<Column, 'type'>, value: LogValue): string {
  if (value === null) return '';
  if (value instanceof Date) return column.type === 'date' ? formatDay(value) : value.toISOString();
  return String(value);
}

const formatDay = (day: Date): string =>
  [day.getFullYear(), twoDigits(day.getMonth() + 1), twoDigits(day.getDate())].join('-');

const twoDigits = (value: number): string => String(value).padStart(2, '0');
