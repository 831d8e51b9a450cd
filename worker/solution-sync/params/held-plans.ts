import type { Db } from '../../../shared/db/database';
import { canonicalText } from '../../../shared/domain/merge-copy';
import type { HoldReason } from '../../../shared/domain/successor';
import type { ParameterApprovalKind, PlannedEntity } from '../../../shared/domain/planned-entity';
import { createHeldPlanStore } from '../../../shared/stores/parameters/held-plan-store';
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
  const plan = (await createHeldPlanStore(db).lockOpen(key, 'changes'))?.plan ?? [];
  return new Map(plan.map(({ id, sent }) => [id, sent?.isActive === true]));
}

/**
 * Updates the open approvals of a class by what a sync holds. A plan keeps the entities that the sync did not contain
 * (`touched`: the ids that it contained). A plan that stays the same keeps its approval.
 */
export async function planHeld(
  db: Db,
  key: ClassKey,
  sync: Sync,
  { held, touched }: { held: readonly HeldEntity[]; touched: ReadonlySet<string> },
): Promise<void> {
  if (held.length === 0 && touched.size === 0) return;
  const plans = createHeldPlanStore(db);
  for (const kind of ['deletes', 'replace', 'changes'] as const) {
    const open = await plans.lockOpen(key, kind);
    const kept = (open?.plan ?? []).filter(({ id }) => !touched.has(id));
    const added = held.filter((entity) => entity.kind === kind).map(lineOf);
    const plan = [...kept, ...added].sort((one, other) => (one.id < other.id ? -1 : 1));
    if (digestOf(plan) === digestOf(open?.plan ?? [])) continue;
    if (open !== null) await plans.supersede(open.id);
    const reason = kind === 'changes' ? (sync.reason ?? open?.reason ?? null) : null;
    if (plan.length > 0) await plans.open({ ...key, ...sync, kind, reason, plan });
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
