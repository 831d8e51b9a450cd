import { z } from 'zod';
import { type FieldValue, sameValue } from '../domain/merge-copy';

// The stored copies of a link, in the form for people and programs.

const seenShape = z.object({
  isActive: z.boolean(),
  fields: z.record(z.string(), z.unknown()),
  place: z.object({ parent: z.string().nullable(), name: z.string() }).nullable().optional(),
  content: z.string().optional(),
});

/** The values of one side, as a flat set of names and values. Null: the item was deleted there, or never read. */
export function flatState(state: unknown): Record<string, unknown> | null {
  const parsed = seenShape.safeParse(state);
  if (!parsed.success || !parsed.data.isActive) return null;
  const { fields, place, content } = parsed.data;
  return {
    ...fields,
    ...(place === null || place === undefined ? {} : { name: place.name, parent: place.parent }),
    ...(content === undefined ? {} : { content }),
  };
}

const bothSides = z.object({ here: z.unknown(), there: z.unknown() });

/** The values of both sides. Null: they were never read. */
export function statesOf(
  states: unknown,
): Readonly<Record<'here' | 'there', Record<string, unknown> | null>> | null {
  const parsed = bothSides.safeParse(states);
  return parsed.success ? { here: flatState(parsed.data.here), there: flatState(parsed.data.there) } : null;
}

const fieldValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.object({ xml: z.string() }),
]) satisfies z.ZodType<FieldValue>;

/** As the engine compares them. */
export function isSame(one: unknown, other: unknown): boolean {
  const [first, second] = [fieldValue.safeParse(one ?? null), fieldValue.safeParse(other ?? null)];
  return first.success && second.success && sameValue(first.data, second.data);
}
