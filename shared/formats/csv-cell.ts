import { isUtf8 } from 'node:buffer';

// Reads the bytes of one cell, without making a string if possible. NaN, -1 and false mean that the cell is not such a
// value.

/**
 * Decimal point or comma, exponent or none. Exactly the double that `Number` makes of it, and never NaN or infinite otherwise.
 * Up to 15 digits and 22 decimals one division gives it: both numbers are exact then, and IEEE division rounds once.
 */
export function readDecimal(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  const sign = bytes[at];
  if (sign === MINUS || sign === PLUS) at++;
  const digitsFrom = at;
  let mantissa = 0;
  let decimals = 0;
  let point = 0;
  for (; at < to; at++) {
    const byte = bytes[at] ?? 0;
    const digit = byte - ZERO;
    if (digit >= 0 && digit <= 9) {
      mantissa = mantissa * 10 + digit;
      decimals += point;
    } else if ((byte === POINT || byte === COMMA) && point === 0) {
      point = 1;
    } else {
      return readLongDecimal(bytes, from, to);
    }
  }
  if (at - digitsFrom === point) return NaN;
  if (mantissa > Number.MAX_SAFE_INTEGER || decimals > MAX_EXACT_POWER)
    return readLongDecimal(bytes, from, to);
  const value = decimals === 0 ? mantissa : mantissa / (powersOfTen[decimals] ?? NaN);
  return sign === MINUS ? -value : value;
}

function readLongDecimal(bytes: Uint8Array, from: number, to: number): number {
  const written = asBuffer(bytes).toString('latin1', from, to);
  if (!/^[+-]?(\d+([.,]\d*)?|[.,]\d+)([eE][+-]?\d+)?$/.test(written)) return NaN;
  const value = Number(written.replace(',', '.'));
  return Number.isFinite(value) ? value : NaN;
}

/** Reads 1, 0, true or false in any case. Returns 1, 0 or -1. */
export function readBoolean(bytes: Uint8Array, from: number, to: number): number {
  if (to - from === 1) return bytes[from] === ZERO + 1 ? 1 : bytes[from] === ZERO ? 0 : -1;
  if (to - from > 5) return -1;
  const word = asBuffer(bytes).toString('latin1', from, to).toLowerCase();
  return word === 'true' ? 1 : word === 'false' ? 0 : -1;
}

/**
 * UTF-8, or windows-1252 where it is not valid UTF-8. Decided cell by cell: a stream cannot know what comes later,
 * and for a file that keeps to one encoding the result is the same as for the whole file.
 */
export function decodeText(bytes: Uint8Array): string {
  if (isUtf8(bytes)) return asBuffer(bytes).toString('utf8');
  const decoded = asBuffer(bytes).toString('latin1');
  return decoded.replace(/[\x80-\x9f]/g, (control) => windows1252[control.charCodeAt(0) - 0x80] ?? control);
}

/** Days since 1970-01-01 in the Gregorian calendar, NaN where there is no such day. Month and day count from 1. */
export function daysSinceEpoch(year: number, month: number, day: number): number {
  if (month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return NaN;
  // The year starts in March, so that the leap day is its last. Source: Howard Hinnant, days_from_civil.
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Seen from Node, every view of bytes in this process can be a Buffer: no copy is made. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const ZERO = 0x30;
const PLUS = 0x2b;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const MAX_EXACT_POWER = 22;
const powersOfTen = Float64Array.from({ length: MAX_EXACT_POWER + 1 }, (_, power) => Number(`1e${power}`));
/** 0x80 to 0x9f; what windows-1252 leaves open is a control character. Source: WHATWG Encoding, index-windows-1252. */
const windows1252 = '€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ';
