import type { ChannelStatus } from '../../shared/stores/syncs/status-store';

type Status = Pick<ChannelStatus, 'statut'>;

export interface Wait {
  /** The wait ends as soon as the status differs from this. */
  readonly not: number;
  readonly milliseconds: number;
  /** The generation of the waiting caller's token. */
  readonly tokenGeneration: number;
  /** The caller has disconnected. */
  readonly gone: AbortSignal;
  /**
   * Reads the current status. Called after the wait is registered, so that no change is missed. A failure ends the
   * wait.
   */
  readonly look: () => Promise<Status>;
}

interface Waiter {
  readonly tokenGeneration: number;
  readonly onStatus: (status: Status) => void;
  readonly onRefused: (refusal: Error) => void;
  /** Called when the wait has ended. */
  readonly onEnd: () => void;
}

/**
 * The most waits per channel. A solution is one device with one poll per channel, and a holder of its token must not be
 * able to use up all connections and timers.
 */
export const mostWaitsPerChannel = 8;

/**
 * Waits for a change of status, by the name of the channel. If there are too many, the longest wait ends with the
 * current status.
 */
export function createStatutWaits() {
  const waiters = new Map<string, Set<Waiter>>();

  return {
    /** Resolves when the wait is over, for whatever reason. Rejects where the caller is refused meanwhile. */
    wait(name: string, { not, milliseconds, tokenGeneration, gone, look }: Wait): Promise<void> {
      return new Promise((resolve, reject) => {
        const stopWaiting = () => {
          clearTimeout(timer);
          gone.removeEventListener('abort', finish);
          remove(name, waiter);
        };
        const finish = () => {
          stopWaiting();
          resolve();
        };
        const waiter: Waiter = {
          tokenGeneration,
          onStatus: (status) => {
            if (status.statut !== not) finish();
          },
          onRefused: (refusal) => {
            stopWaiting();
            reject(refusal);
          },
          onEnd: finish,
        };
        const timer = setTimeout(finish, milliseconds);
        gone.addEventListener('abort', finish);
        add(name, waiter);
        look().then(waiter.onStatus, finish);
      });
    },

    tell(name: string, status: Status): void {
      for (const { onStatus } of at(name)) onStatus(status);
    },

    /** `refusalOf`: the refusal for a caller with a token of that generation. Null: it continues to wait. */
    refuse(name: string, refusalOf: (tokenGeneration: number) => Error | null): void {
      for (const { tokenGeneration, onRefused } of at(name)) {
        const refusal = refusalOf(tokenGeneration);
        if (refusal !== null) onRefused(refusal);
      }
    },

    end(): void {
      for (const name of names()) for (const { onEnd } of at(name)) onEnd();
    },

    /** The names of channels with waits. */
    names,
    has: (name: string): boolean => waiters.has(name),
  };

  function names(): string[] {
    return [...waiters.keys()];
  }

  /** Returns a copy, because a wait that ends is removed. */
  function at(name: string): Waiter[] {
    return [...(waiters.get(name) ?? [])];
  }

  function add(name: string, waiter: Waiter): void {
    const waiting = waiters.get(name) ?? new Set();
    waiters.set(name, waiting.add(waiter));
    const [oldest] = waiting;
    if (waiting.size > mostWaitsPerChannel) oldest?.onEnd();
  }

  function remove(name: string, waiter: Waiter): void {
    const waiting = waiters.get(name);
    waiting?.delete(waiter);
    if (waiting?.size === 0) waiters.delete(name);
  }
}
