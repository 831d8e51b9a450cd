import type { Side } from '../pipeline/sides';
import type { Page, System } from '../pipeline/system';
import { onSide } from './call-scope';

/** Which side an error came from. */
export interface TroubleLog {
  /** Null: from neither. */
  sideOf(error: unknown): Side | null;
}

export interface WatchedTroubles extends TroubleLog {
  note(error: unknown, side: Side): void;
}

export function createTroubles(): WatchedTroubles {
  const sides = new WeakMap<object, Side>();
  const known = (error: unknown): Side | null =>
    typeof error === 'object' && error !== null ? (sides.get(error) ?? null) : null;
  return {
    note(error, side) {
      if (typeof error === 'object' && error !== null) sides.set(error, side);
    },
    sideOf: (error) => known(error) ?? (error instanceof Error ? known(error.cause) : null),
  };
}

export interface Watching {
  readonly side: Side;
  readonly troubles: WatchedTroubles;
  /** Throws if no call may be made. */
  readonly mayCall: () => void;
}

/** Wraps a system so that it is known which side made a call and which side's call failed. */
export function watchSystem(system: System, { side, troubles, mayCall }: Watching): System {
  async function call<T>(run: () => Promise<T>): Promise<T> {
    mayCall();
    try {
      return await onSide(side, run);
    } catch (error) {
      troubles.note(error, side);
      throw error;
    }
  }
  return {
    capabilities: system.capabilities,
    async *list(since, signal) {
      const pages = system.list(since, signal)[Symbol.asyncIterator]();
      try {
        for (;;) {
          const next: IteratorResult<Page, unknown> = await call(() => pages.next());
          if (next.done === true) return;
          yield next.value;
        }
      } finally {
        await pages.return?.();
      }
    },
    fetch: (keys, signal) => call(() => system.fetch(keys, signal)),
    find: (match, signal) => call(() => system.find(match, signal)),
    create: (key, draft, signal) => call(() => system.create(key, draft, signal)),
    update: (key, patch, expected, signal) => call(() => system.update(key, patch, expected, signal)),
    move: (key, place, expected, signal) => call(() => system.move(key, place, expected, signal)),
    delete: (key, expected, signal) => call(() => system.delete(key, expected, signal)),
  };
}
