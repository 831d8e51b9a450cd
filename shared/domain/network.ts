// Which addresses count as one caller. A caller with an IPv6 connection has a whole network of addresses, and may use
// another one each time.

/** The networks that an address belongs to, the narrowest first: `192.0.2.7`; `2001:db8:0:1::/64`, `…/56`, `…/48`. */
export function networksOf(address: string): string[] {
  const groups = ipv6Groups(address);
  if (groups === null) return [address];
  return [64, 56, 48].map((bits) => networkOf(groups, bits));
}

/** The one that counts as a caller: an IPv4 address, an IPv6 /64. */
export const callerNetwork = (address: string): string => networksOf(address)[0] ?? address;

function networkOf(groups: readonly number[], bits: number): string {
  const kept = groups.slice(0, 4).map((group, index) => {
    const bitsOfGroup = Math.min(16, Math.max(0, bits - index * 16));
    return group & (0xffff << (16 - bitsOfGroup)) & 0xffff;
  });
  return `${kept.map((group) => group.toString(16)).join(':')}::/${bits}`;
}

/** The first four of eight groups of 16 bits are enough. Null: it is no IPv6 address. */
function ipv6Groups(address: string): number[] | null {
  const [plain = ''] = address.split('%');
  if (!plain.includes(':')) return null;
  const [head = '', tail] = plain.split('::');
  const before = groupsOf(head);
  const after = tail === undefined ? [] : groupsOf(tail);
  const missing = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  return [...before, ...Array.from({ length: missing }, () => 0), ...after].slice(0, 8);
}

/** An IPv4 address at the end is two groups; what it says does not matter for a network. */
const groupsOf = (text: string): number[] =>
  text === ''
    ? []
    : text
        .split(':')
        .flatMap((group) => (group.includes('.') ? [0, 0] : [Number.parseInt(group, 16) & 0xffff]));
