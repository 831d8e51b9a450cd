import { Secret, TOTP } from 'otpauth';

// The only door to otpauth. Codes of a second factor: RFC 6238, SHA-1, six digits, thirty seconds, which is what every
// authenticator app knows.

/** A new secret: 160 random bits, in base32, as people type it into an app. */
export const newTotpSecret = (): string => new Secret({ size: 20 }).base32;

/** The text of a QR code for an app. `label`: the name of the user. */
export const totpUri = (secret: string, label: string): string => totpOf(secret, label).toString();

/**
 * The step of thirty seconds that a code is of, one before or after the present one at most. Null: it is wrong. A code
 * counts once: the caller takes none of a step that has been used, nor of one before it.
 */
export function totpStepOf(secret: string, code: string, nowMs: number = Date.now()): number | null {
  const delta = totpOf(secret, '').validate({ token: code, timestamp: nowMs, window: 1 });
  return delta === null ? null : Math.floor(nowMs / (periodSeconds * 1000)) + delta;
}

const periodSeconds = 30;

const totpOf = (secret: string, label: string) =>
  new TOTP({
    issuer: 'ePack',
    label,
    algorithm: 'SHA1',
    digits: 6,
    period: periodSeconds,
    secret: Secret.fromBase32(secret),
  });
