import type { Column, ColumnKind } from '../sql/table';

// How SQL Server writes and reads the values of its types. Parameters are texts (`nvarchar`) or bytes: the server makes
// of them what the column holds, and no driver rounds on the way. Style 126 is ISO 8601, 23 the day alone, 1 is 0x….

export function quote(name: string): string {
  return `[${name.replaceAll(']', ']]')}]`;
}

/** `int`, `nvarchar(20)`, `decimal(12,2)`: the word before the parenthesis. */
const baseOf = ({ type }: Column): string => type.replace(/[( ].*$/s, '');

export const kinds: Readonly<Record<string, ColumnKind>> = {
  tinyint: 'integer',
  smallint: 'integer',
  int: 'integer',
  bigint: 'integer',
  decimal: 'decimal',
  numeric: 'decimal',
  money: 'decimal',
  smallmoney: 'decimal',
  float: 'float',
  real: 'float',
  bit: 'boolean',
  nvarchar: 'text',
  varchar: 'text',
  ntext: 'other',
  text: 'other',
  nchar: 'padded',
  char: 'padded',
  uniqueidentifier: 'uuid',
  date: 'date',
  datetime: 'datetime',
  datetime2: 'datetime',
  smalldatetime: 'datetime',
  datetimeoffset: 'datetime',
  varbinary: 'bytes',
  binary: 'bytes',
  timestamp: 'rowversion',
};

/** A column of a table that is called `alias`, as it is read. */
export function shownIn(alias: string, column: Column): string {
  const plain = `${alias}.${quote(column.name)}`;
  switch (baseOf(column)) {
    case 'decimal':
    case 'numeric':
      return `convert(nvarchar(60), ${plain})`;
    case 'money':
    case 'smallmoney':
      return `convert(nvarchar(60), ${plain}, 2)`;
    case 'date':
      return `convert(nvarchar(10), ${plain}, 23)`;
    case 'datetime':
    case 'datetime2':
    case 'smalldatetime':
    case 'datetimeoffset':
      return `convert(nvarchar(40), ${plain}, 126)`;
    case 'timestamp':
      return `convert(varchar(18), ${plain}, 1)`;
    default:
      return column.kind === 'other' ? `convert(nvarchar(max), ${plain})` : plain;
  }
}

/** The parameter at that place, as a value of that column. */
export function parameterOf(place: number, column: Column): string {
  const parameter = `@p${place}`;
  const base = baseOf(column);
  switch (base) {
    case 'tinyint':
    case 'smallint':
    case 'int':
    case 'bigint':
      return `cast(${parameter} as bigint)`;
    case 'decimal':
    case 'numeric':
      return `cast(${parameter} as ${column.type})`;
    case 'datetime':
    case 'smalldatetime':
      // A text with more than three digits of a second is none for these; a `datetime2` is rounded to what they hold.
      return `cast(cast(${parameter} as datetime2(7)) as ${base})`;
    case 'datetime2':
    case 'datetimeoffset':
      return `cast(${parameter} as ${base}(7))`;
    case 'varchar':
    case 'char':
      // The column's own kind of text: else its index is of no use.
      return `cast(${parameter} as varchar(${column.type.includes('max') ? 'max' : '8000'}))`;
    case 'timestamp':
      return `convert(binary(8), ${parameter}, 1)`;
    case 'money':
    case 'smallmoney':
    case 'float':
    case 'real':
    case 'bit':
    case 'uniqueidentifier':
    case 'date':
      return `cast(${parameter} as ${base})`;
    default:
      return parameter;
  }
}

/** What a time that names the zone of UTC is in a column without zones. */
export const withoutZone = (column: Column, text: string): string =>
  column.kind === 'datetime' && baseOf(column) !== 'datetimeoffset' ? text.replace(/Z$/, '') : text;
