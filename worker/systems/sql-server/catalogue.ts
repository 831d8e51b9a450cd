import type { SqlRow, SqlStatement } from '../sql/driver';
import type { Column, TableDescription, TableName } from '../sql/table';
import { kinds, quote } from './columns';

/**
 * Reads a table from the catalogue: one row for each column, each with the facts about the whole table. A unique index
 * that is filtered to rows with a value counts as unique: without the filter, only one row could have no value.
 */
export function describeTable({ schema, table }: TableName): SqlStatement {
  return {
    text: `select c.name, y.name, c.max_length, c.precision, c.scale, c.collation_name, c.is_nullable,
  case when c.default_object_id <> 0 then 1 else 0 end, c.is_identity, c.is_computed,
  case when exists (select 1 from sys.indexes as i where i.object_id = c.object_id and i.is_unique = 1 and i.is_disabled = 0
    and (i.has_filter = 0 or i.filter_definition = '(' + quotename(c.name) + ' IS NOT NULL)')
    and 1 = (select count(*) from sys.index_columns as x where x.object_id = i.object_id and x.index_id = i.index_id
      and x.is_included_column = 0)
    and exists (select 1 from sys.index_columns as x where x.object_id = i.object_id and x.index_id = i.index_id
      and x.column_id = c.column_id)) then 1 else 0 end,
  case when exists (select 1 from sys.triggers as g where g.parent_id = c.object_id and g.is_disabled = 0) then 1 else 0 end,
  has_perms_by_name(@p3, 'OBJECT', 'SELECT', c.name, 'COLUMN'), has_perms_by_name(@p3, 'OBJECT', 'INSERT'),
  has_perms_by_name(@p3, 'OBJECT', 'UPDATE'), has_perms_by_name(@p3, 'OBJECT', 'DELETE')
from sys.columns as c
join sys.objects as o on o.object_id = c.object_id
join sys.schemas as s on s.schema_id = o.schema_id
join sys.types as y on y.user_type_id = c.system_type_id
where s.name = @p1 and o.name = @p2 and o.type in ('U', 'V')
order by c.column_id`,
    values: [schema, table, `${quote(schema)}.${quote(table)}`],
  };
}

export function readDescription(rows: readonly SqlRow[]): TableDescription | null {
  const [first] = rows;
  if (first === undefined) return null;
  const readable = rows.filter((row) => row[12] === '1');
  return {
    columns: readable.map(columnOf),
    unique: new Set(readable.filter((row) => row[10] === '1').map(([name]) => String(name))),
    hasEarlyTriggers: false,
    hasLateTriggers: first[11] === '1',
    hasOwnRevisions: false,
    rights: {
      select: readable.length > 0,
      insert: first[13] === '1',
      update: first[14] === '1',
      delete: first[15] === '1',
    },
  };
}

function columnOf(row: SqlRow): Column {
  const base = String(row[1] ?? '');
  const isTrue = (place: number) => row[place] === '1';
  return {
    name: String(row[0] ?? ''),
    type: typeOf(base, row),
    kind: kinds[base] ?? 'other',
    isRequired: !isTrue(6),
    hasDefault: isTrue(7) || isTrue(8),
    isReadOnly: isTrue(8) || isTrue(9) || base === 'timestamp',
  };
}

/**
 * The type as it is declared: `nvarchar(20) collate Latin1_General_CI_AS`. For texts with two bytes a character, the
 * length is half the bytes.
 */
function typeOf(base: string, row: SqlRow): string {
  const [bytes, precision, scale, collation] = [Number(row[2]), row[3], row[4], row[5]];
  switch (base) {
    case 'nvarchar':
    case 'nchar':
      return `${base}(${lengthOf(bytes, 2)}) collate ${String(collation)}`;
    case 'varchar':
    case 'char':
      return `${base}(${lengthOf(bytes, 1)}) collate ${String(collation)}`;
    case 'varbinary':
    case 'binary':
      return `${base}(${lengthOf(bytes, 1)})`;
    case 'decimal':
    case 'numeric':
      return `${base}(${String(precision)},${String(scale)})`;
    default:
      return base;
  }
}

const lengthOf = (bytes: number, ofOne: number): string => (bytes < 0 ? 'max' : String(bytes / ofOne));
