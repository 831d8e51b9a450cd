import { idsOf, isVisibleSolution } from '../../db/account-scope';
import type { Reason } from '../../domain/reason';
import { storedReason } from '../../formats/stored-reason';
import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';
import type { AccountScope } from '../../domain/staff';
import { type Statut, statutFrom } from '../../domain/statut';

/** The entries that wait for a decision of staff. Each count stops at a thousand. */
export interface WaitingCounts {
  readonly alerts: number;
  readonly quarantine: number;
  readonly conflicts: number;
  readonly approvals: number;
}

/** Everything that is open for one solution. Each count stops at a thousand. */
export interface OpenCounts extends WaitingCounts {
  readonly failedInstructions: number;
}

export interface StatutCount {
  readonly channel: Channel;
  readonly statut: Statut;
  readonly count: number;
}

export interface FailedSync {
  readonly id: string;
  readonly solutionId: number;
  readonly solutionName: string;
  readonly channel: Channel;
  readonly receivedAt: Date;
  /** The reason in the report. Null: there is none. */
  readonly reason: string | null;
  /** The same, to be told in any language. Null: an earlier version wrote it. */
  readonly why: Reason | null;
}

interface FailureRow extends Omit<FailedSync, 'why'> {
  readonly reason_code: string | null;
  readonly reason_values: unknown;
}

export interface StaleSolution {
  readonly id: number;
  readonly name: string;
  /** When one of its channels last finished a sync, or when the solution was enrolled. */
  readonly since: Date;
}

export interface DoubtfulReadings {
  /** Logs whose books do not balance, of all solutions. */
  readonly unbalancedLogs: number;
  /** The first ones. */
  readonly solutions: readonly DoubtfulSolution[];
}

export interface DoubtfulSolution {
  readonly id: number;
  readonly name: string;
  /** Logs whose books do not balance. */
  readonly unbalancedLogs: number;
  /** Logs to which readings of impossible times came within seven days. */
  readonly impossibleTimes: number;
}

interface DoubtfulRow extends DoubtfulSolution {
  readonly total: number;
}

export interface OpenJobs {
  readonly count: number;
  readonly oldestAt: Date | null;
}

export interface SolutionName {
  readonly id: number;
  readonly name: string;
  /** IANA name. */
  readonly timezone: string;
}

export type OverviewStore = ReturnType<typeof createOverviewStore>;

/** A link to a solution needs a text. */
const shownName = `coalesce(nullif(btrim(s.name), ''), s.mail)`;
const mostCounted = 1000;

/** An overview of the installation, limited to the given accounts. */
export function createOverviewStore(db: Db) {
  return {
    async waiting(accounts: AccountScope): Promise<WaitingCounts> {
      const open = (table: string, condition: string) =>
        `(select count(*)::int from (select from ${table} t join solution s on s.id = t.solution_id
          where ${condition} and ${isVisibleSolution} limit ${mostCounted}) as counted)`;
      const ofPairs = (table: string) =>
        `(select count(*)::int from (select from ${table} x join pair p on p.id = x.pair_id
          join remote_system h on h.id = p.here_id join remote_system t on t.id = p.there_id
          where x.state = 'open' and (cast(:accounts as int[]) is null or h.account_id = any(:accounts) and t.account_id = any(:accounts))
          limit ${mostCounted}) as counted)`;
      const result = await db.raw<{ rows: WaitingCounts[] }>(
        `select ${open('probe_alert', 't.closed_at is null and t.acknowledged_at is null')} as alerts,
           ${open('quarantine', `t.state = 'open'`)} as quarantine,
           ${open('conflict', `t.state = 'open'`)} + ${ofPairs('link_conflict')} as conflicts,
           ${open('approval', `t.state = 'open'`)} + ${ofPairs('pair_approval')} as approvals`,
        { accounts: idsOf(accounts) },
      );
      return result.rows[0] ?? { alerts: 0, quarantine: 0, conflicts: 0, approvals: 0 };
    },

    async openOf(solutionId: number): Promise<OpenCounts> {
      const open = (table: string, condition: string) =>
        `(select count(*)::int from (select from ${table}
          where solution_id = :solutionId and ${condition} limit ${mostCounted}) as counted)`;
      const result = await db.raw<{ rows: OpenCounts[] }>(
        `select ${open('probe_alert', 'closed_at is null')} as alerts,
           ${open('quarantine', `state = 'open'`)} as quarantine,
           ${open('conflict', `state = 'open'`)} as conflicts,
           ${open('approval', `state = 'open'`)} as approvals,
           ${open('param', 'failures > 0')} as "failedInstructions"`,
        { solutionId },
      );
      const none = { alerts: 0, quarantine: 0, conflicts: 0, approvals: 0, failedInstructions: 0 };
      return result.rows[0] ?? none;
    },

    async statuts(accounts: AccountScope): Promise<StatutCount[]> {
      const result = await db.raw<{ rows: { channel: Channel; statut: number; count: number }[] }>(
        `select c.channel, c.statut, count(*)::int as count
         from channel_status c join solution s on s.id = c.solution_id
         where ${isVisibleSolution} group by c.channel, c.statut`,
        { accounts: idsOf(accounts) },
      );
      return result.rows.map((row) => ({ ...row, statut: statutFrom(row.statut) }));
    },

    async countSolutions(accounts: AccountScope): Promise<number> {
      const result = await db.raw<{ rows: { count: number }[] }>(
        `select count(*)::int as count from solution s where ${isVisibleSolution}`,
        { accounts: idsOf(accounts) },
      );
      return result.rows[0]?.count ?? 0;
    },

    /** Received in each of the last minutes, the present one last. */
    async syncsPerMinute(accounts: AccountScope, minutes: number): Promise<number[]> {
      const result = await db.raw<{ rows: { ago: number; count: number }[] }>(
        `select floor(extract(epoch from now() - y.received_at) / 60)::int as ago, count(*)::int as count
         from sync y join solution s on s.id = y.solution_id
         where y.files_removed_at is null and y.received_at > now() - make_interval(mins => :minutes) and ${isVisibleSolution}
         group by ago`,
        { accounts: idsOf(accounts), minutes },
      );
      const counts = new Map(result.rows.map((row) => [Math.max(0, row.ago), row.count]));
      return Array.from({ length: minutes }, (_, place) => counts.get(minutes - 1 - place) ?? 0);
    },

    /** The newest first. */
    async failures(accounts: AccountScope, hours: number, limit: number): Promise<FailedSync[]> {
      const result = await db.raw<{ rows: FailureRow[] }>(
        `select y.id, y.solution_id as "solutionId", ${shownName} as "solutionName", y.channel,
           y.received_at as "receivedAt", y.report ->> 'reason' as reason, y.reason_code, y.reason_values
         from sync y join solution s on s.id = y.solution_id
         where y.files_removed_at is null and y.received_at > now() - make_interval(hours => :hours)
           and (y.state = 'failed' or y.report ->> 'outcome' = 'failed') and ${isVisibleSolution}
         order by y.received_at desc limit :limit`,
        { accounts: idsOf(accounts), hours, limit },
      );
      return result.rows.map(({ reason_code, reason_values, ...failure }) => ({
        ...failure,
        why: storedReason(reason_code, reason_values),
      }));
    },

    /** The longest silent first. Blocked solutions are left out. */
    async stale(accounts: AccountScope, hours: number, limit: number): Promise<StaleSolution[]> {
      const result = await db.raw<{ rows: StaleSolution[] }>(
        `select s.id, ${shownName} as name, max(c.since) as since
         from solution s join channel_status c on c.solution_id = s.id
         where s.blocked_at is null and ${isVisibleSolution}
         group by s.id having max(c.since) < now() - make_interval(hours => :hours)
         order by since limit :limit`,
        { accounts: idsOf(accounts), hours, limit },
      );
      return result.rows;
    },

    /** Solutions with logs whose books do not balance, or to which impossible times came within seven days. */
    async doubtfulReadings(accounts: AccountScope, limit: number): Promise<DoubtfulReadings> {
      const result = await db.raw<{ rows: DoubtfulRow[] }>(
        `with doubtful as (
           select solution_id, 1 as unbalanced, 0 as impossible from log_mark where not is_balanced
           union all
           select solution_id, 0, 1 from log_mark where impossible_at > now() - interval '7 days'
         )
         select s.id, ${shownName} as name, sum(unbalanced)::int as "unbalancedLogs",
           sum(impossible)::int as "impossibleTimes", (sum(sum(unbalanced)) over ())::int as total
         from doubtful d join solution s on s.id = d.solution_id where ${isVisibleSolution}
         group by s.id order by "unbalancedLogs" desc, name limit :limit`,
        { accounts: idsOf(accounts), limit },
      );
      return {
        unbalancedLogs: result.rows[0]?.total ?? 0,
        solutions: result.rows.map(({ total: _total, ...solution }) => solution),
      };
    },

    async openJobs(accounts: AccountScope): Promise<OpenJobs> {
      const result = await db.raw<{ rows: { count: number; oldest_at: Date | null }[] }>(
        `select count(*)::int as count, min(j.created_at) as oldest_at
         from job j join sync y on y.id = j.sync_id join solution s on s.id = y.solution_id
         where j.state in ('queued', 'running') and ${isVisibleSolution}`,
        { accounts: idsOf(accounts) },
      );
      const row = result.rows[0];
      return { count: row?.count ?? 0, oldestAt: row?.oldest_at ?? null };
    },

    async names(accounts: AccountScope, ids: readonly number[]): Promise<SolutionName[]> {
      const result = await db.raw<{ rows: SolutionName[] }>(
        `select s.id, ${shownName} as name, s.timezone from solution s where s.id = any(:ids) and ${isVisibleSolution}`,
        { accounts: idsOf(accounts), ids: [...new Set(ids)] },
      );
      return result.rows;
    },
  };
}
