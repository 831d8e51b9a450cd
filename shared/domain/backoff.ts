export interface BackoffLimits {
  readonly firstMs: number;
  readonly maxMs: number;
}

/**
 * Milliseconds to wait before the next try, after `failures` (1 or more) in a row: doubled each time, up to the
 * maximum; of that a random half, so that many who failed together do not come back together.
 */
export function backoffMs(failures: number, { firstMs, maxMs }: BackoffLimits, random = Math.random): number {
  const longest = Math.min(maxMs, firstMs * 2 ** (failures - 1));
  return Math.round(longest * (0.5 + random() / 2));
}
