import { createHash, randomBytes, scrypt, timingSafeEqual } from 'node:crypto';

// Three kinds of things that prove who someone is, and how each is kept:
//
// - A password is chosen by a person, so it can be guessed: scrypt, made slow on purpose.
// - The secret of a solution and the token of a session are made here from random bytes. Nobody can guess 256 bits,
//   with or without a slow hash, so SHA-256 keeps them. Thousands of solutions that sign in at once, each waiting
//   0.2 s of processor for scrypt, would stop the server for nothing.

/**
 * Hashes a password for the column `app_user.password_hash`: `$scrypt$ln=14,r=8,p=5$<salt>$<key>`, salt and key in
 * base64url. About 0.2 s of one processor (in the thread pool, so other requests go on) and 16 MiB.
 * Cost: one of the settings that the OWASP password storage cheat sheet lists as equal.
 */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const key = await deriveKey(password, salt, passwordCost);
  return formatHash({ ...passwordCost, salt, key });
}

/**
 * True when `hash` was made of this password. Compares in constant time.
 * Where there is no such user, pass `null`: it takes as long, and answers false.
 */
export async function verifyPassword(password: string, hash: string | null): Promise<boolean> {
  const expected = parseHash(hash ?? decoyHash);
  const key = await deriveKey(password, expected.salt, expected);
  return timingSafeEqual(key, expected.key) && hash !== null;
}

/** True of a hash that was made at another cost than today's: make it anew when its password is at hand. */
export function isOfOtherCost(hash: string): boolean {
  const { costLog2, blockSize, parallelism } = parseHash(hash);
  return formatCost({ costLog2, blockSize, parallelism }) !== formatCost(passwordCost);
}

/** A new secret for a solution: 256 random bits in base64url, 43 characters. Shown once, kept only as its hash. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** A new password for someone who has none yet: 96 random bits, short enough to type. */
export const newPassword = (): string => randomBytes(12).toString('base64url');

/** For the columns `solution.secret_hash` and `previous_secret_hash`. Only for what `newSecret` made: see above. */
export const hashSecret = (secret: string): string => `sha256$${sha256(secret).toString('base64url')}`;

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
export const newSessionToken = newSecret;

/** True of a text that may be one, by its form. */
export const isSessionToken = (text: string): boolean => /^[\w-]{43}$/.test(text);

/** For the column `user_session.token_sha256`. Looked up by equality: what is compared is a digest, so time tells nothing. */
export const hashSessionToken = (token: string): Buffer => sha256(token);

/**
 * What the console's forms of a session bring along. It follows from the digest of the session's token, so that the
 * database can tell whose form it is after the session has ended (migration `20261130_33`); nothing follows from it.
 */
export const formTokenOf = (sessionToken: string): string =>
  sha256(Buffer.concat([Buffer.from('epack console form'), hashSessionToken(sessionToken)])).toString(
    'base64url',
  );

/** For the column `form_owner.form_key`. */
export const hashFormToken = (formToken: string): Buffer => sha256(Buffer.from(formToken, 'base64url'));

interface Cost {
  /** Base-2 logarithm of scrypt's N. */
  readonly costLog2: number;
  readonly blockSize: number;
  readonly parallelism: number;
}

interface PasswordHash extends Cost {
  readonly salt: Buffer;
  readonly key: Buffer;
}

const passwordCost: Cost = { costLog2: 14, blockSize: 8, parallelism: 5 };
const keyBytes = 32;

function deriveKey(password: string, salt: Buffer, cost: Cost): Promise<Buffer> {
  const options = {
    N: 2 ** cost.costLog2,
    r: cost.blockSize,
    p: cost.parallelism,
    // scrypt needs 128 × N × r bytes; Node refuses above 32 MiB unless told.
    maxmem: 256 * 2 ** cost.costLog2 * cost.blockSize,
  };
  return new Promise((resolve, reject) => {
    // One and the same text can be written in several ways in Unicode: é is one sign or two.
    scrypt(password.normalize('NFC'), salt, keyBytes, options, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}

const formatCost = ({ costLog2, blockSize, parallelism }: Cost) =>
  `ln=${costLog2},r=${blockSize},p=${parallelism}`;

function formatHash({ salt, key, ...cost }: PasswordHash): string {
  return `$scrypt$${formatCost(cost)}$${salt.toString('base64url')}$${key.toString('base64url')}`;
}

function parseHash(hash: string): PasswordHash {
  const match = /^\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([\w-]+)\$([\w-]+)$/.exec(hash);
  if (match === null) throw new Error('a password hash in the database is not one of ours');
  const [, costLog2, blockSize, parallelism, salt = '', key = ''] = match;
  return {
    costLog2: Number(costLog2),
    blockSize: Number(blockSize),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64url'),
    key: Buffer.from(key, 'base64url'),
  };
}

const sha256 = (text: string | Buffer): Buffer => createHash('sha256').update(text).digest();

/** Of no password: random bytes at today's cost. */
const decoyHash = formatHash({ ...passwordCost, salt: randomBytes(16), key: randomBytes(keyBytes) });
const decoySecretHash = hashSecret(newSecret());
