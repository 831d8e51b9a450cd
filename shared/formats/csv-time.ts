import { daysSinceEpoch } from './csv-cell';

/**
 * Reads the written forms of a time: `2026-11-20 07:31:00`, `2026-11-20T07:31:00.123`, with `Z`, `+02:00` or `+0200` or
 * no offset, `20/11/2026 07:31`, a date alone (midnight). Only the years 1970 to 2199 are accepted. One object is used
 * for many cells. Its fields describe the last cell that was read.
 */
export class CsvTime {
  /** The local time, as milliseconds since 1970-01-01T00:00 of the local clock. */
  wallMs = 0;
  /** East of UTC; null where none is written. */
  offsetMinutes: number | null = null;
  private at = 0;
  private to = 0;
  private days = 0;

  /** False: it is no time. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    this.at = from;
    this.to = to;
    this.offsetMinutes = null;
    if (!this.readDay(bytes)) return false;
    this.wallMs = this.days * DAY_MS;
    if (this.at === to) return true;
    const separator = bytes[this.at++];
    if (separator !== BLANK && separator !== CAPITAL_T && separator !== SMALL_T) return false;
    return this.readClock(bytes) && this.readOffset(bytes) && this.at === to;
  }

  /** Days since 1970-01-01 of the date in the cell, whatever time of day follows it. NaN: there is none. */
  readDate(bytes: Uint8Array, from: number, to: number): number {
    return this.read(bytes, from, to) ? this.days : NaN;
  }

  private readDay(bytes: Uint8Array): boolean {
    return bytes[this.at + 4] === DASH ? this.readIsoDay(bytes) : this.readFrenchDay(bytes);
  }

  private readIsoDay(bytes: Uint8Array): boolean {
    const at = this.at;
    if (this.to - at < 10 || bytes[at + 7] !== DASH) return false;
    this.at += 10;
    return this.setDay(fourDigits(bytes, at), twoDigits(bytes, at + 5), twoDigits(bytes, at + 8));
  }

  private readFrenchDay(bytes: Uint8Array): boolean {
    const day = this.readOneOrTwoDigits(bytes);
    if (bytes[this.at++] !== SLASH) return false;
    const month = this.readOneOrTwoDigits(bytes);
    if (bytes[this.at++] !== SLASH || this.to - this.at < 4) return false;
    this.at += 4;
    return this.setDay(fourDigits(bytes, this.at - 4), month, day);
  }

  private setDay(year: number, month: number, day: number): boolean {
    if (year < FIRST_YEAR || year > LAST_YEAR) return false;
    this.days = daysSinceEpoch(year, month, day);
    return !Number.isNaN(this.days);
  }

  private readClock(bytes: Uint8Array): boolean {
    const hours = this.readOneOrTwoDigits(bytes);
    if (this.to - this.at < 3 || bytes[this.at] !== COLON) return false;
    const minutes = twoDigits(bytes, this.at + 1);
    this.at += 3;
    let seconds = 0;
    if (this.to - this.at >= 3 && bytes[this.at] === COLON) {
      seconds = twoDigits(bytes, this.at + 1);
      this.at += 3;
    }
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59) return false;
    this.wallMs += ((hours * 60 + minutes) * 60 + seconds) * 1000;
    const mark = bytes[this.at];
    return this.at === this.to || (mark !== POINT && mark !== COMMA) || this.readFraction(bytes);
  }

  /** Digits beyond the millisecond are dropped: nothing else in the product could give them back. */
  private readFraction(bytes: Uint8Array): boolean {
    const from = ++this.at;
    for (let place = 100; this.at < this.to; this.at++) {
      const digit = (bytes[this.at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) break;
      this.wallMs += digit * place;
      place = place > 1 ? place / 10 : 0;
    }
    return this.at > from;
  }

  private readOffset(bytes: Uint8Array): boolean {
    if (this.at === this.to) return true;
    if (bytes[this.at] === BLANK) this.at++;
    const sign = bytes[this.at++];
    if (sign === CAPITAL_Z || sign === SMALL_Z) {
      this.offsetMinutes = 0;
      return true;
    }
    if ((sign !== PLUS && sign !== DASH) || this.to - this.at < 2) return false;
    const hours = twoDigits(bytes, this.at);
    this.at += 2;
    if (bytes[this.at] === COLON && this.at < this.to) this.at++;
    let minutes = 0;
    if (this.to - this.at >= 2) {
      minutes = twoDigits(bytes, this.at);
      this.at += 2;
    }
    if (hours < 0 || hours > MAX_OFFSET_HOURS || minutes < 0 || minutes > 59) return false;
    this.offsetMinutes = (sign === DASH ? -1 : 1) * (hours * 60 + minutes);
    return true;
  }

  /** -1: there is no digit here. */
  private readOneOrTwoDigits(bytes: Uint8Array): number {
    const first = this.at < this.to ? (bytes[this.at] ?? 0) - ZERO : -1;
    if (first < 0 || first > 9) return -1;
    this.at++;
    const second = this.at < this.to ? (bytes[this.at] ?? 0) - ZERO : -1;
    if (second < 0 || second > 9) return first;
    this.at++;
    return first * 10 + second;
  }
}

const DAY_MS = 86_400_000;
const FIRST_YEAR = 1970;
const LAST_YEAR = 2199;
const MAX_OFFSET_HOURS = 15;
const ZERO = 0x30;
const BLANK = 0x20;
const PLUS = 0x2b;
const COMMA = 0x2c;
const DASH = 0x2d;
const POINT = 0x2e;
const SLASH = 0x2f;
const COLON = 0x3a;
const CAPITAL_T = 0x54;
const SMALL_T = 0x74;
const CAPITAL_Z = 0x5a;
const SMALL_Z = 0x7a;

/** -1: one of the two is no digit. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] ?? 0) - ZERO;
  const ones = (bytes[at + 1] ?? 0) - ZERO;
  return tens < 0 || tens > 9 || ones < 0 || ones > 9 ? -1 : tens * 10 + ones;
}

/** Below 0: one of the four is no digit. */
function fourDigits(bytes: Uint8Array, at: number): number {
  const hundreds = twoDigits(bytes, at);
  const rest = twoDigits(bytes, at + 2);
  return hundreds < 0 || rest < 0 ? -1 : hundreds * 100 + rest;
}
