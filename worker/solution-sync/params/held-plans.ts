import type { Db } from '../../../shared/db/database';
import { canonicalText } from '../../../shared/domain/merge-copy';
import type { HoldReason } from '../../../shared/domain/successor';
import type { ParameterApprovalKind, PlannedEntity } from '../../../shared/stores/parameters/approval-store';
import { planDigest } from '../../pipeline/approval';
import type { ClassKey } from '../../../shared/stores/parameters/param-rows';

export interface HeldEntity extends PlannedEntity {
  readonly kind: ParameterApprovalKind;
}

interface Sync {
  readonly syncId: string;
  readonly channel: string;
  /** Why its changes wait; null: a limit of the class. */
  readonly reason: HoldReason | null;
}

/** Changes that wait for an approval, by id: whether the entity would live. */
export async function waitingChanges(db: Db, key: ClassKey): Promise<Map<string, boolean>> {
  const plan = (await openApproval(db, key, 'changes'))?.plan ?? [];
  return new Map(plan.map(({ id, sent }) => [id, sent?.isActive === true]));
}

/**
 * Brings the class's open approvals in line with what a sync holds: an open plan keeps what the sync did not touch
 * (`touched`: the ids that it saw). A plan that stays the same keeps its approval.
 */
export async function planHeld(
  db: Db,
  key: ClassKey,
  sync: Sync,
  { held, touched }: { held: readonly HeldEntity[]; touched: ReadonlySet<string> },
): Promise<void> {
  if (held.length === 0 && touched.size === 0) return;
  for (const kind of ['deletes', 'replace', 'changes'] as const) {
    const open = await openApproval(db, key, kind);
    const kept = (open?.plan ?? []).filter(({ id }) => !touched.has(id));
    const added = held.filter((entity) => entity.kind === kind).map(lineOf);
    const plan = [...kept, ...added].sort((one, other) => (one.id < other.id ? -1 : 1));
    if (digestOf(plan) === digestOf(open?.plan ?? [])) continue;
    if (open !== null) await supersede(db, open.id);
    const reason = kind === 'changes' ? (sync.reason ?? open?.reason ?? null) : null;
    if (plan.length > 0) await openPlan(db, key, { ...sync, kind, reason }, plan);
  }
}

const lineOf = ({ id, version, sent }: HeldEntity): PlannedEntity =>
  sent === undefined ? { id, version } : { id, version, sent };

const digestOf = (plan: readonly PlannedEntity[]): string =>
  planDigest(
    plan.map(({ id, version, sent }) =>
      JSON.stringify([id, version, sent === undefined ? null : canonicalText(sent)]),
    ),
  );

interface OpenApproval {
  readonly id: string;
  readonly plan: readonly PlannedEntity[];
  readonly reason: HoldReason | null;
}

async function openApproval(
  db: Db,
  key: ClassKey,
  kind: ParameterApprovalKind,
): Promise<OpenApproval | null> {
  const result = await db.raw<{ rows: OpenApproval[] }>(
    `select id, plan, reason from approval
     where solution_id = :solutionId and class = :className and kind = :kind and state = 'open' for update`,
    { ...key, kind },
  );
  return result.rows[0] ?? null;
}

async function supersede(db: Db, approvalId: string): Promise<void> {
  await db.raw(`update approval set state = 'superseded', decided_at = now() where id = ?`, [approvalId]);
}

async function openPlan(
  db: Db,
  key: ClassKey,
  approval: Sync & { readonly kind: ParameterApprovalKind },
  plan: readonly PlannedEntity[],
): Promise<void> {
  await db.raw(
    `insert into approval (solution_id, sync_id, channel, class, kind, reason, plan)
     values (:solutionId, :syncId, :channel, :className, :kind, :reason, cast(:plan as jsonb))`,
    { ...key, ...approval, plan: JSON.stringify(plan) },
  );
}
