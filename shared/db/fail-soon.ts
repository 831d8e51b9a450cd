import type { Client } from 'pg';

/** Opens connections, and knows whether the server replies. */
export interface Reach<C extends Client> {
  /** Rejects with `08001` at once while the server is known not to reply. */
  open(): Promise<C>;
  /** Null: the server replies, as far as is known. Otherwise the error for a caller that needs a new connection. */
  refusal(): Error | null;
}

/**
 * Makes attempts to connect fail at once while the server is known not to reply. A network that is cut refuses nothing:
 * every attempt waits until its patience is over, and without this each caller would wait as long, one after the other.
 * While the server is away, one attempt at a time goes on in the background as long as there are callers; as soon as it
 * succeeds, callers connect again.
 *
 * A server that refuses connections does so at once, so that every caller may try.
 */
export function failSoon<C extends Client>(
  open: () => Promise<C>,
  { slowMs = 1_000, rememberMs = 5_000 }: FailSoonOptions = {},
): Reach<C> {
  let awayUntil = 0;
  let lastOpenedAt = 0;
  let isLooking = false;
  return {
    refusal,
    async open() {
      const error = refusal();
      if (error !== null) throw error;
      return await opened();
    },
  };

  function refusal(): Error | null {
    if (performance.now() >= awayUntil) return null;
    if (!isLooking) void look();
    return Object.assign(new Error('The database does not reply'), { code: '08001' });
  }

  async function opened(): Promise<C> {
    const startedAt = performance.now();
    try {
      const client = await open();
      lastOpenedAt = performance.now();
      awayUntil = 0;
      return client;
    } catch (error) {
      const now = performance.now();
      // An attempt that began before another one succeeded tells nothing new.
      if (lastOpenedAt < startedAt) awayUntil = now - startedAt >= slowMs ? now + rememberMs : 0;
      throw error;
    }
  }

  async function look(): Promise<void> {
    isLooking = true;
    try {
      const client = await opened();
      await client.end();
    } catch {
      // The next caller looks again.
    } finally {
      isLooking = false;
    }
  }
}

export interface FailSoonOptions {
  /** An attempt that fails after this time found nobody; one that fails sooner was refused. */
  readonly slowMs?: number;
  /** After this time without an attempt, the next caller waits for one: the server may have come back meanwhile. */
  readonly rememberMs?: number;
}
