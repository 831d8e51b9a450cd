import { isTimeZone } from './known-zone';

/** Readings of a solution whose times were read in another time zone than the solution has now. */
export interface OtherZoneReadings {
  /** IANA name: the solution's zone. */
  readonly timezone: string;
  /** Stored readings that can be read anew, by the zone in which they stand; the names in order. */
  readonly readable: readonly { readonly timezone: string; readonly readings: bigint }[];
  /** Stored readings that cannot: some times of their upload had an offset, or nobody knows in which zone they were read. */
  readonly unreadable: bigint;
  /** Null: nobody has asked for them to be read anew. */
  readonly request: ZoneRequest | null;
}

/** Someone asked for readings to be read anew, and it is not done yet. */
export interface ZoneRequest {
  /** In which they are read. */
  readonly timezone: string;
  /** E-mail. */
  readonly askedBy: string;
  readonly askedAt: Date;
  /** How many have been read anew so far. */
  readonly readings: bigint;
}

/** Of all zones together. */
export const readableCount = ({ readable }: Pick<OtherZoneReadings, 'readable'>): bigint =>
  readable.reduce((sum, { readings }) => sum + readings, 0n);

/** In a zone that is none (any more) nobody knows what the clock showed. */
export function withKnownZones(found: OtherZoneReadings): OtherZoneReadings {
  const readable = found.readable.filter(({ timezone }) => isTimeZone(timezone));
  const unknown = readableCount(found) - readableCount({ readable });
  return { ...found, readable, unreadable: found.unreadable + unknown };
}
