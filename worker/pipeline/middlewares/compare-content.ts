import { areComparable, isSameWhenRead } from '../content';
import type { Resolved } from '../entry';
import { sides } from '../sides';
import type { Middleware } from '../pipeline';
import type { Content } from '../system';

export interface CompareContentSettings {
  readonly signal: AbortSignal;
}

/** Reads two contents of the same size if their hashes cannot decide whether they are equal. */
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

/** Returns nothing if no reading was needed. */
async function compared(
  ours: Content,
  theirs: Content,
  signal: AbortSignal,
): Promise<{ hasSameContent?: boolean }> {
  if (ours.size !== theirs.size || areComparable(ours, theirs)) return {};
  return { hasSameContent: await isSameWhenRead(ours, theirs, signal) };
}
