import { isTimeZone } from './known-zone';

/** Readings of a solution whose times were read in another time zone than the solution has now. */
export interface OtherZoneReadings {
  /** IANA name: the solution's zone. */
  readonly timezone: string;
  /** Stored readings that can be read again, by the time zone in which they were read, ordered by name. */
  readonly readable: readonly { readonly timezone: string; readonly readings: bigint }[];
  /**
   * Stored readings that cannot be read again: some times of their upload had an offset, or the zone in which they were
   * read is not known.
   */
  readonly unreadable: bigint;
  /** Null: nobody has asked for them to be read again. */
  readonly request: ZoneRequest | null;
}

/** An unfinished request to read readings again. */
export interface ZoneRequest {
  /** The time zone in which they are read. */
  readonly timezone: string;
  /** E-mail. */
  readonly askedBy: string;
  readonly askedAt: Date;
  /** How many have been read again so far. */
  readonly readings: bigint;
}

/** The sum over all zones. */
export const readableCount = ({ readable }: Pick<OtherZoneReadings, 'readable'>): bigint =>
  readable.reduce((sum, { readings }) => sum + readings, 0n);

/** If a name is not (or no longer) a time zone, nobody knows what the clock showed. */
export function withKnownZones(found: OtherZoneReadings): OtherZoneReadings {
  const readable = found.readable.filter(({ timezone }) => isTimeZone(timezone));
  const unknown = readableCount(found) - readableCount({ readable });
  return { ...found, readable, unreadable: found.unreadable + unknown };
}
