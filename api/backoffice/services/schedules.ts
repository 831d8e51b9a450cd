import type { StoreAccess } from '../../../shared/stores/store-access';
import { wholeInstallation } from '../../../shared/domain/job-kind';
import type { Caller } from '../../../shared/domain/staff';
import { notFound } from '../../../shared/errors/catalog';
import type { JobStore } from '../../../shared/stores/jobs/job-store';
import type { Schedule, ScheduleStore } from '../../../shared/stores/jobs/schedule-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import { needAdmin } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly jobs: Pick<JobStore, 'add'>;
  readonly schedules: Pick<ScheduleStore, 'list' | 'pause' | 'resume' | 'find'>;
}

export type ScheduleService = ReturnType<typeof createScheduleService>;

/** Scheduled work. Only for admins. */
export function createScheduleService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    async list(caller: Caller): Promise<Schedule[]> {
      needAdmin(caller);
      return stores.schedules.list();
    },

    /**
     * Paused work is not run by the schedule. If it became due meanwhile, it is run once when it is resumed. Throws
     * `not-found`.
     */
    async setPaused(caller: Caller, kind: string, isPaused: boolean): Promise<Schedule> {
      needAdmin(caller);
      return transaction(async (stores) => {
        const { schedules } = stores;
        const hasChanged = isPaused
          ? await schedules.pause(kind, caller.email)
          : await schedules.resume(kind);
        if (hasChanged) {
          const action = isPaused ? 'schedule.pause' : 'schedule.resume';
          await stores.audit.add([auditEntry(caller, action, { after: { kind } })]);
        }
        return needed(await schedules.find(kind));
      });
    },

    /**
     * Runs the work of a schedule now, paused or not. If a run is waiting or in progress, no other one is added. Throws
     * `not-found`.
     */
    async runNow(caller: Caller, kind: string): Promise<Schedule> {
      needAdmin(caller);
      return transaction(async (stores) => {
        const schedule = needed(await stores.schedules.find(kind));
        await stores.jobs.add({ kind: schedule.kind, subject: wholeInstallation });
        await stores.audit.add([auditEntry(caller, 'schedule.run', { after: { kind } })]);
        return { ...schedule, isOpen: true };
      });
    },
  };
}

function needed(schedule: Schedule | null): Schedule {
  if (schedule === null) throw notFound('schedule');
  return schedule;
}
