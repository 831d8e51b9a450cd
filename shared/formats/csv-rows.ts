/** Why a row cannot be split into cells. */
export type RowFault = 'unterminated-quote' | 'bad-quote' | 'row-too-large';

export interface CsvRowsOptions {
  /** A row of this size or more is a fault: memory does not grow with the file. */
  readonly maxRowBytes: number;
  /** Cells beyond it are counted and not kept. */
  readonly maxCells: number;
}

/**
 * Splits CSV (RFC 4180; LF or CRLF; a BOM or none; blank lines are skipped) into rows and cells without making a
 * string. Push bytes, then call `next` until it returns false. After each call, the fields below describe the current
 * row, until the next `push`.
 *
 * A quote that is never closed, or that closes in the middle of a cell, only spoils its own line. Reading continues at
 * the next line. Reading stays linear all the same, since a line that opens a quote also closes one.
 */
export class CsvRows {
  /** Holds the current row, from `start` to `end` (without its line end). */
  bytes: Buffer;
  start = 0;
  end = 0;
  /** The number of the row's first physical line; the first of the file is 1. */
  line = 1;
  fault: RowFault | null = null;
  cellCount = 0;
  /** Cell `n` is the bytes from `cellStart[n]` to `cellEnd[n]`, without the quotes around it. */
  readonly cellStart: Int32Array;
  readonly cellEnd: Int32Array;
  /** 1: its quotes are doubled. */
  readonly cellEscaped: Uint8Array;

  private readonly maxRowBytes: number;
  private delimiter = COMMA;
  private filled = 0;
  private ended = false;
  /** Where the next row starts, and its line. */
  private at = 0;
  private nextLine = 1;
  /** How many bytes of an unfinished row to wait for, so that small pieces do not make it be read again and again. */
  private wanted = 1;
  /** Inside a line that is too large: looking for its end. */
  private skipping = false;
  private started = false;
  /** Bytes of the file before `bytes[0]`. */
  private dropped = 0;

  constructor(options: CsvRowsOptions) {
    this.maxRowBytes = options.maxRowBytes;
    this.bytes = Buffer.allocUnsafe(INITIAL_BYTES);
    this.cellStart = new Int32Array(options.maxCells);
    this.cellEnd = new Int32Array(options.maxCells);
    this.cellEscaped = new Uint8Array(options.maxCells);
  }

  /** Where the current row starts in the file, in bytes. */
  get offset(): number {
    return this.dropped + this.start;
  }

  push(piece: Uint8Array): void {
    this.makeRoom(piece.length);
    this.bytes.set(piece, this.filled);
    this.filled += piece.length;
  }

  /** There are no more bytes. */
  finish(): void {
    this.ended = true;
  }

  /** An ASCII character's code. */
  useDelimiter(delimiter: number): void {
    this.delimiter = delimiter;
  }

  /** The next line that is not blank, without moving to it. Null: push more, or there is none. */
  peekLine(): Buffer | null {
    if (!this.skipByteOrderMark()) return null;
    while (this.at < this.filled && isLineEnd(this.bytes[this.at])) {
      if (this.bytes[this.at] === LF) this.nextLine++;
      this.at++;
    }
    const lineEnd = this.indexOfLineEnd();
    if (lineEnd !== -1) return this.bytes.subarray(this.at, lineEnd);
    const complete = this.ended ? this.at < this.filled : this.filled - this.at >= this.maxRowBytes;
    return complete ? this.bytes.subarray(this.at, this.filled) : null;
  }

  /** Moves to the next row that is not blank. False: push more, or, after `finish`, there is none. */
  next(): boolean {
    if (!this.skipByteOrderMark()) return false;
    for (;;) {
      if (this.skipping && !this.skipLine()) return false;
      const available = this.filled - this.at;
      if (available === 0 || (available < this.wanted && !this.ended)) return false;
      if (!this.split()) {
        this.wanted = Math.min(2 * available, this.maxRowBytes);
        return false;
      }
      this.wanted = 1;
      if (this.end > this.start) return true;
    }
  }

  /** Splits the row that starts at `at`. False: its end is not here yet. */
  private split(): boolean {
    const { bytes, delimiter } = this;
    const bound = Math.min(this.filled, this.at + this.maxRowBytes);
    const last = this.ended && bound === this.filled && bound < this.at + this.maxRowBytes;
    let at = this.at;
    let lines = 1;
    this.cellCount = 0;
    for (;;) {
      let from = at;
      let to: number;
      let escaped = 0;
      if (at < bound && bytes[at] === QUOTE) {
        from = ++at;
        for (;;) {
          while (at < bound && bytes[at] !== QUOTE) {
            if (bytes[at] === LF) lines++;
            at++;
          }
          if (at === bound) return this.splitUnfinished(bound, 'unterminated-quote');
          if (at + 1 === bound && !last) return this.splitUnfinished(bound, 'unterminated-quote');
          if (at + 1 === bound || bytes[at + 1] !== QUOTE) break;
          escaped = 1;
          at += 2;
        }
        to = at++;
        if (at < bound && bytes[at] === CR) {
          if (at + 1 === bound && !last) return this.splitUnfinished(bound, 'row-too-large');
          if (at + 1 === bound || bytes[at + 1] === LF) at++;
        }
        if (at < bound && bytes[at] !== delimiter && bytes[at] !== LF)
          return this.splitFirstLine(bound, 'bad-quote');
      } else {
        while (at < bound && bytes[at] !== delimiter && bytes[at] !== LF) at++;
        to = at;
        if ((at === bound || bytes[at] === LF) && to > from && bytes[to - 1] === CR) to--;
      }
      if (at === bound && !last) return this.splitUnfinished(bound, 'row-too-large');
      this.addCell(from, to, escaped);
      if (at === bound || bytes[at] === LF) break;
      at++;
    }
    this.fault = null;
    this.takeRow(at, at + 1, lines);
    return true;
  }

  private addCell(from: number, to: number, escaped: number): void {
    const cell = this.cellCount++;
    if (cell >= this.cellStart.length) return;
    this.cellStart[cell] = from;
    this.cellEnd[cell] = to;
    this.cellEscaped[cell] = escaped;
  }

  /** The row from `at` to `end`, less a CR there; the next one starts at `next`. */
  private takeRow(end: number, next: number, lines: number): void {
    this.start = this.at;
    this.end = end > this.at && this.bytes[end - 1] === CR ? end - 1 : end;
    this.line = this.nextLine;
    this.nextLine += lines;
    this.at = Math.min(next, this.filled);
  }

  /** The bytes end before the row does: it may continue in the next piece, be too large, or never be closed. */
  private splitUnfinished(bound: number, fault: RowFault): boolean {
    const tooLarge = bound === this.at + this.maxRowBytes;
    if (!tooLarge && !this.ended) return false;
    return this.splitFirstLine(bound, fault);
  }

  /** Gives up the first physical line of the current row. What comes after it is read as rows again. */
  private splitFirstLine(bound: number, fault: RowFault): boolean {
    const lineEnd = this.indexOfLineEnd();
    if (lineEnd !== -1 && lineEnd < bound) {
      this.fault = fault;
      this.takeRow(lineEnd, lineEnd + 1, 1);
      return true;
    }
    if (bound === this.at + this.maxRowBytes) {
      this.fault = 'row-too-large';
      this.skipping = true;
      this.takeRow(bound, bound, 0);
      return true;
    }
    if (!this.ended) return false;
    this.fault = fault;
    this.takeRow(bound, bound, 1);
    return true;
  }

  /** Drops the rest of a line that is too large. False: its end is not here yet. */
  private skipLine(): boolean {
    const lineEnd = this.indexOfLineEnd();
    this.at = lineEnd === -1 ? this.filled : lineEnd + 1;
    if (lineEnd === -1 && !this.ended) return false;
    this.nextLine++;
    this.skipping = false;
    return true;
  }

  private indexOfLineEnd(): number {
    const found = this.bytes.indexOf(LF, this.at);
    return found < this.filled ? found : -1;
  }

  private skipByteOrderMark(): boolean {
    if (this.started) return true;
    if (this.filled < 3 && !this.ended) return false;
    this.started = true;
    if (this.filled >= 3 && this.bytes[0] === 0xef && this.bytes[1] === 0xbb && this.bytes[2] === 0xbf)
      this.at = 3;
    return true;
  }

  private makeRoom(size: number): void {
    if (this.filled + size <= this.bytes.length) return;
    const kept = this.bytes.subarray(this.at, this.filled);
    const target =
      kept.length + size <= this.bytes.length ? this.bytes : Buffer.allocUnsafe(2 * (kept.length + size));
    target.set(kept);
    this.bytes = target;
    this.dropped += this.at;
    this.filled = kept.length;
    this.at = 0;
  }
}

const COMMA = 0x2c;
const QUOTE = 0x22;
const LF = 0x0a;
const CR = 0x0d;
const INITIAL_BYTES = 256 * 1024;

const isLineEnd = (byte: number | undefined): boolean => byte === LF || byte === CR;
