import { createHash } from 'node:crypto';
import type { Content } from './system';

/** True if the two hashes are of the same kind, so that they can be compared. */
export const areComparable = ({ hash: one }: Content, { hash: other }: Content): boolean =>
  one !== null && other !== null && kindOf(one) === kindOf(other);

/** Reads both to their ends. */
export async function isSameWhenRead(one: Content, other: Content, signal: AbortSignal): Promise<boolean> {
  const [first, second] = await Promise.all([digestOf(one, signal), digestOf(other, signal)]);
  return first === second;
}

/** Reads the contents only if neither size nor hash decides. */
export async function isSame(one: Content, other: Content, signal: AbortSignal): Promise<boolean> {
  if (one.size !== other.size) return false;
  return areComparable(one, other) ? one.hash === other.hash : isSameWhenRead(one, other, signal);
}

/** A hash begins with its kind, e.g. `sha256:…`. */
const kindOf = (hash: string) => hash.slice(0, hash.indexOf(':') + 1);

async function digestOf(content: Content, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of await content.open(signal)) hash.update(bytes);
  return hash.digest('hex');
}
