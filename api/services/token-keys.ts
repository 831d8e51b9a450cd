import { createHash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { DatabaseListener } from '../../shared/db/listen';
import type { ServerKeyStore } from '../../shared/stores/staff/server-key-store';

/** A key that signs the tokens of solutions. Its id, in a token's header, says which key checks the token. */
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
  /** Notifies this process that a key was replaced or removed. */
  readonly notifications: Pick<DatabaseListener, 'subscribe'>;
}

/** Name of the keys in the table of server keys. */
export const tokenKeyName = 'token';

/** Keys are read again this often, in addition to the notifications. */
const refreshMilliseconds = 60_000;
/**
 * How often keys are read while notifications are interrupted. Tokens with unknown keys also cause a read, but not more
 * often than this.
 */
const leastRefreshMilliseconds = 1_000;

/** How long a replaced key is accepted: as long as the last token that it may have signed is valid, and some minutes. */
export const keyOverlapSeconds = (tokenMinutes: number): number => tokenMinutes * 60 + 300;

/**
 * Kept in the database, where `epack key rotate` replaces them. Every process hears of it at once, and knows a new key
 * at the latest when it meets its first token.
 */
export function createKeptKeys({ store, tokenMinutes, notifications }: Deps): TokenKeys {
  let known: readonly TokenKey[] = [];
  // Incremented whenever the keys that are being read may be outdated when they arrive.
  let generation = 0;
  let isListening = false;
  let begunAtMs = -Infinity;
  let readAtMs = -Infinity;
  let reading: Promise<readonly TokenKey[]> | null = null;
  let upcoming: Promise<readonly TokenKey[]> | null = null;

  notifications.subscribe('epack_server_key', {
    onMessage: (name) => {
      if (name === tokenKeyName) outdate();
    },
    onLost: () => hear(false),
    onReconnected: () => hear(true),
  });

  return {
    async signing() {
      const [current] = await recent();
      if (current === undefined) throw new Error('there is no key to sign tokens with');
      return current;
    },

    async accepted(id) {
      const found = keysOfId(await recent(), id);
      return found.length > 0 ? found : keysOfId(await nextReading(), id);
    },
  };

  async function recent(): Promise<readonly TokenKey[]> {
    const lastsMilliseconds = isListening ? refreshMilliseconds : leastRefreshMilliseconds;
    return Date.now() - readAtMs < lastsMilliseconds ? known : (reading ?? nextReading());
  }

  function outdate(): void {
    generation += 1;
    readAtMs = -Infinity;
    // The read may have begun before the change, so later callers do not get its result.
    reading = null;
  }

  function hear(listens: boolean): void {
    isListening = listens;
    outdate();
  }

  /** The result of the next read. It serves all callers that ask before it begins. */
  function nextReading(): Promise<readonly TokenKey[]> {
    const waitMs = Math.max(0, begunAtMs + leastRefreshMilliseconds - Date.now());
    upcoming ??= setTimeout(waitMs).then(() => {
      upcoming = null;
      const current = read().finally(() => {
        if (reading === current) reading = null;
      });
      reading = current;
      return current;
    });
    return upcoming;
  }

  /** While the database cannot be reached, the known keys are used. */
  async function read(): Promise<readonly TokenKey[]> {
    begunAtMs = Date.now();
    const before = generation;
    try {
      const keys = await store.findOrMake(tokenKeyName, keyOverlapSeconds(tokenMinutes));
      const found = keys.map(({ value }) => keyOf(value));
      if (generation !== before) return await nextReading();
      known = found;
      readAtMs = Date.now();
    } catch (error) {
      if (known.length === 0) throw error;
    }
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
