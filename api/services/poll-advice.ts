import {
  secondsAfterRefusal,
  secondsAfterStatut,
  secondsUntilRoom,
  type SyncLoad,
} from '../../shared/domain/poll-after';
import type { Statut } from '../../shared/domain/statut';
import { serverCrowded } from '../../shared/errors/catalog';
import type { JobStore } from '../../shared/stores/jobs/job-store';

export type PollAdvice = ReturnType<typeof createPollAdvice>;

const refreshMilliseconds = 1_000;
/** An older figure says nothing about the current load. */
const freshMilliseconds = 5_000;
const noLoad: SyncLoad = { open: 0, oldestSeconds: 0 };

/**
 * When the next call of a solution is useful, by the age and the depth of the queue. These are read at most once a
 * second, and only while solutions call.
 */
export function createPollAdvice(jobs: Pick<JobStore, 'load'>, random: () => number = Math.random) {
  let load = noLoad;
  let askedAt = -Infinity;
  let readAt = -Infinity;

  return {
    /** Whole seconds. */
    secondsFor(statut: Statut): number {
      refresh();
      return secondsAfterStatut(statut, load, random);
    },

    /** Whole seconds, after an error that says when to try again. */
    secondsAfterRefusal: (retryAfterSeconds: number): number =>
      secondsAfterRefusal(retryAfterSeconds, random),

    /** Throws `unavailable` while so many uploads wait that another one would stay at status 1 for too long. */
    needRoom(solutionId: number): void {
      refresh();
      const seconds =
        performance.now() - readAt > freshMilliseconds ? null : secondsUntilRoom(load, solutionId);
      if (seconds !== null) throw serverCrowded(seconds);
    },
  };

  function refresh(): void {
    const now = performance.now();
    if (now - askedAt < refreshMilliseconds) return;
    askedAt = now;
    jobs.load().then(
      (found) => {
        load = found;
        readAt = performance.now();
      },
      // While the database cannot be reached, the last advice is used.
      () => undefined,
    );
  }
}
