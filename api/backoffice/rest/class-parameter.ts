import { z } from 'zod';
import { findParameterClass, type ParameterClass } from '../../../shared/catalog/parameter-classes';
import { notFound } from '../../../shared/errors/catalog';
import { pathParameter } from '../../http/operation';

/** A class of the catalogue, by its name. */
export const classOf = z
  .string()
  .meta({ description: 'For example `Fridges`; case does not count.', examples: ['Fridges'] })
  .transform((name, context): ParameterClass => {
    const found = findParameterClass(name);
    if (found !== undefined) return found;
    context.addIssue({ code: 'custom', message: 'is no class' });
    return z.NEVER;
  });

/** A class of the catalogue. */
export const classParameter = pathParameter(classOf, () => notFound('parameter class'));
/** The Id of an entity of a class. */
export const entityParameter = pathParameter(
  z.string().meta({ description: 'The Id that the solution or staff gave it.', examples: ['1532500000123'] }),
  () => notFound('parameter'),
);
