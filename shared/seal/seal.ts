import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';

// Secrets at rest: what the server must know in the clear to work (what signs tokens and webhooks, what opens other
// systems) is kept in the database sealed with a key that the database does not have.
//
// A sealed secret is a text: `sealed:v1:<key id>:<nonce>:<ciphertext and tag>`, the last two in base64url. AES-256-GCM;
// its key is derived from EPACK_SECRETS_KEY by HKDF-SHA256. The version, the key id and the purpose are authenticated:
// the secret of one thing cannot be put in the place of another's.

/** The purpose of a secret. A secret that is sealed for one purpose cannot be opened for another. */
export type SealPurpose = 'token-key' | 'webhook-secret' | 'system-secret' | 'second-factor';

/** Seals secrets and opens them again. Without a key it leaves them as they are, and opens what was never sealed. */
export interface Seal {
  /** Whether there is a key: what is sealed from now on is unreadable without it. */
  readonly isOn: boolean;
  seal(secret: string, purpose: SealPurpose): string;
  /** Takes a secret that was never sealed as it is. Throws `SealError` where no key that is set opens it. */
  open(kept: string, purpose: SealPurpose): string;
  /** The same for columns of bytes. */
  sealBytes(secret: Uint8Array, purpose: SealPurpose): Uint8Array;
  openBytes(kept: Uint8Array, purpose: SealPurpose): Uint8Array;
  /** True of what `seal` would write today: with the first key, or plain where there is none. */
  isCurrent(kept: string | Uint8Array): boolean;
}

/** A secret that cannot be opened; the message is for operators and names no secret. */
export class SealError extends Error {}

/** It is sealed with a key that is not set. */
export class MissingKeyError extends SealError {}

const marker = 'sealed:v1:';
const nonceBytes = 12;
const tagBytes = 16;

interface SealKey {
  readonly id: string;
  readonly key: Uint8Array;
}

/** `keys`: the first seals, every one opens. None: nothing is sealed. Each a random text of 32 characters or more. */
export function createSeal(keys: readonly string[]): Seal {
  const known = keys.map(keyFrom);
  const [first] = known;

  const seal = (secret: Uint8Array, purpose: SealPurpose): string =>
    first === undefined ? '' : sealedWith(first, secret, purpose);

  const open = (kept: string, purpose: SealPurpose): Buffer => {
    const [id = '', nonce = '', sealed = ''] = kept.slice(marker.length).split(':');
    const key = known.find((one) => one.id === id);
    if (key === undefined) throw new MissingKeyError(unknownKey(id));
    return openedWith(key, { nonce: fromBase64(nonce), sealed: fromBase64(sealed) }, purpose);
  };

  return {
    isOn: first !== undefined,
    seal: (secret, purpose) => (first === undefined ? secret : seal(Buffer.from(secret), purpose)),
    open: (kept, purpose) => (isSealed(kept) ? open(kept, purpose).toString('utf8') : kept),
    sealBytes: (secret, purpose) => (first === undefined ? secret : Buffer.from(seal(secret, purpose))),
    openBytes: (kept, purpose) => (isSealed(kept) ? open(textOf(kept), purpose) : kept),
    isCurrent: (kept) =>
      first === undefined ? !isSealed(kept) : textOf(kept).startsWith(`${marker}${first.id}:`),
  };
}

function keyFrom(written: string): SealKey {
  const derived = (use: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', written, '', `epack seal v1 ${use}`, bytes));
  return { id: derived('id', 6).toString('base64url'), key: derived('key', 32) };
}

function sealedWith({ id, key }: SealKey, secret: Uint8Array, purpose: SealPurpose): string {
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(boundTo(id, purpose));
  const sealed = Buffer.concat([cipher.update(secret), cipher.final(), cipher.getAuthTag()]);
  return `${marker}${id}:${nonce.toString('base64url')}:${sealed.toString('base64url')}`;
}

function openedWith(
  { id, key }: SealKey,
  { nonce, sealed }: { readonly nonce: Buffer; readonly sealed: Buffer },
  purpose: SealPurpose,
): Buffer {
  try {
    const cut = sealed.length - tagBytes;
    const decipher = createDecipheriv('aes-256-gcm', key, nonce, { authTagLength: tagBytes })
      .setAAD(boundTo(id, purpose))
      .setAuthTag(sealed.subarray(cut));
    return Buffer.concat([decipher.update(sealed.subarray(0, cut)), decipher.final()]);
  } catch (error) {
    throw new SealError(`A sealed secret (${purpose}) was altered, or belongs elsewhere.`, { cause: error });
  }
}

const unknownKey = (id: string): string =>
  `A secret in the database is sealed with a key that is not set (its id is ${id}): ` +
  'set it as EPACK_SECRETS_KEY or EPACK_SECRETS_KEY_ACCEPTED.';

const boundTo = (id: string, purpose: SealPurpose): Buffer => Buffer.from(`${marker}${id}:${purpose}`);

const isSealed = (kept: string | Uint8Array): boolean =>
  typeof kept === 'string'
    ? kept.startsWith(marker)
    : Buffer.from(kept.subarray(0, marker.length)).equals(Buffer.from(marker));

const textOf = (kept: string | Uint8Array): string =>
  typeof kept === 'string' ? kept : Buffer.from(kept).toString('utf8');

const fromBase64 = (text: string): Buffer => Buffer.from(text, 'base64url');
