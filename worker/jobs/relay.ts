import type { JobQueue, Lane } from '../../shared/queue/job-queue';
import { lanes } from '../../shared/queue/job-queue';
import type { JobStore } from '../../shared/stores/jobs/job-store';

interface Deps {
  readonly jobs: Pick<JobStore, 'findDue' | 'markPublished'>;
  readonly queue: Pick<JobQueue, 'publish' | 'depth'>;
}

const batchSize = 500;
/** A message that was published so long ago, and is in no queue any more, is lost. */
const lostAfterSeconds = 30;

/** Publishes what should be running and about which no message is on its way. Answers how many. */
export async function relayJobs({ jobs, queue }: Deps): Promise<number> {
  const due = await jobs.findDue(lostAfterSeconds, batchSize);
  if (due.length === 0) return 0;
  const waiting = await depths(queue);
  // A lane that still holds messages is only slow: to publish again what waits there would feed the jam.
  const lost = due.filter((job) => job.isFresh || waiting[job.lane] === 0);
  await Promise.all(lost.map((job) => queue.publish(job.lane, { version: 1, jobId: job.id })));
  await jobs.markPublished(lost.map((job) => job.id));
  return lost.length;
}

async function depths(queue: Pick<JobQueue, 'depth'>): Promise<Record<Lane, number>> {
  const [small, large] = await Promise.all(lanes.map((lane) => queue.depth(lane)));
  return { small: small ?? 0, large: large ?? 0 };
}
