import { z } from 'zod';
import type { Json } from '../../../shared/systems/references';

/** Conditions in Odoo's notation: all must be true, unless `|` or `!` stands before some. */
export type Domain = readonly Json[];

/** The values that a domain requires by plain equality. A new record gets them, so that it belongs to the domain. */
export function valuesIn(domain: Domain): ReadonlyMap<string, string | number | boolean> {
  const values = new Map<string, string | number | boolean>();
  if (domain.some((part) => part === '|' || part === '!')) return values;
  for (const part of domain) {
    const { data } = equality.safeParse(part);
    if (data !== undefined) values.set(data[0], data[2]);
  }
  return values;
}

const equality = z.tuple([
  z.string().regex(/^\w+$/),
  z.literal('='),
  z.union([z.string(), z.number(), z.boolean()]),
]);
