import { createHash } from 'node:crypto';

/**
 * The revision of settings that have no version number. It differs after each change. It is made from visible settings,
 * never from a secret.
 */
export const revisionOf = (settings: unknown): string =>
  createHash('sha256').update(JSON.stringify(settings)).digest('base64url').slice(0, 16);
