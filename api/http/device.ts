import type { IncomingHttpHeaders } from 'node:http';
import type { Device } from '../../shared/domain/device';

/**
 * From `Date` and `User-Agent: epack-solution/<version>`; implausible values count as absent. Call it as soon as the
 * headers have arrived, because the body may take long.
 */
export function deviceOf({ date, 'user-agent': userAgent }: IncomingHttpHeaders, now = Date.now()): Device {
  return {
    clockSkewSeconds: skewOf(date, now),
    version: /^epack-solution\/([\w.+-]{1,32})(?: |$)/i.exec(userAgent ?? '')?.[1] ?? null,
  };
}

/** A device whose battery was changed may be set to 1970. A larger difference is not a clock. */
const maxSkewSeconds = 100 * 366 * 86_400;

function skewOf(date: string | undefined, now: number): number | null {
  if (date === undefined || !httpDate.test(date)) return null;
  const seconds = Math.round((Date.parse(date) - now) / 1000);
  return Math.abs(seconds) <= maxSkewSeconds ? seconds : null;
}

/** Source: RFC 9110, 5.6.7; only the form that may be sent. */
const httpDate = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
