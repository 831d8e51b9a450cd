import { z } from 'zod';

const stored = z.object({ here: z.array(z.string()).catch([]), there: z.array(z.string()).catch([]) });

interface Disputed {
  /** As they were stored. */
  readonly candidates: unknown;
  readonly side: 'here' | 'there';
  /** What was looked at. */
  readonly key: string;
}

/** The keys of what could be the same entity, by side. What was looked at is among those of its side. */
export function candidatesOf({ candidates, side, key }: Disputed): {
  readonly here: readonly string[];
  readonly there: readonly string[];
} {
  const keys = stored.safeParse(candidates).data ?? { here: [], there: [] };
  return { ...keys, [side]: [...new Set([key, ...keys[side]])] };
}
