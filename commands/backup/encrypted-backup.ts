// The only file that uses age (https://age-encryption.org/v1): a backup that only its recipients can read. Bytes stream
// through it.

/** Encrypts as `age -r <recipient>` does. `recipients`: public keys, `age1…`. Throws a sentence if one is not a key. */
export async function encryptedFor(
  recipients: readonly string[],
  plain: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  const { Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      throw new Error(`${recipient} is no recipient of age: a public key begins with age1.`);
    }
  }
  return chunksOf(await encrypter.encrypt(webStreamOf(plain)));
}

/**
 * Decrypts. `identities`: secret keys, `AGE-SECRET-KEY-1…`. Throws a sentence if none of them fits; reading fails if
 * the data were altered or cut off.
 */
export async function decryptedWith(
  identities: readonly string[],
  encrypted: AsyncIterable<Uint8Array>,
): Promise<AsyncIterable<Uint8Array>> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      throw new Error('The file of --identity holds a line that is no secret key of age.');
    }
  }
  try {
    return chunksOf(await decrypter.decrypt(webStreamOf(encrypted)));
  } catch (error) {
    throw new Error('The backup cannot be decrypted: no identity that was given fits, or it is damaged.', {
      cause: error,
    });
  }
}

/** The secret keys in a file as `age-keygen` writes it: a line each, comments begin with #. */
export function identitiesIn(text: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const found = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (found.length === 0) throw new Error('The file of --identity holds no secret key.');
  return found;
}

/** The first bytes of what age wrote. */
export const ageMagic = Buffer.from('age-encryption.org/v1');

/** It reads only what is requested. */
function webStreamOf(chunks: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const source = chunks[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const next = await source.next();
      if (next.done === true) controller.close();
      else controller.enqueue(next.value);
    },
    async cancel() {
      await source.return?.();
    },
  });
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // If it has already failed, the reader has the error.
    await reader.cancel().catch(() => undefined);
  }
}
