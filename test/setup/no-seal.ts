import { createSeal, type Seal } from '../../shared/seal/seal';

/** The seal of a server without a key for its secrets, which are stored unsealed. */
export const noSeal: Seal = createSeal([]);
