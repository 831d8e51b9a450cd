import type { Channel } from '../../domain/channel';
import type { NotificationState } from '../../domain/notification';
import type { SyncState } from '../../domain/sync-state';
import { syncKind } from '../../domain/job-kind';
import type { Db } from '../../db/database';

/** The current number of something. */
export interface Count<Name extends string> {
  readonly of: Name;
  readonly count: number;
}

/** How long ago the channels of the solutions last finished a sync. */
export interface FinishedAges {
  readonly channel: Channel;
  /** Ascending limits in seconds, each with the number of channels that are at most this old. */
  readonly buckets: readonly { readonly le: number; readonly count: number }[];
  readonly sumSeconds: number;
  readonly count: number;
}

/** Figures of the whole installation. They are the same for every process. */
export interface Figures {
  /** The syncs of channels whose status is not 0. */
  readonly syncs: readonly { readonly channel: Channel; readonly state: SyncState; readonly count: number }[];
  readonly jobs: readonly { readonly lane: string; readonly state: string; readonly count: number }[];
  /** 0: there is none. */
  readonly oldestJobSeconds: number;
  readonly alerts: readonly Count<string>[];
  /** Conflicts and approvals that wait for someone. */
  readonly decisions: readonly Count<'conflict' | 'approval'>[];
  /** Logs whose books do not balance. */
  readonly unbalancedLogs: number;
  /** Those that are not delivered. */
  readonly notifications: readonly Count<NotificationState>[];
  readonly finished: readonly FinishedAges[];
  readonly neverFinished: readonly Count<Channel>[];
}

const minute = 60;
const hour = 60 * minute;
const day = 24 * hour;

/** Seconds. */
const finishedAgeBuckets = [
  15 * minute,
  hour,
  6 * hour,
  12 * hour,
  day,
  2 * day,
  3 * day,
  7 * day,
  14 * day,
  30 * day,
];

interface Row {
  figure:
    'syncs' | 'jobs' | 'oldest' | 'alerts' | 'decisions' | 'books' | 'notifications' | 'finished' | 'never';
  first: string;
  second: string;
  count: number;
  total: number;
}

/**
 * One statement. Everything is read from partial indexes, except the ages, which are read from one small row per
 * channel. The cost grows with the number of solutions and of syncs in progress, not with what is stored.
 */
const sql = `
  select 'syncs' as figure, c.channel as first, s.state as second, count(*)::float8 as count, 0::float8 as total
  from channel_status c join sync s on s.id = c.sync_id where c.statut <> 0 group by c.channel, s.state
  union all
  select 'jobs', lane, state, count(*), 0 from job where state in ('queued', 'running') group by lane, state
  union all
  select 'oldest', '', '', 0, coalesce(extract(epoch from now() - min(created_at)), 0)
  from job where state in ('queued', 'running') and kind = '${syncKind}'
  union all
  select 'alerts', kind, '', count(*), 0 from probe_alert where closed_at is null group by kind
  union all
  select 'decisions', 'conflict', '', count(*), 0 from conflict where state = 'open'
  union all
  select 'decisions', 'approval', '', count(*), 0 from approval where state = 'open'
  union all
  select 'books', '', '', count(*), 0 from log_mark where not is_balanced
  union all
  select 'notifications', 'waiting', '', count(*), 0 from notification where state = 'waiting'
  union all
  select 'notifications', 'parked', '', count(*), 0 from notification where state = 'parked'
  union all
  select 'finished', channel, width_bucket(age, array[${finishedAgeBuckets.join(', ')}]::float8[])::text, count(*), sum(age)
  from (
    select c.channel, extract(epoch from now() - c.finished_at)::float8 as age
    from channel_status c join solution on solution.id = c.solution_id
    where solution.blocked_at is null and c.finished_at is not null
  ) as ages group by channel, 3
  union all
  select 'never', c.channel, '', count(*), 0
  from channel_status c join solution on solution.id = c.solution_id
  where solution.blocked_at is null and c.finished_at is null group by c.channel`;

export function createFiguresStore(db: Db) {
  return {
    async read(): Promise<Figures> {
      const { rows } = await db.raw<{ rows: Row[] }>(sql);
      const of = (figure: Row['figure']) => rows.filter((row) => row.figure === figure);
      return {
        syncs: of('syncs').map((row) => ({
          channel: row.first as Channel,
          state: row.second as SyncState,
          count: row.count,
        })),
        jobs: of('jobs').map((row) => ({ lane: row.first, state: row.second, count: row.count })),
        oldestJobSeconds: of('oldest')[0]?.total ?? 0,
        alerts: of('alerts').map((row) => ({ of: row.first, count: row.count })),
        decisions: of('decisions').map((row) => ({
          of: row.first as 'conflict' | 'approval',
          count: row.count,
        })),
        unbalancedLogs: of('books')[0]?.count ?? 0,
        notifications: of('notifications').map((row) => ({
          of: row.first as NotificationState,
          count: row.count,
        })),
        finished: agesOf(of('finished')),
        neverFinished: of('never').map((row) => ({ of: row.first as Channel, count: row.count })),
      };
    },
  };
}

/** Turns counts between two limits into counts below each limit. */
function agesOf(rows: readonly Row[]): FinishedAges[] {
  return [...new Set(rows.map((row) => row.first))].map((channel) => {
    const own = rows.filter((row) => row.first === channel);
    const upTo = (index: number) =>
      sum(
        own.filter((row) => Number(row.second) <= index),
        (row) => row.count,
      );
    return {
      channel: channel as Channel,
      buckets: finishedAgeBuckets.map((le, index) => ({ le, count: upTo(index) })),
      sumSeconds: sum(own, (row) => row.total),
      count: sum(own, (row) => row.count),
    };
  });
}

const sum = (rows: readonly Row[], valueOf: (row: Row) => number) =>
  rows.reduce((total, row) => total + valueOf(row), 0);
