import { Cron } from 'croner';
import type { PairFind } from '../../shared/systems/pair-settings';

/** The next time of a cron expression, in UTC, delayed by a random part of the jitter. */
export function nextTime(
  cron: string,
  jitterSeconds: number,
  after: Date,
  random = Math.random,
): Date | null {
  const next = new Cron(cron, { timezone: 'UTC' }).nextRun(after);
  return next === null ? null : new Date(next.getTime() + Math.round(random() * jitterSeconds * 1000));
}

/** When a check and a whole listing are due next. Null: never by themselves. */
export const dueTimes = ({ check, whole, jitterSeconds }: PairFind, after: Date) => ({
  checkAt: check === undefined ? null : nextTime(check, jitterSeconds, after),
  wholeAt: whole === undefined ? null : nextTime(whole, jitterSeconds, after),
});
