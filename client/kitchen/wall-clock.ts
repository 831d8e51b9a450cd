import { timeZone } from '../../shared/domain/local-time';

// The clock on a kitchen's wall: solutions write local times without an offset.

const paris = timeZone('Europe/Paris');
const dayMs = 86_400_000;

/** `2026-11-20 07:31:00`. */
export function wallTime(instant: Date): string {
  return wallIso(instant).slice(0, 19).replace('T', ' ');
}

/** `2026-11-20`. */
export function wallDate(instant: Date): string {
  return wallIso(instant).slice(0, 10);
}

/** 0 ≤ h < 24. */
export function wallHour(instant: Date): number {
  return (wallMs(instant) % dayMs) / 3_600_000;
}

/** 0 is Sunday. */
export function weekday(instant: Date): number {
  return new Date(wallMs(instant)).getUTCDay();
}

/** The instant at which the wall clock shows `hour` on the day of `instant`. */
export function atHour(instant: Date, hour: number): Date {
  const midnight = Math.floor(wallMs(instant) / dayMs) * dayMs;
  return new Date(paris.instantOf(midnight + Math.round(hour * 60) * 60_000));
}

/** The same hour, a number of days later. */
export function daysLater(instant: Date, days: number): Date {
  return new Date(paris.instantOf(wallMs(instant) + days * dayMs));
}

function wallMs(instant: Date): number {
  return instant.getTime() + paris.offsetAt(instant.getTime());
}

function wallIso(instant: Date): string {
  return new Date(wallMs(instant)).toISOString();
}
