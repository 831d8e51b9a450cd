import { createHash } from 'node:crypto';
import type { ServerKeyStore } from '../../shared/stores/server-key-store';

/** What signs the tokens of solutions. Its id, in a token's header, tells which key to check it by. */
export interface TokenKey {
  readonly id: string;
  readonly value: Uint8Array;
}

export interface TokenKeys {
  /** The key that signs from now on. */
  signing(): Promise<TokenKey>;
  /** The keys that a token may have been signed by. `id` undefined: an older token, which does not say. */
  accepted(id: string | undefined): Promise<readonly TokenKey[]>;
}

/** Configured: the first signs, the others are accepted as well. */
export function createConfiguredKeys(secrets: readonly [string, ...string[]]): TokenKeys {
  const [signing, ...others] = secrets;
  const keys = [keyOf(encoded(signing)), ...others.map((secret) => keyOf(encoded(secret)))] as const;
  return {
    signing: () => Promise.resolve(keys[0]),
    accepted: (id) => Promise.resolve(keysOfId(keys, id)),
  };
}

interface Deps {
  readonly store: Pick<ServerKeyStore, 'findOrMake'>;
  readonly tokenMinutes: number;
}

/** Name of the keys in the table of server keys. */
export const tokenKeyName = 'token';

/** Every process signs with a new key within so long. */
const refreshMilliseconds = 60_000;
/** A token of an unknown key makes a process look again, but not more often than this, whoever sends such tokens. */
const leastRefreshMilliseconds = 1_000;

/** How long a replaced key is accepted: as long as the last token that it may have signed is valid, and some minutes. */
export const keyOverlapSeconds = (tokenMinutes: number): number => tokenMinutes * 60 + 300;

/** Kept in the database, where `epack key rotate` replaces them. Every process knows a new key as soon as it meets its first token. */
export function createKeptKeys({ store, tokenMinutes }: Deps): TokenKeys {
  let known: readonly TokenKey[] = [];
  let readAtMs = -Infinity;
  let reading: Promise<readonly TokenKey[]> | null = null;

  return {
    async signing() {
      const [current] = await knownSince(refreshMilliseconds);
      if (current === undefined) throw new Error('there is no key to sign tokens with');
      return current;
    },

    async accepted(id) {
      const found = keysOfId(await knownSince(refreshMilliseconds), id);
      if (found.length > 0) return found;
      return keysOfId(await knownSince(leastRefreshMilliseconds), id);
    },
  };

  async function knownSince(milliseconds: number): Promise<readonly TokenKey[]> {
    if (Date.now() - readAtMs < milliseconds) return known;
    reading ??= read().finally(() => {
      reading = null;
    });
    // With the database away, the keys of before are as good.
    return known.length === 0 ? reading : reading.catch(() => known);
  }

  async function read(): Promise<readonly TokenKey[]> {
    const keys = await store.findOrMake(tokenKeyName, keyOverlapSeconds(tokenMinutes));
    known = keys.map(({ value }) => keyOf(value));
    readAtMs = Date.now();
    return known;
  }
}

const encoded = (secret: string) => new TextEncoder().encode(secret);

const keyOf = (value: Uint8Array): TokenKey => ({
  id: createHash('sha256').update('epack token key').update(value).digest('base64url').slice(0, 10),
  value,
});

const keysOfId = (keys: readonly TokenKey[], id: string | undefined) =>
  id === undefined ? keys : keys.filter((key) => key.id === id);
