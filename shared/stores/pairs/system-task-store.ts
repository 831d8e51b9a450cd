import type { Db } from '../../db/database';
import type { Json } from '../../systems/references';

/** `probe`: ask the system what it really does; `register-hook`: have it call us. */
export type SystemTaskKind = 'probe' | 'register-hook';

/** A task for a worker at a system. */
export interface SystemTask {
  readonly id: string;
  readonly systemId: number;
  readonly kind: SystemTaskKind;
  readonly detail: Json;
}

/** The result of the task. For a failure: a sentence without secrets. */
export type SystemTaskEnd = { readonly result: Json } | { readonly failure: string };

export type SystemTaskStore = ReturnType<typeof createSystemTaskStore>;

export function createSystemTaskStore(db: Db) {
  return {
    async add(task: Omit<SystemTask, 'id'>, by: string): Promise<string> {
      const result = await db.raw<{ rows: { id: string }[] }>(
        `insert into system_task (system_id, kind, detail, asked_by) values (:systemId, :kind, cast(:detail as jsonb), :by)
         returning id`,
        { systemId: task.systemId, kind: task.kind, detail: JSON.stringify(task.detail), by },
      );
      const row = result.rows[0];
      if (row === undefined) throw new Error('insert into system_task returned no row');
      return row.id;
    },

    /** The systems of pairs that may be worked on, without those that are paused. */
    async systemsToProbe(): Promise<number[]> {
      const result = await db.raw<{ rows: { id: number }[] }>(
        `select s.id from remote_system s where s.state <> 'paused'
           and exists (select from pair p where s.id in (p.here_id, p.there_id) and p.mode <> 'off') order by s.id`,
      );
      return result.rows.map(({ id }) => id);
    },

    /** Null: it has ended, or its system is gone. */
    async findOpen(id: string): Promise<SystemTask | null> {
      const result = await db.raw<{ rows: SystemTask[] }>(
        `select id, system_id as "systemId", kind, detail from system_task where id = ? and ended_at is null`,
        [id],
      );
      return result.rows[0] ?? null;
    },

    async end(id: string, end: SystemTaskEnd): Promise<void> {
      await db.raw(
        `update system_task set ended_at = now(), result = cast(:result as jsonb), failure = :failure
         where id = :id and ended_at is null`,
        {
          id,
          result: 'result' in end ? JSON.stringify(end.result) : null,
          failure: 'failure' in end ? end.failure : null,
        },
      );
    },

    /** Null: it has not ended. */
    async endOf(id: string): Promise<SystemTaskEnd | null> {
      const result = await db.raw<{ rows: { result: Json; failure: string | null }[] }>(
        'select result, failure from system_task where id = ? and ended_at is not null',
        [id],
      );
      const row = result.rows[0];
      if (row === undefined) return null;
      return row.failure === null ? { result: row.result } : { failure: row.failure };
    },

    /** Stores the findings of a probe. A system without a known state becomes `up` if all is well. */
    async keepProbe(
      systemId: number,
      { probe, isWell, clockOffsetMs }: { probe: Json; isWell: boolean; clockOffsetMs: number | null },
    ): Promise<void> {
      await db.raw(
        `update remote_system set probe = cast(:probe as jsonb), clock_offset_ms = :clockOffsetMs, checked_at = now(),
           state = case when :isWell and state = 'unknown' then 'up' else state end
         where id = :systemId`,
        { systemId, probe: JSON.stringify(probe), isWell, clockOffsetMs },
      );
    },

    /** Those that ended so many hours ago. */
    async removeOld(hours: number): Promise<number> {
      const result = await db.raw<{ rowCount: number }>(
        'delete from system_task where ended_at < now() - make_interval(hours => ?)',
        [hours],
      );
      return result.rowCount;
    },
  };
}
