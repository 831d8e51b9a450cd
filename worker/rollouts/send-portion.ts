import type { Db } from '../../shared/db/database';
import { type EditedCopy, editedCopy } from '../../shared/domain/rollout-edit';
import type { SolutionEdit } from '../../shared/domain/rollout';
import {
  createParamSetStore,
  type LockedParam,
  type ParamWrite,
} from '../../shared/stores/parameters/param-set-store';
import {
  createRolloutRoundStore,
  type LockedRollout,
  type WrittenEdit,
} from '../../shared/stores/rollouts/rollout-round-store';
import { createFlagStore } from '../../shared/stores/solutions/flag-store';
import { createAuditStore } from '../../shared/stores/staff/audit-store';
import { createTemplateDifferenceStore } from '../../shared/stores/templates/template-difference-store';
import { serverEntry } from './server-entry';

/** How many solutions get the change in one transaction. */
const solutionsAtOnce = { flag: 5_000, settings: 1_000, edits: 200 } as const;

/** Sends the change to solutions of the current wave that wait for it. True: others of the wave still wait. */
export async function sendPortion(db: Db, rollout: LockedRollout): Promise<boolean> {
  const limit = solutionsAtOnce[rollout.kind];
  const solutionIds = await createRolloutRoundStore(db).waiting(rollout, limit);
  if (solutionIds.length === 0) return false;
  if (rollout.kind === 'flag') {
    await setFlags(db, rollout, solutionIds);
    return true;
  }
  // Solutions that are busy wait for the next round.
  const isProgress = await applyEdits(db, rollout, solutionIds);
  return isProgress;
}

async function setFlags(db: Db, rollout: LockedRollout, solutionIds: readonly number[]): Promise<void> {
  const { id, wave, channel, flag, createdBy: by } = rollout;
  if (channel === null || flag === null) throw new Error(`rollout ${id} has no flag`);
  await createFlagStore(db).set(solutionIds, channel, flag, by);
  await createRolloutRoundStore(db).markSent(rollout, solutionIds);
  const after = { channel, flag, rollout: id, wave };
  await createAuditStore(db).add(
    solutionIds.map((solutionId) => serverEntry('flag.set', { solutionId, by, after })),
  );
}

/** Returns whether any of the solutions no longer waits. */
async function applyEdits(db: Db, rollout: LockedRollout, solutionIds: readonly number[]): Promise<boolean> {
  const rounds = createRolloutRoundStore(db);
  if (rollout.kind === 'settings') await rounds.addEditsOfSettings(rollout.id, solutionIds);
  const edits = await rounds.edits(rollout.id, solutionIds);
  const locked = await createParamSetStore(db).lock(edits);
  const fates = fatesOf(solutionIds, edits, locked);
  const sent = fates.filter(({ fate }) => fate === 'sent');
  await write(
    db,
    rollout,
    sent.flatMap(({ changes }) => changes),
  );
  await rounds.markSent(rollout, idsOf(sent));
  if (rollout.kind === 'edits')
    await createTemplateDifferenceStore(db).markSentByRollout(rollout.id, idsOf(sent));
  await rounds.markUnsent(rollout.id, idsOf(fates.filter(({ fate }) => fate === 'unchanged')), {
    state: 'skipped',
    reason: 'nothing-to-change',
  });
  await rounds.markUnsent(rollout.id, idsOf(fates.filter(({ fate }) => fate === 'newer-copy')), {
    state: 'failed',
    reason: 'newer-copy-waits',
  });
  return fates.some(({ fate }) => fate !== 'busy');
}

/** An edit that applies, with what it makes of the manager's copy. */
interface Change extends EditedCopy {
  readonly before: LockedParam;
}

interface Fate {
  readonly solutionId: number;
  /** `busy`: it waits. `newer-copy`: the change would overwrite what the kitchen last sent. */
  readonly fate: 'sent' | 'busy' | 'newer-copy' | 'unchanged';
  readonly changes: readonly Change[];
}

/** A solution gets all of its edits or none. */
function fatesOf(
  solutionIds: readonly number[],
  edits: readonly SolutionEdit[],
  locked: readonly LockedParam[],
): Fate[] {
  const bySolution = new Map(
    solutionIds.map((id) => [id, { entities: [] as LockedParam[], changes: [] as Change[] }]),
  );
  for (const [place, edit] of edits.entries()) {
    const before = locked[place];
    const own = bySolution.get(edit.solutionId);
    if (before === undefined || own === undefined) continue;
    own.entities.push(before);
    const edited = editedCopy(before.copy, edit);
    if (edited !== null) own.changes.push({ ...edited, before });
  }
  return [...bySolution].map(([solutionId, own]) => ({
    solutionId,
    changes: own.changes,
    fate: fateOf(own),
  }));
}

function fateOf(own: { readonly entities: readonly LockedParam[]; readonly changes: readonly Change[] }) {
  if (own.entities.some(({ isBusy }) => isBusy)) return 'busy';
  if (own.changes.length === 0) return 'unchanged';
  return own.changes.some(({ before, copy }) => before.hasNewerCopy && copy !== null) ? 'newer-copy' : 'sent';
}

const idsOf = (fates: readonly Fate[]): number[] => fates.map(({ solutionId }) => solutionId);

async function write(
  db: Db,
  { id, wave, createdBy: by }: LockedRollout,
  changes: readonly Change[],
): Promise<void> {
  const writes = changes.flatMap(({ before, copy }): ParamWrite[] =>
    copy === null ? [] : [{ ...keyOf(before), copy, isNew: before.copy === null }],
  );
  await createParamSetStore(db).write(writes, by);
  const written = changes.map((change): WrittenEdit => ({
    ...keyOf(change.before),
    written: change.written,
  }));
  await createRolloutRoundStore(db).noteWritten(id, written);
  const entries = changes.flatMap(({ before, copy }) => {
    if (copy === null) return [];
    const { solutionId, className, id: entityId } = before;
    const told = { class: className, id: entityId };
    return serverEntry(copy.isActive ? 'param.put' : 'param.delete', {
      ...{ solutionId, by },
      before: before.copy === null ? null : { ...told, ...before.copy },
      after: { ...told, ...copy, rollout: id, wave },
    });
  });
  await createAuditStore(db).add(entries);
}

const keyOf = ({ solutionId, className, id }: LockedParam) => ({ solutionId, className, id });
