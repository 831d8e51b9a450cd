import { createHash } from 'node:crypto';
import type { Content } from './system';

/** True where the hashes of the two tell whether they are the same. */
export const areComparable = ({ hash: one }: Content, { hash: other }: Content): boolean =>
  one !== null && other !== null && kindOf(one) === kindOf(other);

/** Reads both to their ends. */
export async function isSameWhenRead(one: Content, other: Content, signal: AbortSignal): Promise<boolean> {
  const [first, second] = await Promise.all([digestOf(one, signal), digestOf(other, signal)]);
  return first === second;
}

/** Reads them only where neither size nor hash tells. */
export async function isSame(one: Content, other: Content, signal: AbortSignal): Promise<boolean> {
  if (one.size !== other.size) return false;
  return areComparable(one, other) ? one.hash === other.hash : isSameWhenRead(one, other, signal);
}

/** A hash is told with its kind, e.g. `sha256:…`. */
const kindOf = (hash: string) => hash.slice(0, hash.indexOf(':') + 1);

async function digestOf(content: Content, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of await content.open(signal)) hash.update(bytes);
  return hash.digest('hex');
}
