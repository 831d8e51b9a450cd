import { jwtVerify, SignJWT } from 'jose';
import { randomUUID } from 'node:crypto';
import { unauthorized } from '../../shared/errors/catalog';

/** Whose a token is, and until when. */
export interface TokenHolder {
  readonly solutionId: number;
  readonly expiresAt: Date;
}

export type Tokens = ReturnType<typeof createTokens>;

/**
 * The bearer tokens of solutions: JWT, HS256, claims `aud` = solution id, `iat`, `nbf`, `exp`, `jti`.
 * Source: ePack V4, POST /v4/{channel}/login.
 */
export function createTokens(settings: { key: Uint8Array; minutes: number }) {
  return {
    issue(solutionId: number): Promise<string> {
      return new SignJWT()
        .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
        .setAudience(String(solutionId))
        .setIssuedAt()
        .setNotBefore('0s')
        .setExpirationTime(`${settings.minutes}m`)
        .setJti(randomUUID())
        .sign(settings.key);
    },

    /** Throws `unauthorized` where the token is not ours, or not valid now. */
    async verify(token: string): Promise<TokenHolder> {
      const verified = await jwtVerify(token, settings.key, {
        algorithms: ['HS256'],
        requiredClaims: ['aud', 'iat', 'nbf', 'exp', 'jti'],
      }).catch(() => {
        throw unauthorized();
      });
      const { aud, exp } = verified.payload;
      if (typeof aud !== 'string' || !/^\d{1,9}$/.test(aud) || exp === undefined) throw unauthorized();
      return { solutionId: Number(aud), expiresAt: new Date(exp * 1000) };
    },
  };
}
