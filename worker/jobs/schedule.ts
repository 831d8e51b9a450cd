import { Cron } from 'croner';
import { type Db, inTransaction } from '../../shared/db/database';
import { type BackgroundKind, wholeInstallation } from '../../shared/domain/job-kind';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import type { Logger } from '../../shared/log';
import { createScheduleStore } from '../../shared/stores/jobs/schedule-store';
import { scheduledKinds } from './kinds';
import { repeat, type Repeated } from './repeat';

/** Every second, adds the scheduled jobs that are due. */
export function startSchedule({ db, log }: { readonly db: Db; readonly log: Logger }): Repeated {
  const kinds = scheduledKinds.map(({ kind }) => kind);
  let isDeclared = false;
  const run = async () => {
    // Not before the database can be reached.
    if (!isDeclared) await createScheduleStore(db).declare(scheduledKinds);
    isDeclared = true;
    await addDueJobs(db, kinds);
  };
  return repeat({ name: 'schedule', everySeconds: 1, run }, log);
}

/** Makes a job of everything that has come due, however many workers ask. Returns of how many. */
async function addDueJobs(db: Db, kinds: readonly BackgroundKind[]): Promise<number> {
  const due = await createScheduleStore(db).findDue(kinds);
  for (const schedule of due) {
    await inTransaction(db, async ({ db: trx }) => {
      // Work that was missed while no worker was running is run once.
      const isMine = await createScheduleStore(trx).move(schedule, nextRun(schedule.cron, schedule.now));
      if (isMine) await createJobStore(trx).add({ kind: schedule.kind, subject: wholeInstallation });
    });
  }
  return due.length;
}

function nextRun(cron: string, after: Date): Date {
  const next = new Cron(cron, { timezone: 'UTC' }).nextRun(after);
  if (next === null) throw new RangeError(`"${cron}" never comes due.`);
  return next;
}
