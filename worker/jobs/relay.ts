import { type Lane, lanes } from '../../shared/domain/job-kind';
import type { Logger } from '../../shared/log';
import type { JobQueue } from '../../shared/queue/job-queue';
import type { JobStore } from '../../shared/stores/jobs/job-store';
import { repeat, type Repeated } from './repeat';

interface Deps {
  readonly jobs: Pick<JobStore, 'findDue' | 'markPublished'>;
  readonly queue: Pick<JobQueue, 'publish' | 'depth'>;
  readonly log: Logger;
  /** After which a worker that does not renew the lease of a job has lost it. */
  readonly leaseSeconds: number;
}

/** Every second, publishes the jobs that should run and have no message in the queue. */
export function startRelay({ jobs, queue, log, leaseSeconds }: Deps): Repeated {
  const lostAfterSeconds = Math.min(30, 5 * leaseSeconds);
  const run = () => relayJobs({ jobs, queue }, lostAfterSeconds);
  return repeat({ name: 'relay', everySeconds: 1, run }, log);
}

const batchSize = 500;
/**
 * Publishes what should be running and about which no message is on its way. A message that was published
 * `lostAfterSeconds` ago and is in no queue any more is lost. Returns how many it published.
 */
async function relayJobs(
  { jobs, queue }: Pick<Deps, 'jobs' | 'queue'>,
  lostAfterSeconds: number,
): Promise<number> {
  const due = await jobs.findDue(lostAfterSeconds, batchSize);
  if (due.length === 0) return 0;
  const waiting = await depths(queue);
  // A lane that still has messages is only slow. Publishing them again would make it slower.
  const lost = due.filter((job) => job.isFresh || waiting.get(job.lane) === 0);
  await Promise.all(lost.map((job) => queue.publish(job.lane, { version: 1, jobId: job.id })));
  await jobs.markPublished(lost.map((job) => job.id));
  return lost.length;
}

async function depths(queue: Pick<JobQueue, 'depth'>): Promise<ReadonlyMap<Lane, number>> {
  return new Map(await Promise.all(lanes.map(async (lane) => [lane, await queue.depth(lane)] as const)));
}
