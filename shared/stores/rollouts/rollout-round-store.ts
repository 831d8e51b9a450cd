import type { Db } from '../../db/database';
import type { Channel } from '../../domain/channel';
import type { Flag } from '../../domain/flag';
import type { Fields } from '../../domain/merge-copy';
import type {
  RolloutChange,
  RolloutReason,
  RolloutRules,
  RolloutState,
  SolutionEdit,
  WaveStanding,
} from '../../domain/rollout';

/** A rollout that a worker has locked. */
export interface LockedRollout extends RolloutRules {
  readonly id: string;
  readonly kind: RolloutChange['kind'];
  /** Of a flag; otherwise null. */
  readonly channel: Channel | null;
  readonly flag: Flag | null;
  readonly state: RolloutState;
  readonly wave: number;
  readonly isLastWave: boolean;
  /** E-mail. */
  readonly createdBy: string;
}

/** A flag that a rollout has set and that no sync has begun to carry out. */
export interface UntakenFlag {
  readonly solutionId: number;
  readonly channel: Channel;
  readonly flag: Flag;
  /** The exact time as PostgreSQL writes it: a flag that was set again since is another one. */
  readonly setAt: string;
}

/** What an edit has written. */
export interface WrittenEdit extends Pick<SolutionEdit, 'solutionId' | 'className' | 'id'> {
  readonly written: Fields;
}

export type RolloutRoundStore = ReturnType<typeof createRolloutRoundStore>;

/** Rollouts as workers advance them. Each call is one statement for all solutions. Call all but `openIds` in a transaction. */
export function createRolloutRoundStore(db: Db) {
  return {
    /** A cancelled rollout is open as long as its last solutions have not confirmed what was sent. */
    async openIds(): Promise<string[]> {
      const { rows } = await db.raw<{ rows: { id: string }[] }>(
        `select id from rollout r where ended_at is null or state = 'cancelled'
           and exists (select from rollout_solution m where m.rollout_id = r.id and m.state = 'sent') order by id`,
      );
      return rows.map(({ id }) => id);
    },

    /** Null: another worker or a member of staff is at it. */
    async lock(id: string): Promise<LockedRollout | null> {
      const { rows } = await db.raw<{ rows: LockedRollout[] }>(
        `select r.id, r.kind, r.channel, r.flag, r.state, r.wave, r.created_by as "createdBy",
           r.needs_approval as "needsApproval", r.wave_hours as "waveHours",
           r.max_failed_percent as "maxFailedPercent", r.max_expired_percent as "maxExpiredPercent",
           not exists (select from rollout_wave w where w.rollout_id = r.id and w.number > r.wave) as "isLastWave"
         from rollout r where r.id = ? for update of r skip locked`,
        [id],
      );
      return rows[0] ?? null;
    },

    /**
     * Settles the solutions that have confirmed their edits, could not carry them out, or wait for a decision. Who failed
     * or was late, and has the edits in the end, has confirmed them.
     */
    async settleEdits(id: string): Promise<void> {
      await db.raw(
        `with standing as (
           select m.solution_id, bool_or(p.due) as due, bool_or(p.due and p.held) as held,
             min(p.failure_reason) filter (where p.due and p.failures > 0) as failure,
             bool_or(not ${saysWhatWasWritten}) as is_other
           from rollout_solution m
             join rollout_edit e on e.solution_id = m.solution_id and e.rollout_id = m.rollout_id
             join param p on p.solution_id = e.solution_id and p.class = e.class and p.id = e.entity_id
           where m.rollout_id = :id and m.state in ('sent', 'failed', 'expired') and m.sent_at is not null
             and e.written is not null
           group by m.solution_id
         ), judged as (
           select solution_id, failure, case when failure is not null then 'failed' when held then 'failed'
               when due then null when is_other then 'skipped' else 'confirmed' end as state,
             case when failure is not null then 'refused' when held then 'decision-waits'
               when not due and is_other then 'edited-since' end as reason_code
           from standing
         )
         update rollout_solution m set state = j.state, reason_code = j.reason_code, reason = j.failure,
           settled_at = now()
         from judged j
         where m.rollout_id = :id and m.solution_id = j.solution_id and j.state is not null
           and (m.state, m.reason_code) is distinct from (j.state, j.reason_code)`,
        { id },
      );
    },

    /** Someone has taken a flag back before its solution came. */
    async skipTakenBack({ id, channel, flag }: LockedRollout): Promise<void> {
      await db.raw(
        `update rollout_solution m set state = 'skipped', reason_code = 'taken-back', settled_at = now()
         where m.rollout_id = :id and m.state = 'sent' and not exists (select from solution_flag f
           where f.solution_id = m.solution_id and f.channel = :channel and f.flag = :flag)`,
        { id, channel, flag },
      );
    },

    /** Flags that the rollout has set and no sync has begun. `isOverdue`: only those whose wave is over. */
    async untakenFlags(id: string, isOverdue = false): Promise<UntakenFlag[]> {
      const { rows } = await db.raw<{ rows: UntakenFlag[] }>(
        `select m.solution_id as "solutionId", f.channel, f.flag, cast(f.set_at as text) as "setAt"
         from rollout r join rollout_solution m on m.rollout_id = r.id and m.state = 'sent'
           join rollout_wave w on w.rollout_id = r.id and w.number = m.wave
           join solution_flag f on f.solution_id = m.solution_id and f.channel = r.channel and f.flag = r.flag
         where r.id = :id and f.set_at = m.sent_at and f.sync_id is null and (not :isOverdue or ${isOver})
         order by m.solution_id`,
        { id, isOverdue },
      );
      return rows;
    },

    /** Solutions that did not come in the time of their wave. */
    async expire(id: string): Promise<void> {
      await db.raw(
        `update rollout_solution m set state = 'expired', settled_at = now()
         from rollout r join rollout_wave w on w.rollout_id = r.id
         where r.id = :id and m.rollout_id = r.id and m.wave = w.number and m.state = 'sent' and ${isOver}`,
        { id },
      );
    },

    async standing({ id, wave }: LockedRollout): Promise<WaveStanding> {
      const { rows } = await db.raw<{ rows: WaveStanding[] }>(
        `select w.solutions, w.accepted_failed as "acceptedFailed", w.accepted_expired as "acceptedExpired",
           cast(count(*) filter (where m.state in ('waiting', 'sent')) as int) as open,
           cast(count(*) filter (where m.state = 'failed') as int) as failed,
           cast(count(*) filter (where m.state = 'expired') as int) as expired
         from rollout_wave w left join rollout_solution m on m.rollout_id = w.rollout_id and m.wave = w.number
         where w.rollout_id = :id and w.number = :wave group by w.rollout_id, w.number`,
        { id, wave },
      );
      const [standing] = rows;
      if (standing === undefined) throw new Error(`rollout ${id} has no wave ${wave}`);
      return standing;
    },

    async stop(id: string, because: 'failures' | 'expired'): Promise<void> {
      await db('rollout').where({ id }).update({ state: 'stopped', stopped_because: because });
    },

    /** The next wave begins, or waits for its approval. */
    async nextWave(id: string, state: 'running' | 'waiting'): Promise<void> {
      await db.raw(`update rollout set wave = wave + 1, state = :state where id = :id`, { id, state });
    },

    async finish(id: string): Promise<void> {
      await db('rollout').where({ id }).update({ state: 'done', ended_at: db.fn.now() });
    },

    /**
     * Leaves out the solutions of the wave that were retired, moved to another account, or left the template that the
     * rollout sends, since it was planned.
     */
    async skipGone({ id, wave }: LockedRollout): Promise<void> {
      await db.raw(
        `update rollout_solution m set state = 'skipped', settled_at = now(),
           reason_code = case when s.retired_at is not null then 'retired'
             when s.account_id <> m.account_id then 'moved' else 'left-template' end
         from solution s
         where m.rollout_id = :id and m.wave = :wave and m.state = 'waiting' and s.id = m.solution_id
           and (s.retired_at is not null or s.account_id <> m.account_id or exists (
             select from template_rollout t where t.rollout_id = m.rollout_id and not exists (
               select from template_site f where f.solution_id = m.solution_id and f.template_id = t.template_id)))`,
        { id, wave },
      );
    },

    /** Solutions of the wave to which nothing was sent yet, in the order of their turn. */
    async waiting({ id, wave }: LockedRollout, limit: number): Promise<number[]> {
      const { rows } = await db.raw<{ rows: { solution_id: number }[] }>(
        `select solution_id from rollout_solution
         where rollout_id = :id and wave = :wave and state = 'waiting' order by place limit :limit`,
        { id, wave, limit },
      );
      return rows.map((row) => row.solution_id);
    },

    /** Makes edits of the change of settings, for each entity of these solutions that it is about. */
    async addEditsOfSettings(id: string, solutionIds: readonly number[]): Promise<void> {
      await db.raw(
        `insert into rollout_edit (solution_id, rollout_id, class, entity_id, fields)
         select distinct on (found.solution_id, found.class, found.id) found.solution_id, r.id, found.class, found.id,
           nullif(change.edit -> 'fields', 'null')
         from rollout r
           cross join lateral jsonb_array_elements(r.settings) with ordinality as change (edit, place)
           cross join lateral (
             select s.id as solution_id, change.edit ->> 'className' as class, change.edit ->> 'id' as id
             from unnest(cast(:solutionIds as int[])) as s (id) where jsonb_exists(change.edit, 'id')
             union all
             select p.solution_id, p.class, p.id from param p
             where jsonb_exists(change.edit, 'where') and p.solution_id = any(cast(:solutionIds as int[]))
               and p.class = change.edit ->> 'className' and p.is_active and p.fields @> (change.edit -> 'where')
           ) found
         where r.id = :id
         -- Of two changes of one entity, the last one counts.
         order by found.solution_id, found.class, found.id, change.place desc
         on conflict do nothing`,
        { id, solutionIds: [...solutionIds] },
      );
    },

    async edits(id: string, solutionIds: readonly number[]): Promise<SolutionEdit[]> {
      const { rows } = await db.raw<{ rows: EditRow[] }>(
        `select solution_id, class, entity_id, fields, expected from rollout_edit
         where rollout_id = :id and solution_id = any(cast(:solutionIds as int[]))
         order by solution_id, class, entity_id`,
        { id, solutionIds: [...solutionIds] },
      );
      return rows.map(editFrom);
    },

    async noteWritten(id: string, edits: readonly WrittenEdit[]): Promise<void> {
      await db.raw(
        `update rollout_edit e set written = w.written
         from jsonb_to_recordset(cast(:rows as jsonb)) as w (solution_id int, class text, entity_id text, written jsonb)
         where e.rollout_id = :id and e.solution_id = w.solution_id and e.class = w.class and e.entity_id = w.entity_id`,
        { id, rows: JSON.stringify(edits.map(writtenRow)) },
      );
    },

    /** The change has gone to these solutions, so the time of the wave runs. */
    async markSent({ id, wave }: LockedRollout, solutionIds: readonly number[]): Promise<void> {
      await db.raw(
        `with begun as (
           update rollout_wave set began_at = coalesce(began_at, now()) where rollout_id = :id and number = :wave
         )
         update rollout_solution set state = 'sent', sent_at = now()
         where rollout_id = :id and solution_id = any(cast(:solutionIds as int[])) and state = 'waiting'`,
        { id, wave, solutionIds: [...solutionIds] },
      );
    },

    /** Nothing is sent to these solutions. */
    async markUnsent(
      id: string,
      solutionIds: readonly number[],
      outcome: { readonly state: 'failed' | 'skipped'; readonly reason: RolloutReason },
    ): Promise<void> {
      if (solutionIds.length === 0) return;
      await db.raw(
        `update rollout_solution set state = :state, reason_code = :reason, settled_at = now()
         where rollout_id = :id and solution_id = any(cast(:solutionIds as int[])) and state = 'waiting'`,
        { id, solutionIds: [...solutionIds], ...outcome },
      );
    },
  };
}

interface EditRow {
  solution_id: number;
  class: string;
  entity_id: string;
  fields: Fields | null;
  expected: Fields | null;
}

/** The manager's copy `p` still says what the edit `e` wrote. A null and an absent field mean the same. */
const saysWhatWasWritten = `(case when e.fields is null then not p.is_active else p.is_active
  and p.fields @> jsonb_strip_nulls(e.written)
  and not exists (select from jsonb_each(e.written) as w (name, value)
    where w.value = 'null' and coalesce(p.fields -> w.name, 'null') <> 'null') end)`;

/** The time of the wave `w` of the rollout `r` is over. */
const isOver = 'w.began_at + make_interval(hours => r.wave_hours) < now()';

const editFrom = (row: EditRow): SolutionEdit => ({
  solutionId: row.solution_id,
  className: row.class,
  id: row.entity_id,
  fields: row.fields,
  expected: row.expected,
});

const writtenRow = ({ solutionId, className, id, written }: WrittenEdit) => ({
  solution_id: solutionId,
  class: className,
  entity_id: id,
  written,
});
