import type { PathEntry, PathTree, TreeRemoved, TreeWritten } from './path-tree';

/** It occurs in no revision of a tree that tells what was touched. */
const mark = ' touched ';

/**
 * The tree for a pair that compares contents: a file that was touched has another revision, so that it is read again. So
 * an edit is noticed that keeps the size and sets the time back.
 */
export function watchTouches(tree: PathTree): PathTree {
  return {
    ...tree,
    async *list(signal, isLeftOut) {
      for await (const entries of tree.list(signal, isLeftOut)) yield entries.map(withTouch);
    },
    children: async (path, signal) => (await tree.children(path, signal)).map(withTouch),
    async look(path, signal) {
      const entry = await tree.look(path, signal);
      return entry === null ? null : withTouch(entry);
    },
    read: (entry, signal) => tree.read(withoutTouch(entry), signal),
    makeFolder: async (...parts) => shown(await tree.makeFolder(...parts)),
    makeFile: async (...parts) => shown(await tree.makeFile(...parts)),
    replaceFile: async (expected, content, signal) =>
      shown(await tree.replaceFile(withoutTouch(expected), content, signal)),
    move: async (expected, path, signal) => shown(await tree.move(withoutTouch(expected), path, signal)),
    async remove(expected, signal): Promise<TreeRemoved> {
      const removed = await tree.remove(withoutTouch(expected), signal);
      return removed.kind === 'stale'
        ? { kind: 'stale', entry: removed.entry && withTouch(removed.entry) }
        : removed;
    },
  };
}

const withTouch = (entry: PathEntry): PathEntry =>
  entry.touched === undefined ? entry : { ...entry, revision: `${entry.revision}${mark}${entry.touched}` };

function withoutTouch(entry: PathEntry): PathEntry {
  const end = entry.revision.lastIndexOf(mark);
  return end < 0 ? entry : { ...entry, revision: entry.revision.slice(0, end) };
}

function shown(written: TreeWritten): TreeWritten {
  switch (written.kind) {
    case 'done':
      return { kind: 'done', entry: withTouch(written.entry) };
    case 'stale':
      return { kind: 'stale', entry: written.entry && withTouch(written.entry) };
    case 'refused':
      return written;
  }
}
