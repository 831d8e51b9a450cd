import { createHash } from 'node:crypto';
import type { Resolved } from '../entry';
import { sides } from '../sides';
import type { Middleware } from '../pipeline';
import type { Content } from '../system';

export interface CompareContentSettings {
  readonly signal: AbortSignal;
}

/** Two contents of one size that no hash tells apart, and of which nobody knows whether they are the same, are read. */
export function compareContent({ signal }: CompareContentSettings): Middleware<Resolved> {
  return async (entry, next) => {
    const { here, there } = entry.items;
    if (!here?.content || !there?.content || !isOpen(entry)) return next(entry);
    return next(Object.assign(entry, await compared(here.content, there.content, signal)));
  };
}

/** Each side's content is not the one that it was last seen with. */
const isOpen = ({ states, bases }: Resolved) =>
  states.here.content !== states.there.content &&
  sides.every((side) => states[side].content !== bases[side]?.content);

/** Nothing where no look was needed. */
async function compared(
  ours: Content,
  theirs: Content,
  signal: AbortSignal,
): Promise<{ hasSameContent?: boolean }> {
  if (ours.size !== theirs.size || areComparable(ours, theirs)) return {};
  const [one, other] = await Promise.all([digestOf(ours, signal), digestOf(theirs, signal)]);
  return { hasSameContent: one === other };
}

const areComparable = ({ hash: one }: Content, { hash: other }: Content) =>
  one !== null && other !== null && kindOf(one) === kindOf(other);

/** A hash is told with its kind, e.g. `sha256:…`. */
const kindOf = (hash: string) => hash.slice(0, hash.indexOf(':') + 1);

async function digestOf(content: Content, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const bytes of await content.open(signal)) hash.update(bytes);
  return hash.digest('hex');
}
