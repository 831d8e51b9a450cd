import { z } from 'zod';
import type { Written } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { refusedBySystem } from '../../pipeline/refusal';

const loaded = z.looseObject({
  ids: z.union([z.array(z.int()), z.literal(false)]),
  messages: z
    .array(z.looseObject({ type: z.string().optional(), message: z.string(), field: z.string().optional() }))
    .default([]),
});

/** The number of the one record that was loaded. `load` always returns 200; it lists its failures in `messages`. */
export function readLoaded(value: unknown): number | Written {
  const { ids, errors } = partsOf(value);
  const [id, ...others] = ids;
  if (id !== undefined && others.length === 0 && errors.length === 0) return id;
  const reason = reasonOf(errors);
  const fields = errors.flatMap(({ field }) => (field === undefined ? [] : [field]));
  return { ...refusedBySystem('invalid', reason), ...(fields.length === 0 ? {} : { fields }) };
}

/** Null: that number of records was loaded. Otherwise the reason why none was. */
export function faultOfLoad(value: unknown, count: number): string | null {
  const { ids, errors } = partsOf(value);
  return errors.length === 0 && ids.length === count ? null : reasonOf(errors);
}

function partsOf(value: unknown) {
  const parsed = loaded.safeParse(value);
  if (!parsed.success) throw new Trouble('unavailable', 'the answer to a creation has another form');
  const { ids, messages } = parsed.data;
  return { ids: ids === false ? [] : ids, errors: messages.filter(({ type }) => type !== 'warning') };
}

function reasonOf(errors: readonly { readonly message: string }[]): string {
  if (errors.length === 0) throw new Trouble('unavailable', 'the answer to a creation names no record');
  const reason = errors.map(({ message }) => message.trim()).join('; ');
  // If several calls load the same external id at once, one of them goes first.
  if (/could not serialize|deadlock detected|could not obtain lock/i.test(reason))
    throw new Trouble('unavailable', reason);
  return reason;
}
