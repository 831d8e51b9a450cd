import type { Channel } from '../domain/channel';
import type { Label } from '../domain/language';
import { boolean, type Column, snakeCase, text, time } from './column';

/** One kind of reading: append-only, its `Id` growing per solution. */
export interface LogTable {
  /** As on the wire, e.g. `Tbfridge`. Case does not count. */
  readonly name: string;
  /** As people call it. */
  readonly label: Label;
  /** The table in PostgreSQL, e.g. `tbfridge`. Its key is (solution_id, id); undeclared columns are kept in `extra`. */
  readonly table: string;
  readonly channel: Channel;
  /** Without `Id`. */
  readonly columns: readonly LogColumn[];
  /** The column that tells one series of readings from another (a probe, a fridge), where a table holds several. */
  readonly series: string | null;
  /**
   * True if a device measures: two readings of one series then never have the same time. People may record several
   * readings in one minute.
   */
  readonly isMeasuredByDevice: boolean;
  /** The span of time for which the server remembers which ids were measured in it (log_span). In UTC; a week begins on Monday. */
  readonly span: 'day' | 'week';
}

export interface LogColumn extends Column {
  /** Name in PostgreSQL. */
  readonly column: string;
}

/** A log of any channel, with the columns that are named and no others. */
export function table(
  name: string,
  label: Label,
  { channel, series }: { readonly channel: Channel; readonly series?: string },
  columns: readonly Column[],
): LogTable {
  const withNames = columns.map((column) => ({ ...column, column: snakeCase(column.name) }));
  const isMeasuredByDevice = channel === 'sondes';
  return {
    name,
    label,
    table: name.toLowerCase(),
    channel,
    columns: withNames,
    series: series ?? null,
    isMeasuredByDevice,
    // A device measures thousands of times a day, people a few times.
    span: isMeasuredByDevice ? 'day' : 'week',
  };
}

export const measuredAt = time('MeasuredAt', { en: 'Measured at', fr: 'Relevé le' });

/**
 * The columns that every log of `synchro` and `messagerie` has. Each row contains the labels and limits that applied
 * when it was recorded.
 */
export const sharedLogColumns: readonly Column[] = [
  measuredAt,
  text('UserName', { en: 'Operator', fr: 'Opérateur' }),
  boolean('IsConform', { en: 'Conformity', fr: 'Conformité' }),
  text('CorrectiveAction', { en: 'Corrective action', fr: 'Action corrective' }),
  text('Comment', { en: 'Comment', fr: 'Commentaire' }),
  text('PhotoName', { en: 'Photo', fr: 'Photo' }),
];

/** A log of `synchro`: beside its own columns it has those that all of them share. */
export const synchro = (name: string, label: Label, ...own: Column[]): LogTable =>
  table(name, label, { channel: 'synchro' }, [...sharedLogColumns, ...own]);
/** Readings of several fridges in one table: each is a series of its own. */
export const perFridge = (name: string, label: Label, ...own: Column[]): LogTable =>
  table(name, label, { channel: 'synchro', series: 'FridgeId' }, [...sharedLogColumns, ...own]);
