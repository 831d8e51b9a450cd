import type { ParameterClass } from '../../shared/catalog/parameter-classes';
import type { Db } from '../../shared/db/database';
import { type Merge, mergeThreeWay, replaceWithSolution } from '../../shared/domain/merge';
import { type Copy, sameCopy } from '../../shared/domain/merge-copy';
import { lastAgreed } from '../../shared/domain/merge-lost-confirm';
import type { ParameterCounts } from '../../shared/domain/report';
import { copyDigest, deletedDigest } from '../../shared/formats/parameter-digest';
import type { SentEntity } from './class-file';
import { type FoundConflict, recordConflicts, supersedeConflicts } from './conflict-rows';
import type { PlannedDeletion } from './deletion-gate';
import { newerSide } from './newer-side';
import {
  type Base,
  type ChangedEntity,
  type ClassKey,
  findDiffering,
  forgetSent,
  insertEntities,
  type KnownEntity,
  lockAbsent,
  lockEntities,
  moveBases,
  nothingHeld,
  sentCopies,
  updateEntities,
} from './param-rows';

/** A deletion that waits until all else is done. */
export interface Deletion extends PlannedDeletion {
  readonly change: ChangedEntity;
  readonly conflict: FoundConflict | null;
}

export interface ClassMerge {
  readonly db: Db;
  readonly key: ClassKey;
  readonly syncId: string;
  readonly timezone: string;
  readonly parameterClass: ParameterClass;
  /** The solution's copy counts, whatever the manager has. */
  readonly replaces: boolean;
  /** There are instructions of the class that were never confirmed. */
  readonly hasSent: boolean;
  readonly counts: ParameterCounts;
  /** Grows as the batches are merged. */
  readonly deletions: Deletion[];
  /** Ids of the held entities that were looked at. */
  readonly touchedHeld: Set<string>;
}

/** Merges a batch, but for its deletions. What is as it was costs one look-up on digests. */
export async function mergeBatch(merge: ClassMerge, batch: readonly SentEntity[]): Promise<void> {
  const places = await findDiffering(merge.db, merge.key, batch, {
    withManager: merge.replaces,
    withSent: merge.hasSent,
  });
  merge.counts.unchanged += batch.length - places.length;
  let waiting = places.flatMap((place) => batch[place] ?? []);
  while (waiting.length > 0) waiting = await mergeDiffering(merge, waiting);
}

/** Plans the deletion of what the manager has and the solution no longer sends. For an upload that replaces all. */
export async function planAbsent(merge: ClassMerge, ids: readonly string[]): Promise<void> {
  const absent = await lockAbsent(merge.db, merge.key, ids);
  for (const known of absent) {
    if (known.held) merge.touchedHeld.add(known.id);
    if (known.manager.isActive) merge.deletions.push(deletionOf(known, 'replace', nothingHeld, null));
  }
  const forgotten = absent.filter(({ manager }) => !manager.isActive);
  await moveBases(
    merge.db,
    forgotten.map(({ idServer }) => ({ idServer, base: nothingHeld, held: false })),
  );
}

/** The second stage: what was deleted elsewhere goes. */
export async function applyDeletions({ db, key, syncId, counts, deletions }: ClassMerge): Promise<void> {
  await updateEntities(
    db,
    syncId,
    deletions.map(({ change }) => change),
  );
  const conflicts = deletions.flatMap(({ conflict }) => conflict ?? []);
  await recordConflicts(db, key, syncId, conflicts);
  counts.conflicts += conflicts.length;
  counts.deleted += deletions.length - conflicts.length;
}

/** One entity that needs a look, and what comes of it. */
interface Judged {
  readonly sent: SentEntity;
  readonly known: KnownEntity;
  readonly merged: Merge;
  /** The copy on which both sides last agreed; it may be later than the known base. */
  readonly agreed: Copy | null;
}

/** Answers those that someone else added in the meantime: they must be compared anew. */
async function mergeDiffering(merge: ClassMerge, sent: readonly SentEntity[]): Promise<SentEntity[]> {
  const { db, key, syncId } = merge;
  const known = await lockEntities(
    db,
    key,
    sent.map(({ id }) => id),
  );
  const news = sent.filter(({ id }) => !known.has(id));
  const added = await insertEntities(db, key, syncId, news.map(newEntity));
  countNew(
    merge,
    news.filter(({ id }) => added.has(id)),
  );
  await mergeKnown(merge, sent, known);
  return news.filter(({ id }) => !added.has(id));
}

/** A deleted entity that nobody knew is kept as well, so that it needs no look the next time. */
const newEntity = ({ id, ts, copy, digest }: SentEntity) => ({
  id,
  manager: { copy, digest, ts },
  base: copy.isActive ? { copy, digest } : nothingHeld,
});

function countNew({ counts }: ClassMerge, added: readonly SentEntity[]): void {
  const active = added.filter(({ copy }) => copy.isActive).length;
  counts.inserted += active;
  counts.unchanged += added.length - active;
}

async function mergeKnown(
  merge: ClassMerge,
  sent: readonly SentEntity[],
  known: ReadonlyMap<string, KnownEntity>,
): Promise<void> {
  if (known.size === 0) return;
  const { db, hasSent } = merge;
  const idServers = [...known.values()].map(({ idServer }) => idServer);
  const copies = hasSent ? await sentCopies(db, idServers) : new Map<string, Copy[]>();
  const judged = sent.flatMap((entity) => {
    const row = known.get(entity.id);
    return row === undefined ? [] : [judge(merge, entity, row, copies.get(row.idServer) ?? [])];
  });
  await writeJudged(merge, judged);
  if (hasSent) await forgetSent(db, idServers);
}

function judge(merge: ClassMerge, sent: SentEntity, known: KnownEntity, copies: readonly Copy[]): Judged {
  const { parameterClass, timezone } = merge;
  const agreed = lastAgreed(known.base.copy, copies, sent.copy);
  const sides = { base: agreed, manager: known.manager, solution: sent.copy };
  if (merge.replaces) return { sent, known, agreed, merged: replaceWithSolution(sides) };
  const merged = mergeThreeWay({
    ...sides,
    policy: parameterClass.conflictPolicy,
    fieldPolicies: parameterClass.fieldPolicies,
    newer: newerSide(sent.ts, timezone, known.editedAt),
  });
  return { sent, known, agreed, merged };
}

async function writeJudged(merge: ClassMerge, judged: readonly Judged[]): Promise<void> {
  const { db, key, syncId } = merge;
  for (const { known } of judged) if (known.held) merge.touchedHeld.add(known.id);
  const deletions = judged.filter(isDeletion);
  merge.deletions.push(...deletions.map(deletionFrom));
  const others = judged.filter((one) => !isDeletion(one));
  const parked = others.filter(isParked);
  const settled = others.filter((one) => !isParked(one));
  for (const one of settled) countSettled(merge.counts, one);
  merge.counts.conflicts += parked.length;
  await updateEntities(db, syncId, settled.flatMap(changeFrom));
  const shown = deletions.filter(({ agreed, known }) => agreed !== known.base.copy);
  await moveBases(db, [...settled.flatMap(moveFrom), ...[...parked, ...shown].map(parkFrom)]);
  await supersedeConflicts(
    db,
    [...settled, ...deletions].flatMap(({ known }) => (known.held ? [known.idServer] : [])),
  );
  await recordConflicts(db, key, syncId, others.flatMap(conflictFrom));
}

const isDeletion = ({ known, merged }: Judged) =>
  known.manager.isActive && merged.manager?.isActive === false;

const isParked = ({ merged }: Judged) => merged.conflict?.resolution === null;

function countSettled(counts: ParameterCounts, { known, merged }: Judged): void {
  if (merged.conflict !== null) counts.conflicts += 1;
  else if (merged.manager === null) counts.unchanged += 1;
  else if (known.manager.isActive) counts.updated += 1;
  else counts.inserted += 1;
}

function deletionFrom(judged: Judged): Deletion {
  const [conflict = null] = conflictFrom(judged);
  return deletionOf(judged.known, 'deletes', baseOf(judged), conflict, judged.sent.ts);
}

function deletionOf(
  { idServer, id, version }: KnownEntity,
  kind: Deletion['kind'],
  base: Base,
  conflict: FoundConflict | null,
  ts: string | null = null,
): Deletion {
  const manager = { copy: { isActive: false, fields: {} }, digest: deletedDigest, ts };
  return { idServer, id, version, kind, conflict, change: { idServer, manager, base } };
}

function conflictFrom({ known, sent, agreed, merged }: Judged): FoundConflict[] {
  return merged.conflict === null ? [] : [{ known, sent, base: agreed, conflict: merged.conflict }];
}

function changeFrom(judged: Judged): ChangedEntity[] {
  const { known, sent, merged } = judged;
  if (merged.manager === null) return [];
  const manager = { copy: merged.manager, digest: copyDigest(merged.manager), ts: sent.ts };
  return [{ idServer: known.idServer, manager, base: baseOf(judged) }];
}

/** Where the manager's copy stays, and anything else does not. */
function moveFrom(judged: Judged) {
  const { known, merged } = judged;
  const base = baseOf(judged);
  const stays = sameBase(base, known.base) && !known.held;
  return merged.manager !== null || stays ? [] : [{ idServer: known.idServer, base, held: false }];
}

/** Both copies stay as they are; so does what both last agreed on. */
function parkFrom({ known, agreed }: Judged) {
  const base =
    agreed === known.base.copy ? known.base : { copy: agreed, digest: agreed && copyDigest(agreed) };
  return { idServer: known.idServer, base, held: true };
}

/** What the solution is known to hold once its copy has been seen. */
function baseOf({ sent, agreed, known, merged }: Judged): Base {
  const { copy, digest } = sent;
  if (copy.isActive) return { copy, digest };
  // It does not hold what nobody told it, and what it was told to forget: there is nothing left to tell it.
  const isForgotten = agreed === null && !(merged.manager ?? known.manager).isActive;
  return isForgotten ? nothingHeld : { copy, digest: deletedDigest };
}

function sameBase(one: Base, other: Base): boolean {
  const sameDigest = one.digest !== null && other.digest !== null && one.digest.equals(other.digest);
  return sameDigest && sameCopy(one.copy, other.copy);
}
