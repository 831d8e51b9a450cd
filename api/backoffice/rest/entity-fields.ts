import { z } from 'zod';

// The fields of a parameter, as staff read and write them.

const example = { Name: 'Chambre froide 1', TempMin: 0, TempMax: 4 };

/** The value of one field. */
export const fieldValue = z.union([
  z.string(),
  z.number(),
  z.boolean(),
  z.null(),
  z.object({ xml: z.string() }),
]);

/** As they are kept: those of the class, and what the solution sent beyond them. */
export const fields = z
  .record(z.string(), fieldValue)
  .readonly()
  .meta({
    id: 'Fields',
    description:
      'The fields by name, as docs/catalogue.md lists them. A field that the class does not declare is a text, or `{xml}` if it contains more than text.',
    examples: [example],
  });

/** As someone gives them; what they may be is for the class to say. */
export const givenFields = z.record(z.string(), z.unknown()).meta({
  description: 'The named fields are set, null clears a field, and the others stay.',
  examples: [example],
});

/** One side's copy of an entity. */
export const copy = z
  .object({
    isActive: z.boolean().meta({ description: 'False: the entity is deleted.', examples: [true] }),
    fields,
  })
  .meta({ id: 'Copy' });
