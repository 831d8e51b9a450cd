import { BlockList, isIPv6 } from 'node:net';

/** As configured: addresses and networks, or how many there are. */
export type TrustedProxies = number | readonly string[];

/**
 * Whether a connection from this address comes from a trusted proxy. If only a number is configured, every address is
 * trusted.
 */
export function trustIn(proxies: TrustedProxies): (address: string) => boolean {
  if (typeof proxies === 'number') return () => proxies > 0;
  const known = new BlockList();
  for (const written of proxies) {
    const [address = '', prefix] = written.split('/');
    const family = familyOf(address);
    if (prefix === undefined) known.addAddress(address, family);
    else known.addSubnet(address, Number(prefix), family);
  }
  return (address) => {
    const plain = withoutMapping(address);
    return known.check(plain, familyOf(plain));
  };
}

/** Writes an IPv4 address as such, also on an IPv6 socket. */
export const withoutMapping = (address: string): string =>
  address.replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, '');

const familyOf = (address: string) => (isIPv6(address) ? 'ipv6' : 'ipv4');
