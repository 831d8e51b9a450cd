import type { TimeZone } from '../../../shared/domain/local-time';
import { CsvTime } from '../../../shared/formats/csv-time';

/** The bytes of a text: from `from` to before `to`. */
export interface ByteSpan {
  from: number;
  to: number;
}

/**
 * Turns the times of one file into instants. To distinguish the repeated hour in autumn, it remembers the previous
 * reading of the same series (a probe, or the whole table).
 */
export class ReadingTimes {
  private readonly zone: TimeZone;
  private readonly oldZones: readonly TimeZone[];
  private readonly leastStepMs: number;
  private readonly time = new CsvTime();
  private readonly series = new SeriesTable();
  private seeded = false;
  private pending: Series | null = null;
  private pendingMs = 0;
  /** The instant of the last cell read: microseconds since 2000-01-01T00:00Z, as PostgreSQL keeps it. */
  instant = 0;
  /**
   * By column, of the current row: instant and clock of times that were written without an offset; NaN for the others.
   */
  private readonly localMs: Float64Array;
  private readonly wallMs: Float64Array;
  /** Whether accepted rows had times without an offset, and times with one. */
  readonly forms = { local: false, offset: false };
  /** Accepted readings with impossible times: more than a day in the future, or before 2010. */
  impossibleCount = 0;
  /** The time of the last accepted reading, in milliseconds since 1970; NaN: it has none. */
  acceptedMs = NaN;
  private readonly latestMs = Date.now() + DAY_MS;
  private readonly pendingForms = { local: false, offset: false };
  /** The last cell could not be read because the series' reading before this file decides: call `seed`, then read it again. */
  needsEarlierReadings = false;

  /**
   * `columns`: how many columns of time a row has; they are numbered from 0.
   * `oldZones`: in which stored readings may have been read before.
   * `areDistinct`: two readings of one series are never of the same time; else they may be.
   */
  constructor(options: {
    readonly zone: TimeZone;
    readonly columns: number;
    readonly oldZones: readonly TimeZone[];
    readonly areDistinct: boolean;
  }) {
    this.zone = options.zone;
    this.oldZones = options.oldZones;
    this.leastStepMs = options.areDistinct ? 1 : 0;
    this.localMs = new Float64Array(options.columns).fill(NaN);
    this.wallMs = new Float64Array(options.columns).fill(NaN);
  }

  /** A time other than the reading's own: the earlier one where it is written alike twice. False: it is no time. */
  read(column: number, bytes: Uint8Array, from: number, to: number): boolean {
    if (!this.time.read(bytes, from, to)) return false;
    this.setInstant(column, this.instantMs(-Infinity));
    return true;
  }

  /** The time of a reading at `at`, of the series whose name is at `seriesAt`. */
  readReading(column: number, bytes: Uint8Array, at: ByteSpan, seriesAt: ByteSpan): boolean {
    const { time } = this;
    if (!time.read(bytes, at.from, at.to)) return false;
    const series = this.series.find(bytes, seriesAt.from, seriesAt.to);
    if (series.previousMs === -Infinity && !this.seeded && time.offsetMinutes === null) {
      this.needsEarlierReadings = this.zone.isRepeated(time.wallMs);
      if (this.needsEarlierReadings) return false;
    }
    // Not before the reading before it; of a probe, after it.
    this.pendingMs = this.instantMs(series.previousMs + this.leastStepMs - 1);
    this.pending = series;
    this.setInstant(column, this.pendingMs);
    return true;
  }

  /** Days since 1970-01-01. NaN: it is no date. */
  readDate(bytes: Uint8Array, from: number, to: number): number {
    return this.time.readDate(bytes, from, to);
  }

  /**
   * The other instants that a time of the current row may mean, in the unit of `instant`: the local time occurs twice
   * in autumn, or the solution had another zone then. Usually there are none.
   */
  otherInstants(column: number): readonly number[] {
    const instantMs = this.localMs[column] ?? NaN;
    if (Number.isNaN(instantMs)) return none;
    const other = this.zone.otherInstantOf(instantMs);
    if (Number.isNaN(other) && this.oldZones.length === 0) return none;
    const wallMs = this.wallMs[column] ?? NaN;
    const earlier = this.oldZones.flatMap((zone) => {
      const first = zone.instantOf(wallMs);
      // A time in the hour that spring skips in the old zone was read as another time, and may have been read again
      // since.
      const shownMs = first + zone.offsetAt(first);
      const readAgain = shownMs === wallMs ? NaN : this.zone.instantOf(shownMs);
      return [first, zone.otherInstantOf(first), readAgain, this.zone.otherInstantOf(readAgain)];
    });
    return [other, ...earlier].filter((ms) => !Number.isNaN(ms)).map(postgresMicroseconds);
  }

  beginRow(): void {
    this.pending = null;
    this.pendingForms.local = false;
    this.pendingForms.offset = false;
    for (let column = 0; column < this.localMs.length; column++) this.localMs[column] = NaN;
  }

  /** The row was accepted, so its reading is now the previous one of its series. A refused row leaves no trace. */
  acceptRow(): void {
    this.acceptedMs = this.pending === null ? NaN : this.pendingMs;
    if (this.pending !== null) {
      this.pending.previousMs = this.pendingMs;
      if (this.pendingMs > this.latestMs || this.pendingMs < EARLIEST_MS) this.impossibleCount++;
    }
    if (this.pendingForms.local) this.forms.local = true;
    if (this.pendingForms.offset) this.forms.offset = true;
  }

  /** The last readings before this file, by series. */
  seed(readings: readonly { readonly series: string; readonly at: Date }[]): void {
    this.seeded = true;
    this.needsEarlierReadings = false;
    for (const reading of readings) {
      const name = Buffer.from(reading.series);
      const series = this.series.find(name, 0, name.length);
      if (series.previousMs === -Infinity) series.previousMs = reading.at.getTime();
    }
  }

  private instantMs(previousMs: number): number {
    const { wallMs, offsetMinutes } = this.time;
    return offsetMinutes === null
      ? this.zone.instantOf(wallMs, previousMs)
      : wallMs - offsetMinutes * MINUTE_MS;
  }

  private setInstant(column: number, instantMs: number): void {
    const isLocal = this.time.offsetMinutes === null;
    this.localMs[column] = isLocal ? instantMs : NaN;
    this.wallMs[column] = this.time.wallMs;
    if (isLocal) this.pendingForms.local = true;
    else this.pendingForms.offset = true;
    this.instant = postgresMicroseconds(instantMs);
  }
}

const none: readonly number[] = [];

interface Series {
  readonly name: Buffer;
  previousMs: number;
}

/** The series of a file by their names' bytes: a look-up makes no string. */
class SeriesTable {
  private buckets = new Map<number, Series[]>();
  private size = 0;

  find(bytes: Uint8Array, from: number, to: number): Series {
    let hash = to - from;
    for (let at = from; at < to; at++) hash = Math.imul(hash ^ (bytes[at] ?? 0), FNV_PRIME);
    for (const series of this.buckets.get(hash) ?? [])
      if (isName(series.name, bytes, from, to)) return series;
    return this.add(hash, Buffer.from(bytes.subarray(from, to)));
  }

  private add(hash: number, name: Buffer): Series {
    if (++this.size > MAX_SERIES) {
      this.buckets = new Map();
      this.size = 1;
    }
    const series = { name, previousMs: -Infinity };
    this.buckets.set(hash, [...(this.buckets.get(hash) ?? []), series]);
    return series;
  }
}

const postgresMicroseconds = (instantMs: number): number => (instantMs - POSTGRES_EPOCH_MS) * 1000;

function isName(name: Buffer, bytes: Uint8Array, from: number, to: number): boolean {
  if (name.length !== to - from) return false;
  for (let at = 0; at < name.length; at++) if (name[at] !== bytes[from + at]) return false;
  return true;
}

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** A clock without a battery starts at 1970, 1980 or 2000. */
const EARLIEST_MS = Date.UTC(2010);
const POSTGRES_EPOCH_MS = Date.UTC(2000, 0, 1);
const FNV_PRIME = 0x01000193;
/** More probes than any site has. A file with invented names must not fill the memory. */
const MAX_SERIES = 10_000;
