/**
 * A row's `Id`, 0 to 2^63-1, in two halves: a number holds only 53 bits, and a bigint is slow.
 * One object is used for many rows.
 */
export class LogId {
  /** The upper 31 bits. */
  high = 0;
  /** The lower 32 bits. */
  low = 0;

  /** Decimal digits only. False: it is no id; the fields then mean nothing. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    if (to === from) return false;
    if (to - from > SAFE_DIGITS) return this.readLong(bytes, from, to);
    let value = 0;
    for (let at = from; at < to; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return false;
      value = value * 10 + digit;
    }
    this.high = Math.floor(value / TWO_TO_32);
    this.low = value >>> 0;
    return true;
  }

  isAbove(other: LogId): boolean {
    return this.high > other.high || (this.high === other.high && this.low > other.low);
  }

  set(other: LogId): void {
    this.high = other.high;
    this.low = other.low;
  }

  /** So many above another; `by` is less than 2^32. It may be more than an id can be. */
  setAbove(other: LogId, by: number): void {
    const low = other.low + by;
    this.high = other.high + (low >= TWO_TO_32 ? 1 : 0);
    this.low = low >>> 0;
  }

  setBigInt(value: bigint): void {
    this.high = Number(value >> 32n);
    this.low = Number(value & 0xffffffffn);
  }

  toBigInt(): bigint {
    return (BigInt(this.high) << 32n) | BigInt(this.low);
  }

  private readLong(bytes: Uint8Array, from: number, to: number): boolean {
    let at = from;
    while (at < to - 1 && bytes[at] === ZERO) at++;
    if (to - at > MAX_DIGITS) return false;
    let value = 0n;
    for (; at < to; at++) {
      const digit = (bytes[at] ?? 0) - ZERO;
      if (digit < 0 || digit > 9) return false;
      value = value * 10n + BigInt(digit);
    }
    if (value > HIGHEST) return false;
    this.setBigInt(value);
    return true;
  }
}

const ZERO = 0x30;
const TWO_TO_32 = 2 ** 32;
const SAFE_DIGITS = 15;
const MAX_DIGITS = 19;
const HIGHEST = 2n ** 63n - 1n;
