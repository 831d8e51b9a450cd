import { Trouble } from '../../pipeline/trouble';
import type { PathTree } from './path-tree';
import type { TreeIndex } from './tree-index';

/**
 * Checks once that the root is still the same folder: a folder on which nothing is mounted is not an empty tree. A
 * restored root counts as the same if it has at least half of its earlier contents. Throws `root-missing`.
 */
export function createRootCheck(tree: PathTree, index: TreeIndex): (signal: AbortSignal) => Promise<void> {
  let checked: Promise<void> | null = null;
  return async (signal) => {
    checked ??= check(tree, index, signal);
    try {
      await checked;
    } catch (error) {
      checked = null;
      throw error;
    }
  };
}

const mostLooks = 100;

async function check(tree: PathTree, index: TreeIndex, signal: AbortSignal): Promise<void> {
  if (tree.rootIdentity === undefined) return;
  const identity = await tree.rootIdentity(signal);
  const known = await index.rootIdentity();
  if (known === identity) return;
  if (known !== null && !(await isRestored(tree, index, signal)))
    throw new Trouble(
      'root-missing',
      'root-missing: another folder is at the place of the root, and what was in it is not there. Is it mounted?',
    );
  await index.keepRootIdentity(identity);
}

async function isRestored(tree: PathTree, index: TreeIndex, signal: AbortSignal): Promise<boolean> {
  const items = await index.atRoot(mostLooks);
  const found = await Promise.all(items.map(({ path }) => tree.look(path, signal)));
  return found.filter((entry) => entry !== null).length * 2 >= items.length;
}
