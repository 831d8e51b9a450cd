import { isUtf8 } from 'node:buffer';
import { decodeText } from '../../../shared/formats/csv-cell';
import type { ByteSpan } from './reading-times';

/**
 * Rows in PostgreSQL's binary COPY format, written one after another into memory that is used again.
 * Room for a whole row is asked for once, before it is begun; the writers below then check nothing.
 * Source: PostgreSQL, COPY, Binary Format; the values' forms are those of their types' `send` functions.
 */
export class TupleBuffer {
  private bytes: Buffer;
  private view: DataView;
  private at = 0;
  private rowStart = 0;
  private jsonStart = 0;

  constructor(capacity: number) {
    this.bytes = Buffer.allocUnsafeSlow(capacity);
    this.view = viewOf(this.bytes);
  }

  get isEmpty(): boolean {
    return this.at === 0;
  }

  /** The whole rows in it. Valid until the next row is begun. */
  get rows(): Buffer {
    return this.bytes.subarray(0, this.at);
  }

  hasRoom(size: number): boolean {
    return this.at + size <= this.bytes.length;
  }

  /** Forgets its rows, and makes sure of room for one of `size`. */
  clear(size = 0): void {
    this.at = 0;
    if (size <= this.bytes.length) return;
    this.bytes = Buffer.allocUnsafeSlow(size);
    this.view = viewOf(this.bytes);
  }

  /** Keeps its first `length` bytes. */
  shrink(length: number): void {
    this.at = length;
  }

  beginRow(fields: number): void {
    this.rowStart = this.at;
    this.view.setInt16(this.at, fields);
    this.at += 2;
  }

  dropRow(): void {
    this.at = this.rowStart;
  }

  null(): void {
    this.view.setInt32(this.at, -1);
    this.at += 4;
  }

  boolean(value: boolean): void {
    this.view.setInt32(this.at, 1);
    this.bytes[this.at + 4] = value ? 1 : 0;
    this.at += 5;
  }

  int32(value: number): void {
    this.view.setInt32(this.at, 4);
    this.view.setInt32(this.at + 4, value);
    this.at += 8;
  }

  /** A safe integer. */
  int64(value: number): void {
    const high = Math.floor(value / TWO_TO_32);
    this.int64Halves(high, value - high * TWO_TO_32);
  }

  int64Halves(high: number, low: number): void {
    this.view.setInt32(this.at, 8);
    this.view.setInt32(this.at + 4, high);
    this.view.setUint32(this.at + 8, low);
    this.at += 12;
  }

  /** An array of `timestamptz`: microseconds since 2000, each a safe integer; null where it is empty. */
  times(values: readonly number[]): void {
    if (values.length === 0) {
      this.null();
      return;
    }
    const sizeAt = this.at;
    for (const word of [0, 1, 0, TIMESTAMPTZ, values.length, 1]) {
      this.view.setInt32(this.at, word);
      this.at += 4;
    }
    for (const value of values) this.int64(value);
    this.view.setInt32(sizeAt, this.at - sizeAt - 4);
  }

  float64(value: number): void {
    this.view.setInt32(this.at, 8);
    this.view.setFloat64(this.at + 4, value);
    this.at += 12;
  }

  /** `escaped`: quotes in it are doubled. False: it holds NUL, which PostgreSQL takes in no text. */
  text(source: Uint8Array, { from, to, isEscaped }: CellSpan): boolean {
    const { bytes } = this;
    const textAt = this.at + 4;
    let at = textAt;
    let bits = 0;
    for (let i = from; i < to; i++) {
      const byte = source[i] ?? 0;
      if (byte === 0) return false;
      bits |= byte;
      bytes[at++] = byte;
      if (byte === QUOTE && isEscaped) i++;
    }
    if (bits >= 0x80) at = this.makeUtf8(textAt, at);
    this.view.setInt32(this.at, at - textAt);
    this.at = at;
    return true;
  }

  /**
   * The object of the texts that `writePairs` writes through `jsonPair`, as jsonb writes it; null where it writes none.
   * False: `writePairs` gave up.
   */
  jsonObject(writePairs: () => boolean): boolean {
    const sizeAt = this.at;
    this.bytes[sizeAt + 4] = JSONB_VERSION;
    this.jsonStart = sizeAt + 5;
    this.at = this.jsonStart;
    if (!writePairs()) return false;
    if (this.at === this.jsonStart) {
      this.at = sizeAt;
      this.null();
      return true;
    }
    this.bytes[this.at++] = CLOSING_BRACE;
    this.view.setInt32(sizeAt, this.at - sizeAt - 4);
    return true;
  }

  /** `key`: `{"name": `, whose brace becomes a comma and a blank after the first pair. False: the text holds NUL. */
  jsonPair(key: Buffer, source: Uint8Array, { from, to, isEscaped }: CellSpan): boolean {
    const { bytes } = this;
    let at = this.at;
    if (at > this.jsonStart) {
      bytes[at++] = COMMA;
      bytes[at] = BLANK;
      at += key.copy(bytes, at + 1, 1) + 1;
    } else {
      at += key.copy(bytes, at);
    }
    const textAt = at;
    bytes[at++] = QUOTE;
    for (let i = from; i < to; i++) {
      const byte = source[i] ?? 0;
      if (byte < BLANK || byte >= 0x80 || byte === QUOTE || byte === BACKSLASH) {
        return this.jsonText(textAt, decodeText(asBuffer(source).subarray(from, to)), isEscaped);
      }
      bytes[at++] = byte;
    }
    bytes[at++] = QUOTE;
    this.at = at;
    return true;
  }

  private jsonText(at: number, written: string, escaped: boolean): boolean {
    const text = escaped ? written.replaceAll('""', '"') : written;
    if (text.includes('\0')) return false;
    this.at = at + this.bytes.write(JSON.stringify(text), at);
    return true;
  }

  /** Returns where the text ends. */
  private makeUtf8(from: number, to: number): number {
    const written = this.bytes.subarray(from, to);
    return isUtf8(written) ? to : from + this.bytes.write(decodeText(written), from);
  }
}

/** The bytes of a cell's text. It is set again for each cell. */
export interface CellSpan extends ByteSpan {
  /** Quotes are written twice in it. */
  isEscaped: boolean;
}

/** Bytes that the texts of a row may take at most: JSON writes a control character as `\u0001`. */
export const MAX_BYTES_PER_TEXT_BYTE = 6;
/** The length before each field, and the largest value of fixed size. */
export const MAX_BYTES_PER_FIELD = 12;

/** The size of an array of so many times. */
export const bytesOfTimes = (count: number): number => 24 + 12 * count;

const TIMESTAMPTZ = 1184;
const TWO_TO_32 = 2 ** 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BLANK = 0x20;
const COMMA = 0x2c;
const CLOSING_BRACE = 0x7d;
const JSONB_VERSION = 1;

const viewOf = (bytes: Buffer): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
