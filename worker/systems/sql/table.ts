import { Trouble } from '../../pipeline/trouble';
import type { FieldTypes } from '../remote-system';

/** A table or a view as the server's catalogue describes it to our user. */
export interface TableDescription {
  /** Columns that our user may read. */
  readonly columns: readonly Column[];
  /** Names of columns that are unique, each by itself. */
  readonly unique: ReadonlySet<string>;
  /** True: it has triggers that may change a row before it is written. */
  readonly hasEarlyTriggers: boolean;
  /** True: it has triggers that may change a row after it was written. */
  readonly hasLateTriggers: boolean;
  /** True: rows have a revision of the server's own, without a declared column (`xmin`). */
  readonly hasOwnRevisions: boolean;
  /** What our user may do with its rows. */
  readonly rights: Readonly<Record<TableRight, boolean>>;
}

export type TableRight = 'select' | 'insert' | 'update' | 'delete';

export interface Column {
  readonly name: string;
  /** As the server writes it: `numeric(10,2)`, `nvarchar(100)`. */
  readonly type: string;
  readonly kind: ColumnKind;
  /** True: every row needs a value. */
  readonly isRequired: boolean;
  /** True: the server sets a value if a new row has none. */
  readonly hasDefault: boolean;
  /** True: only the server writes it: it is computed, an identity, or a rowversion. */
  readonly isReadOnly: boolean;
}

/** How the values of a column are shown and compared. */
export type ColumnKind =
  | 'integer'
  /** Exact, with any number of digits. */
  | 'decimal'
  | 'float'
  | 'boolean'
  | 'text'
  /** Texts of a fixed length: the blanks at their end mean nothing. */
  | 'padded'
  | 'uuid'
  | 'date'
  | 'datetime'
  | 'json'
  | 'bytes'
  /** Changes and increases with every change of its row; a type of SQL Server. */
  | 'rowversion'
  /** Shown as the server writes it, and not searched for. */
  | 'other';

export interface TableName {
  readonly schema: string;
  readonly table: string;
}

/** `dbo.Person`: the part before the first dot is the schema. */
export function tableNameOf(written: string, usualSchema: string): TableName {
  const point = written.indexOf('.');
  return point < 0
    ? { schema: usualSchema, table: written }
    : { schema: written.slice(0, point), table: written.slice(point + 1) };
}

/** The parts of a table that a pair uses. */
export interface TableUse {
  readonly table: string;
  readonly key: string;
  /** A column of the table. Null: the server's own revision (`xmin`), or none. */
  readonly revision: string | null;
  /** The required kind of that column; null: any kind. */
  readonly revisionKind: ColumnKind | null;
  readonly wantsOwnRevisions: boolean;
  readonly syncKey: string | null;
  readonly fields: readonly string[];
}

/** The columns of a table that a pair uses. */
export interface UsedTable {
  readonly description: TableDescription;
  readonly key: Column;
  readonly revision: Column | null;
  readonly syncKey: Column | null;
  readonly fields: readonly Column[];
  /** A column of the fields, the key or the sync key. */
  column(name: string): Column;
}

/** Throws `fields`, with a sentence that names the problems, before anything is listed or written. */
export function usedTable(description: TableDescription | null, use: TableUse): UsedTable {
  if (description === null) throw new Trouble('fields', `there is no table ${use.table} that we may see`);
  const [problem] = problemsOf(description, use);
  if (problem !== undefined) throw new Trouble('fields', problem.message);
  const byName = new Map(description.columns.map((column) => [column.name, column]));
  const column = (name: string): Column => {
    const found = byName.get(name);
    if (found === undefined) throw new Trouble('fields', `${use.table} lacks ${name}`);
    return found;
  };
  return {
    description,
    key: column(use.key),
    revision: use.revision === null ? null : column(use.revision),
    syncKey: use.syncKey === null ? null : column(use.syncKey),
    fields: use.fields.map(column),
    column,
  };
}

export interface TableProblem {
  readonly code: 'fields-missing' | 'key-unfit' | 'sync-key-unfit' | 'no-revisions' | 'fields-required';
  readonly message: string;
  readonly about: readonly string[];
}

/** Why a pair cannot use a table; empty: it can use it. */
export function problemsOf(description: TableDescription, use: TableUse): readonly TableProblem[] {
  const { table, key, revision, syncKey } = use;
  const byName = new Map(description.columns.map((column) => [column.name, column]));
  const wanted = [key, revision, syncKey, ...use.fields].filter((name) => name !== null);
  const missing = [...new Set(wanted)].filter((name) => !byName.has(name));
  if (missing.length > 0)
    return [{ code: 'fields-missing', message: `${table} lacks ${missing.join(', ')}`, about: missing }];
  const problems: TableProblem[] = [];
  const keyColumn = byName.get(key);
  if (!description.unique.has(key) || keyColumn?.isRequired !== true)
    problems.push(unfit('key-unfit', `${table}.${key} is no key: it must be unique and never null`, key));
  else if (!keyKinds.has(keyColumn.kind))
    problems.push(unfit('key-unfit', `${table}.${key} is ${keyColumn.type}, which cannot be a key`, key));
  if (syncKey !== null && !description.unique.has(syncKey))
    problems.push(
      unfit('sync-key-unfit', `${table}.${syncKey} is not unique: a row could be made twice`, syncKey),
    );
  if (use.wantsOwnRevisions && !description.hasOwnRevisions)
    problems.push(
      unfit('no-revisions', `${table} keeps no rows of its own: name a column as its revision`, table),
    );
  const revisionColumn = revision === null ? undefined : byName.get(revision);
  if (use.revisionKind !== null && revisionColumn !== undefined && revisionColumn.kind !== use.revisionKind)
    problems.push(
      unfit(
        'no-revisions',
        `${table}.${revisionColumn.name} is ${revisionColumn.type}, and no ${use.revisionKind}`,
        revisionColumn.name,
      ),
    );
  return [...problems, ...requiredBesides(description, use)];
}

/** What the columns are that the pair reads or writes. */
export const typesOf = ({ fields }: UsedTable): FieldTypes =>
  Object.fromEntries(fields.map(({ name, type, isRequired }) => [name, { type, isRequired }]));

const keyKinds: ReadonlySet<ColumnKind> = new Set<ColumnKind>(['integer', 'uuid', 'text', 'padded']);

const unfit = (code: TableProblem['code'], message: string, name: string): TableProblem => ({
  code,
  message,
  about: [name],
});

/** Columns that are required for a new row, and that the pair does not fill. */
function requiredBesides(description: TableDescription, use: TableUse): readonly TableProblem[] {
  if (!description.rights.insert) return [];
  const filled = new Set([use.key, use.revision, use.syncKey, ...use.fields]);
  const unfilled = description.columns
    .filter(
      ({ name, isRequired, hasDefault, isReadOnly }) =>
        isRequired && !hasDefault && !isReadOnly && !filled.has(name),
    )
    .map(({ name }) => name);
  if (unfilled.length === 0) return [];
  const message = `${use.table} requires ${unfilled.join(', ')}, which the pair does not fill`;
  return [{ code: 'fields-required', message, about: unfilled }];
}

/** False: no row can have this key in that column. */
export function isKeyOf({ kind }: Column, key: string): boolean {
  switch (kind) {
    case 'integer':
      return isWholeNumber(key);
    case 'uuid':
      return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key);
    case 'decimal':
    case 'float':
    case 'boolean':
    case 'text':
    case 'padded':
    case 'date':
    case 'datetime':
    case 'json':
    case 'bytes':
    case 'rowversion':
    case 'other':
      return !key.includes('\0');
  }
}

const isWholeNumber = (text: string): boolean =>
  /^(0|-?[1-9]\d{0,18})$/.test(text) && BigInt(text) === BigInt.asIntN(64, BigInt(text));
