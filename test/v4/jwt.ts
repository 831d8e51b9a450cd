import { createHmac, randomUUID } from 'node:crypto';

const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with these claims beside the usual ones, made by hand; undefined takes a claim away. */
export function handmadeToken(
  key: string,
  claims: Record<string, unknown>,
  algorithm: 'HS256' | 'HS512' | 'none' = 'HS256',
): string {
  const now = Math.floor(Date.now() / 1000);
  const usual = { iat: now, nbf: now, exp: now + 600, jti: randomUUID() };
  const signed = `${part({ alg: algorithm, typ: 'JWT' })}.${part({ ...usual, ...claims })}`;
  return `${signed}.${signatureOf(signed, key, algorithm)}`;
}

function signatureOf(signed: string, key: string, algorithm: 'HS256' | 'HS512' | 'none'): string {
  switch (algorithm) {
    case 'none':
      return '';
    case 'HS256':
      return createHmac('sha256', key).update(signed).digest('base64url');
    case 'HS512':
      return createHmac('sha512', key).update(signed).digest('base64url');
  }
}

/** The claims of a token. */
export function claimsOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}

/** The header of a token. */
export function headerOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Record<
    string,
    unknown
  >;
}
