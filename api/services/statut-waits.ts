import type { ChannelStatus } from '../../shared/stores/syncs/status-store';

type Status = Pick<ChannelStatus, 'statut'>;

export interface Wait {
  /** It is over as soon as the status is another. */
  readonly not: number;
  readonly milliseconds: number;
  /** Of the token that the caller waits with. */
  readonly tokenGeneration: number;
  /** The caller does not want to know any more. */
  readonly gone: AbortSignal;
  /** The status as it is. Asked once the wait stands, so that no change in between is missed; a failure ends it. */
  readonly look: () => Promise<Status>;
}

interface Waiter {
  readonly tokenGeneration: number;
  readonly onStatus: (status: Status) => void;
  readonly onRefused: (refusal: Error) => void;
  /** Nobody waits any longer. */
  readonly onEnd: () => void;
}

export type StatutWaits = ReturnType<typeof createStatutWaits>;

/**
 * So many may wait for one channel at once. A solution is one device, with one poll for each channel; whoever has its
 * token is not to hold as many connections and timers as there are.
 */
export const mostWaitsPerChannel = 8;

/**
 * Those who wait for another status, by the name of their channel. Where one more comes than may wait, the one who has
 * waited longest is told the status as it is.
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

    /** `refusalOf`: what whoever waits with a token of that generation is told; null: it waits on. */
    refuse(name: string, refusalOf: (tokenGeneration: number) => Error | null): void {
      for (const { tokenGeneration, onRefused } of at(name)) {
        const refusal = refusalOf(tokenGeneration);
        if (refusal !== null) onRefused(refusal);
      }
    },

    end(): void {
      for (const name of names()) for (const { onEnd } of at(name)) onEnd();
    },

    /** Where somebody waits. */
    names,
    has: (name: string): boolean => waiters.has(name),
  };

  function names(): string[] {
    return [...waiters.keys()];
  }

  /** A copy: whoever is told stops waiting. */
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
