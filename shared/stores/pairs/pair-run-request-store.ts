import type { Db } from '../../db/database';
import { type Page, pageOf, type PageRequest } from '../../domain/page';
import type { planStates, runKinds } from '../../systems/pair-states';
import type { Json } from '../../systems/references';

export type PairRunKind = (typeof runKinds)[number];

/** A run, as people see it. */
export interface RunView {
  readonly id: string;
  readonly kind: PairRunKind;
  readonly state: string;
  /** E-mail; null: its schedule. */
  readonly askedBy: string | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly endedAt: Date | null;
  readonly counts: RunTotals;
  readonly calls: { readonly here: number; readonly there: number };
  readonly failure: string | null;
  /** The run that it takes back; null: it takes none back. */
  readonly takesBack: string | null;
  /** The plan that it carries out; null: it carries none out. */
  readonly plan: string | null;
}

/** Something that a run was to take back, and that was changed since: it stays as it is. */
export interface KeptValueView {
  readonly id: string;
  readonly link: string | null;
  readonly here: string | null;
  readonly there: string | null;
  readonly fields: readonly string[];
  /** The current states of both sides, and the states to restore. Null: that side was not changed. */
  readonly now: Json;
  readonly wanted: Json;
}

export interface RunTotals {
  readonly created: number;
  readonly updated: number;
  readonly moved: number;
  readonly deleted: number;
  readonly unchanged: number;
  readonly failed: number;
}

export type PlanState = (typeof planStates)[number];

export interface PlanView {
  readonly id: string;
  readonly pairId: number;
  readonly configVersion: number;
  readonly state: PlanState;
  readonly digest: string | null;
  readonly counts: Readonly<Record<string, number>>;
  /** The summary of the plan. Null: the plan is not made yet, or an earlier version made it. */
  readonly summary: Json;
  readonly failure: string | null;
  readonly createdAt: Date;
  readonly createdBy: string | null;
  readonly readyAt: Date | null;
  readonly decidedAt: Date | null;
  readonly decidedBy: string | null;
}

export interface PlanItemView {
  readonly place: number;
  readonly side: 'here' | 'there';
  readonly key: string;
  readonly link: string | null;
  readonly verdict: string;
  /** The sentence for programs. */
  readonly reason: string | null;
  readonly reasonCode: string | null;
  readonly reasonValues: unknown;
  readonly operations: Json;
  readonly before: Json;
  readonly after: Json;
  /** For a document: its actual or planned path from the root of the pair. */
  readonly path: string | null;
  /** Its path on the other side, if that differs. */
  readonly pathBefore: string | null;
  /** The size of a file. */
  readonly bytes: number | null;
}

/** A folder with lines of a plan below it, at whatever depth. */
export interface PlanFolderView {
  readonly name: string;
  readonly counts: Readonly<Record<string, number>>;
  readonly bytes: number;
  /** The first of them, by path. */
  readonly first: readonly PlanItemView[];
}

/** The figures of one pair. */
export interface PairFigures {
  readonly jobs: Readonly<Record<string, number>>;
  readonly links: Readonly<Record<string, number>>;
  readonly conflicts: number;
  readonly approvals: number;
  /** For how many seconds the oldest due job has waited. 0: none waits. */
  readonly lag: number;
}

export type PairRunRequestStore = ReturnType<typeof createPairRunRequestStore>;

/** Runs and plans, as people ask for them and see them. */
export function createPairRunRequestStore(db: Db) {
  return {
    async addRun(pairId: number, kind: 'check' | 'whole', by: string): Promise<string> {
      return inserted(
        db,
        `insert into pair_run (pair_id, kind, asked_by) values (:pairId, :kind, :by) returning id`,
        { pairId, kind, by },
      );
    },

    async addTakeBack(pairId: number, runId: string, by: string): Promise<string> {
      return inserted(
        db,
        `insert into pair_run (pair_id, kind, takes_back, asked_by) values (:pairId, 'take-back', :runId, :by) returning id`,
        { pairId, runId, by },
      );
    },

    async addPlan(pairId: number, configVersion: number, by: string): Promise<string> {
      return inserted(
        db,
        `insert into pair_plan (pair_id, config_version, created_by) values (:pairId, :configVersion, :by) returning id`,
        { pairId, configVersion, by },
      );
    },

    async findPlan(id: string): Promise<PlanView | null> {
      const result = await db.raw<{ rows: PlanView[] }>(`select ${planColumns} from pair_plan where id = ?`, [
        id,
      ]);
      return result.rows[0] ?? null;
    },

    /** The newest first. */
    async listPlans(pairId: number, { limit, after }: PageRequest<string>): Promise<Page<PlanView>> {
      const result = await db.raw<{ rows: PlanView[] }>(
        `select ${planColumns} from pair_plan where pair_id = :pairId and (cast(:after as bigint) is null or id < :after)
         order by id desc limit :rows`,
        { pairId, after, rows: limit + 1 },
      );
      return pageOf(result.rows, limit, (last) => last.id);
    },

    async planItems(planId: string, { limit, after }: PageRequest<number>): Promise<Page<PlanItemView>> {
      const result = await db.raw<{ rows: PlanItemView[] }>(
        `select ${planItemColumns} from plan_item
         where plan_id = :planId and place > :after order by place limit :rows`,
        { planId, after: after ?? -1, rows: limit + 1 },
      );
      return pageOf(result.rows, limit, (last) => String(last.place));
    },

    /**
     * The folders that lie right in a folder and have lines below them, by name. `folder`: its path with a slash at its
     * end; empty: the root.
     */
    async planFolders(
      planId: string,
      folder: string,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<PlanFolderView>> {
      const result = await db.raw<{ rows: PlanFolderView[] }>(
        `with below as (
           select split_part(substr(path, length(:folder) + 1), '/', 1) as name, verdict, count(*)::int as n, coalesce(sum(bytes), 0) as bytes
           from plan_item where plan_id = :planId and starts_with(path, :folder) and strpos(substr(path, length(:folder) + 1), '/') > 0
           group by 1, 2
         ), folders as (
           select name, jsonb_object_agg(verdict, n) as counts, sum(bytes)::float8 as bytes from below
           where cast(:after as text) is null or name > :after collate "C" group by name order by name collate "C" limit :rows
         )
         select f.name, f.counts, f.bytes, coalesce(jsonb_agg(to_jsonb(l)) filter (where l.path is not null), '[]') as first
         from folders f left join lateral (
           select ${planItemColumns} from plan_item where plan_id = :planId
             and path > :folder || f.name || '/' collate "C" and path < :folder || f.name || '0' collate "C" order by path limit :shown
         ) l on true
         group by f.name, f.counts, f.bytes order by f.name collate "C"`,
        { planId, folder, after, rows: limit + 1, shown: linesOfFolder },
      );
      return pageOf(result.rows, limit, (last) => last.name);
    },

    /** The lines right in a folder, by path. */
    async planItemsIn(
      planId: string,
      folder: string,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<PlanItemView>> {
      const result = await db.raw<{ rows: PlanItemView[] }>(
        `select ${planItemColumns} from plan_item
         where plan_id = :planId and starts_with(path, :folder) and strpos(substr(path, length(:folder) + 1), '/') = 0
           and (cast(:after as text) is null or path > :after collate "C")
         order by path limit :rows`,
        { planId, folder, after, rows: limit + 1 },
      );
      return pageOf(result.rows, limit, (last) => last.path ?? '');
    },

    /** False: it is no longer ready. */
    async decidePlan(id: string, decision: 'approve' | 'reject', by: string): Promise<boolean> {
      const result = await db.raw<{ rowCount: number }>(
        `update pair_plan set state = :state, decided_at = now(), decided_by = :by where id = :id and state = 'ready'`,
        { id, state: decision === 'approve' ? 'approved' : 'rejected', by },
      );
      return result.rowCount === 1;
    },

    async markOutdated(id: string): Promise<void> {
      await db.raw(`update pair_plan set state = 'outdated' where id = ? and state = 'ready'`, [id]);
    },

    /** The run that carries an approved plan out. */
    async addPlanRun(pairId: number, planId: string, by: string): Promise<string> {
      return inserted(
        db,
        `insert into pair_run (pair_id, kind, plan_id, asked_by) values (:pairId, 'plan', :planId, :by) returning id`,
        { pairId, planId, by },
      );
    },

    /** The newest first. */
    async listRuns(pairId: number, { limit, after }: PageRequest<string>): Promise<Page<RunView>> {
      const result = await db.raw<{ rows: RunRow[] }>(
        `select ${runColumns} from pair_run where pair_id = :pairId and (cast(:after as bigint) is null or id < :after)
         order by id desc limit :rows`,
        { pairId, after, rows: limit + 1 },
      );
      return pageOf(result.rows.map(runFrom), limit, (last) => last.id);
    },

    async findRun(pairId: number, id: string): Promise<RunView | null> {
      const result = await db.raw<{ rows: RunRow[] }>(
        `select ${runColumns} from pair_run where pair_id = :pairId and id = :id`,
        { pairId, id },
      );
      const row = result.rows[0];
      return row === undefined ? null : runFrom(row);
    },

    /** The records that a run left unchanged when it took back another run. */
    async keptOf(
      pairId: number,
      runId: string,
      { limit, after }: PageRequest<string>,
    ): Promise<Page<KeptValueView>> {
      const result = await db.raw<{ rows: KeptValueView[] }>(
        `select e.id, e.link_id as link, h.key as here, t.key as there, e.fields, e.before as now, e.after as wanted
         from link_event e
           left join link_end h on h.link_id = e.link_id and h.side = 'here'
           left join link_end t on t.link_id = e.link_id and t.side = 'there'
         where e.run_id = :runId and e.pair_id = :pairId and e.kind = 'kept' and (cast(:after as bigint) is null or e.id > :after)
         order by e.id limit :rows`,
        { pairId, runId, after, rows: limit + 1 },
      );
      return pageOf(result.rows, limit, (last) => last.id);
    },

    /** The last run that was requested or came due. Runs for webhooks come last. */
    async lastRun(pairId: number): Promise<RunView | null> {
      const result = await db.raw<{ rows: RunRow[] }>(
        `select ${runColumns} from pair_run where pair_id = :pairId order by kind = 'hints', id desc limit 1`,
        { pairId },
      );
      const row = result.rows[0];
      return row === undefined ? null : runFrom(row);
    },

    async figures(pairId: number): Promise<PairFigures> {
      const result = await db.raw<{ rows: PairFigures[] }>(
        `select
           (select coalesce(jsonb_object_agg(state, n), '{}') from (
             select state, count(*)::int as n from link_job where pair_id = :pairId group by state) j) as jobs,
           (select coalesce(jsonb_object_agg(state, n), '{}') from (
             select state, count(*)::int as n from link where pair_id = :pairId group by state) l) as links,
           (select count(*)::int from link_conflict where pair_id = :pairId and state = 'open') as conflicts,
           (select count(*)::int from pair_approval where pair_id = :pairId and state = 'open') as approvals,
           (select coalesce(extract(epoch from now() - min(greatest(created_at, run_after))), 0)::float8 from link_job
            where pair_id = :pairId and state in ('new', 'running', 'failed') and run_after <= now()) as lag`,
        { pairId },
      );
      const row = result.rows[0];
      if (row === undefined) throw new Error('the figures of a pair returned no row');
      return row;
    },

    /** The known behaviour of the servers with fields. */
    async fieldsKept(
      pairId: number,
    ): Promise<{ side: 'here' | 'there'; field: string; kept: 'yes' | 'no'; sent: Json; shown: Json }[]> {
      const result = await db.raw<{
        rows: { side: 'here' | 'there'; field: string; kept: 'yes' | 'no'; sent: Json; shown: Json }[];
      }>('select side, field, kept, sent, shown from pair_field where pair_id = ? order by side, field', [
        pairId,
      ]);
      return result.rows;
    },
  };
}

async function inserted(db: Db, sql: string, bindings: Record<string, string | number>): Promise<string> {
  const result = await db.raw<{ rows: { id: string }[] }>(sql, bindings);
  const row = result.rows[0];
  if (row === undefined) throw new Error('an insert returned no row');
  return row.id;
}

/** Shown of a folder before it is opened. */
const linesOfFolder = 10;

const planItemColumns = `place, side, key, link_id as link, verdict, reason, reason_code as "reasonCode", reason_values as "reasonValues", operations, before, after, path,
  path_before as "pathBefore", bytes::float8 as bytes`;

const planColumns = `id, pair_id as "pairId", config_version as "configVersion", state, digest, counts, summary, failure,
  created_at as "createdAt", created_by as "createdBy", ready_at as "readyAt", decided_at as "decidedAt", decided_by as "decidedBy"`;

const runColumns =
  'id, kind, state, asked_by, created_at, started_at, ended_at, counts, calls, failure, takes_back, plan_id';

interface RunRow {
  id: string;
  kind: PairRunKind;
  state: string;
  asked_by: string | null;
  created_at: Date;
  started_at: Date | null;
  ended_at: Date | null;
  counts: Partial<RunTotals>;
  calls: { here?: number; there?: number };
  failure: string | null;
  takes_back: string | null;
  plan_id: string | null;
}

const runFrom = (row: RunRow): RunView => ({
  id: row.id,
  kind: row.kind,
  state: row.state,
  askedBy: row.asked_by,
  createdAt: row.created_at,
  startedAt: row.started_at,
  endedAt: row.ended_at,
  counts: { created: 0, updated: 0, moved: 0, deleted: 0, unchanged: 0, failed: 0, ...row.counts },
  calls: { here: row.calls.here ?? 0, there: row.calls.there ?? 0 },
  failure: row.failure,
  takesBack: row.takes_back,
  plan: row.plan_id,
});
