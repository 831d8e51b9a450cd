import type { Request } from 'express';
import { withoutMapping } from './trusted-proxies';

/** Where a request comes from, with `EPACK_TRUST_PROXY` proxies believed. An IPv4 address as such, also on an IPv6 socket. */
export function addressOf({ ip }: Pick<Request, 'ip'>): string {
  return withoutMapping(ip ?? '');
}
