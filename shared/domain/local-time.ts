/**
 * How local time runs in one IANA time zone. All times are milliseconds. A local ("wall") time counts from
 * 1970-01-01T00:00 of the local clock.
 */
export interface TimeZone {
  readonly name: string;
  /** How far the wall clock is ahead of UTC at an instant. */
  offsetAt(instantMs: number): number;
  /** True in the autumn hour that the wall clock shows twice. */
  isRepeated(wallMs: number): boolean;
  /**
   * The instant at which the wall clock shows `wallMs`.
   * Shown twice: the earliest that is later than `previousMs`, else the earliest.
   * Never shown (the hour that spring skips): as if the clock had not been put forward, like `compatible` of Temporal.
   */
  instantOf(wallMs: number, previousMs?: number): number;
  /** The other instant at which the wall clock shows the same; NaN where there is none. */
  otherInstantOf(instantMs: number): number;
}

/** Zones are remembered, so a second call costs nothing. Throws a RangeError if the name is not a time zone. */
export function timeZone(name: string): TimeZone {
  const known = zones.get(name) ?? createTimeZone(name);
  zones.set(name, known);
  return known;
}

const zones = new Map<string, TimeZone>();

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const MANY_DAYS = 10_000;

function createTimeZone(name: string): TimeZone {
  const offsets = createOffsets(name);
  /** Offset of the days on and around which it does not change; NaN for the others. */
  const steadyOffsets = new Map<number, number>();
  let lastDay = NaN;
  let lastOffset = NaN;

  return { name, offsetAt: offsets.at, isRepeated, instantOf, otherInstantOf };

  function isRepeated(wallMs: number): boolean {
    if (!Number.isNaN(steadyOffsetOn(wallMs))) return false;
    const { first, second } = candidates(wallMs);
    return first !== second && isShownAt(first, wallMs) && isShownAt(second, wallMs);
  }

  function instantOf(wallMs: number, previousMs = -Infinity): number {
    const steady = steadyOffsetOn(wallMs);
    if (!Number.isNaN(steady)) return wallMs - steady;
    const { first, second } = candidates(wallMs);
    if (!isShownAt(first, wallMs)) return isShownAt(second, wallMs) ? second : first;
    const secondIsNext = first <= previousMs && previousMs < second && isShownAt(second, wallMs);
    return secondIsNext ? second : first;
  }

  function otherInstantOf(instantMs: number): number {
    // A local clock differs from UTC by less than a day, so the day before and the day after are enough.
    if (Number.isNaN(instantMs) || !Number.isNaN(steadyOffsetOn(instantMs))) return NaN;
    const wallMs = instantMs + offsets.at(instantMs);
    const { first, second } = candidates(wallMs);
    if (first === second || !isShownAt(first, wallMs) || !isShownAt(second, wallMs)) return NaN;
    return instantMs === first ? second : first;
  }

  /**
   * The instants by the offset of the day before and by the offset of the day after. No zone is more than 15 hours from
   * UTC.
   */
  function candidates(wallMs: number): { first: number; second: number } {
    return { first: wallMs - offsets.at(wallMs - DAY), second: wallMs - offsets.at(wallMs + DAY) };
  }

  function isShownAt(instantMs: number, wallMs: number): boolean {
    return instantMs + offsets.at(instantMs) === wallMs;
  }

  function steadyOffsetOn(wallMs: number): number {
    const day = Math.floor(wallMs / DAY);
    if (day === lastDay) return lastOffset;
    lastDay = day;
    lastOffset = steadyOffsets.get(day) ?? findSteadyOffset(day);
    return lastOffset;
  }

  function findSteadyOffset(day: number): number {
    const before = (day - 1) * DAY;
    const after = (day + 2) * DAY;
    const steady = offsets.changesBetween(before, after) ? NaN : offsets.at(before);
    if (steadyOffsets.size > MANY_DAYS) steadyOffsets.clear();
    steadyOffsets.set(day, steady);
    return steady;
  }
}

interface Change {
  readonly at: number;
  readonly offset: number;
}

/** The offsets of a zone, year by year as they are asked for. `Intl` is too slow to ask for each time. */
function createOffsets(name: string) {
  const ask = createIntlOffset(name);
  /** By year: the offset at its start, then its changes. */
  const years = new Map<number, readonly [Change, ...Change[]]>();

  return { at, changesBetween };

  function at(instantMs: number): number {
    const changes = changesOf(instantMs);
    let offset = changes[0].offset;
    for (const change of changes) if (change.at <= instantMs) offset = change.offset;
    return offset;
  }

  function changesBetween(fromMs: number, toMs: number): boolean {
    const isBetween = (change: Change) => change.at > fromMs && change.at <= toMs;
    return at(fromMs) !== at(toMs) || changesOf(fromMs).some(isBetween) || changesOf(toMs).some(isBetween);
  }

  function changesOf(instantMs: number): readonly [Change, ...Change[]] {
    const year = new Date(instantMs).getUTCFullYear();
    const known = years.get(year) ?? findChanges(Date.UTC(year), Date.UTC(year + 1));
    years.set(year, known);
    return known;
  }

  /** Zones keep an offset for some weeks at least, so a look at every week finds each change. */
  function findChanges(fromMs: number, toMs: number): readonly [Change, ...Change[]] {
    const changes: [Change, ...Change[]] = [{ at: fromMs, offset: ask(fromMs) }];
    let offset = changes[0].offset;
    for (let week = fromMs; week < toMs; week += WEEK) {
      const end = Math.min(week + WEEK, toMs);
      const next = ask(end - 1000);
      if (next !== offset) changes.push({ at: findChange(week, end - 1000), offset: next });
      offset = next;
    }
    return changes;
  }

  /** The first second whose offset is the later one. */
  function findChange(fromMs: number, toMs: number): number {
    const later = ask(toMs);
    let before = fromMs - 1000;
    let after = toMs;
    while (after - before > 1000) {
      const middle = before + Math.floor((after - before) / 2000) * 1000;
      if (ask(middle) === later) after = middle;
      else before = middle;
    }
    return after;
  }
}

/** Asks the platform's time zone data. */
function createIntlOffset(name: string): (instantMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: name, timeZoneName: 'longOffset' });
  return (instantMs) => {
    // `GMT`, `GMT+02:00`, `GMT-00:44:30`
    const written = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?/.exec(format.format(instantMs));
    const [, sign = '+', hours = '0', minutes = '0', seconds = '0'] = written ?? [];
    const offset = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
    return sign === '-' ? -offset : offset;
  };
}
