import type { Item, Revision } from '../pipeline/system';

/**
 * Items that were read a moment ago. A system without preconditions is looked at right before each write; a look that
 * has just been taken is not taken again.
 */
export interface LastLooks {
  saw(item: Item): void;
  forget(key: string): void;
  /** True: it was seen with that revision so recently that no second look is worth a call. */
  isFresh(key: string, revision: Revision): boolean;
}

const freshMs = 1_000;
/** Looks are short: what is beyond these is looked at again. */
const most = 1_000;

export function createLastLooks(now: () => number = () => performance.now()): LastLooks {
  const looks = new Map<string, { readonly revision: Revision; readonly at: number }>();
  return {
    saw({ key, revision }) {
      looks.delete(key);
      looks.set(key, { revision, at: now() });
      const [oldest] = looks.keys();
      if (looks.size > most && oldest !== undefined) looks.delete(oldest);
    },
    forget: (key) => void looks.delete(key),
    isFresh(key, revision) {
      const look = looks.get(key);
      return look?.revision === revision && now() - look.at < freshMs;
    },
  };
}
