import type { FieldValue } from '../../../shared/domain/merge-copy';
import type { FaultVerdict, SqlFault, SqlRow, SqlStatement, SqlStep, SqlValue } from './driver';
import type { Column, TableDescription, TableName, UsedTable } from './table';

/** The differences between kinds of databases. In texts of statements, the table has the alias `t`. */
export interface SqlDialect {
  readonly usualSchema: string;
  quote(name: string): string;
  /** The parameter at that place, counted from 1, as a value of that column. */
  parameter(place: number, column: Column): string;
  /** A column of `t` for comparing and ordering. */
  shownPlain(column: Column): string;
  /** The value of a column of `t` as it is read. */
  shown(column: Column): string;
  /** The revision of a row of `t` as it is read; null: the table has none. */
  shownRevision(table: UsedTable): string | null;
  /** The parameter for a value. Throws `UnfitValue`. */
  sent(column: Column, value: FieldValue): SqlValue;
  /** The server can compare values of that column with a parameter. */
  canBeCompared(column: Column): boolean;
  /** One row: the version; the clock in milliseconds since 1970; `t` or `f`: the connection is encrypted, null: unknown. */
  readonly about: SqlStatement;
  describe(name: TableName): SqlStatement;
  /** Null: there is no such table. */
  readDescription(rows: readonly SqlRow[]): TableDescription | null;
  /** Their last rows have the columns that `selected` names. */
  insert(write: TableWrite): readonly SqlStep[];
  update(write: KeyedWrite): readonly SqlStep[];
  /** Returns a row if one was deleted. */
  remove(removal: KeyedRemoval): SqlStatement;
  /** Returns the names of the columns of a unique constraint or index. */
  uniqueColumns(constraint: string, name: TableName): SqlStatement;
  readonly judge: (fault: SqlFault) => FaultVerdict;
}

export interface TableWrite {
  readonly table: UsedTable;
  /** Quoted, with its schema. */
  readonly name: string;
  readonly values: readonly ColumnValue[];
  /** The columns of the last rows: a list of expressions over `t`. */
  readonly selected: string;
}

export interface ColumnValue {
  readonly column: Column;
  readonly value: SqlValue;
}

export interface KeyedWrite extends TableWrite, Precondition {}

export interface KeyedRemoval extends Precondition {
  readonly table: UsedTable;
  readonly name: string;
}

export interface Precondition {
  readonly key: SqlValue;
  /** The revision that the row must have; null: the table has none. */
  readonly expected: string | null;
}
