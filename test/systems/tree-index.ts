import { createJobStore } from '../../shared/stores/jobs/job-store';
import type { SliceHold } from '../../shared/db/slice-guard';
import { createPairTreeIndex } from '../../worker/pairs/pair-tree-index';
import type { Side } from '../../worker/pipeline/sides';
import type { System } from '../../worker/pipeline/system';
import { indexedTree } from '../../worker/systems/tree/indexed-tree';
import type { PathTree } from '../../worker/systems/tree/path-tree';
import type { TreeIndex } from '../../worker/systems/tree/tree-index';
import type { TestDatabase } from '../setup/database';

/** The index of a new pair, whose slice this process holds. */
export interface TestIndex {
  readonly pairId: number;
  readonly index: TreeIndex;
  /** The tree as a system with keys. */
  readonly systemOf: (
    tree: PathTree,
    compare?: 'revision' | 'hash',
    isLeftOut?: (path: string) => boolean,
  ) => System;
}

let pairs = 0;

export async function openTestIndex({ db }: TestDatabase, side: Side = 'here'): Promise<TestIndex> {
  pairs += 1;
  const systemIds = await Promise.all(
    ['a', 'b'].map(async (name) => {
      const [row] = await db('remote_system')
        .insert({ name: `${name}-${pairs}`, kind: 'file-tree', config: '{}' })
        .returning<{ id: number }[]>('id');
      return row?.id ?? 0;
    }),
  );
  const [pair] = await db('pair')
    .insert({ name: `pair-${pairs}`, here_id: systemIds[0], there_id: systemIds[1], config: '{}' })
    .returning<{ id: number }[]>('id');
  const pairId = pair?.id ?? 0;
  const index = createPairTreeIndex(db, pairId, side, await holdOf(db, pairId));
  return {
    pairId,
    index,
    systemOf: (tree, compare = 'hash', isLeftOut = () => false) =>
      indexedTree(tree, index, { side, compare, isLeftOut }),
  };
}

async function holdOf(db: TestDatabase['db'], pairId: number): Promise<SliceHold> {
  const subject = String(pairId);
  const [job] = await db('job')
    .insert({ kind: 'pair.slice', subject, lane: 'pairs' })
    .returning<{ id: string }[]>('id');
  const claimed = await createJobStore(db).claim(job?.id ?? '0', 600);
  if (claimed === null) throw new Error('the slice cannot be held');
  return claimed;
}
