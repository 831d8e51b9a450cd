import type { Request } from 'express';
import { withoutMapping } from './trusted-proxies';

/**
 * The address of the caller, with the proxies of `EPACK_TRUST_PROXY` trusted. An IPv4 address is written as such, also
 * on an IPv6 socket.
 */
export function addressOf({ ip }: Pick<Request, 'ip'>): string {
  return withoutMapping(ip ?? '');
}
