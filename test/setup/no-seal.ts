import { createSeal, type Seal } from '../../shared/seal/seal';

/** Of a server without a key for its secrets: they are kept as they are. */
export const noSeal: Seal = createSeal([]);
