import { badRequest } from '../../shared/errors/catalog';

/**
 * The SHA-256 in a `Content-Digest` or `Repr-Digest`, e.g. `sha-256=:base64:`, as hex. Null: it contains none. Other
 * algorithms are ignored. Throws `bad-request` if it cannot be read. Source: RFC 9530.
 */
export function sha256OfDigest(name: string, header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  const written = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]+={0,2}):/.exec(String(header))?.[1];
  if (written === undefined) {
    if (/(?:^|,)\s*sha-256=/.test(String(header))) throw badRequest(`The ${name} cannot be read.`);
    return null;
  }
  return Buffer.from(written, 'base64').toString('hex');
}
