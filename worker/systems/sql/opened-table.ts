import { createHash } from 'node:crypto';
import { canonicalText, type FieldValue } from '../../../shared/domain/merge-copy';
import type { Item } from '../../pipeline/system';
import type { SqlCalls } from './calls';
import type { SqlDialect } from './dialect';
import type { SqlRow, SqlStatement, SqlStep, SqlValue } from './driver';
import { type TableDescription, type TableName, type TableUse, type UsedTable, usedTable } from './table';
import { fieldValueOf } from './values';

/** A table of an opened system: what is known of it, and how it is asked. */
export interface OpenedTable {
  readonly dialect: SqlDialect;
  readonly use: TableUse;
  readonly name: TableName;
  /** Quoted, with its schema. */
  readonly quoted: string;
  /** Its columns, read now and then. Throws `fields` where the pair cannot use it. */
  used(signal: AbortSignal): Promise<UsedTable>;
  /** Read anew, whatever is known. Null: there is none. */
  describe(signal: AbortSignal): Promise<TableDescription | null>;
  run(operation: string, statement: SqlStatement, signal: AbortSignal): Promise<readonly SqlRow[]>;
  runAll(operation: string, steps: readonly SqlStep[], signal: AbortSignal): Promise<readonly SqlRow[]>;
}

/** A column that is gone is found before anything is written, and at the cost of a call a minute. */
const keptMs = 60_000;

export function openTable(dialect: SqlDialect, calls: SqlCalls, use: TableUse, name: TableName): OpenedTable {
  let known: { readonly table: UsedTable; readonly at: number } | null = null;

  const runAll: OpenedTable['runAll'] = async (operation, steps, signal) => {
    try {
      return await calls.call({ operation, about: use.table, steps }, signal);
    } catch (error) {
      // It may be about a column that has changed since.
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

/** What a row of the table is read as: key, revision, sync key, fields. */
export const selectedOf = ({ dialect }: OpenedTable, table: UsedTable): string =>
  [
    dialect.shown(table.key),
    dialect.shownRevision(table) ?? 'null',
    table.syncKey === null ? 'null' : dialect.shown(table.syncKey),
    ...table.fields.map((column) => dialect.shown(column)),
  ].join(', ');

/** Null: the row has no key, as where there is no such row any more. */
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
