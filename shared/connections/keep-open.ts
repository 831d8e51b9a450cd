import { setTimeout as sleep } from 'node:timers/promises';
import { isNativeError } from 'node:util/types';
import { backoffMs } from '../domain/backoff';
import type { Logger } from '../log';

/** A connection that is used until it is lost. It never recovers: a new one is opened instead. */
export interface HeldConnection {
  /** Resolves, with the cause, once it is lost or closed; never rejects. */
  readonly lost: Promise<Error>;
  /** Never rejects, and does not wait long for the other side. */
  close(): Promise<void>;
}

export interface KeepOpenOptions<S extends HeldConnection> {
  /** For the log: "The connection to RabbitMQ". */
  readonly what: string;
  readonly log: Logger;
  /** Must reject or resolve within seconds. */
  readonly open: () => Promise<S>;
  readonly onOpened: (session: S) => void;
  readonly onLost: () => void;
  /** A continuing outage is logged again after this time. */
  readonly tellEveryMs?: number;
}

export interface KeptOpen<S extends HeldConnection> {
  /** The current session. Null: there is none at the moment. */
  current(): S | null;
  close(): Promise<void>;
}

/** Opens a session in the background, and a new one whenever it is lost, with growing pauses. */
export function keepOpen<S extends HeldConnection>(options: KeepOpenOptions<S>): KeptOpen<S> {
  const closing = new AbortController();
  const isClosing = () => closing.signal.aborted;
  let current: S | null = null;
  let toldAt: number | null = null;
  void run();
  return {
    current: () => current,
    close: async () => {
      closing.abort();
      await current?.close();
    },
  };

  async function run(): Promise<void> {
    for (let failures = 0; !closing.signal.aborted;) {
      failures = (await openOnce()) ? 1 : failures + 1;
      await sleep(backoffMs(failures, pauses), undefined, { signal: closing.signal }).catch(() => undefined);
    }
  }

  /** Opens a session and stays with it until it is lost. True: it lasted. */
  async function openOnce(): Promise<boolean> {
    let session: S;
    try {
      session = await options.open();
    } catch (err) {
      tell(err, 'cannot be opened');
      return false;
    }
    return await staysWith(session);
  }

  async function staysWith(session: S): Promise<boolean> {
    if (isClosing()) {
      await session.close();
      return false;
    }
    const openedAt = performance.now();
    current = session;
    toldAt = null;
    options.log.info({}, `${options.what} is open`);
    options.onOpened(session);
    const err = await session.lost;
    current = null;
    options.onLost();
    if (!isClosing()) tell(err, 'is lost');
    return performance.now() - openedAt > pauses.maxMs;
  }

  /** Logs an outage once, and then rarely, because it recovers by itself. */
  function tell(error: unknown, what: string): void {
    if (toldAt !== null && performance.now() - toldAt < (options.tellEveryMs ?? usuallyTellEveryMs)) return;
    toldAt = performance.now();
    const reason = isNativeError(error) ? error.message || error.name : String(error);
    options.log.warn({ reason }, `${options.what} ${what}`);
  }
}

const usuallyTellEveryMs = 10 * 60_000;
const pauses = { firstMs: 100, maxMs: 5_000 };
