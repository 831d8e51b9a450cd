import { findParameterClass, type ParameterClass } from '../../../shared/catalog/parameter-classes';
import { type Db, inTransaction } from '../../../shared/db/database';
import type { Copy } from '../../../shared/domain/merge-copy';
import { noParameterCounts } from '../../../shared/domain/report';
import { copyDigest } from '../../../shared/formats/parameter-digest';
import type { PlannedEntity } from '../../../shared/domain/planned-entity';
import { createApprovalStore, type DecidedApproval } from '../../../shared/stores/parameters/approval-store';
import { createManagerSystem } from '../../systems/solution/manager';
import {
  type ClassKey,
  type KnownEntity,
  lockClass,
  lockEntities,
  release,
} from '../../../shared/stores/parameters/param-rows';
import { createSolutionSystem, type SentEntity } from '../../systems/solution/solution';
import { runClass } from './class-run';
import { recordEntries } from './record-entries';

/**
 * Carries out decisions about parameters, each class in a transaction of its own. Returns how many classes. Two workers
 * may do it at once: the second finds nothing left.
 */
export async function applyApprovals(db: Db): Promise<number> {
  let classes = 0;
  while (await inTransaction(db, ({ db: trx }) => applyNext(trx))) classes += 1;
  return classes;
}

/**
 * Carries out the decisions about a class, which must be locked. Approved: entities that are still as planned are
 * changed. Rejected: the manager's copies stay, and the solution gets them. Entities that have changed since are
 * released and planned again.
 */
export async function carryOutDecided(db: Db, parameterClass: ParameterClass, key: ClassKey): Promise<void> {
  const approvals = createApprovalStore(db);
  for (const decided of await approvals.decidedOf(key)) {
    const applied = await carryOut(db, parameterClass, key, decided);
    await release(
      db,
      key,
      decided.plan.map(({ id }) => id),
    );
    await approvals.markApplied(decided.id, applied, decided.plan.length - applied);
  }
}

/** False: there is nothing left to carry out. */
async function applyNext(db: Db): Promise<boolean> {
  const approvals = createApprovalStore(db);
  const key = await approvals.nextDecided();
  if (key === null) return false;
  await lockClass(db, key);
  const parameterClass = findParameterClass(key.className);
  if (parameterClass !== undefined) {
    await carryOutDecided(db, parameterClass, key);
    return true;
  }
  // The class is no longer declared: nobody can do anything to it.
  for (const { id, plan } of await approvals.decidedOf(key)) await approvals.markApplied(id, 0, plan.length);
  return true;
}

/** Returns to how many entities it was done. */
async function carryOut(
  db: Db,
  parameterClass: ParameterClass,
  key: ClassKey,
  decided: DecidedApproval,
): Promise<number> {
  const { syncId, decidedBy, kind, isApproved, timezone } = decided;
  const planned = await asPlanned(db, key, decided);
  const ids = planned.map(({ id }) => id);
  // The decision was about the plan as it was shown, so later confirmations of the solution are ignored.
  const hasSent = false;
  const solution = createSolutionSystem({
    db,
    key,
    syncId,
    batches: () => (kind === 'replace' ? [] : [planned.map(sentFrom)]),
    total: null,
    withManager: true,
    hasSent,
    absentIds: kind === 'replace' ? () => Promise.resolve(ids) : null,
    onUnchanged: () => undefined,
  });
  const manager = createManagerSystem({ db, key, syncId, by: decidedBy, solution, hasSent });
  const recording = {
    db,
    key,
    syncId,
    solution,
    manager,
    hasSent,
    counts: noParameterCounts(),
    quarantine: () => Promise.resolve(),
    held: [],
    touched: new Set<string>(),
    onCameBack: () => undefined,
  };
  let applied = 0;
  await runClass({
    db,
    key,
    mode: 'apply',
    timezone,
    // A dispute that a wrong clock would have decided is a conflict, and waits for no approval.
    clock: { skewSeconds: 0, receivedAt: new Date() },
    parameterClass,
    lead: isApproved ? (kind === 'changes' ? leadOf(parameterClass) : 'there') : 'here',
    solution,
    manager,
    limits: null,
    settled: (entries) => {
      applied += entries.filter(({ verdict }) => verdict !== 'conflict').length;
      return recordEntries(recording, entries);
    },
  });
  return applied;
}

const leadOf = ({ direction }: ParameterClass) => (direction === 'solution' ? 'there' : null);

/**
 * A rejection applies to everything that still waits. An approval only applies to entities that have not changed since.
 */
async function asPlanned(
  db: Db,
  key: ClassKey,
  { plan, isApproved }: DecidedApproval,
): Promise<PlannedEntity[]> {
  const known = await lockEntities(
    db,
    key,
    plan.map(({ id }) => id),
  );
  return plan.filter((line) => {
    const row = known.get(line.id);
    return row === undefined ? line.version === 0 : row.held && (!isApproved || isThen(line, row));
  });
}

const isThen = ({ version }: PlannedEntity, known: KnownEntity) => known.version === version;

function sentFrom({ id, sent }: PlannedEntity): SentEntity {
  const copy: Copy =
    sent === undefined ? { isActive: false, fields: {} } : { isActive: sent.isActive, fields: sent.fields };
  return { id, ts: sent?.ts ?? null, copy, digest: copyDigest(copy), line: null, raw: null };
}
