import type { Db } from '../../../shared/db/database';
import type { Side } from '../../../shared/domain/merge';
import { type Copy, sameCopy } from '../../../shared/domain/merge-copy';
import type { ParameterCounts } from '../../../shared/domain/report';
import { copyDigest } from '../../../shared/formats/parameter-digest';
import type { Conflict, Entry } from '../../pipeline/entry';
import type { ManagerSystem } from '../../systems/solution/manager';
import {
  createFoundConflictStore,
  type FoundConflict,
} from '../../../shared/stores/parameters/found-conflict-store';
import {
  type Base,
  type ClassKey,
  forgetSent,
  type KnownEntity,
  moveBases,
} from '../../../shared/stores/parameters/param-rows';
import type { SentEntity, SolutionSystem } from '../../systems/solution/solution';
import type { HeldEntity } from './held-plans';

export interface Recording {
  readonly db: Db;
  readonly key: ClassKey;
  readonly syncId: string;
  readonly solution: SolutionSystem;
  readonly manager: ManagerSystem;
  /** There are instructions of the class that were never confirmed. */
  readonly hasSent: boolean;
  readonly counts: ParameterCounts;
  /** Keeps an entity in quarantine. */
  readonly quarantine: (entry: Entry, sent: SentEntity | undefined) => Promise<void>;
  /** Gets the ids of deleted entities that came back with other content. */
  readonly onCameBack: (id: string) => void;
  /** Grows: what waits for an approval. */
  readonly held: HeldEntity[];
  /** Grows: ids of entities that waited before, or wait now. */
  readonly touched: Set<string>;
}

/** Keeps what became of a group of entities: counts, conflicts with both copies, what waits and why. */
export async function recordEntries(recording: Recording, entries: readonly Entry[]): Promise<void> {
  const { db, key, syncId, solution, hasSent, touched } = recording;
  const rows = entries.flatMap((entry) => {
    const known = knownOf(recording, entry);
    return known === null ? [] : [{ entry, known }];
  });
  for (const entry of entries) await recordEntry(recording, entry);
  for (const { entry, known } of rows) if (cameBack(entry, known)) recording.onCameBack(known.id);
  for (const { entry, known } of rows) if (known.held || waits(entry)) touched.add(entry.mention.key);
  await moveBases(
    db,
    rows.filter(({ entry }) => waits(entry)).flatMap((row) => waitingBase(solution, row)),
  );
  const superseded = rows.filter(({ entry, known }) => known.held && entry.verdict !== 'conflict');
  const conflicts = createFoundConflictStore(db);
  await conflicts.supersede(superseded.map(idServerOf));
  await conflicts.record(
    key,
    syncId,
    rows.flatMap((row) => conflictOf(solution, row)),
  );
  if (hasSent && rows.length > 0) await forgetSent(db, rows.map(idServerOf));
}

interface KnownEntry {
  readonly entry: Entry;
  readonly known: KnownEntity;
}

const idServerOf = ({ known }: KnownEntry) => known.idServer;

const knownOf = ({ manager }: Recording, { link }: Entry): KnownEntity | null =>
  link ? manager.knownOf(link) : null;

/** The copy that both sides last agreed on. */
const agreedOf = ({ bases }: Entry): Copy | null => bases?.there ?? null;

/** It was there once, both sides had deleted it, and now it lives on both. */
const cameBack = ({ verdict, operations }: Entry, { manager, base, version }: KnownEntity) =>
  verdict === 'created' &&
  operations.some(({ side }) => side === 'here') &&
  !manager.isActive &&
  base.copy === null &&
  version > 1;

/** Both copies stay as they are, until someone decides or a later sync shows something else. */
const waits = ({ verdict }: Entry) =>
  verdict === 'conflict' || verdict === 'held' || verdict === 'skipped' || verdict === 'quarantined';

async function recordEntry(recording: Recording, entry: Entry): Promise<void> {
  const { counts, solution, held } = recording;
  const sent = solution.sentOf(entry.mention.key);
  switch (entry.verdict) {
    case 'held':
      counts.held += 1;
      held.push(heldFrom(recording, entry, sent));
      return;
    case 'skipped':
    case 'quarantined':
      await recording.quarantine(entry, sent);
      return;
    case 'failed':
    case 'waiting':
    case 'untouched':
    case undefined:
      throw new Error(`${recording.key.className} ${entry.mention.key}: ${entry.reason ?? 'undecided'}`);
    default:
      counts[countOf(entry)] += 1;
  }
}

function heldFrom(
  { solution }: Recording,
  { mention, needs, items }: Entry,
  sent: SentEntity | undefined,
): HeldEntity {
  const plan = { id: mention.key, version: Number(items?.here?.revision ?? 0) };
  if (needs === 'changes' && sent !== undefined)
    return { kind: 'changes', ...plan, sent: { ...sent.copy, ts: sent.ts } };
  return { kind: solution.lacks(mention.key) ? 'replace' : 'deletes', ...plan };
}

/** The count for the change on the manager's side. A dispute counts as a conflict, whichever side won it. */
function countOf({ conflict, operations }: Entry): keyof ParameterCounts {
  if (conflict !== null) return 'conflicts';
  const own = operations.find(({ side }) => side === 'here');
  switch (own?.op) {
    case 'create':
      return 'inserted';
    case 'delete':
      return 'deleted';
    case 'update':
    case 'move':
      return 'updated';
    case undefined:
      return 'unchanged';
  }
}

/** Stores the findings about a lost confirmation, and changes nothing else. */
function waitingBase(
  solution: SolutionSystem,
  { entry, known }: KnownEntry,
): { idServer: string; base: Base; held: boolean }[] {
  const agreed = agreedOf(entry);
  const isShown = !solution.lacks(known.id) && !sameCopy(agreed, known.base.copy);
  if (known.held && !isShown) return [];
  const copy = agreed === null ? null : { isActive: agreed.isActive, fields: agreed.fields };
  const base = isShown ? { copy, digest: copy && copyDigest(copy) } : known.base;
  return [{ idServer: known.idServer, base, held: true }];
}

function conflictOf(solution: SolutionSystem, { entry, known }: KnownEntry): FoundConflict[] {
  const { conflict, verdict } = entry;
  const sent = solution.sentOf(known.id);
  if (conflict === null || sent === undefined || (waits(entry) && verdict !== 'conflict')) return [];
  const { fields } = conflict;
  const base = agreedOf(entry);
  return [
    {
      idServer: known.idServer,
      entityId: known.id,
      base: base?.isActive === true ? base.fields : null,
      manager: known.manager,
      solution: { ...sent.copy, digest: sent.digest, ts: sent.ts },
      conflict: { fields, resolution: resolutionOf(conflict) },
    },
  ];
}

function resolutionOf({ resolution }: Conflict): Side | 'fields' | null {
  switch (resolution) {
    case 'here':
      return 'manager';
    case 'there':
      return 'solution';
    default:
      return resolution;
  }
}
