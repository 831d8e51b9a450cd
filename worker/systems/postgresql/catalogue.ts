import type { SqlRow, SqlStatement } from '../sql/driver';
import type { Column, ColumnKind, TableDescription, TableName } from '../sql/table';

/**
 * Reads a table from the catalogue: one row for each column, each with the facts about the whole table. For a domain,
 * its base type counts.
 */
export function describeTable({ schema, table }: TableName): SqlStatement {
  return {
    text: `select a.attname, format_type(a.atttypid, a.atttypmod), 
  case coalesce(b.typtype, y.typtype) when 'e' then 'text' else coalesce(b.typname, y.typname) end,
  a.attnotnull or y.typnotnull, a.atthasdef and a.attgenerated = '' or y.typdefault is not null,
  a.attgenerated <> '' or a.attidentity = 'a',
  a.attidentity <> '',
  exists (select from pg_index x where x.indrelid = c.oid and x.indisunique and x.indisvalid and x.indpred is null
    and x.indexprs is null and x.indnkeyatts = 1 and x.indkey[0] = a.attnum),
  exists (select from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled <> 'D'
    and g.tgtype & 66 = 0 and g.tgtype & 20 <> 0),
  exists (select from pg_trigger g where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled <> 'D'
    and g.tgtype & 66 = 2 and g.tgtype & 16 <> 0),
  c.relkind in ('r', 'p'),
  has_column_privilege(c.oid, a.attnum, 'select'),
  has_any_column_privilege(c.oid, 'insert'), has_any_column_privilege(c.oid, 'update'),
  has_table_privilege(c.oid, 'delete')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type y on y.oid = a.atttypid
left join pg_type b on b.oid = y.typbasetype and y.typtype = 'd'
where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')
order by a.attnum`,
    values: [schema, table],
  };
}

export function readDescription(rows: readonly SqlRow[]): TableDescription | null {
  const all = rows.map(columnRow);
  const [first] = all;
  if (first === undefined) return null;
  const readable = all.filter(({ isReadable }) => isReadable);
  return {
    columns: readable.map(({ column }) => column),
    unique: new Set(readable.filter(({ isUnique }) => isUnique).map(({ column }) => column.name)),
    hasEarlyTriggers: first.hasEarlyTriggers,
    hasLateTriggers: first.hasLateTriggers,
    hasOwnRevisions: first.isTable,
    rights: { ...first.rights, select: readable.length > 0 },
  };
}

interface ColumnRow {
  readonly column: Column;
  readonly isUnique: boolean;
  readonly hasEarlyTriggers: boolean;
  readonly hasLateTriggers: boolean;
  readonly isTable: boolean;
  readonly isReadable: boolean;
  readonly rights: Omit<TableDescription['rights'], 'select'>;
}

function columnRow(row: SqlRow): ColumnRow {
  const text = (place: number) => String(row[place] ?? '');
  const isTrue = (place: number) => row[place] === 't';
  return {
    column: {
      name: text(0),
      type: text(1),
      kind: kinds[text(2)] ?? 'other',
      isRequired: isTrue(3),
      hasDefault: isTrue(4) || isTrue(6),
      isReadOnly: isTrue(5),
    },
    isUnique: isTrue(7),
    hasLateTriggers: isTrue(8),
    hasEarlyTriggers: isTrue(9),
    isTable: isTrue(10),
    isReadable: isTrue(11),
    rights: { insert: isTrue(12), update: isTrue(13), delete: isTrue(14) },
  };
}

const kinds: Readonly<Record<string, ColumnKind>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  numeric: 'decimal',
  float4: 'float',
  float8: 'float',
  bool: 'boolean',
  text: 'text',
  varchar: 'text',
  citext: 'text',
  name: 'text',
  bpchar: 'padded',
  uuid: 'uuid',
  date: 'date',
  timestamp: 'datetime',
  timestamptz: 'datetime',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
};
