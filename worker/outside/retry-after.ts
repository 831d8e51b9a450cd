const longestMs = 24 * 60 * 60 * 1000;

/**
 * RFC 9110, 10.2.3: "Retry-After = HTTP-date / delay-seconds". A date is read by the server's own clock, as its
 * header `Date` shows it: ours may be another one. Undefined: there is none, or it cannot be read.
 */
export function retryAfterMs(headers: Headers): number | undefined {
  const written = headers.get('retry-after')?.trim();
  if (written === undefined || written === '') return undefined;
  if (/^\d+$/.test(written)) return Math.min(Number(written) * 1000, longestMs);
  const at = Date.parse(written);
  if (Number.isNaN(at)) return undefined;
  const now = Date.parse(headers.get('date') ?? '');
  return Math.min(Math.max(0, at - (Number.isNaN(now) ? Date.now() : now)), longestMs);
}
