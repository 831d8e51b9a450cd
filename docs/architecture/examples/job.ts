import type { Db } from '../../../shared/db/database';
import type { JobHandler, JobPolicy } from '../../../worker/jobs/kinds';

/** In `jobPolicies`: at 3:19 each night. Tomorrow's run makes up for one that failed. */
export const removePastClosingDaysPolicy: JobPolicy = {
  maxAttempts: 1,
  backoff: { firstMs: 1_000, maxMs: 60_000 },
  givenUp: 'drop',
  cron: '19 3 * * *',
};

/** Among the handlers of `worker/compose.ts`. It may stop anywhere and begin again. */
export const removePastClosingDays = (db: Db): JobHandler => ({
  async run() {
    await db.raw(`delete from closing_day where day < current_date - 365`);
    return 'done';
  },
});
