import type { Channel } from '../domain/channel';
import type { Db } from '../db/database';
import { type Page, pageOf, type PageRequest } from '../domain/page';
import type { AccountScope } from '../domain/staff';
import { alreadyDecided, notFound } from '../errors/catalog';
import { deletedDigest } from '../formats/parameter-digest';

export type ApprovalState = 'open' | 'approved' | 'rejected' | 'superseded';
export type ApprovalKind = 'deletes' | 'replace' | 'replace-logs';

/** So many deletions in one sync that someone must approve them. */
export interface Approval {
  readonly id: string;
  readonly solutionId: number;
  readonly syncId: string;
  readonly channel: Channel;
  /** e.g. `Fridges`. */
  readonly className: string;
  /**
   * `deletes`: the solution deleted them; `replace`: it replaces everything and no longer has them; `replace-logs`:
   * readings that it no longer has, or has otherwise (`className` is then the table); what is decided of these is
   * applied by `worker/maintenance/log-replacements.ts`.
   */
  readonly kind: ApprovalKind;
  /** What would be deleted, by id. The decision is bound to these versions of the manager's copies. */
  readonly plan: readonly { readonly id: string; readonly version: number }[];
  readonly state: ApprovalState;
  readonly createdAt: Date;
  readonly decidedAt: Date | null;
  /** E-mail. */
  readonly decidedBy: string | null;
  /** Of `replace-logs`: how many readings would go, and how many be replaced; the plan shows the first of them. */
  readonly logRows: { readonly deleted: number; readonly replaced: number } | null;
}

export interface ApprovalFilter {
  readonly accounts: AccountScope;
  readonly solutionId: number | null;
  readonly state: ApprovalState | null;
}

/** What a decision did. */
export interface DecidedApproval {
  readonly approval: Approval;
  /** Deleted, or given back to life. */
  readonly applied: number;
  /** Changed since it was planned: planned anew at the next sync. */
  readonly released: number;
}

export type ApprovalStore = ReturnType<typeof createApprovalStore>;

export function createApprovalStore(db: Db) {
  return {
    /** The newest first. */
    async list(filter: ApprovalFilter, { limit, after }: PageRequest<string>): Promise<Page<Approval>> {
      const result = await db.raw<{ rows: Row[] }>(
        `select ${columns} from approval a join solution s on s.id = a.solution_id
         where (cast(:accounts as int[]) is null or s.account_id = any(:accounts))
           and (cast(:solutionId as int) is null or a.solution_id = :solutionId)
           and (cast(:state as text) is null or a.state = :state)
           and (cast(:after as bigint) is null or a.id < :after)
         order by a.id desc limit :rows`,
        {
          ...filter,
          accounts: filter.accounts === 'all' ? null : [...filter.accounts],
          after,
          rows: limit + 1,
        },
      );
      return pageOf(result.rows.map(approvalFrom), limit, (last) => last.id);
    },

    async find(id: string): Promise<Approval | null> {
      const result = await db.raw<{ rows: Row[] }>(`select ${columns} from approval a where a.id = ?`, [id]);
      const row = result.rows[0];
      return row === undefined ? null : approvalFrom(row);
    },

    /**
     * approve: what is still as it was planned is deleted at once. reject: it lives on, and the solution is told so.
     * Throws `not-found`, and `already-decided` where it is no longer open.
     */
    decide: (id: string, decision: 'approve' | 'reject', by: string): Promise<DecidedApproval> =>
      db.transaction(async (transaction) => {
        const approval = await close(transaction, id, decision, by);
        const applied = await (decision === 'approve' ? deletePlanned : revivePlanned)(
          transaction,
          approval,
          by,
        );
        const released = await releaseOthers(transaction, approval);
        return { approval, applied, released };
      }),
  };
}

interface Row {
  id: string;
  solution_id: number;
  sync_id: string;
  channel: Channel;
  class: string;
  kind: ApprovalKind;
  plan: { id: string; version: number }[];
  state: ApprovalState;
  created_at: Date;
  decided_at: Date | null;
  decided_by: string | null;
  log_rows: Approval['logRows'];
}

const columns =
  'a.id, a.solution_id, a.sync_id, a.channel, a.class, a.kind, a.plan, a.state, a.created_at, a.decided_at, a.decided_by, a.log_rows';

/** Waits for a sync that merges the class, and keeps the next one waiting: both take many rows. */
async function close(db: Db, id: string, decision: 'approve' | 'reject', by: string): Promise<Approval> {
  await db.raw(
    `select pg_advisory_xact_lock(hashtextextended('param ' || solution_id || ' ' || class, 0))
     from approval where id = ?`,
    [id],
  );
  const result = await db.raw<{ rows: Row[] }>(
    `update approval a set state = :state, decided_at = now(), decided_by = :by
     where a.id = :id and a.state = 'open' returning ${columns}`,
    { id, state: decision === 'approve' ? 'approved' : 'rejected', by },
  );
  const row = result.rows[0];
  if (row !== undefined) return approvalFrom(row);
  const known = await db<{ id: string }>('approval').where({ id }).first('id');
  throw known === undefined ? notFound('approval') : alreadyDecided();
}

/** Rows of the plan as \`p\` and \`planned\`, still held; `tombstone`: what the solution holds of them. */
const planned = `jsonb_to_recordset(cast(:plan as jsonb)) as planned (id text, version int)
  where p.solution_id = :solutionId and p.class = :className and p.id = planned.id and p.held`;

const bindingsOf = ({ solutionId, className, plan, kind }: Approval) => ({
  solutionId,
  className,
  plan: JSON.stringify(plan),
  deletedDigest,
  sentAsDeleted: kind === 'deletes',
});

/** What the solution sent as deleted it holds as deleted, until it is told to forget it. */
const knownAsDeleted = `base_fields = case when p.base_fields is not null and :sentAsDeleted then cast('{}' as jsonb) end,
  base_active = case when p.base_fields is not null and :sentAsDeleted then false end,
  base_digest = cast(:deletedDigest as bytea)`;

async function deletePlanned(db: Db, approval: Approval, by: string): Promise<number> {
  const result = await db.raw<{ rowCount: number }>(
    `with changed as (
       update param p set is_active = false, digest = cast(:deletedDigest as bytea), version = p.version + 1,
         updated_at = now(), updated_by = :by, failures = 0, failure_reason = null, held = false, ${knownAsDeleted}
       from ${planned} and p.version = planned.version and p.is_active
       returning p.id_server, p.version, p.fields
     )
     insert into param_version (id_server, version, fields, is_active, by, sync_id)
     select id_server, version, fields, false, :by, :syncId from changed`,
    { ...bindingsOf(approval), by, syncId: approval.syncId },
  );
  return result.rowCount;
}

async function revivePlanned(db: Db, approval: Approval): Promise<number> {
  const result = await db.raw<{ rowCount: number }>(
    `update param p set held = false, failures = 0, failure_reason = null, ${knownAsDeleted} from ${planned}`,
    bindingsOf(approval),
  );
  return result.rowCount;
}

async function releaseOthers(db: Db, approval: Approval): Promise<number> {
  const result = await db.raw<{ rowCount: number }>(
    `update param p set held = false from ${planned}
       and not exists (select from conflict c where c.id_server = p.id_server and c.state = 'open')`,
    bindingsOf(approval),
  );
  return result.rowCount;
}

const approvalFrom = (row: Row): Approval => ({
  id: row.id,
  solutionId: row.solution_id,
  syncId: row.sync_id,
  channel: row.channel,
  className: row.class,
  kind: row.kind,
  plan: row.plan,
  state: row.state,
  createdAt: row.created_at,
  decidedAt: row.decided_at,
  decidedBy: row.decided_by,
  logRows: row.log_rows,
});
