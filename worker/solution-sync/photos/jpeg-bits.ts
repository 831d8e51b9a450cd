import type { HuffmanTable } from './jpeg-structure';

/** An error in coded data. It is caught where a photo is judged. */
export class JpegDamage extends Error {
  constructor(readonly what: 'cut short' | 'damaged') {
    super(what);
  }
}

/** The bits of a scan's coded data. Source: ITU-T T.81, F.2.2. */
export class BitReader {
  /** The lowest `count` bits are the next ones. */
  private bits = 0;
  private count = 0;
  private restarts = 0;
  private readonly hole: Hole;

  constructor(
    private readonly content: Buffer,
    private at: number,
    private readonly end: number,
  ) {
    this.hole = holeIn(content, at, end);
  }

  /** The next code's value. Throws `JpegDamage` where it is none of the table. */
  code(table: HuffmanTable): number {
    if (this.count < 16) this.fill();
    const next = this.count >= 16 ? this.bits >>> (this.count - 16) : this.bits << (16 - this.count);
    const found = table[next & 0xffff] ?? 0;
    const length = found >> 8;
    if (length > this.count) throw new JpegDamage('cut short');
    if (length === 0) throw new JpegDamage(this.count < 16 ? 'cut short' : 'damaged');
    this.count -= length;
    return found & 0xff;
  }

  /** Passes over up to 16 bits of a number. In a hole there are no other numbers than zero, which has no bits. */
  skipNumber(length: number): void {
    if (length > 0 && this.at > this.hole.start && this.at < this.hole.end) throw new JpegDamage('damaged');
    this.skip(length);
  }

  /** Passes over up to 16 bits. */
  skip(length: number): void {
    if (this.count < length) this.fill();
    if (this.count < length) throw new JpegDamage('cut short');
    this.count -= length;
  }

  /** The number that up to 16 bits are. */
  take(length: number): number {
    this.skip(length);
    return (this.bits >>> this.count) & ((1 << length) - 1);
  }

  /** Goes on behind the next restart marker. Bytes that are left over before it do no harm; another number does. */
  takeRestart(): void {
    this.count = 0;
    let at = this.at;
    while (at < this.end && !this.isMarker(at)) at += 1;
    if (at >= this.end) throw new JpegDamage('cut short');
    if (this.content[at + 1] !== 0xd0 + this.restarts) throw new JpegDamage('damaged');
    this.restarts = (this.restarts + 1) & 7;
    this.at = at + 2;
  }

  /** Bytes that nothing has been read of, up to the end; those at its very end that are all alike were put there to fill it. */
  bytesLeft(): number {
    let end = this.end;
    while (end > this.at && this.content[end - 1] === this.content[this.end - 1]) end -= 1;
    return end - this.at + (this.count >> 3);
  }

  private isMarker(at: number): boolean {
    const next = this.content[at + 1];
    return this.content[at] === 0xff && next !== 0 && next !== 0xff;
  }

  /** Not beyond the next marker. */
  private fill(): void {
    while (this.count <= 24 && this.at < this.end) {
      const byte = this.content[this.at] ?? 0;
      if (byte === 0xff) {
        if (this.content[this.at + 1] !== 0) return;
        this.at += 1;
      }
      this.bits = (this.bits << 8) | byte;
      this.count += 8;
      this.at += 1;
    }
  }
}

/** Zeros that a file system shows where it has lost a page. */
interface Hole {
  readonly start: number;
  readonly end: number;
}

/**
 * The first run of so many zeros. A picture of one colour may be nothing but zeros; where they are read as numbers, they
 * are no picture. Eight bytes are left to either side for what begins before it or ends behind it.
 */
function holeIn(content: Buffer, from: number, to: number): Hole {
  const found = content.subarray(from, to).indexOf(lostPage);
  if (found === -1) return { start: Infinity, end: -1 };
  const start = from + found;
  let end = start + lostPage.length;
  while (end < to && content[end] === 0) end += 1;
  return { start: start + 8, end: end - 8 };
}

const lostPage = Buffer.alloc(512);
