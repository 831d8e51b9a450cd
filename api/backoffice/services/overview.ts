import { type Caller, isAdmin } from '../../../shared/domain/staff';
import type { SightStore, UntrustedProxy } from '../../../shared/stores/staff/sight-store';
import type {
  DoubtfulReadings,
  FailedSync,
  OpenJobs,
  OverviewStore,
  SolutionName,
  StaleSolution,
  StatutCount,
  WaitingCounts,
} from '../../../shared/stores/solutions/overview-store';

interface Stores {
  readonly overview: Pick<
    OverviewStore,
    | 'countSolutions'
    | 'statuts'
    | 'syncsPerMinute'
    | 'failures'
    | 'stale'
    | 'doubtfulReadings'
    | 'openJobs'
    | 'waiting'
    | 'names'
  >;
  readonly sights: Pick<SightStore, 'untrustedProxy'>;
}

export type { WaitingCounts } from '../../../shared/stores/solutions/overview-store';

export interface Overview {
  readonly solutions: number;
  readonly statuts: readonly StatutCount[];
  /** The last hour, the present minute last. */
  readonly syncsPerMinute: readonly number[];
  /** The failed syncs of the last day, the newest first. */
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

/** The current syncs and the waiting decisions of the solutions that the caller may see. */
export function createOverviewService({ stores }: { readonly stores: Stores }) {
  const { overview, sights } = stores;

  return {
    async look(caller: Caller): Promise<Overview> {
      const { accounts } = caller;
      const [solutions, statuts, syncsPerMinute, failures, stale, doubtful, jobs, untrustedProxy] =
        await Promise.all([
          overview.countSolutions(accounts),
          overview.statuts(accounts),
          overview.syncsPerMinute(accounts, shownMinutes),
          overview.failures(accounts, failureHours, shownRows),
          overview.stale(accounts, staleHours, shownRows),
          overview.doubtfulReadings(accounts, shownRows),
          overview.openJobs(accounts),
          isAdmin(caller) ? sights.untrustedProxy() : null,
        ]);
      return { solutions, statuts, syncsPerMinute, failures, stale, doubtful, jobs, untrustedProxy };
    },

    waiting: ({ accounts }: Caller): Promise<WaitingCounts> => overview.waiting(accounts),

    /** The names of the solutions that a list contains only by id. */
    async names({ accounts }: Caller, ids: readonly number[]): Promise<ReadonlyMap<number, SolutionName>> {
      const names = await overview.names(accounts, ids);
      return new Map(names.map((one) => [one.id, one]));
    },
  };
}
