import { assigned, type Cell, isEqual } from './sql-server-values';
import { ServerError } from './tds-server';

export interface ColumnWish {
  readonly name: string;
  readonly type: string;
  readonly isRequired?: boolean;
  readonly isIdentity?: boolean;
  /** The server alone makes it. */
  readonly computed?: (row: Row) => Cell;
  readonly default?: () => Cell;
}

export interface UniqueWish {
  readonly name: string;
  readonly columns: readonly string[];
  /** A constraint says 2627, an index 2601. */
  readonly isConstraint: boolean;
  /** Rows without a value are not in it. */
  readonly isFiltered?: boolean;
}

export interface TableWish {
  /** `dbo.Person`. */
  readonly name: string;
  readonly key: string;
  readonly columns: readonly ColumnWish[];
  readonly unique?: readonly UniqueWish[];
  /** After each write, in its transaction: it may change the row, or throw. */
  readonly trigger?: (row: Row) => void;
  readonly isTracked?: boolean;
}

export type Row = Record<string, Cell>;
export type Rows = Map<string, Row>;

export interface Change {
  version: bigint;
  readonly created: bigint;
  readonly context: string | null;
}

export interface FakeTable {
  readonly wish: TableWish;
  rows: Rows;
  identity: bigint;
  /** By key: what changed last, deletions included. */
  readonly changes: Map<string, Change>;
  /** The oldest version from which changes can be listed. */
  oldestVersion: bigint;
  columns: ColumnWish[];
  readonly rights: Record<'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE', boolean>;
}

/** A database: its tables, and the two numbers that grow. */
export interface FakeDatabase {
  readonly tables: Map<string, FakeTable>;
  /** The value of the last write to a row that has a rowversion. */
  rowversion: bigint;
  /** The version of the last transaction with tracked changes. */
  version: bigint;
  /** The first rowversion of a transaction that is not over; null: there is none. */
  activeFrom: bigint | null;
}

export type WriteKind = 'insert' | 'update' | 'delete';

export interface TableWriter {
  insert(values: Row): Row;
  update(row: Row, values: Row): Row;
  remove(row: Row): void;
}

/** The changes of `run` are made all together or not at all. */
export function transact<T>(
  database: FakeDatabase,
  table: FakeTable,
  context: string | null,
  run: (writer: TableWriter) => T,
): T {
  const before = new Map<string, Row | null>();
  const touched = new Map<string, WriteKind>();
  try {
    const result = run(writerOf(database, table, { before, touched }));
    if (touched.size > 0 && table.wish.isTracked !== false) track(database, table, touched, context);
    return result;
  } catch (error) {
    // A number that an identity has given out is not used again, even after a rollback.
    for (const [key, row] of before)
      if (row === null) table.rows.delete(key);
      else table.rows.set(key, row);
    throw error;
  }
}

interface Transaction {
  /** Rows as they were; null: there was none. */
  readonly before: Map<string, Row | null>;
  readonly touched: Map<string, WriteKind>;
}

function track(
  database: FakeDatabase,
  table: FakeTable,
  touched: ReadonlyMap<string, WriteKind>,
  context: string | null,
): void {
  database.version += 1n;
  const { version } = database;
  for (const [key, kind] of touched) {
    const created = kind === 'insert' ? version : (table.changes.get(key)?.created ?? 0n);
    table.changes.set(key, { version, created, context });
  }
}

function writerOf(database: FakeDatabase, table: FakeTable, { before, touched }: Transaction): TableWriter {
  const { wish } = table;
  const keyOf = (row: Row) => String(row[wish.key]);
  const touch = (row: Row, kind: WriteKind) => {
    if (!before.has(keyOf(row))) before.set(keyOf(row), table.rows.get(keyOf(row)) ?? null);
    if (touched.get(keyOf(row)) !== 'insert') touched.set(keyOf(row), kind);
  };

  function store(row: Row, kind: WriteKind): Row {
    settle(database, table, row);
    checkUnique(table, row, kind);
    touch(row, kind);
    table.rows.set(keyOf(row), row);
    return row;
  }

  function triggered(row: Row): Row {
    if (wish.trigger === undefined) return row;
    const changed = { ...row };
    wish.trigger(changed);
    const isChanged = Object.keys(changed).some((name) => changed[name] !== row[name]);
    return isChanged ? store(changed, 'update') : row;
  }

  return {
    insert(values) {
      const row: Row = {};
      for (const column of table.columns) {
        if (column.isIdentity === true && values[column.name] !== undefined)
          throw new ServerError(
            544,
            `Cannot insert explicit value for identity column in table '${wish.name}' when IDENTITY_INSERT is set to OFF.`,
          );
        if (column.isIdentity === true) row[column.name] = table.identity += 1n;
        else
          row[column.name] = given(
            column,
            values[column.name] === undefined ? (column.default?.() ?? null) : (values[column.name] ?? null),
          );
      }
      refuseReadOnly(table, values);
      return triggered(store(row, 'insert'));
    },
    update(row, values) {
      refuseReadOnly(table, values);
      const changed = { ...row };
      for (const column of table.columns)
        if (Object.hasOwn(values, column.name))
          changed[column.name] = given(column, values[column.name] ?? null);
      return triggered(store(changed, 'update'));
    },
    remove(row) {
      touch(row, 'delete');
      table.rows.delete(keyOf(row));
    },
  };
}

const given = (column: ColumnWish, value: Cell): Cell => assigned(column.type, value, column.name);

function refuseReadOnly(table: FakeTable, values: Row): void {
  for (const { name, computed, type } of table.columns) {
    if (!Object.hasOwn(values, name)) continue;
    if (computed !== undefined)
      throw new ServerError(
        271,
        `The column "${name}" cannot be modified because it is either a computed column or is the result of a UNION operator.`,
      );
    if (type === 'timestamp') throw new ServerError(272, 'Cannot update a timestamp column.');
  }
}

/** Sets the columns that the server writes itself, and checks the required ones. */
function settle(database: FakeDatabase, table: FakeTable, row: Row): void {
  for (const column of table.columns) {
    if (column.type === 'timestamp') row[column.name] = database.rowversion += 1n;
    if (column.computed !== undefined) row[column.name] = column.computed(row);
    if (column.isRequired === true && row[column.name] === null)
      throw new ServerError(
        515,
        `Cannot insert the value NULL into column '${column.name}', table 'dadi.${table.wish.name}'; column does not allow nulls. INSERT fails.`,
      );
  }
}

function checkUnique(table: FakeTable, row: Row, kind: WriteKind): void {
  const { wish } = table;
  if (kind === 'insert' && table.rows.has(String(row[wish.key])))
    throw new ServerError(
      2627,
      `Violation of PRIMARY KEY constraint 'PK'. Cannot insert duplicate key in object '${wish.name}'.`,
    );
  for (const { name, columns, isConstraint, isFiltered = false } of wish.unique ?? []) {
    if (isFiltered && columns.some((column) => row[column] === null)) continue;
    const isSame = (other: Row) =>
      columns.every(
        (column) =>
          isEqual(row[column] ?? null, other[column] ?? null) ||
          (row[column] === null && other[column] === null),
      );
    const other = [...table.rows.values()].find((one) => one[wish.key] !== row[wish.key] && isSame(one));
    if (other === undefined) continue;
    const value = columns.map((column) => String(row[column])).join(', ');
    throw isConstraint
      ? new ServerError(
          2627,
          `Violation of UNIQUE KEY constraint '${name}'. Cannot insert duplicate key in object '${wish.name}'. The duplicate key value is (${value}).`,
        )
      : new ServerError(
          2601,
          `Cannot insert duplicate key row in object '${wish.name}' with unique index '${name}'. The duplicate key value is (${value}).`,
        );
  }
}
