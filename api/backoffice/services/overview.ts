import type { Db } from '../../../shared/db/database';
import { type Caller, isAdmin } from '../../../shared/domain/staff';
import { createSightStore, type UntrustedProxy } from '../../../shared/stores/staff/sight-store';
import {
  createOverviewStore,
  type DoubtfulReadings,
  type FailedSync,
  type OpenJobs,
  type SolutionName,
  type StaleSolution,
  type StatutCount,
  type WaitingCounts,
} from '../../../shared/stores/solutions/overview-store';

export type { WaitingCounts } from '../../../shared/stores/solutions/overview-store';

export interface Overview {
  readonly solutions: number;
  readonly statuts: readonly StatutCount[];
  /** The last hour, the present minute last. */
  readonly syncsPerMinute: readonly number[];
  /** Of the last day, the newest first. */
  readonly failures: readonly FailedSync[];
  /** Silent for a day and longer. */
  readonly stale: readonly StaleSolution[];
  readonly doubtful: DoubtfulReadings;
  readonly jobs: OpenJobs;
  /** For admins. Null: all proxies that send X-Forwarded-For are trusted, or there are none. */
  readonly untrustedProxy: UntrustedProxy | null;
}

const shownMinutes = 60;
const failureHours = 24;
const staleHours = 24;
const shownRows = 10;

export type OverviewService = ReturnType<typeof createOverviewService>;

/** What goes on, and what waits for someone, in the solutions that the caller sees. */
export function createOverviewService({ db }: { readonly db: Db }) {
  const store = createOverviewStore(db);

  return {
    async look(caller: Caller): Promise<Overview> {
      const { accounts } = caller;
      const [solutions, statuts, syncsPerMinute, failures, stale, doubtful, jobs, untrustedProxy] =
        await Promise.all([
          store.countSolutions(accounts),
          store.statuts(accounts),
          store.syncsPerMinute(accounts, shownMinutes),
          store.failures(accounts, failureHours, shownRows),
          store.stale(accounts, staleHours, shownRows),
          store.doubtfulReadings(accounts, shownRows),
          store.openJobs(accounts),
          isAdmin(caller) ? createSightStore(db).untrustedProxy() : null,
        ]);
      return { solutions, statuts, syncsPerMinute, failures, stale, doubtful, jobs, untrustedProxy };
    },

    waiting: ({ accounts }: Caller): Promise<WaitingCounts> => store.waiting(accounts),

    /** Of solutions that a list tells of by their ids. */
    async names({ accounts }: Caller, ids: readonly number[]): Promise<ReadonlyMap<number, SolutionName>> {
      const names = await store.names(accounts, ids);
      return new Map(names.map((one) => [one.id, one]));
    },
  };
}
