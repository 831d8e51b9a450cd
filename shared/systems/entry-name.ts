import { z } from 'zod';

/** The names of systems and of pairs. */
export const entryName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, 'must be small letters, digits and "-", a letter first, 40 at most');
