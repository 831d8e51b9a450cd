import { createHash } from 'node:crypto';

/** Of settings that count no versions: another one after each change. Made of what can be seen, never of a secret. */
export const revisionOf = (settings: unknown): string =>
  createHash('sha256').update(JSON.stringify(settings)).digest('base64url').slice(0, 16);
