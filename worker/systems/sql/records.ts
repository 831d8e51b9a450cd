import { fieldOf, type Fields, sameValue } from '../../../shared/domain/merge-copy';
import {
  type Draft,
  type Item,
  type Match,
  type Revision,
  tombstone,
  type Written,
} from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { createLastLooks } from '../last-looks';
import type { RemoteSystem } from '../remote-system';
import type { ColumnValue } from './dialect';
import { SqlFault, type SqlRow, type SqlStep } from './driver';
import { firstRows } from './listing';
import { hasRevisions, itemOf, itemsOf, type OpenedTable, selectedOf } from './opened-table';
import { type Column, isKeyOf, type UsedTable } from './table';
import { refusal, refusedBySystem } from '../../pipeline/refusal';
import { UnfitValue } from '../../pipeline/unfit-value';
import type { ValueProblem } from '../../../shared/domain/value-problem';

export type SqlRecords = Pick<RemoteSystem, 'fetch' | 'find' | 'create' | 'update' | 'move' | 'delete'>;

/** The rows of a table as items. Each write is one statement, which compares the revision itself. */
export function createSqlRecords(opened: OpenedTable): SqlRecords {
  const looks = createLastLooks();
  const reads = createReads(opened, (item) => looks.saw(item));

  /** Rows without a revision are read right before they are written. Null: the row is as expected. */
  async function expect(
    table: UsedTable,
    key: string,
    expected: Revision,
    signal: AbortSignal,
  ): Promise<Written | null> {
    if (!isKeyOf(table.key, key)) return { kind: 'stale', item: null };
    if (hasRevisions(table) || looks.isFresh(key, expected)) return null;
    const now = (await reads.byKeys(table, [key], signal)).get(key) ?? null;
    return now?.revision === expected ? null : { kind: 'stale', item: now };
  }

  async function writeRow(
    operation: string,
    steps: readonly SqlStep[],
    table: UsedTable,
    signal: AbortSignal,
  ) {
    const [row] = await opened.runAll(operation, steps, signal);
    const item = row === undefined ? null : itemOf(table, row);
    if (item !== null) looks.saw(item);
    return item;
  }

  return {
    async fetch(keys, signal) {
      signal.throwIfAborted();
      return reads.byKeys(await opened.used(signal), keys, signal);
    },
    async find(match, signal) {
      return reads.matching(await opened.used(signal), match, signal);
    },
    async create(key, draft, signal) {
      const table = await opened.used(signal);
      const values = refusable(() => valuesOf(opened, table, newFields(table, key, draft)));
      if ('kind' in values) return values;
      const write = { table, name: opened.quoted, values, selected: selectedOf(opened, table) };
      return judged(opened, signal, { key, fields: draft.fields, reads, table }, async () => {
        const item = await writeRow('create', opened.dialect.insert(write), table, signal);
        return item === null ? suppressed : { kind: 'done', item };
      });
    },
    async update(key, patch, expected, signal) {
      const table = await opened.used(signal);
      const stale = await expect(table, key, expected, signal);
      if (stale !== null) return stale;
      const values = refusable(() => valuesOf(opened, table, patch.fields));
      if ('kind' in values) return values;
      if (values.length === 0) return unchanged(await reads.byKeys(table, [key], signal), key);
      looks.forget(key);
      const write = {
        table,
        name: opened.quoted,
        values,
        selected: selectedOf(opened, table),
        key,
        expected: hasRevisions(table) ? expected : null,
      };
      return judged(opened, signal, { key: null, fields: patch.fields, reads, table }, async () => {
        const item = await writeRow('update', opened.dialect.update(write), table, signal);
        return item === null ? { kind: 'stale' } : { kind: 'done', item };
      });
    },
    move: () => Promise.reject(new Trouble('invalid', 'records have no places')),
    async delete(key, expected, signal) {
      const table = await opened.used(signal);
      const stale = await expect(table, key, expected, signal);
      if (stale !== null) return stale;
      looks.forget(key);
      const removal = { table, name: opened.quoted, key, expected: hasRevisions(table) ? expected : null };
      return judged(opened, signal, { key: null, fields: {}, reads, table }, async () => {
        const rows = await opened.run('delete', opened.dialect.remove(removal), signal);
        return rows.length === 0 ? { kind: 'stale' } : { kind: 'done', item: tombstone(key) };
      });
    },
  };
}

function unchanged(found: ReadonlyMap<string, Item>, key: string): Written {
  const item = found.get(key);
  return item === undefined ? { kind: 'stale', item: null } : { kind: 'done', item };
}

const suppressed = refusal('invalid', { code: 'row-left-out-by-trigger', values: {} });

// What is written

/** The fields of a new row. Null fields are left out, so that the column's own default applies. */
function newFields(table: UsedTable, key: string, { fields }: Draft): Fields {
  const given: Record<string, Draft['fields'][string]> = {};
  for (const [name, value] of Object.entries(fields)) if (value !== null) given[name] = value;
  if (table.syncKey !== null) given[table.syncKey.name] = key;
  // If the table lets its callers choose the key, it gets the chosen key.
  const { name, hasDefault, isReadOnly } = table.key;
  const isOurs = !hasDefault && !isReadOnly && table.key.kind !== 'integer' && isKeyOf(table.key, key);
  if (isOurs && !Object.hasOwn(given, name)) given[name] = key;
  return given;
}

function valuesOf({ dialect }: OpenedTable, table: UsedTable, fields: Fields): readonly ColumnValue[] {
  return Object.keys(fields).map((name) => {
    const column = table.column(name);
    try {
      return { column, value: dialect.sent(column, fieldOf(fields, name)) };
    } catch (error) {
      throw error instanceof UnfitValue ? new UnfitField(name, error.problem) : error;
    }
  });
}

class UnfitField extends Error {
  constructor(
    readonly field: string,
    readonly problem: ValueProblem,
  ) {
    super(field);
  }
}

function refusable<T extends object>(make: () => T): T | Extract<Written, { kind: 'refused' }> {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof UnfitField)) throw error;
    const { field, problem } = error;
    return { ...refusal('invalid', { code: 'value-unfit', values: { field, problem } }), fields: [field] };
  }
}

// What the server refuses

interface Attempt {
  /** For a creation: the key by which an earlier creation can be found. */
  readonly key: string | null;
  readonly fields: Fields;
  readonly table: UsedTable;
  readonly reads: Reads;
}

async function judged(
  opened: OpenedTable,
  signal: AbortSignal,
  attempt: Attempt,
  write: () => Promise<Written>,
): Promise<Written> {
  try {
    return await write();
  } catch (error) {
    if (!(error instanceof SqlFault)) throw error;
    const verdict = opened.dialect.judge(error);
    if (verdict.kind === 'duplicate') return duplicate(opened, attempt, error, signal);
    if (verdict.kind !== 'refused') throw error;
    const { column } = error.particulars;
    const about = column === undefined ? {} : { fields: [column] };
    return { ...refusedBySystem(verdict.code, error.message), ...about };
  }
}

/** The response to an earlier call may have been lost: then this is the row that it created. */
async function duplicate(
  opened: OpenedTable,
  { key, fields, table, reads }: Attempt,
  fault: SqlFault,
  signal: AbortSignal,
): Promise<Written> {
  if (key !== null && table.syncKey !== null) {
    const [ours] = await reads.matching(table, { by: 'origin', key }, signal);
    if (ours !== undefined) return { kind: 'done', item: ours };
  }
  const names = await namesIn(opened, fault, signal);
  const isKnown = names.length > 0 && names.every((name) => fieldOf(fields, name) !== null);
  const common = Object.fromEntries(names.map((name) => [name, fieldOf(fields, name)]));
  const holders = isKnown ? await reads.matching(table, { by: 'fields', fields: common }, signal) : [];
  return { ...refusedBySystem('duplicate', fault.message), fields: names, holders };
}

async function namesIn(
  opened: OpenedTable,
  { particulars }: SqlFault,
  signal: AbortSignal,
): Promise<string[]> {
  const { constraint } = particulars;
  if (constraint === undefined) return [];
  const rows = await opened.run('schema', opened.dialect.uniqueColumns(constraint, opened.name), signal);
  return rows.map(([name]) => String(name)).filter((name) => opened.use.fields.includes(name));
}

// What is read

interface Reads {
  byKeys(table: UsedTable, keys: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, Item>>;
  matching(table: UsedTable, match: Match, signal: AbortSignal): Promise<readonly Item[]>;
}

/** More candidates than these make no difference. */
const mostFound = 200;

function createReads(opened: OpenedTable, saw: (item: Item) => void): Reads {
  const { dialect, quoted } = opened;

  async function select(
    table: UsedTable,
    operation: string,
    where: Where,
    signal: AbortSignal,
  ): Promise<readonly Item[]> {
    const order = dialect.shownPlain(table.key);
    const text = `select ${selectedOf(opened, table)} from ${quoted} as t where ${where.text} order by ${order} ${firstRows(mostFound)}`;
    const items = itemsOf(table, await opened.run(operation, { text, values: where.values }, signal));
    items.forEach(saw);
    return items;
  }

  return {
    async byKeys(table, keys, signal) {
      const asked = [...new Set(keys)].filter((key) => isKeyOf(table.key, key));
      if (asked.length === 0) return new Map();
      const places = asked.map((_, place) => dialect.parameter(place + 1, table.key)).join(', ');
      const text = `${dialect.shownPlain(table.key)} in (${places})`;
      const items = await select(table, 'fetch', { text, values: asked }, signal);
      return new Map(items.map((item) => [item.key, item]));
    },
    async matching(table, match, signal) {
      const wanted = wantedOf(match, table);
      const where = wanted === null ? null : whereOf(opened, table, wanted);
      if (wanted === null || where === null) return [];
      try {
        const items = await select(table, 'find', where, signal);
        return items.filter((item) => isExactly(table, item, wanted));
      } catch (error) {
        // A value that no row can have.
        if (error instanceof SqlFault && dialect.judge(error).kind === 'refused') return [];
        throw error;
      }
    },
  };
}

/** Null: nothing can be searched by. */
function wantedOf(match: Match, { syncKey }: UsedTable): Fields | null {
  switch (match.by) {
    case 'fields':
      return match.fields;
    case 'origin':
      return syncKey === null || !isKeyOf(syncKey, match.key) ? null : { [syncKey.name]: match.key };
    case 'place':
    case 'parent':
      return null;
  }
}

interface Where {
  readonly text: string;
  readonly values: readonly SqlRow[number][];
}

/** Values that the server cannot compare are compared by us. Null: the server can compare none of them. */
function whereOf(opened: OpenedTable, table: UsedTable, wanted: Fields): Where | null {
  const { dialect } = opened;
  const columns = Object.keys(wanted)
    .map((name) => table.column(name))
    .filter((column) => dialect.canBeCompared(column));
  if (columns.length === 0) return null;
  const values: SqlRow[number][] = [];
  const conditions = columns.map((column) => {
    const value = refusable(() => valuesOf(opened, table, { [column.name]: fieldOf(wanted, column.name) }));
    if ('kind' in value) return null;
    const sent = value[0]?.value ?? null;
    if (sent === null) return `${dialect.shownPlain(column)} is null`;
    values.push(sent);
    return `${dialect.shownPlain(column)} = ${dialect.parameter(values.length, column)}`;
  });
  return conditions.includes(null) ? null : { text: conditions.join(' and '), values };
}

/**
 * A collation may treat `MÜLLER` and `müller` as equal, so texts are compared again. For all other values the server's
 * comparison counts.
 */
function isExactly(table: UsedTable, item: Item, wanted: Fields): boolean {
  return Object.keys(wanted).every((name) => {
    const column = table.column(name);
    if (!comparedByUs.has(column.kind)) return true;
    const held = name === table.syncKey?.name ? item.origin : fieldOf(item.fields, name);
    return sameValue(held, fieldOf(wanted, name));
  });
}

const comparedByUs: ReadonlySet<Column['kind']> = new Set<Column['kind']>(['text', 'json', 'other']);
