import { createHash } from 'node:crypto';
import { z } from 'zod';
import { canonicalText, type Fields } from '../../../shared/domain/merge-copy';
import { type Item, tombstone } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';

/** A record as `search_read` returns it. */
export type Row = Readonly<Record<string, unknown>> & { readonly id: number };

const rows = z.array(z.looseObject({ id: z.int() }));

/**
 * Throws `unavailable` if the value is not a list of records, for example because a proxy replied instead of the
 * server.
 */
export function readRows(value: unknown): readonly Row[] {
  const parsed = rows.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new Trouble('unavailable', 'the answer does not have the form of records');
}

export const itemOf = (id: number, fields: Fields, origin: string | null): Item => ({
  key: String(id),
  revision: revisionOf(fields),
  isActive: true,
  fields,
  place: null,
  isFolder: false,
  origin,
});

export const archivedItem = (id: number): Item => tombstone(String(id));

/**
 * `write_date` cannot be the revision: it has whole seconds, so that two changes within one second would look equal,
 * and it changes when the same values are written again. Only the fields that the pair reads count.
 */
export const revisionOf = (fields: Fields): string =>
  createHash('sha256')
    .update(canonicalText({ isActive: true, fields }))
    .digest('base64url');
