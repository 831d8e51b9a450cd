import type { RequestHandler } from 'express';
import type { Logger } from '../../shared/log';

interface Deps {
  /** As configured: addresses and networks, or how many there are. */
  readonly trustProxy: number | readonly string[];
  /** Keeps it for the console and for `epack config`. */
  readonly note: (address: string) => Promise<void>;
  readonly log: Pick<Logger, 'warn'>;
}

const everyMilliseconds = 3_600_000;

/**
 * Sees where X-Forwarded-For comes and no proxy is trusted: everyone then seems to call from one address, and shares its
 * limits. It is told once an hour.
 */
export function createProxyWatch({ trustProxy, note, log }: Deps): RequestHandler {
  const isTrusting = typeof trustProxy === 'number' ? trustProxy > 0 : trustProxy.length > 0;
  let toldAtMs = -Infinity;
  return (request, _response, next) => {
    next();
    const isSeen = request.headers['x-forwarded-for'] !== undefined && !isTrusting;
    if (!isSeen || Date.now() - toldAtMs < everyMilliseconds) return;
    toldAtMs = Date.now();
    const address = request.socket.remoteAddress ?? 'unknown';
    log.warn({ address }, 'X-Forwarded-For comes, and no proxy is trusted: set EPACK_TRUST_PROXY');
    note(address).catch((error: unknown) => log.warn({ err: error }, 'it could not be noted'));
  };
}
