import type { Recognition } from './recognise';
import type { PathTree } from './path-tree';
import type { ShownParts } from './tree-items';
import type { IndexedItem, TreeIndex } from './tree-index';

/** What the calls of a tree with an index share. */
export interface IndexedParts extends ShownParts {
  /** Two who find one item that nobody knew would give it two keys, so they find it together, or one after the other. */
  readonly recognise: (asked: Recognition) => Promise<readonly IndexedItem[]>;
  readonly tree: PathTree;
  readonly index: TreeIndex;
  readonly isLeftOut: (path: string) => boolean;
}
