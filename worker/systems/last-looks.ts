import type { Item, Revision } from '../pipeline/system';

/**
 * Items that were read a moment ago. In a system without preconditions, a record is read right before each write; if it
 * has just been read, it is not read again.
 */
export interface LastLooks {
  saw(item: Item): void;
  forget(key: string): void;
  /** True: the item was read with that revision so recently that it need not be read again. */
  isFresh(key: string, revision: Revision): boolean;
}

const freshMs = 1_000;
/** Only so many items are kept; others are read again. */
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
