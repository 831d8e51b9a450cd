import type { Db } from '../../../shared/db/database';
import type { Copy } from '../../../shared/domain/merge-copy';
import { fewestOfMassChange, isMassChange } from '../../../shared/domain/successor';
import { type Item, type Page, type System, tombstone, type Written } from '../../pipeline/system';
import {
  type ClassKey,
  findDiffering,
  insertEntities,
  nothingHeld,
} from '../../../shared/stores/parameters/param-rows';
import { refusal } from '../../pipeline/refusal';

/** The solution's copy of an entity. */
export interface SentEntity {
  readonly id: string;
  /** The solution's clock at its last change, as it was sent. */
  readonly ts: string | null;
  readonly copy: Copy;
  readonly digest: Buffer;
  /** The number of its first line in the file, counted from 1. */
  readonly line: number | null;
  /** The text as it was sent. */
  readonly raw: string | null;
}

export type Batches = AsyncIterable<readonly SentEntity[]> | Iterable<readonly SentEntity[]>;

export interface SolutionSettings {
  readonly db: Db;
  readonly key: ClassKey;
  readonly syncId: string;
  /** The entities that the solution sent, each Id once. They can be read a second time: `again`. */
  readonly batches: (pass: 'first' | 'again') => Batches;
  /**
   * Called if much of the class would change: returns how many entities the manager had before. Null: this is not
   * checked.
   */
  readonly total: (() => Promise<number>) | null;
  /** True: entities that differ only from the manager's copy are included. */
  readonly withManager: boolean;
  /** True: instructions of the class are unconfirmed, so their entities have to be compared. */
  readonly hasSent: boolean;
  /**
   * Called last: returns the ids that the solution lacks although it replaces everything. Null: absence means nothing.
   */
  readonly absentIds: (() => Promise<readonly string[]>) | null;
  /** Is called with the number of unchanged entities. */
  readonly onUnchanged: (count: number) => void;
}

/** A solution, seen through its upload. */
export interface SolutionSystem extends System {
  /** The entity as it was sent; undefined: it was not sent, or is no longer in memory. */
  sentOf(id: string): SentEntity | undefined;
  /** True: it replaces everything, and does not hold the entity. */
  lacks(id: string): boolean;
  /**
   * True: it would change so many of the manager's entities that a person must approve. This is known before any change
   * is listed.
   */
  isMassChange(): boolean;
}

/**
 * A solution as a system. It lists the sent entities that differ from their bases: one statement on digests for a
 * thousand entities. Its writes are deferred: an instruction is due wherever the manager's copy is not the base, and
 * the confirmation acknowledges it.
 */
export function createSolutionSystem(settings: SolutionSettings): SolutionSystem {
  const { batches, absentIds, total } = settings;
  const atHand = new Map<string, SentEntity>();
  const gone = new Map<string, SentEntity>();
  const absent = new Set<string>();
  let isMass = false;
  return {
    capabilities: {
      changes: 'scan',
      deletions: 'each',
      writes: 'conditional',
      creates: 'keyed',
      answers: 'stored',
      tree: null,
      content: null,
      deferred: true,
      batch: 1,
    },
    list,
    fetch: (ids) => {
      const found = ids.flatMap((id): [string, Item][] => {
        const sent = atHand.get(id) ?? gone.get(id);
        return sent === undefined ? [] : [[id, itemFrom(sent)]];
      });
      return Promise.resolve(new Map(found));
    },
    find: () => Promise.resolve([]),
    create: deferred,
    update: deferred,
    move: () => Promise.resolve(refusal('invalid', { code: 'folders-unknown', values: {} })),
    delete: deferred,
    sentOf: (id) => atHand.get(id) ?? gone.get(id),
    lacks: (id) => absent.has(id),
    isMassChange: () => isMass,
  };

  async function* list(): AsyncGenerator<Page> {
    const changes = createChanges();
    for await (const batch of batches('first')) {
      atHand.clear();
      const found = await differing(settings, batch);
      // Entities that change nothing on the manager can go on; the others wait until their number is known.
      const isLater = ({ isChange }: Found) => total !== null && isChange;
      yield { items: found.filter((one) => !isLater(one)).map(show), cursor: null, isWhole: false };
      changes.add(found.filter(isLater));
    }
    if (total !== null && changes.count() > 0) yield* listChanges(changes, total);
    if (absentIds !== null) yield* absentPages(await absentIds());
    yield { items: [], cursor: null, isWhole: absentIds !== null };
  }

  async function* listChanges(changes: Changes, before: () => Promise<number>): AsyncGenerator<Page> {
    const live = changes.ofLive();
    isMass = live >= fewestOfMassChange && isMassChange(live, await before());
    for await (const page of changes.kept() ?? changesAgain()) {
      atHand.clear();
      yield { items: page.map(show), cursor: null, isWhole: false };
    }
  }

  /** There were too many changes to keep them in memory. */
  async function* changesAgain(): AsyncGenerator<readonly Found[]> {
    const uncounted = { ...settings, onUnchanged: () => undefined };
    for await (const batch of batches('again'))
      yield (await differing(uncounted, batch)).filter(({ isChange }) => isChange);
  }

  /** Deleted entities stay in memory until the second stage. */
  function show({ entity: sent }: Found): Item {
    (sent.copy.isActive ? atHand : gone).set(sent.id, sent);
    return itemFrom(sent);
  }

  function* absentPages(ids: readonly string[]): Generator<Page> {
    atHand.clear();
    for (const id of ids) absent.add(id);
    for (let start = 0; start < ids.length; start += pageSize)
      yield { items: ids.slice(start, start + pageSize).map(tombstone), cursor: null, isWhole: false };
  }
}

const pageSize = 1_000;

const deferred = (): Promise<Written> => Promise.resolve({ kind: 'deferred' });

const itemFrom = ({ id, copy, digest }: SentEntity): Item => ({
  key: id,
  revision: digest.toString('hex'),
  isActive: copy.isActive,
  fields: copy.fields,
  place: null,
  isFolder: false,
  origin: null,
});

interface Found {
  readonly entity: SentEntity;
  readonly isChange: boolean;
}

async function differing(
  { db, key, syncId, withManager, hasSent, onUnchanged }: SolutionSettings,
  batch: readonly SentEntity[],
): Promise<Found[]> {
  const found = await findDiffering(db, key, batch, { withManager, withSent: hasSent });
  const sent = found.flatMap(({ place, ...known }) => {
    const entity = batch[place];
    return entity === undefined ? [] : [{ entity, ...known }];
  });
  const isForgotten = ({ entity, isKnown }: (typeof sent)[number]) => !isKnown && !entity.copy.isActive;
  const forgotten = sent.filter(isForgotten).map(({ entity }) => entity);
  await insertEntities(db, key, { syncId, by: 'solution' }, forgotten.map(asForgotten));
  onUnchanged(batch.length - sent.length + forgotten.length);
  return sent.filter((one) => !isForgotten(one));
}

type Changes = ReturnType<typeof createChanges>;

/** Changes that wait until all are known. If there are too many for memory, only their number is kept. */
function createChanges() {
  const found: Found[] = [];
  let length = 0;
  let count = 0;
  let live = 0;
  const isFull = () => count > maxKept || length > maxKeptLength;
  return {
    add(more: readonly Found[]): void {
      for (const one of more) {
        count += 1;
        if (one.entity.copy.isActive) live += 1;
        length += one.entity.raw?.length ?? 0;
      }
      if (isFull()) found.length = 0;
      else found.push(...more);
    },
    count: () => count,
    ofLive: () => live,
    /** The changes in pages; null: there were too many. */
    kept: (): Found[][] | null =>
      isFull()
        ? null
        : Array.from({ length: Math.ceil(found.length / pageSize) }, (_, page) =>
            found.slice(page * pageSize, (page + 1) * pageSize),
          ),
  };
}

const maxKept = 5_000;
/** UTF-16 units. */
const maxKeptLength = 8_388_608;

/** A deleted entity that the manager never had is stored as well, so that it counts as unchanged the next time. */
const asForgotten = ({ id, ts, copy, digest }: SentEntity) => ({
  id,
  manager: { copy, digest, ts },
  base: nothingHeld,
});
