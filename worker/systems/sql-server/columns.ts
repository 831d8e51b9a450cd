import type { Column, ColumnKind } from '../sql/table';

// How SQL Server writes and reads the values of its types. Parameters are texts (`nvarchar`) or bytes: the server
// converts them to the type of the column, so that no driver rounds them. Style 126 is ISO 8601, 23 is the date alone,
// 1 is 0x….

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

/** The expression that reads a column of a table with the alias `alias`. */
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
      // These types refuse a text with more than three digits of a second; a `datetime2` is rounded to their precision.
      return `cast(cast(${parameter} as datetime2(7)) as ${base})`;
    case 'datetime2':
    case 'datetimeoffset':
      return `cast(${parameter} as ${base}(7))`;
    case 'varchar':
    case 'char':
      // The same type of text as the column, because otherwise its index cannot be used.
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

/** A time in UTC, as it is written to a column without time zones. */
export const withoutZone = (column: Column, text: string): string =>
  column.kind === 'datetime' && baseOf(column) !== 'datetimeoffset' ? text.replace(/Z$/, '') : text;
