import type { PathTree } from '../systems/tree/path-tree';

/** What the operator reads if `doOverlap`. It ends without a full stop. */
export const overlapSentence =
  'one side of the pair is, holds or lies in the folder of the other side, so that each run would copy what the run before has copied';

/**
 * True if one of the two trees is, holds or lies in the other one. The folders themselves are compared, not their paths:
 * one folder may have several paths, and a system may have got another folder since the pair was made.
 */
export async function doOverlap(trees: readonly Pick<PathTree, 'rootLocation'>[]): Promise<boolean> {
  const signal = AbortSignal.timeout(locatingMs);
  const [one = [], other = []] = await Promise.all(
    trees.map((tree) => tree.rootLocation?.(signal) ?? Promise.resolve([])),
  );
  const isWithin = (location: readonly string[], around: readonly string[]) =>
    around[0] !== undefined && location.includes(around[0]);
  return isWithin(one, other) || isWithin(other, one);
}

const locatingMs = 10_000;
