import type { RequestHandler } from 'express';
import type { Logger } from '../../shared/log';

interface Deps {
  readonly isTrusted: (address: string) => boolean;
  /** Stores it for the console and for `epack config`. */
  readonly note: (address: string) => Promise<void>;
  readonly log: Pick<Logger, 'warn'>;
}

const everyMilliseconds = 3_600_000;

/**
 * Notices an untrusted address that sends X-Forwarded-For. All callers then seem to have that address and share its
 * limits. It is logged once an hour.
 */
export function createProxyWatch({ isTrusted, note, log }: Deps): RequestHandler {
  let toldAtMs = -Infinity;
  return (request, _response, next) => {
    next();
    const address = request.socket.remoteAddress ?? 'unknown';
    const isSeen = request.headers['x-forwarded-for'] !== undefined && !isTrusted(address);
    if (!isSeen || Date.now() - toldAtMs < everyMilliseconds) return;
    toldAtMs = Date.now();
    log.warn(
      { address },
      'X-Forwarded-For comes from an address that is not trusted: if it is your proxy, set EPACK_TRUST_PROXY',
    );
    note(address).catch((error: unknown) => log.warn({ err: error }, 'it could not be noted'));
  };
}
