import { idsOf, isVisibleSolution } from '../../db/account-scope';
import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { ProbeAlertKind, ProbeAlertState } from '../../domain/probe-alert';
import type { AccountScope } from '../../domain/staff';

/** An alert about a probe. Its times are those of the readings. */
export interface ProbeAlert {
  readonly id: string;
  readonly solutionId: number;
  readonly probeId: string;
  readonly kind: ProbeAlertKind;
  readonly state: ProbeAlertState;
  /** The name when the alert was opened. Null: the probe was in no fridge. */
  readonly fridgeName: string | null;
  /** In °C, or in % for a battery. Null for a lost signal. */
  readonly limit: number | null;
  /** In the limit's unit. */
  readonly worst: number | null;
  readonly delayMinutes: number;
  /** The time of the first reading out of limits; for a lost signal, of the last reading. */
  readonly since: Date;
  readonly openedAt: Date;
  readonly escalatedAt: Date | null;
  readonly closedAt: Date | null;
  /** By the server's clock. */
  readonly recordedAt: Date;
  readonly acknowledgedAt: Date | null;
  /** E-mail. */
  readonly acknowledgedBy: string | null;
  readonly comment: string | null;
}

export interface AlertFilter {
  readonly accounts: AccountScope;
  readonly solutionId: number | null;
  /** `open`: escalated ones too. Null: all. */
  readonly state: ProbeAlertState | null;
  readonly kind: ProbeAlertKind | null;
  /** Null: whether someone has acknowledged it or not. */
  readonly isAcknowledged: boolean | null;
}

interface Row {
  id: string;
  solution_id: number;
  probe_id: string;
  kind: ProbeAlertKind;
  fridge_name: string | null;
  limit_value: number | null;
  worst_value: number | null;
  delay_minutes: number;
  since: Date;
  opened_at: Date;
  escalated_at: Date | null;
  closed_at: Date | null;
  recorded_at: Date;
  acknowledged_at: Date | null;
  acknowledged_by: string | null;
  comment: string | null;
}

const selectAlert = `
  select a.id, a.solution_id, a.probe_id, a.kind, a.fridge_name, a.limit_value, a.worst_value, a.delay_minutes, a.since,
    a.opened_at, a.escalated_at, a.closed_at, a.recorded_at, a.acknowledged_at, a.acknowledged_by, a.comment
  from probe_alert a join solution s on s.id = a.solution_id
  where ${isVisibleSolution}`;

export type AlertStore = ReturnType<typeof createAlertStore>;

/** Alerts as staff read them, and whether they have seen them. Workers open and close alerts. */
export function createAlertStore(db: Db) {
  return {
    /** The newest first. */
    async list(filter: AlertFilter, { limit, after }: PageRequest<string>): Promise<Page<ProbeAlert>> {
      const result = await db.raw<{ rows: Row[] }>(
        `${selectAlert}
           and (cast(:solutionId as int) is null or a.solution_id = :solutionId)
           and (cast(:kind as text) is null or a.kind = :kind)
           and (cast(:isAcknowledged as boolean) is null or (a.acknowledged_at is not null) = :isAcknowledged)
           and case cast(:state as text)
             when 'open' then a.closed_at is null
             when 'escalated' then a.closed_at is null and a.escalated_at is not null
             when 'closed' then a.closed_at is not null
             else true end
           and (cast(:after as bigint) is null or a.id < :after)
         order by a.id desc limit :rows`,
        { ...filter, accounts: idsOf(filter.accounts), after, rows: limit + 1 },
      );
      return pageOf(result.rows.map(alertFrom), limit, (last) => last.id);
    },

    /** Null: there is none, or it is another account's. Nobody else may change it before the transaction ends. */
    async lock(accounts: AccountScope, id: string): Promise<ProbeAlert | null> {
      const result = await db.raw<{ rows: Row[] }>(`${selectAlert} and a.id = :id for no key update of a`, {
        accounts: idsOf(accounts),
        id,
      });
      const row = result.rows[0];
      return row === undefined ? null : alertFrom(row);
    },

    async acknowledge(id: string, by: string, comment: string | null): Promise<void> {
      await db('probe_alert')
        .where({ id })
        .update({ acknowledged_at: db.fn.now(), acknowledged_by: by, comment });
    },

    /** The probes of a solution that nobody uses any more are silent without an alert. */
    async silence(solutionId: number): Promise<void> {
      await db('probe_state')
        .where({ solution_id: solutionId })
        .update({ silent_at: db.raw(`'infinity'`) });
    },

    /** How many are open of each of the solutions; those without any are left out. */
    async countOpen(solutionIds: readonly number[]): Promise<ReadonlyMap<number, number>> {
      const result = await db.raw<{ rows: { solution_id: number; count: number }[] }>(
        `select solution_id, cast(count(*) as int) as count from probe_alert
         where solution_id = any(?) and closed_at is null group by solution_id`,
        [[...solutionIds]],
      );
      return new Map(result.rows.map((row) => [row.solution_id, row.count]));
    },
  };
}

const alertFrom = (row: Row): ProbeAlert => ({
  id: row.id,
  solutionId: row.solution_id,
  probeId: row.probe_id,
  kind: row.kind,
  state: row.closed_at !== null ? 'closed' : row.escalated_at !== null ? 'escalated' : 'open',
  fridgeName: row.fridge_name,
  limit: row.limit_value,
  worst: row.worst_value,
  delayMinutes: row.delay_minutes,
  since: row.since,
  openedAt: row.opened_at,
  escalatedAt: row.escalated_at,
  closedAt: row.closed_at,
  recordedAt: row.recorded_at,
  acknowledgedAt: row.acknowledged_at,
  acknowledgedBy: row.acknowledged_by,
  comment: row.comment,
});
