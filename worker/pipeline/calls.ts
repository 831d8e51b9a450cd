import type { PerSide } from './sides';
import { perSide, type Side } from './sides';
import type { Capabilities, Draft, Item, Match, Patch, Place, Revision, System, Written } from './system';
import { scopeOf as usualScope, type Scope, Trouble } from './trouble';

/** A system as the steps call it: item by item. Once work has stopped, it makes no further calls. */
export interface Calls {
  readonly capabilities: Capabilities;
  /** Null: not there. */
  fetch(key: string): Promise<Item | null>;
  find(match: Match): Promise<readonly Item[]>;
  create(key: string, draft: Draft): Promise<Written>;
  update(key: string, patch: Patch, expected: Revision): Promise<Written>;
  move(key: string, place: Place, expected: Revision): Promise<Written>;
  delete(key: string, expected: Revision): Promise<Written>;
}

/** Whether work continues. Once it has stopped, no further call is made. Calls in flight end. */
export interface Halt {
  /** Aborted when the run is aborted, and when the run must not write any more. */
  readonly signal: AbortSignal;
  /** Why no further entry is begun. Null: work continues. */
  readonly reason: unknown;
  /** Finds the scope of an error. From the scope `system` on, work stops. */
  judge(error: unknown): Scope;
}

export function createHalt(signal: AbortSignal, scopeOf: (error: unknown) => Scope = usualScope): Halt {
  const own = new AbortController();
  let reason: unknown = null;
  return {
    signal: AbortSignal.any([signal, own.signal]),
    get reason(): unknown {
      return reason ?? (signal.aborted ? (signal.reason as unknown) : null);
    },
    judge(error) {
      if (error instanceof Halted) return 'system';
      const scope = scopeOf(error);
      if (scope !== 'entry') reason ??= error;
      if (scope === 'run') own.abort(error);
      return scope;
    },
  };
}

/** A call that was not made, because work has stopped. */
export class Halted extends Error {
  override readonly name = 'Halted';
}

/** After this many failures with `unavailable` in a row, the whole system counts as unavailable. */
const unavailableInARow = 5;

export const callSystems = (systems: PerSide<System>, halt: Halt): PerSide<Calls> =>
  perSide((side: Side) => callSystem(systems[side], halt));

export function callSystem(system: System, halt: Halt): Calls {
  const { signal } = halt;
  let failures = 0;
  async function call<T>(run: () => Promise<T>): Promise<T> {
    signal.throwIfAborted();
    if (halt.reason !== null) throw new Halted('work with the system has stopped');
    try {
      const answer = await run();
      failures = 0;
      return answer;
    } catch (error) {
      const isUnavailable = error instanceof Trouble && error.kind === 'unavailable';
      failures = isUnavailable ? failures + 1 : 0;
      if (failures >= unavailableInARow && isUnavailable)
        halt.judge(new Trouble('throttled', error.message, error.retryAfterMs, { cause: error }));
      else halt.judge(error);
      throw error;
    }
  }
  return {
    capabilities: system.capabilities,
    fetch: gather(system.capabilities.batch, (keys) => call(() => system.fetch(keys, signal))),
    find: (match) => call(() => system.find(match, signal)),
    create: (key, draft) => call(() => system.create(key, draft, signal)),
    update: (key, patch, expected) => call(() => system.update(key, patch, expected, signal)),
    move: (key, place, expected) => call(() => system.move(key, place, expected, signal)),
    delete: (key, expected) => call(() => system.delete(key, expected, signal)),
  };
}

type FetchMany = (keys: readonly string[]) => Promise<ReadonlyMap<string, Item>>;

/** Fetches of one tick become one call, of at most `batch` keys. */
function gather(batch: number, fetchMany: FetchMany): (key: string) => Promise<Item | null> {
  if (batch <= 1) return async (key) => (await fetchMany([key])).get(key) ?? null;
  let gathered: { keys: Set<string>; answer: Promise<ReadonlyMap<string, Item>> } | null = null;
  return async (key) => {
    if (gathered === null || gathered.keys.size >= batch) {
      const keys = new Set<string>();
      const mine = {
        keys,
        answer: tick().then(() => {
          if (gathered === mine) gathered = null;
          return fetchMany([...keys]);
        }),
      };
      gathered = mine;
    }
    gathered.keys.add(key);
    return (await gathered.answer).get(key) ?? null;
  };
}

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));
