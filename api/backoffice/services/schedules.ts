import { type Db, inTransaction } from '../../../shared/db/database';
import { wholeInstallation } from '../../../shared/domain/job-kind';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import { createJobStore } from '../../../shared/stores/jobs/job-store';
import { createScheduleStore, type Schedule } from '../../../shared/stores/jobs/schedule-store';
import { createAuditStore } from '../../../shared/stores/staff/audit-store';
import { needAdmin } from './rights';
import { auditEntry } from './trail';

export type ScheduleService = ReturnType<typeof createScheduleService>;

/** Work that comes due by itself: the affair of admins. */
export function createScheduleService({ db }: { readonly db: Db }) {
  return {
    async list(caller: Caller): Promise<Schedule[]> {
      needAdmin(caller);
      return createScheduleStore(db).list();
    },

    /** What is paused is not run by itself; what came due meanwhile is run once when it is resumed. Throws `not-found`. */
    async setPaused(caller: Caller, kind: string, isPaused: boolean): Promise<Schedule> {
      needAdmin(caller);
      return inTransaction(db, async ({ db: trx }) => {
        const schedules = createScheduleStore(trx);
        const hasChanged = isPaused
          ? await schedules.pause(kind, caller.email)
          : await schedules.resume(kind);
        if (hasChanged) {
          const action = isPaused ? 'schedule.pause' : 'schedule.resume';
          await createAuditStore(trx).add([auditEntry(caller, action, { after: { kind } })]);
        }
        return needed(await schedules.find(kind));
      });
    },

    /** Runs it now, paused or not; where a run waits or is under way, that one is enough. Throws `not-found`. */
    async runNow(caller: Caller, kind: string): Promise<Schedule> {
      needAdmin(caller);
      return inTransaction(db, async ({ db: trx }) => {
        const schedule = needed(await createScheduleStore(trx).find(kind));
        await createJobStore(trx).add({ kind: schedule.kind, subject: wholeInstallation });
        await createAuditStore(trx).add([auditEntry(caller, 'schedule.run', { after: { kind } })]);
        return { ...schedule, isOpen: true };
      });
    },
  };
}

function needed(schedule: Schedule | null): Schedule {
  if (schedule === null) throw notFound('schedule');
  return schedule;
}
