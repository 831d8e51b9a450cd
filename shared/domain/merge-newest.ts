import type { Side } from './merge';

/**
 * Whose last change of an entity is the later one, for the policy `newest`.
 *
 * @param ts the solution's `Ts`: local to its time zone, or with an offset. Absent or unreadable, it loses.
 * @param editedAt when the manager's copy was last changed by hand. The manager wins a tie.
 */
export function newerSide(ts: string | null, timezone: string, editedAt: Date): Side {
  const changedAt = ts === null ? null : instantOf(ts, timezone);
  return changedAt !== null && changedAt > editedAt.getTime() ? 'solution' : 'manager';
}

/** Milliseconds since 1970, or null where the text is no time. In the hour that autumn writes twice, the first. */
export function instantOf(text: string, timezone: string): number | null {
  const found = iso.exec(text.trim())?.groups ?? french.exec(text.trim())?.groups;
  if (found === undefined) return null;
  const clock = clockOf(found);
  if (clock === null) return null;
  return found['offset'] === undefined ? localInstant(clock, timezone) : clock - offsetOf(found['offset']);
}

const time = String.raw`(?:[T ](?<hour>\d{2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d{1,9}))?)?)?`;
const offset = String.raw`\s*(?<offset>Z|[+-]\d{2}:?\d{2})?`;
const iso = new RegExp(String.raw`^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})${time}${offset}$`, 'i');
/** What .NET writes on a French Windows. */
const french = new RegExp(String.raw`^(?<day>\d{2})/(?<month>\d{2})/(?<year>\d{4})${time}$`, 'i');

/** What the clock on the wall showed, as milliseconds of a clock that shows UTC. Null: no clock shows that. */
function clockOf(found: Readonly<Record<string, string | undefined>>): number | null {
  const part = (name: string) => Number(found[name] ?? 0);
  if (part('hour') > 23 || part('minute') > 59 || part('second') > 59) return null;
  const day = Date.UTC(part('year'), part('month') - 1, part('day'));
  if (new Date(day).getUTCDate() !== part('day')) return null;
  const milliseconds = Number((found['fraction'] ?? '').padEnd(3, '0').slice(0, 3));
  return day + ((part('hour') * 60 + part('minute')) * 60 + part('second')) * 1000 + milliseconds;
}

function offsetOf(text: string): number {
  if (text.toUpperCase() === 'Z') return 0;
  const minutes = Number(text.slice(1, 3)) * 60 + Number(text.slice(-2));
  return (text.startsWith('-') ? -minutes : minutes) * 60_000;
}

/** `clock`: the local time, read as if it were UTC. */
function localInstant(clock: number, timezone: string): number | null {
  const zone = formatOf(timezone);
  if (zone === null) return null;
  // The offsets of the day before and of the day after are all that can be in force.
  const candidates = [clock - aheadOfUtc(zone, clock - dayMs), clock - aheadOfUtc(zone, clock + dayMs)];
  const [first, second = first] = candidates.filter((at) => at + aheadOfUtc(zone, at) === clock);
  if (first !== undefined && second !== undefined) return Math.min(first, second);
  // The hour that spring leaves out: as the clock before the change would have counted on.
  return candidates[0] ?? null;
}

const dayMs = 86_400_000;
const formats = new Map<string, Intl.DateTimeFormat | null>();

function formatOf(timezone: string): Intl.DateTimeFormat | null {
  let format = formats.get(timezone);
  if (format === undefined) {
    format = newFormat(timezone);
    formats.set(timezone, format);
  }
  return format;
}

function newFormat(timeZone: string): Intl.DateTimeFormat | null {
  try {
    const numeric = {
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    } as const;
    return new Intl.DateTimeFormat('en-US', { ...numeric, second: 'numeric', hourCycle: 'h23', timeZone });
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** Milliseconds by which the zone's clock is ahead of UTC at that instant. */
function aheadOfUtc(zone: Intl.DateTimeFormat, at: number): number {
  const parts = new Map(zone.formatToParts(at).map(({ type, value }) => [type, Number(value)]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? 0;
  const clock = Date.UTC(
    part('year'),
    part('month') - 1,
    part('day'),
    part('hour'),
    part('minute'),
    part('second'),
  );
  return clock - Math.floor(at / 1000) * 1000;
}
