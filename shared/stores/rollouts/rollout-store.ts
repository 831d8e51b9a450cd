import { idsOf } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { Channel, ChannelKey } from '../../domain/channel';
import type { Flag } from '../../domain/flag';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type {
  RolloutChange,
  RolloutReason,
  RolloutRules,
  RolloutSolutionState,
  RolloutState,
  SettingEdit,
  SolutionEdit,
} from '../../domain/rollout';
import type { AccountScope } from '../../domain/staff';

/** What a rollout changes. The edits of single solutions are rows of their own. */
export type StoredChange = Exclude<RolloutChange, { kind: 'edits' }> | { readonly kind: 'edits' };

export interface Rollout extends RolloutRules {
  readonly id: string;
  readonly name: string;
  readonly change: StoredChange;
  readonly state: RolloutState;
  /** The current wave, from 1. */
  readonly wave: number;
  /** Null: it has not stopped. */
  readonly stoppedBecause: 'failures' | 'expired' | null;
  readonly createdAt: Date;
  /** E-mail. */
  readonly createdBy: string;
  readonly endedAt: Date | null;
  /** How many solutions are in each state. */
  readonly counts: RolloutCounts;
}

export type RolloutCounts = Readonly<Record<RolloutSolutionState, number>>;

export interface RolloutWave {
  /** From 1. */
  readonly number: number;
  /** How many were planned. */
  readonly solutions: number;
  readonly approvedAt: Date | null;
  readonly approvedBy: string | null;
  /** When the change went to its first solutions. */
  readonly beganAt: Date | null;
  readonly counts: RolloutCounts;
}

export interface RolloutSolution {
  readonly solutionId: number;
  readonly name: string;
  readonly mail: string;
  readonly wave: number;
  readonly state: RolloutSolutionState;
  readonly reasonCode: RolloutReason | null;
  /** In the solution's own words. */
  readonly reason: string | null;
  readonly sentAt: Date | null;
  readonly settledAt: Date | null;
}

export interface NewRollout {
  readonly name: string;
  readonly change: StoredChange;
  readonly rules: RolloutRules;
  readonly by: string;
  /** In the order in which they come to their turn. */
  readonly solutionIds: readonly number[];
  readonly waveSizes: readonly number[];
}

export interface RolloutSolutionFilter {
  readonly accounts: AccountScope;
  readonly wave: number | null;
  readonly state: RolloutSolutionState | null;
}

export type RolloutStore = ReturnType<typeof createRolloutStore>;

/** Rollouts as staff plan, read and steer them. */
export function createRolloutStore(db: Db) {
  return {
    /** Returns its id. Call it in a transaction. */
    async insert({ name, change, rules, by, solutionIds, waveSizes }: NewRollout): Promise<string> {
      const { rows } = await db.raw<{ rows: { id: string }[] }>(
        `with members as materialized (
           select m.solution_id, s.account_id, m.place,
             (select min(w.number) from unnest(cast(:upTo as int[])) with ordinality as w (up_to, number)
              where m.place <= w.up_to) as wave
           from unnest(cast(:solutionIds as int[])) with ordinality as m (solution_id, place)
           join solution s on s.id = m.solution_id
         ), made as (
           insert into rollout (name, kind, channel, flag, settings, needs_approval, wave_hours, max_failed_percent,
             max_expired_percent, account_ids, created_by)
           select :name, :kind, :channel, :flag, cast(:settings as jsonb), :needsApproval, :waveHours,
             :maxFailedPercent, :maxExpiredPercent, array(select distinct account_id from members order by 1), :by
           returning id
         ), waves as (
           insert into rollout_wave (rollout_id, number, solutions)
           select made.id, wave, count(*) from made, members group by made.id, wave
         ), told as (
           insert into rollout_solution (solution_id, rollout_id, account_id, wave, place)
           select solution_id, made.id, account_id, wave, place from made, members
         )
         select id from made`,
        {
          ...{ name, by, ...rules, ...columnsOf(change) },
          solutionIds: [...solutionIds],
          upTo: runningTotals(waveSizes),
        },
      );
      const [row] = rows;
      if (row === undefined) throw new Error('a rollout was not stored');
      return row.id;
    },

    /** The edits of single solutions, which are all members of the rollout. */
    async addEdits(rolloutId: string, edits: readonly SolutionEdit[]): Promise<void> {
      for (let from = 0; from < edits.length; from += batchRows) {
        const rows = edits.slice(from, from + batchRows).map(editRow);
        await db.raw(
          `insert into rollout_edit (solution_id, rollout_id, class, entity_id, fields, expected)
           select solution_id, cast(:rolloutId as bigint), class, entity_id, nullif(fields, 'null'), nullif(expected, 'null')
           from jsonb_to_recordset(cast(:rows as jsonb))
             as edit (solution_id int, class text, entity_id text, fields jsonb, expected jsonb)`,
          { rolloutId, rows: JSON.stringify(rows) },
        );
      }
    },

    /** The newest first; only those whose accounts the caller sees all. */
    async list(
      filter: { readonly accounts: AccountScope; readonly isOpen: boolean | null },
      { limit, after }: PageRequest<string>,
    ): Promise<Page<Rollout>> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `${selectRollout} where ${isVisible}
           and (cast(:isOpen as boolean) is null or :isOpen = (r.ended_at is null))
           and (cast(:after as bigint) is null or r.id < :after)
         order by r.id desc limit :rows`,
        { accounts: idsOf(filter.accounts), isOpen: filter.isOpen, after, rows: limit + 1 },
      );
      return pageOf(rows.map(rolloutFrom), limit, (last) => last.id);
    },

    /** Null: there is none, or one of its accounts is not the caller's. */
    async find(accounts: AccountScope, id: string): Promise<Rollout | null> {
      const { rows } = await db.raw<{ rows: Row[] }>(`${selectRollout} where r.id = :id and ${isVisible}`, {
        id,
        accounts: idsOf(accounts),
      });
      return rows[0] === undefined ? null : rolloutFrom(rows[0]);
    },

    async waves(id: string): Promise<RolloutWave[]> {
      const { rows } = await db.raw<{ rows: WaveRow[] }>(
        `select w.number, w.solutions, w.approved_at, w.approved_by, w.began_at, c.counts
         from rollout_wave w, lateral (
           select jsonb_object_agg(state, count) as counts from (
             select state, count(*) from rollout_solution
             where rollout_id = w.rollout_id and wave = w.number group by state) n) c
         where w.rollout_id = ? order by w.number`,
        [id],
      );
      return rows.map(waveFrom);
    },

    /** In the order of their turn. A solution that was moved to an account of others is not among them. */
    async solutions(
      id: string,
      { accounts, wave, state }: RolloutSolutionFilter,
      { limit, after }: PageRequest<number>,
    ): Promise<Page<RolloutSolution>> {
      const { rows } = await db.raw<{ rows: SolutionRow[] }>(
        `select m.solution_id, s.name, s.mail, m.wave, m.place, m.state, m.reason_code, m.reason, m.sent_at, m.settled_at
         from rollout_solution m join solution s on s.id = m.solution_id
         where m.rollout_id = :id and (cast(:accounts as int[]) is null or s.account_id = any(:accounts))
           and (cast(:wave as int) is null or m.wave = :wave) and (cast(:state as text) is null or m.state = :state)
           and (cast(:after as int) is null or m.place > :after)
         order by m.place limit :rows`,
        { id, accounts: idsOf(accounts), wave, state, after, rows: limit + 1 },
      );
      const page = pageOf(rows, limit, ({ place }) => String(place));
      return { items: page.items.map(solutionFrom), next: page.next };
    },

    /** Nobody else steers it, and no worker advances it, before the transaction ends. */
    async lock(id: string): Promise<void> {
      await db.raw(`select from rollout where id = ? for update`, [id]);
    },

    /** Lets the wave begin. False: it does not wait for the approval of this wave. */
    async approve(id: string, wave: number, by: string): Promise<boolean> {
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `with begun as (
           update rollout set state = 'running' where id = :id and state = 'waiting' and wave = :wave returning id
         )
         update rollout_wave w set approved_at = now(), approved_by = :by
         from begun where w.rollout_id = begun.id and w.number = :wave returning w.number`,
        { id, wave, by },
      );
      return rows.length === 1;
    },

    /** False: it does not run. */
    async pause(id: string): Promise<boolean> {
      return (await db('rollout').where({ id, state: 'running' }).update({ state: 'paused' })) === 1;
    },

    /** Whoever resumes it accepts the failures so far. False: it neither pauses nor has stopped. */
    async resume(id: string): Promise<boolean> {
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `with resumed as (
           update rollout set state = 'running', stopped_because = null
           where id = :id and state in ('paused', 'stopped') returning id, wave
         ), standing as (
           select m.rollout_id, cast(count(*) filter (where m.state = 'failed') as int) as failed,
             cast(count(*) filter (where m.state = 'expired') as int) as expired
           from rollout_solution m join resumed r on r.id = m.rollout_id and r.wave = m.wave group by m.rollout_id
         )
         update rollout_wave w set accepted_failed = s.failed, accepted_expired = s.expired
         from resumed r join standing s on s.rollout_id = r.id
         where w.rollout_id = r.id and w.number = r.wave returning w.number`,
        { id },
      );
      return rows.length === 1;
    },

    /** Nothing more is sent. `unsent`: solutions whose flag was taken back. False: it has ended. */
    async cancel(id: string, unsent: readonly number[]): Promise<boolean> {
      const { rows } = await db.raw<{ rows: unknown[] }>(
        `with ended as (
           update rollout set state = 'cancelled', stopped_because = null, ended_at = now()
           where id = :id and ended_at is null returning id
         ), skipped as (
           update rollout_solution m set state = 'skipped', reason_code = 'cancelled', settled_at = now()
           from ended where m.rollout_id = ended.id
             and (m.state = 'waiting' or m.state = 'sent' and m.solution_id = any(cast(:unsent as int[])))
         )
         select id from ended`,
        { id, unsent: [...unsent] },
      );
      return rows.length === 1;
    },

    /**
     * A sync has carried out flags of the channel: what rollouts have sent is settled. `failure`: what the solution
     * could not carry out of the package; null: nothing.
     */
    async settleFlags(key: ChannelKey, flags: readonly Flag[], failure: string | null): Promise<void> {
      await db.raw(
        `update rollout_solution m set settled_at = now(), reason = :failure,
           state = case when cast(:failure as text) is null then 'confirmed' else 'failed' end,
           reason_code = case when cast(:failure as text) is not null then 'refused' end
         from rollout r
         where r.id = m.rollout_id and m.solution_id = :solutionId and m.state in ('sent', 'expired')
           and r.kind = 'flag' and r.channel = :channel and r.flag = any(cast(:flags as text[]))`,
        { solutionId: key.solutionId, channel: key.channel, flags: [...flags], failure },
      );
    },
  };
}

interface Row {
  id: string;
  name: string;
  kind: RolloutChange['kind'];
  channel: Channel | null;
  flag: Flag | null;
  settings: readonly SettingEdit[] | null;
  needs_approval: RolloutRules['needsApproval'];
  wave_hours: number;
  max_failed_percent: number;
  max_expired_percent: number;
  state: RolloutState;
  wave: number;
  stopped_because: Rollout['stoppedBecause'];
  created_at: Date;
  created_by: string;
  ended_at: Date | null;
  counts: Partial<RolloutCounts> | null;
}

interface WaveRow {
  number: number;
  solutions: number;
  approved_at: Date | null;
  approved_by: string | null;
  began_at: Date | null;
  counts: Partial<RolloutCounts> | null;
}

interface SolutionRow {
  solution_id: number;
  name: string;
  mail: string;
  wave: number;
  place: number;
  state: RolloutSolutionState;
  reason_code: RolloutReason | null;
  reason: string | null;
  sent_at: Date | null;
  settled_at: Date | null;
}

const batchRows = 10_000;

const selectRollout = `
  select r.id, r.name, r.kind, r.channel, r.flag, r.settings, r.needs_approval, r.wave_hours, r.max_failed_percent,
    r.max_expired_percent, r.state, r.wave, r.stopped_because, r.created_at, r.created_by, r.ended_at,
    (select jsonb_object_agg(state, count) from (
       select state, count(*) from rollout_solution where rollout_id = r.id group by state) n) as counts
  from rollout r`;

const isVisible = `(cast(:accounts as int[]) is null or r.account_ids <@ :accounts)`;

const runningTotals = (sizes: readonly number[]): number[] =>
  sizes.map((_size, place) => sizes.slice(0, place + 1).reduce((sum, size) => sum + size, 0));

const columnsOf = (change: StoredChange) => ({
  kind: change.kind,
  channel: change.kind === 'flag' ? change.channel : null,
  flag: change.kind === 'flag' ? change.flag : null,
  settings: change.kind === 'settings' ? JSON.stringify(change.edits) : null,
});

const editRow = ({ solutionId, className, id, fields, expected }: SolutionEdit) => ({
  solution_id: solutionId,
  class: className,
  entity_id: id,
  fields,
  expected,
});

function changeFrom({ kind, channel, flag, settings }: Row): StoredChange {
  if (channel !== null && flag !== null) return { kind: 'flag', channel, flag };
  return kind === 'settings' ? { kind, edits: settings ?? [] } : { kind: 'edits' };
}

const noCounts: RolloutCounts = { waiting: 0, sent: 0, confirmed: 0, failed: 0, expired: 0, skipped: 0 };

const rolloutFrom = (row: Row): Rollout => ({
  id: row.id,
  name: row.name,
  change: changeFrom(row),
  needsApproval: row.needs_approval,
  waveHours: row.wave_hours,
  maxFailedPercent: row.max_failed_percent,
  maxExpiredPercent: row.max_expired_percent,
  state: row.state,
  wave: row.wave,
  stoppedBecause: row.stopped_because,
  createdAt: row.created_at,
  createdBy: row.created_by,
  endedAt: row.ended_at,
  counts: { ...noCounts, ...row.counts },
});

const waveFrom = (row: WaveRow): RolloutWave => ({
  number: row.number,
  solutions: row.solutions,
  approvedAt: row.approved_at,
  approvedBy: row.approved_by,
  beganAt: row.began_at,
  counts: { ...noCounts, ...row.counts },
});

const solutionFrom = (row: SolutionRow): RolloutSolution => ({
  solutionId: row.solution_id,
  name: row.name,
  mail: row.mail,
  wave: row.wave,
  state: row.state,
  reasonCode: row.reason_code,
  reason: row.reason,
  sentAt: row.sent_at,
  settledAt: row.settled_at,
});
