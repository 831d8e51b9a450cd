import { secondsUntilTurn } from '../../shared/domain/poll-after';
import { serverCrowded } from '../../shared/errors/catalog';

/** Gives back a turn. Calling it again has no effect. */
export type Leave = () => void;

interface Options {
  /** How many have a turn at once. */
  readonly most: number;
  /** Whoever takes longer continues, but no longer counts: a slow sender holds nobody up. */
  readonly longestMs: number;
  /** How long one waits for a turn. */
  readonly patienceMs: number;
}

/** Lets a few in at once. The others wait in the order in which they came, and not for long. */
export function createTurns({ most, longestMs, patienceMs }: Options) {
  // In order of arrival. A Set, because those in the middle may give up.
  const waiting = new Set<() => void>();
  let inside = 0;
  let given = 0;

  return {
    /** Throws `unavailable` with the time to come again, if no turn comes in time. */
    async take(solutionId: number): Promise<Leave> {
      if (inside >= most) await itsTurn(solutionId);
      else inside += 1;
      given += 1;
      return leaveOnce();
    },
  };

  function itsTurn(solutionId: number): Promise<void> {
    const givenBefore = given;
    return new Promise((resolve, reject) => {
      const enter = () => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        const load = { waiting: waiting.size, served: given - givenBefore, seconds: patienceMs / 1000 };
        waiting.delete(enter);
        reject(serverCrowded(secondsUntilTurn(load, solutionId)));
      }, patienceMs);
      waiting.add(enter);
    });
  }

  function leaveOnce(): Leave {
    let isInside = true;
    const leave = () => {
      if (!isInside) return;
      isInside = false;
      clearTimeout(timer);
      // The place goes to the next one, so that the number stays the same.
      const [next] = waiting;
      if (next === undefined) inside -= 1;
      else {
        waiting.delete(next);
        next();
      }
    };
    const timer = setTimeout(leave, longestMs).unref();
    return leave;
  }
}
