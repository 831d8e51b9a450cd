import { fieldOf, type Fields } from '../../../shared/domain/merge-copy';
import type { Json } from '../../../shared/systems/references';
import type { Domain } from './domain';
import { fieldName } from './field-name';
import type { Relations } from './relations';
import type { ModelSchema } from './schema';
import { UnfitValue } from '../../pipeline/unfit-value';
import { writtenValue } from './values';

/**
 * Conditions that records with these values fulfil, as far as Odoo compares them correctly. Empty: there is none, or no
 * record can have one of the values.
 */
export async function leavesOf(
  schema: ModelSchema,
  relations: Relations,
  fields: Fields,
  signal: AbortSignal,
): Promise<Domain> {
  const leaves: Json[] = [];
  try {
    for (const written of Object.keys(fields)) {
      const name = fieldName(written);
      const field = schema.field(name.own);
      const value = fieldOf(fields, written);
      if (field === null) return [];
      if (!field.isSearchable || notCompared.has(field.type)) continue;
      if (value === null) leaves.push([name.own, '=', false]);
      else if (field.type === 'many2one') {
        const [number] = await relations.numbers({ name, field }, value, signal);
        if (number === undefined) return [];
        leaves.push([name.own, '=', number]);
      } else {
        const sent = writtenValue(field, value);
        if (typeof sent !== 'object') leaves.push([name.own, '=', sent]);
      }
    }
    return leaves;
  } catch (error) {
    if (error instanceof UnfitValue) return [];
    throw error;
  }
}

/**
 * Sets, markup and times are compared after they were read: Odoo stores times in microseconds but returns them in
 * seconds.
 */
const notCompared = new Set(['many2many', 'one2many', 'html', 'datetime', 'binary', 'json', 'properties']);
