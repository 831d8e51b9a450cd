import { z } from 'zod';
import type { Json } from '../../../shared/systems/references';

/** Conditions in Odoo's words: all of them hold, unless `|` or `!` stands before some. */
export type Domain = readonly Json[];

/** What a record has that a domain wants to be equal, as far as that is plain: what is made has to belong to it. */
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
