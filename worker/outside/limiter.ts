import { setTimeout as pause } from 'node:timers/promises';
import limitTo from 'p-limit';
import { Trouble } from '../pipeline/trouble';
import type { Limiter } from '../systems/remote-system';

export interface CallLimits {
  /** Most calls at a time. */
  readonly atOnce: number;
  /** Most calls in a second; undefined: no bound. */
  readonly perSecond?: number | undefined;
}

/** One per installed system: all that call it share it. */
export function createLimiter({ atOnce, perSecond }: CallLimits): Limiter {
  const places = limitTo(atOnce);
  const pace = perSecond === undefined ? null : createPace(perSecond);
  let restsUntil = 0;

  function throwIfResting(): void {
    const left = restsUntil - performance.now();
    if (left > 0) throw new Trouble('throttled', 'the system has asked not to be called yet', left);
  }

  return {
    run: (call, signal) =>
      places(async () => {
        signal.throwIfAborted();
        throwIfResting();
        await pace?.turn(signal);
        throwIfResting();
        return call();
      }),
    rest(milliseconds) {
      restsUntil = Math.max(restsUntil, performance.now() + milliseconds);
    },
  };
}

interface Pace {
  turn(signal: AbortSignal): Promise<void>;
}

/** Never more than so many in any second; of less than one a second, one in so many seconds. */
function createPace(perSecond: number): Pace {
  const most = Math.max(1, Math.floor(perSecond));
  const spanMs = (most / perSecond) * 1000;
  /** When the last ones began, or will begin. */
  const starts: number[] = [];
  return {
    async turn(signal) {
      const now = performance.now();
      const earliest = starts.length < most ? now : Math.max(now, (starts.shift() ?? now) + spanMs);
      starts.push(earliest);
      if (earliest > now) await pause(earliest - now, undefined, { signal });
    },
  };
}
