import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

// Three kinds of things that prove who someone is, and how each is kept:
//
// - A password is chosen by a person, so it can be guessed: scrypt, made slow on purpose (`password-hasher.ts`).
// - The secret of a solution and the token of a session are made here from random bytes. Nobody can guess 256 bits,
//   with or without a slow hash, so SHA-256 keeps them. Thousands of solutions that sign in at once, each waiting
//   0.2 s of processor for scrypt, would stop the server for nothing.

/** A new secret for a solution: 256 random bits in base64url, 43 characters. Shown once, kept only as its hash. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** A new password for someone who has none yet: 96 random bits, short enough to type. */
export const newPassword = (): string => randomBytes(12).toString('base64url');

/** For the columns `solution.secret_hash` and `previous_secret_hash`. Only for what `newSecret` made: see above. */
export const hashSecret = (secret: string): string => `sha256$${sha256(secret).toString('base64url')}`;

/** What encrypts the offline files of the solution whose secret has this hash: the SHA-256 of the secret. */
export const offlineKeyFromHash = (hash: string): Buffer =>
  Buffer.from(hash.replace(/^sha256\$/, ''), 'base64url');

/**
 * True when `hash` was made of this secret. Compares in constant time.
 * Where there is no such solution, pass `null`: it takes as long, and answers false.
 */
export function verifySecret(secret: string, hash: string | null): boolean {
  const expected = Buffer.from(hash ?? decoySecretHash);
  const actual = Buffer.from(hashSecret(secret));
  return expected.length === actual.length && timingSafeEqual(actual, expected) && hash !== null;
}

/**
 * A new secret of a webhook: 256 random bits, base64, with the prefix by which libraries know it.
 * Source: Standard Webhooks, https://www.standardwebhooks.com.
 */
export const newWebhookSecret = (): string => `whsec_${randomBytes(32).toString('base64')}`;

/** The token of a staff session: 256 random bits in base64url. */
export const newSessionToken = (): string => newSecret();

/** True of a text that may be one, by its form. */
export const isSessionToken = (text: string): boolean => /^[\w-]{43}$/.test(text);

/** For the column `user_session.token_sha256`. Looked up by equality: what is compared is a digest, so time tells nothing. */
export const hashSessionToken = (token: string): Buffer => sha256(token);

/**
 * The token in the console's forms of a session. It follows from the digest of the session's token, so that the
 * database can tell whose form it is after the session has ended (migration `20261130_33`); nothing follows from it.
 */
export const formTokenOf = (sessionToken: string): string =>
  sha256(Buffer.concat([Buffer.from('epack console form'), hashSessionToken(sessionToken)])).toString(
    'base64url',
  );

/** For the column `form_owner.form_key`. */
export const hashFormToken = (formToken: string): Buffer => sha256(Buffer.from(formToken, 'base64url'));

const sha256 = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest();

const decoySecretHash = hashSecret(newSecret());
