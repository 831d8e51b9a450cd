import { idsOf } from '../../db/account-scope';
import type { Db } from '../../db/database';
import type { AccountScope } from '../../domain/staff';
import type { runKinds } from '../../systems/pair-states';

type RunKind = (typeof runKinds)[number];

/** How a pair stands, counted as far as a list shows it. */
export interface PairFiguresRow {
  readonly pairId: number;
  /** Entities that are worked on, wait, or are tried again; counted up to `mostCounted`. */
  readonly open: number;
  readonly failed: number;
  readonly givenUp: number;
  readonly conflicts: number;
  readonly approvals: number;
  /** For how many seconds the oldest due job has waited. 0: none waits. */
  readonly lag: number;
  /** Null: it has had none. */
  readonly lastRun: LastRun | null;
}

export interface LastRun {
  readonly id: string;
  readonly kind: RunKind;
  readonly createdAt: Date;
  readonly endedAt: Date | null;
  readonly failure: string | null;
}

/** The columns of a list of systems in addition to the system itself. */
export interface SystemNoteRow {
  readonly systemId: number;
  /** Null: it is the operator's own. */
  readonly account: string | null;
  readonly pairs: number;
}

export interface SystemWithProblem {
  readonly name: string;
  readonly state: 'throttled' | 'paused';
  readonly reason: string | null;
  /** Null: this server did it by itself. */
  readonly by: string | null;
  readonly since: Date | null;
  readonly notBefore: Date | null;
}

export interface PairWithProblem {
  readonly name: string;
  readonly pausedAt: Date | null;
  readonly reason: string | null;
  readonly by: string | null;
  readonly givenUp: number;
  /** Since when something is due that nothing has begun; null: nothing is. */
  readonly dueSince: Date | null;
}

export type PairBoardStore = ReturnType<typeof createPairBoardStore>;

/** Systems and pairs at a glance. */
export function createPairBoardStore(db: Db) {
  return {
    async figuresOf(pairIds: readonly number[]): Promise<PairFiguresRow[]> {
      const result = await db.raw<{ rows: FiguresRow[] }>(
        `select p.id as "pairId", ${count(`state in ('new', 'waiting', 'held', 'failed')`)} + ${count(`state = 'running'`)} as open,
           ${count(`state = 'failed'`)} as failed, ${count(`state = 'given-up'`)} as "givenUp",
           (select count(*)::int from link_conflict x where x.pair_id = p.id and x.state = 'open') as conflicts,
           (select count(*)::int from pair_approval x where x.pair_id = p.id and x.state = 'open') as approvals,
           ${lagOf} as lag, r.id as run_id, r.kind as run_kind, r.created_at as run_created_at, r.ended_at as run_ended_at, r.failure as run_failure
         from pair p left join lateral (
           select id, kind, created_at, ended_at, failure from pair_run x where x.pair_id = p.id
           order by x.kind = 'hints', x.id desc limit 1) r on true
         where p.id = any(:pairIds)`,
        { pairIds: [...pairIds] },
      );
      return result.rows.map(figuresFrom);
    },

    async systemNotes(systemIds: readonly number[]): Promise<SystemNoteRow[]> {
      const result = await db.raw<{ rows: SystemNoteRow[] }>(
        `select s.id as "systemId", a.name as account,
           (select count(*)::int from pair p where s.id in (p.here_id, p.there_id)) as pairs
         from remote_system s left join account a on a.id = s.account_id where s.id = any(:systemIds)`,
        { systemIds: [...systemIds] },
      );
      return result.rows;
    },

    /** The systems that are not called at present, by name. */
    async troubledSystems(accounts: AccountScope, limit: number): Promise<SystemWithProblem[]> {
      const result = await db.raw<{ rows: SystemWithProblem[] }>(
        `select s.name, s.state, s.paused_reason as reason, s.paused_by as by, s.paused_at as since, s.not_before as "notBefore"
         from remote_system s
         where (s.state = 'paused' or s.state = 'throttled' and s.not_before > now())
           and (cast(:accounts as int[]) is null or s.account_id = any(:accounts))
         order by s.name limit :limit`,
        { accounts: idsOf(accounts), limit },
      );
      return result.rows;
    },

    /** The pairs that are paused, that have given up work, or that are late by so many minutes; by name. */
    async troubledPairs(
      accounts: AccountScope,
      { lateMinutes, limit }: { readonly lateMinutes: number; readonly limit: number },
    ): Promise<PairWithProblem[]> {
      const result = await db.raw<{ rows: PairWithProblem[] }>(
        `with seen as (
           select p.*, ${count(`state = 'given-up'`)} as given_up, least(p.check_at, p.whole_at, (
             select min(greatest(j.created_at, j.run_after)) from link_job j
             where j.pair_id = p.id and j.state in ('new', 'failed') and j.run_after <= now())) as due_since
           from pair p join remote_system h on h.id = p.here_id join remote_system t on t.id = p.there_id
           where p.mode <> 'off'
             and (cast(:accounts as int[]) is null or h.account_id = any(:accounts) and t.account_id = any(:accounts))
         ), judged as (
           select *, case when paused_at is null and due_since < now() - make_interval(mins => :lateMinutes) then due_since end as late_since
           from seen
         )
         select name, paused_at as "pausedAt", paused_reason as reason, paused_by as by, given_up as "givenUp", late_since as "dueSince"
         from judged where paused_at is not null or given_up > 0 or late_since is not null
         order by name limit :limit`,
        { accounts: idsOf(accounts), lateMinutes, limit },
      );
      return result.rows;
    },
  };
}

/** A first listing brings more than anyone reads. */
const mostCounted = 100_000;

const count = (condition: string) =>
  `(select count(*)::int from (select from link_job where pair_id = p.id and ${condition} limit ${mostCounted}) as counted)`;

const lagOf = `(select coalesce(extract(epoch from now() - min(greatest(created_at, run_after))), 0)::float8 from link_job
  where pair_id = p.id and state in ('new', 'running', 'failed') and run_after <= now())`;

interface FiguresRow extends Omit<PairFiguresRow, 'lastRun'> {
  readonly run_id: string | null;
  readonly run_kind: RunKind | null;
  readonly run_created_at: Date | null;
  readonly run_ended_at: Date | null;
  readonly run_failure: string | null;
}

const figuresFrom = ({
  run_id: id,
  run_kind: kind,
  run_created_at: createdAt,
  run_ended_at: endedAt,
  run_failure: failure,
  ...rest
}: FiguresRow): PairFiguresRow => ({
  ...rest,
  lastRun:
    id === null || kind === null || createdAt === null ? null : { id, kind, createdAt, endedAt, failure },
});
