import { type Db, inTransaction } from '../../shared/db/database';
import { waveVerdict } from '../../shared/domain/rollout';
import { createAuditStore } from '../../shared/stores/staff/audit-store';
import {
  createRolloutRoundStore,
  type LockedRollout,
  type RolloutRoundStore,
} from '../../shared/stores/rollouts/rollout-round-store';
import { createFlagStore } from '../../shared/stores/solutions/flag-store';
import { serverEntry } from './server-entry';
import { sendPortion } from './send-portion';

/**
 * Advances all open rollouts: settles what solutions have confirmed, stops or ends waves, and sends the next ones.
 * However many workers do it, and wherever one dies, each solution gets the change once: each step is one transaction
 * that holds the lock of its rollout.
 */
export async function advanceRollouts(db: Db): Promise<void> {
  for (const id of await createRolloutRoundStore(db).openIds()) await advanceRollout(db, id);
}

async function advanceRollout(db: Db, id: string): Promise<void> {
  let hasMore = true;
  while (hasMore) hasMore = await inTransaction(db, ({ db: trx }) => advance(trx, id));
}

/** One step. True: another one can follow at once. */
async function advance(db: Db, id: string): Promise<boolean> {
  const rounds = createRolloutRoundStore(db);
  const rollout = await rounds.lock(id);
  if (rollout === null) return false;
  await settle(db, rounds, rollout);
  if (rollout.state !== 'running') return false;
  await rounds.skipGone(rollout);
  switch (waveVerdict(await rounds.standing(rollout), rollout)) {
    case 'too-many-failed':
      return stop(db, rounds, rollout, 'failures');
    case 'too-many-expired':
      return stop(db, rounds, rollout, 'expired');
    case 'succeeded':
      return endWave(db, rounds, rollout);
    case 'wait':
      return sendPortion(db, rollout);
  }
}

async function settle(db: Db, rounds: RolloutRoundStore, rollout: LockedRollout): Promise<void> {
  if (rollout.kind === 'flag') {
    await rounds.skipTakenBack(rollout);
    // First the flags, then the solutions: a confirmation locks them in the same order.
    const taken = await createFlagStore(db).takeBack(await rounds.untakenFlags(rollout.id, true));
    const entries = taken.map(({ solutionId, channel, flag }) =>
      serverEntry('flag.clear', { solutionId, before: { channel, flag, rollout: rollout.id } }),
    );
    if (entries.length > 0) await createAuditStore(db).add(entries);
  } else {
    await rounds.settleEdits(rollout.id);
  }
  await rounds.expire(rollout.id);
}

async function stop(
  db: Db,
  rounds: RolloutRoundStore,
  { id, wave }: LockedRollout,
  because: 'failures' | 'expired',
): Promise<false> {
  await rounds.stop(id, because);
  await createAuditStore(db).add([serverEntry('rollout.stop', { after: { rollout: id, wave, because } })]);
  return false;
}

/** True: the next wave can be sent at once. */
async function endWave(
  db: Db,
  rounds: RolloutRoundStore,
  { id, wave, isLastWave, needsApproval }: LockedRollout,
): Promise<boolean> {
  if (isLastWave) {
    await rounds.finish(id);
    await createAuditStore(db).add([serverEntry('rollout.finish', { after: { rollout: id, wave } })]);
    return false;
  }
  await rounds.nextWave(id, needsApproval === 'each-wave' ? 'waiting' : 'running');
  return needsApproval === 'start';
}
