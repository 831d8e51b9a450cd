import { createHash } from 'node:crypto';
import { canonicalText, type FieldValue } from '../../../shared/domain/merge-copy';
import type { Item } from '../../pipeline/system';
import type { SqlCalls } from './calls';
import type { SqlDialect } from './dialect';
import type { SqlRow, SqlStatement, SqlStep, SqlValue } from './driver';
import { type TableDescription, type TableName, type TableUse, type UsedTable, usedTable } from './table';
import { fieldValueOf } from './values';

/** A table of an opened system: its description, and the calls to it. */
export interface OpenedTable {
  readonly dialect: SqlDialect;
  readonly use: TableUse;
  readonly name: TableName;
  /** Quoted, with its schema. */
  readonly quoted: string;
  /** Its columns, read from time to time. Throws `fields` if the pair cannot use the table. */
  used(signal: AbortSignal): Promise<UsedTable>;
  /** Always reads the description again. Null: there is no such table. */
  describe(signal: AbortSignal): Promise<TableDescription | null>;
  run(operation: string, statement: SqlStatement, signal: AbortSignal): Promise<readonly SqlRow[]>;
  runAll(operation: string, steps: readonly SqlStep[], signal: AbortSignal): Promise<readonly SqlRow[]>;
}

/** A missing column is found before anything is written, at the cost of one call a minute. */
const keptMs = 60_000;

export function openTable(dialect: SqlDialect, calls: SqlCalls, use: TableUse, name: TableName): OpenedTable {
  let known: { readonly table: UsedTable; readonly at: number } | null = null;

  const runAll: OpenedTable['runAll'] = async (operation, steps, signal) => {
    try {
      return await calls.call({ operation, about: use.table, steps }, signal);
    } catch (error) {
      // The cause may be a column that has changed since.
      known = null;
      throw error;
    }
  };
  const run: OpenedTable['run'] = (operation, statement, signal) =>
    runAll(operation, [() => statement], signal);
  const describe: OpenedTable['describe'] = async (signal) =>
    dialect.readDescription(await run('schema', dialect.describe(name), signal));

  return {
    dialect,
    use,
    name,
    quoted: `${dialect.quote(name.schema)}.${dialect.quote(name.table)}`,
    async used(signal) {
      if (known !== null && performance.now() - known.at < keptMs) return known.table;
      const table = usedTable(await describe(signal), use);
      known = { table, at: performance.now() };
      return table;
    },
    describe,
    run,
    runAll,
  };
}

// Rows

/** The columns that a row is read with: key, revision, sync key, fields. */
export const selectedOf = ({ dialect }: OpenedTable, table: UsedTable): string =>
  [
    dialect.shown(table.key),
    dialect.shownRevision(table) ?? 'null',
    table.syncKey === null ? 'null' : dialect.shown(table.syncKey),
    ...table.fields.map((column) => dialect.shown(column)),
  ].join(', ');

/** Null: the row has no key, for example because it no longer exists. */
export function itemOf(
  table: UsedTable,
  [key = null, revision = null, syncKey = null, ...values]: SqlRow,
): Item | null {
  if (key === null) return null;
  const fields: Record<string, FieldValue> = {};
  table.fields.forEach((column, place) => {
    fields[column.name] = fieldValueOf(column, values[place] ?? null);
  });
  const origin = table.syncKey === null ? null : fieldValueOf(table.syncKey, syncKey);
  return {
    key: textOf(fieldValueOf(table.key, key)),
    revision: hasRevisions(table) ? revisionText(revision) : hashOf(fields),
    isActive: true,
    fields,
    place: null,
    isFolder: false,
    origin: typeof origin === 'string' && origin !== '' ? origin : null,
  };
}

export const textOf = (value: FieldValue): string =>
  typeof value === 'object' && value !== null ? value.xml : String(value);

export const itemsOf = (table: UsedTable, rows: readonly SqlRow[]): Item[] =>
  rows.flatMap((row) => itemOf(table, row) ?? []);

/** False: rows are compared by their fields. */
export const hasRevisions = ({ revision, description }: UsedTable): boolean =>
  revision !== null || description.hasOwnRevisions;

export function revisionText(revision: SqlValue): string {
  if (revision === null) return '';
  return typeof revision === 'string' ? revision : `0x${Buffer.from(revision).toString('hex')}`;
}

const hashOf = (fields: Item['fields']): string =>
  `h:${createHash('sha256')
    .update(canonicalText({ isActive: true, fields }))
    .digest('base64url')}`;
