import type { Db } from '../../db/database';
import type { BackgroundKind } from '../../domain/job-kind';

/** Work that comes due by itself. Cron expressions have five or six fields, in UTC. */
export interface ScheduleEntry {
  readonly kind: BackgroundKind;
  readonly cron: string;
}

/** A schedule as people see it. */
export interface Schedule extends ScheduleEntry {
  readonly nextAt: Date;
  readonly pausedAt: Date | null;
  readonly pausedBy: string | null;
  /** When the last finished run started. Null: there was none. */
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  /** Why the last run failed. Null: it did not fail. */
  readonly failure: string | null;
  /** A run waits or is in progress. */
  readonly isOpen: boolean;
}

export interface DueSchedule extends ScheduleEntry {
  readonly nextAt: Date;
  /** The database's clock. */
  readonly now: Date;
}

export type ScheduleStore = ReturnType<typeof createScheduleStore>;

export function createScheduleStore(db: Db) {
  return {
    /**
     * Stores the schedule of this version. Entries that are new, or that have other times than before, run at once.
     * Times are whole milliseconds, so that a time that was read is equal to the one that is stored.
     */
    async declare(entries: readonly ScheduleEntry[]): Promise<void> {
      await db.raw(
        `insert into schedule (kind, cron, next_at)
         select kind, cron, date_trunc('milliseconds', now()) from unnest(cast(:kinds as text[]), cast(:crons as text[])) declared (kind, cron)
         on conflict (kind) do update set cron = excluded.cron, next_at = excluded.next_at
         where schedule.cron <> excluded.cron`,
        { kinds: entries.map(({ kind }) => kind), crons: entries.map(({ cron }) => cron) },
      );
    },

    async findDue(kinds: readonly BackgroundKind[]): Promise<DueSchedule[]> {
      const result = await db.raw<{ rows: DueSchedule[] }>(
        `select kind, cron, next_at as "nextAt", now() as now from schedule
         where next_at <= now() and paused_at is null and kind = any(?)`,
        [[...kinds]],
      );
      return result.rows;
    },

    /** Sets when a schedule that is due is due next, in the transaction that adds its job. False: another worker did. */
    async move({ kind, nextAt }: DueSchedule, following: Date): Promise<boolean> {
      return (await db('schedule').where({ kind, next_at: nextAt }).update({ next_at: following })) === 1;
    },

    /** A run has ended. */
    async ended(kind: BackgroundKind, seconds: number, failure: string | null): Promise<void> {
      await db.raw(
        `update schedule set started_at = now() - make_interval(secs => :seconds), ended_at = now(), failure = :failure
         where kind = :kind`,
        { kind, seconds, failure },
      );
    },

    async list(): Promise<Schedule[]> {
      const result = await db.raw<{ rows: Schedule[] }>(`select ${columns} from schedule s order by kind`);
      return result.rows;
    },

    async find(kind: string): Promise<Schedule | null> {
      const result = await db.raw<{ rows: Schedule[] }>(`select ${columns} from schedule s where kind = ?`, [
        kind,
      ]);
      return result.rows[0] ?? null;
    },

    /** False: it is no schedule, or is paused already. */
    async pause(kind: string, by: string): Promise<boolean> {
      const paused = await db('schedule')
        .where({ kind, paused_at: null })
        .update({ paused_at: db.fn.now(), paused_by: by });
      return paused === 1;
    },

    /**
     * Runs that were due during the pause are made up for by one run. False: there is no such schedule, or it is not
     * paused.
     */
    async resume(kind: string): Promise<boolean> {
      const resumed = await db('schedule')
        .where({ kind })
        .whereNotNull('paused_at')
        .update({ paused_at: null, paused_by: null });
      return resumed === 1;
    },
  };
}

const columns = `kind, cron, next_at as "nextAt", paused_at as "pausedAt", paused_by as "pausedBy",
  started_at as "startedAt", ended_at as "endedAt", failure,
  exists (select from job j where j.kind = s.kind and j.state in ('queued', 'running')) as "isOpen"`;
