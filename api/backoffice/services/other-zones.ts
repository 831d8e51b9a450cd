import { wholeInstallation } from '../../../shared/domain/job-kind';
import {
  type OtherZoneReadings,
  readableCount,
  withKnownZones,
} from '../../../shared/domain/other-zone-readings';
import type { Caller } from '../../../shared/domain/staff';
import type { JobStore } from '../../../shared/stores/jobs/job-store';
import type { OtherZoneStore } from '../../../shared/stores/logs/other-zone-store';
import type { SolutionAdminStore } from '../../../shared/stores/solutions/solution-admin-store';
import type { AuditStore } from '../../../shared/stores/staff/audit-store';
import type { StoreAccess } from '../../../shared/stores/store-access';
import { lockVisible, needEditor, needVisible } from './rights';
import { auditEntry } from './trail';

interface Stores {
  readonly audit: Pick<AuditStore, 'add'>;
  readonly jobs: Pick<JobStore, 'add'>;
  readonly otherZones: Pick<OtherZoneStore, 'count' | 'ask'>;
  readonly solutionAdmin: Pick<SolutionAdminStore, 'isVisible' | 'lock'>;
}

export type OtherZoneService = ReturnType<typeof createOtherZoneService>;

/** Readings whose times were read in another time zone than their solution has now. */
export function createOtherZoneService({ stores, transaction }: StoreAccess<Stores>) {
  return {
    /** Throws `not-found`. */
    async look(caller: Caller, solutionId: number): Promise<OtherZoneReadings> {
      await needVisible(stores, caller, solutionId);
      return withKnownZones(await stores.otherZones.count(solutionId));
    },

    /**
     * Has a worker read them again in the solution's zone. If there are none, or if this was already requested, nothing
     * happens. Throws `not-found`, `forbidden`.
     */
    async readAnew(caller: Caller, solutionId: number): Promise<OtherZoneReadings> {
      return transaction(async ({ audit, jobs, otherZones, solutionAdmin }) => {
        await lockVisible({ solutionAdmin }, caller, solutionId);
        needEditor(caller);
        const found = withKnownZones(await otherZones.count(solutionId));
        if (found.readable.length === 0 || found.request?.timezone === found.timezone) return found;
        await otherZones.ask(solutionId, caller.email);
        await jobs.add({ kind: 'logs.read-times-anew', subject: wholeInstallation });
        const before = { timezones: found.readable.map(({ timezone }) => timezone) };
        const after = { timezone: found.timezone, readings: String(readableCount(found)) };
        await audit.add([auditEntry(caller, 'log.read-anew-asked', { solutionId, before, after })]);
        return withKnownZones(await otherZones.count(solutionId));
      });
    },
  };
}
