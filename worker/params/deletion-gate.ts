import type { ParameterClass } from '../../shared/catalog/parameter-classes';
import type { Db } from '../../shared/db/database';
import { type ClassKey, countActive, setHeld } from './param-rows';

/** `deletes`: the solution deleted it; `replace`: it replaces everything, and no longer has it. */
export type DeletionKind = 'deletes' | 'replace';

export interface PlannedDeletion {
  readonly idServer: string;
  readonly id: string;
  /** Of the manager's copy that would be deleted. */
  readonly version: number;
  readonly kind: DeletionKind;
}

/**
 * True where so many deletions in one sync need someone's approval: more than the class allows both by count
 * and by share of what the manager had before the sync.
 */
export async function needApproval(
  db: Db,
  key: ClassKey,
  { maxDeletes }: ParameterClass,
  deletions: number,
  insertedBefore: number,
): Promise<boolean> {
  if (deletions <= maxDeletes.count) return false;
  const before = (await countActive(db, key)) - insertedBefore;
  return deletions > before * maxDeletes.share;
}

/**
 * Holds the deletions, and brings the class's open approvals in line with them: an open plan keeps what this sync
 * did not touch (`touched`: the ids that it saw). A plan that stays the same keeps its approval.
 */
export async function planDeletions(
  db: Db,
  key: ClassKey,
  sync: { readonly syncId: string; readonly channel: string },
  held: readonly PlannedDeletion[],
  touched: ReadonlySet<string>,
): Promise<void> {
  await setHeld(
    db,
    held.map(({ idServer }) => idServer),
    true,
  );
  for (const kind of ['deletes', 'replace'] as const) {
    const open = await openApproval(db, key, kind);
    const kept = (open?.plan ?? []).filter(({ id }) => !touched.has(id));
    const added = held
      .filter((deletion) => deletion.kind === kind)
      .map(({ id, version }) => ({ id, version }));
    const plan = [...kept, ...added].sort((one, other) => (one.id < other.id ? -1 : 1));
    if (JSON.stringify(plan) === JSON.stringify(open?.plan ?? [])) continue;
    if (open !== null) await supersede(db, open.id);
    if (plan.length > 0) await openPlan(db, key, sync, kind, plan);
  }
}

interface OpenApproval {
  readonly id: string;
  readonly plan: readonly { readonly id: string; readonly version: number }[];
}

async function openApproval(db: Db, key: ClassKey, kind: DeletionKind): Promise<OpenApproval | null> {
  const result = await db.raw<{ rows: OpenApproval[] }>(
    `select id, plan from approval
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
  sync: { readonly syncId: string; readonly channel: string },
  kind: DeletionKind,
  plan: OpenApproval['plan'],
): Promise<void> {
  await db.raw(
    `insert into approval (solution_id, sync_id, channel, class, kind, plan)
     values (:solutionId, :syncId, :channel, :className, :kind, cast(:plan as jsonb))`,
    { ...key, ...sync, kind, plan: JSON.stringify(plan) },
  );
}
