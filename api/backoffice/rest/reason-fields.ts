import { z } from 'zod';

// Why an entry of a pair was not carried out, or waits, beside its English sentence.

export const reasonCode = z.string().nullable().meta({
  description: 'The stable code of the reason. Null: it has none, as in what earlier versions stored.',
});
export const reasonValues = z.unknown().meta({ description: 'The values in its sentence, by name.' });
