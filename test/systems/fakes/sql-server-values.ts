import { ServerError } from './tds-server';
import type { Parameter, WireType, WireValue } from './tds-wire';

// Values as SQL Server holds them, converts them and compares them.

/** Whole numbers and rowversions are bigints; decimals, days and times are texts of one form. */
export type Cell = string | bigint | number | boolean | Buffer | null;

/** A value of a type, made of a parameter or of another value. Throws what the server throws. */
export function cast(type: string, value: Cell): Cell {
  if (value === null) return null;
  const [base = ''] = type.split(/[( ]/);
  const length = Number(/\((\d+)/.exec(type)?.[1] ?? Infinity);
  switch (base) {
    case 'tinyint':
      return whole(value, 0n, 255n);
    case 'int':
      return whole(value, -(2n ** 31n), 2n ** 31n - 1n);
    case 'bigint':
      return whole(value, -(2n ** 63n), 2n ** 63n - 1n);
    case 'decimal':
      return decimal(String(value), type);
    case 'float':
      return real(value);
    case 'bit':
      return bit(value);
    case 'uniqueidentifier':
      return guid(String(value));
    case 'date':
      return parts(String(value)).day;
    case 'datetime2': {
      const { day, time, fraction } = parts(String(value));
      return `${day}T${time}.${fraction.padEnd(7, '0')}`;
    }
    case 'datetime':
      return rounded(String(value));
    case 'nvarchar':
    case 'ntext':
      return String(value);
    case 'nchar':
      return String(value).padEnd(length, ' ');
    case 'varchar':
      // Characters that its code page lacks are lost.
      return String(value).replaceAll(/[^\0-\xff]/gu, '?');
    case 'varbinary':
      if (!Buffer.isBuffer(value))
        throw new ServerError(257, `Implicit conversion from data type nvarchar to ${type} is not allowed.`);
      return value;
    case 'timestamp':
    case 'binary':
      return typeof value === 'bigint' ? value : BigInt(String(value));
    default:
      throw new Error(`the fake has no type ${type}`);
  }
}

/** The value as a column stores it. A text that is too long is refused. */
export function assigned(type: string, value: Cell, column: string): Cell {
  const cell = cast(type, value);
  const length = Number(/^n?(?:var)?char\((\d+)/.exec(type)?.[1] ?? Infinity);
  if (typeof cell === 'string' && cell.trimEnd().length > length)
    throw new ServerError(
      2628,
      `String or binary data would be truncated in table 'dadi.dbo.t', column '${column}'. Truncated value: '${cell.slice(0, length)}'.`,
    );
  return cell;
}

function whole(value: Cell, least: bigint, most: bigint): bigint {
  const text = String(value).trim();
  if (!/^-?\d+$/.test(text)) throw new ServerError(8114, 'Error converting data type nvarchar to bigint.');
  const number = BigInt(text);
  if (number < least || number > most)
    throw new ServerError(8115, 'Arithmetic overflow error converting expression to data type int.');
  return number;
}

function decimal(text: string, type: string): string {
  const [, precision = '18', scale = '0'] = /\((\d+),(\d+)\)/.exec(type) ?? [];
  const found = /^\s*([+-]?)(\d*)(?:\.(\d*))?\s*$/.exec(text);
  if (found === null || text.trim() === '')
    throw new ServerError(8114, 'Error converting data type nvarchar to numeric.');
  const [, sign = '', before = '', behind = ''] = found;
  const places = Number(scale);
  const digits = BigInt(`${before}${behind.padEnd(places + 1, '0').slice(0, places + 1)}`);
  const scaled = (digits + 5n) / 10n;
  if (scaled >= 10n ** BigInt(precision))
    throw new ServerError(8115, 'Arithmetic overflow error converting nvarchar to data type numeric.');
  const shown = String(scaled).padStart(places + 1, '0');
  const number = places === 0 ? shown : `${shown.slice(0, -places)}.${shown.slice(-places)}`;
  return sign === '-' && scaled !== 0n ? `-${number}` : number;
}

function real(value: Cell): number {
  const number = Number(value);
  if (Number.isNaN(number)) throw new ServerError(8114, 'Error converting data type nvarchar to float.');
  return number;
}

function bit(value: Cell): boolean {
  if (typeof value === 'boolean') return value;
  if (/^(true|1)$/i.test(String(value))) return true;
  if (/^(false|0)$/i.test(String(value))) return false;
  throw new ServerError(
    245,
    `Conversion failed when converting the nvarchar value '${String(value)}' to data type bit.`,
  );
}

function guid(text: string): string {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text))
    throw new ServerError(
      8169,
      'Conversion failed when converting from a character string to uniqueidentifier.',
    );
  return text.toUpperCase();
}

function parts(text: string): { day: string; time: string; fraction: string } {
  const found = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,7}))?)?$/.exec(text.trim());
  const [, day = '', time = '00:00:00', fraction = ''] = found ?? [];
  if (found === null || Number.isNaN(Date.parse(`${day}T${time}Z`)))
    throw new ServerError(241, 'Conversion failed when converting date and/or time from character string.');
  return { day, time, fraction };
}

/** "Rounded to increments of .000, .003, or .007 seconds." */
function rounded(text: string): string {
  const { day, time, fraction } = parts(text);
  const milliseconds = Number(`0.${fraction.padEnd(7, '0')}`) * 1000;
  const ticks = Math.round((milliseconds * 300) / 1000);
  const at = new Date(Date.parse(`${day}T${time}Z`) + Math.round((ticks * 1000) / 300));
  return at.toISOString().slice(0, 23);
}

/** `convert(nvarchar(…), value, style)`. */
export function shown(type: string, value: Cell, style: string | null): string | null {
  if (value === null) return null;
  const [base = ''] = type.split(/[( ]/);
  if (base === 'timestamp' && style === '1')
    return `0x${BigInt(String(value)).toString(16).toUpperCase().padStart(16, '0')}`;
  if (base === 'datetime' && style === '126') return String(value).replace(/\.000$/, '');
  if ((base === 'datetime2' && style === '126') || (base === 'date' && style === '23')) return String(value);
  if (style !== null) throw new Error(`the fake does not convert ${type} by style ${style}`);
  return String(value);
}

const collator = new Intl.Collator('en', { sensitivity: 'accent' });

/** Latin1_General_CI_AS: blind for case, and for blanks at the end. */
export function compare(one: Exclude<Cell, null>, other: Exclude<Cell, null>): number {
  if (typeof one === 'string' && typeof other === 'string')
    return collator.compare(one.trimEnd(), other.trimEnd());
  if (Buffer.isBuffer(one) && Buffer.isBuffer(other)) return Buffer.compare(one, other);
  if (typeof one !== typeof other)
    throw new Error(`the fake does not compare ${typeof one} with ${typeof other}`);
  return one < other ? -1 : one > other ? 1 : 0;
}

export const isEqual = (one: Cell, other: Cell): boolean =>
  one !== null && other !== null && compare(one, other) === 0;

/** How a column goes over the wire where nothing is made of it. */
export function wireType(type: string): WireType {
  const [base = ''] = type.split(/[( ]/);
  switch (base) {
    case 'tinyint':
    case 'int':
      return 'int';
    case 'bigint':
    case 'float':
    case 'bit':
    case 'uniqueidentifier':
    case 'varchar':
    case 'varbinary':
      return base;
    case 'nchar':
      return 'nvarchar';
    case 'nvarchar':
      return type.startsWith('nvarchar(max)') ? 'nvarchar(max)' : 'nvarchar';
    default:
      throw new Error(`the fake does not send ${type} as it is: a driver would round it`);
  }
}

export const wireValue = (value: Cell): WireValue => value;

export const cellOf = (parameter: Parameter): Cell => parameter;
