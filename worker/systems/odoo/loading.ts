import { z } from 'zod';
import type { Written } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';

const loaded = z.looseObject({
  ids: z.union([z.array(z.int()), z.literal(false)]),
  messages: z
    .array(z.looseObject({ type: z.string().optional(), message: z.string(), field: z.string().optional() }))
    .default([]),
});

/**
 * The number of the one record that was loaded. `load` is answered 200 whatever came of it: what it did not do, it says
 * in `messages`.
 */
export function readLoaded(value: unknown): number | Written {
  const parsed = loaded.safeParse(value);
  if (!parsed.success) throw new Trouble('unavailable', 'the answer to a creation has another form');
  const { ids, messages } = parsed.data;
  const errors = messages.filter(({ type }) => type !== 'warning');
  const [id, ...others] = ids === false ? [] : ids;
  if (id !== undefined && others.length === 0 && errors.length === 0) return id;
  if (errors.length === 0) throw new Trouble('unavailable', 'the answer to a creation names no record');
  const reason = errors.map(({ message }) => message.trim()).join('; ');
  // Of several that load the same external id at once, one goes first.
  if (/could not serialize|deadlock detected|could not obtain lock/i.test(reason))
    throw new Trouble('unavailable', reason);
  const fields = errors.flatMap(({ field }) => (field === undefined ? [] : [field]));
  return { kind: 'refused', code: 'invalid', reason, ...(fields.length === 0 ? {} : { fields }) };
}
