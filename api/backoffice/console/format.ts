import type { Words } from './words';

/** e.g. `3 minutes ago`. */
export function ageText(words: Words, time: Date): string {
  const seconds = Math.round((Date.now() - time.getTime()) / 1000);
  const isPast = seconds >= 0;
  const size = Math.abs(seconds);
  const [unitSeconds, unit] = ageUnits.find(([least]) => size >= least) ?? ([1, 'second'] as const);
  const count = Math.floor(size / unitSeconds);
  return new Intl.RelativeTimeFormat(words.locale).format(isPast ? -count : count, unit);
}

/** How long something takes or took, e.g. `3 min`. */
export function durationText(words: Words, seconds: number): string {
  const [unitSeconds, unit] = ageUnits.find(([least]) => seconds >= least) ?? ([1, 'second'] as const);
  const count = seconds / unitSeconds;
  return new Intl.NumberFormat(words.locale, {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: count < 10 ? 1 : 0,
  }).format(count);
}

/** On the clock of the kitchen. */
export function timeText(words: Words, time: Date, timezone: string): string {
  const style = { dateStyle: 'short', timeStyle: 'medium', timeZone: timezone } as const;
  return new Intl.DateTimeFormat(words.locale, style).format(time);
}

/** On the clock of the kitchen. */
export function dayText(words: Words, time: Date, timezone: string): string {
  const style = { weekday: 'short', day: '2-digit', month: 'short', timeZone: timezone } as const;
  return new Intl.DateTimeFormat(words.locale, style).format(time);
}

export function numberText(words: Words, value: number, digits = 0): string {
  const style = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(words.locale, style).format(value);
}

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
