import { decodeProtectedHeader, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { unauthorized } from '../../shared/errors/catalog';
import type { TokenKey, TokenKeys } from './token-keys';

/** The holder of a token, and when the token expires. */
export interface TokenHolder {
  readonly solutionId: number;
  /** The solution's generation of tokens when it was given. */
  readonly generation: number;
  readonly expiresAt: Date;
}

export type Tokens = ReturnType<typeof createTokens>;

/**
 * The bearer tokens of solutions: JWT, HS256, claims `aud` = solution id, `iat`, `nbf`, `exp`, `jti`; `kid` in the
 * header names the key. Source: ePack V4, POST /v4/{channel}/login. `gen` is the solution's generation of tokens: `iat`
 * counts whole seconds, and could not tell a token of just before its end from one of just after.
 */
export function createTokens({ keys, minutes }: { readonly keys: TokenKeys; readonly minutes: number }) {
  return {
    async issue(solutionId: number, generation: number): Promise<string> {
      const key = await keys.signing();
      return new SignJWT({ gen: generation })
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT', kid: key.id })
        .setAudience(String(solutionId))
        .setIssuedAt()
        .setNotBefore('0s')
        .setExpirationTime(`${minutes}m`)
        .setJti(randomUUID())
        .sign(key.value);
    },

    /** Throws `unauthorized` if the token is not ours or not valid now. */
    async verify(token: string): Promise<TokenHolder> {
      const payload = await firstThatVerifies(token, await keys.accepted(keyIdOf(token)));
      const { aud, exp, gen = 0 } = payload;
      if (typeof aud !== 'string' || !/^\d{1,9}$/.test(aud) || exp === undefined) throw unauthorized();
      if (typeof gen !== 'number') throw unauthorized();
      return { solutionId: Number(aud), generation: gen, expiresAt: new Date(exp * 1000) };
    },
  };
}

/** Read before the signature is checked. It only chooses one of our keys. Throws `unauthorized`. */
function keyIdOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).kid;
  } catch {
    throw unauthorized();
  }
}

async function firstThatVerifies(token: string, keys: readonly TokenKey[]): Promise<JWTPayload> {
  for (const { value } of keys) {
    const verified = await jwtVerify(token, value, {
      algorithms: ['HS256'],
      requiredClaims: ['aud', 'iat', 'nbf', 'exp', 'jti'],
    }).catch(() => null);
    if (verified !== null) return verified.payload;
  }
  throw unauthorized();
}
