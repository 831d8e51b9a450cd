import { z } from 'zod';

const stored = z.object({ here: z.array(z.string()).catch([]), there: z.array(z.string()).catch([]) });

const values = z.record(z.string(), z.record(z.string(), z.unknown()));
const shownShape = z.object({ shown: z.object({ here: values, there: values }) });

interface Disputed {
  /** As they were stored. */
  readonly candidates: unknown;
  readonly side: 'here' | 'there';
  /** The key of the examined record. */
  readonly key: string;
}

/** The keys of the candidates for the same entity, by side. They include the examined record. */
export function candidatesOf({ candidates, side, key }: Disputed): {
  readonly here: readonly string[];
  readonly there: readonly string[];
} {
  const keys = stored.safeParse(candidates).data ?? { here: [], there: [] };
  return { ...keys, [side]: [...new Set([key, ...keys[side]])] };
}

/** The values of a candidate when the conflict was found. Null: they are not known. */
export function shownCandidate(
  candidates: unknown,
  side: 'here' | 'there',
  key: string,
): Readonly<Record<string, unknown>> | null {
  const shown = shownShape.safeParse(candidates).data?.shown[side] ?? {};
  return Object.hasOwn(shown, key) ? (shown[key] ?? null) : null;
}
