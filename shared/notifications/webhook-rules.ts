import { BlockList, isIP } from 'node:net';
import type { FieldFault } from '../domain/field-fault';

/** Where webhooks may lead. */
export interface WebhookRules {
  /** Whether plain http will do. */
  readonly allowsHttp: boolean;
  /** Addresses and networks that are allowed although they are private. */
  readonly allowedNetworks: readonly string[];
}

/**
 * The problem of the URL of a webhook. Null: its text shows none. Whether its name leads to an address that may be
 * called is known only when it is called.
 */
export function webhookUrlProblem(written: string, rules: WebhookRules): FieldFault | null {
  if (!URL.canParse(written)) return { code: 'not-a-url' };
  const url = new URL(written);
  if (url.protocol !== 'https:' && !(rules.allowsHttp && url.protocol === 'http:')) {
    return { code: 'not-https', allowsHttp: rules.allowsHttp };
  }
  if (url.username !== '' || url.password !== '') return { code: 'holds-credentials' };
  const host = hostOf(url);
  if (isIP(host) !== 0 && !mayBeCalled(host, rules)) return { code: 'private-address' };
  return null;
}

/** The name, or the address, without the brackets of IPv6. */
const hostOf = ({ hostname }: URL): string => hostname.replace(/^\[|\]$/g, '');

/**
 * True for an address of the public internet, or one that is allowed by name of its network. This server stands within
 * a network that trusts it: whoever may register a webhook must not reach the machines next to it.
 */
export function mayBeCalled(address: string, { allowedNetworks }: WebhookRules): boolean {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (isIP(address) === 0) return false;
  if (listOf(allowedNetworks).check(address, family)) return true;
  if (notPublic.check(address, family)) return false;
  return family === 'ipv4' || publicIpv6.check(address, 'ipv6');
}

function listOf(networks: readonly string[]): BlockList {
  const list = new BlockList();
  for (const network of networks) {
    const [address = '', prefix] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}

/** Source: the special-purpose address registries of IANA. IPv6 that carries an IPv4 address is not public either. */
const notPublic = listOf([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
]);

/** All that is given out of IPv6 so far: loopback, link-local, unique local and the rest lie elsewhere. */
const publicIpv6 = listOf(['2000::/3']);
