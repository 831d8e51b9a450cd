import type { Statut } from '../../shared/domain/statut';
import type { JobStore } from '../../shared/stores/jobs/job-store';

export type PollAdvice = ReturnType<typeof createPollAdvice>;

const refreshMilliseconds = 2_000;
/** About what a worker needs for one job of the queue. */
const secondsPerJob = 0.1;
const idleSeconds = 60;
const longestSeconds = 60;

/**
 * When the next poll of a solution is useful, by the age and the depth of the queue. These are read at most every two
 * seconds, and only while solutions poll.
 */
export function createPollAdvice(jobs: Pick<JobStore, 'load'>) {
  let seconds = 1;
  let readAt = 0;

  return {
    /** Whole seconds, 20 % more or less, so that a thousand solutions do not come back together. */
    secondsFor(statut: Statut): number {
      refresh();
      const advised = statut === 1 ? seconds : idleSeconds;
      return Math.max(1, Math.round(advised * (0.8 + Math.random() * 0.4)));
    },
  };

  function refresh(): void {
    const now = Date.now();
    if (now - readAt < refreshMilliseconds) return;
    readAt = now;
    jobs.load().then(
      ({ open, oldestSeconds }) => {
        seconds = Math.min(longestSeconds, Math.max(1, open * secondsPerJob, oldestSeconds / 4));
      },
      // While the database cannot be reached, the last advice is used.
      () => undefined,
    );
  }
}
