import { isTimeZone } from '../../../shared/domain/known-zone';
import { commandLineCaller } from '../../../shared/domain/staff';
import type { Words } from './words';

/** e.g. `3 minutes ago`. */
export function ageText(words: Words, time: Date): string {
  const seconds = Math.round((Date.now() - time.getTime()) / 1000);
  const size = Math.abs(seconds);
  const [unitSeconds, unit] = ageUnits.find(([least]) => size >= least) ?? ([1, 'second'] as const);
  const count = Math.floor(size / unitSeconds);
  return ages(words.locale).format(seconds >= 0 ? -count : count, unit);
}

/** How long something takes or took, e.g. `3 min`. */
export function durationText(words: Words, seconds: number): string {
  if (seconds < 1) return words.underASecond;
  const [unitSeconds, unit] = ageUnits.find(([least]) => seconds >= least) ?? ([1, 'second'] as const);
  const count = seconds / unitSeconds;
  const maximumFractionDigits = count < 10 ? 1 : 0;
  return numbers(words.locale, { style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits }).format(
    count,
  );
}

/** The name of the person who did something: an e-mail, or the command line in the reader's words. */
export const personText = (words: Words, by: string): string =>
  by === commandLineCaller.email ? words.pairs.commandLine : by;

/** In the time zone of the kitchen. If that does not exist, in UTC, with a note. */
export function timeText(words: Words, time: Date, timezone: string): string {
  if (timezone === 'UTC' || !isTimeZone(timezone)) return `${clockText(words, time, 'UTC')} UTC`;
  return clockText(words, time, timezone);
}

const clockText = (words: Words, time: Date, timezone: string) =>
  dates(words.locale, { dateStyle: 'short', timeStyle: 'medium', timeZone: timezone }).format(time);

/** `YYYY-MM-DD` as a person says it, e.g. `Sat 21 Nov`. */
export const dayText = (words: Words, day: string): string =>
  dates(words.locale, { weekday: 'short', day: 'numeric', month: 'short', timeZone: 'UTC' }).format(
    new Date(`${day}T00:00:00Z`),
  );

/** With the sign of a minus, not a hyphen. */
export const numberText = (words: Words, value: number, digits = 0): string =>
  numbers(words.locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })
    .format(value)
    .replace('-', '−');

/** With as many digits as it has, up to six. */
export const exactText = (words: Words, value: number): string =>
  numbers(words.locale, { maximumFractionDigits: 6 }).format(value).replace('-', '−');

/** e.g. `1.4 MB`. */
export function bytesText(words: Words, bytes: number): string {
  const [size, prefix] = byteUnits.find(([least]) => bytes >= least) ?? ([1, ''] as const);
  return `${numberText(words, bytes / size, size === 1 ? 0 : 1)} ${prefix}${words.byte}`;
}

const ageUnits = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
] as const;

const byteUnits = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
] as const;

const ages = kept((locale: string) => new Intl.RelativeTimeFormat(locale));
const dates = kept(
  (locale: string, style: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, style),
);
const numbers = kept(
  (locale: string, style: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, style),
);

/** Formatters are expensive, so each one is made only once. There are as many as time zones in use. */
function kept<Given extends unknown[], Made>(make: (...given: Given) => Made): (...given: Given) => Made {
  const made = new Map<string, Made>();
  return (...given) => {
    const key = JSON.stringify(given);
    const one = made.get(key) ?? make(...given);
    made.set(key, one);
    return one;
  };
}
