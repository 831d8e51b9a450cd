import type { PathEntry, PathTree } from './path-tree';
import type { LocatedItem, TreeIndex } from './tree-index';

/**
 * Where items are while folders above them are moved by this process: between the move and its note in the index, what lies
 * in the folder is at neither path, and is not gone.
 */
export interface LivePaths {
  /** With their paths, once no move is in progress. Those that are nowhere are left out. */
  locate(keys: readonly string[]): Promise<readonly LocatedItem[]>;
  /** Null: it is not where it should be. */
  look(known: LocatedItem, signal: AbortSignal): Promise<Looked | null>;
  /** Opens a file that was looked at, wherever it is now. */
  read(key: string, entry: PathEntry, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
  /** Makes a move and notes it in the index. */
  moving<T>(move: () => Promise<T>): Promise<T>;
}

export interface Looked {
  readonly known: LocatedItem;
  readonly entry: PathEntry;
}

export function createLivePaths(tree: PathTree, index: TreeIndex): LivePaths {
  const moves = new Set<Promise<unknown>>();
  let hasMoved = false;
  const locate = async (keys: readonly string[]) => {
    await Promise.allSettled([...moves]);
    return index.byKeys(keys);
  };
  return {
    locate,
    async look(known, signal) {
      const entry = await tree.look(known.path, signal);
      if (entry !== null) return { known, entry };
      const [now] = await locate([known.key]);
      if (now === undefined || now.path === known.path) return null;
      const there = await tree.look(now.path, signal);
      return there === null ? null : { known: now, entry: there };
    },
    async read(key, entry, signal) {
      const at = (path: string) => tree.read({ ...entry, path }, signal);
      const [before] = hasMoved ? await locate([key]) : [];
      const path = before?.path ?? entry.path;
      try {
        return await at(path);
      } catch (error) {
        const [now] = await locate([key]);
        if (now === undefined || now.path === path) throw error;
        return at(now.path);
      }
    },
    async moving(move) {
      hasMoved = true;
      const moved = move();
      moves.add(moved);
      try {
        return await moved;
      } finally {
        moves.delete(moved);
      }
    },
  };
}
