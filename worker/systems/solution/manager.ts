import type { Db } from '../../../shared/db/database';
import { type Copy, sameCopy } from '../../../shared/domain/merge-copy';
import { lastAgreed } from '../../../shared/domain/merge-lost-confirm';
import { copyDigest, deletedDigest } from '../../../shared/formats/parameter-digest';
import type { KnownLinks, Link } from '../../pipeline/links';
import type { Item, System, Written } from '../../pipeline/system';
import { coalesce } from './coalesce';
import {
  type Base,
  type ChangedEntity,
  type ClassKey,
  insertEntities,
  type KnownEntity,
  lockEntities,
  type ManagerCopy,
  moveBases,
  type NewEntity,
  nothingHeld,
  rowPages,
  sentCopies,
  updateEntities,
} from '../../../shared/stores/parameters/param-rows';
import type { SentEntity, SolutionSystem } from './solution';
import { refusal } from '../../pipeline/refusal';

export interface ManagerSystemSettings {
  readonly db: Db;
  readonly key: ClassKey;
  readonly syncId: string;
  /** `solution`, or the e-mail address of the person who approved: the author of the written changes. */
  readonly by: string;
  /** The other side. The copy that it sent becomes the new base. */
  readonly solution: Pick<SolutionSystem, 'sentOf' | 'lacks'>;
  /**
   * True: instructions of the class are unconfirmed, and their content may be the copy on which both sides last agreed.
   */
  readonly hasSent: boolean;
}

/** The manager's copies of one class of one solution, and the bases: one row holds both. */
export interface ManagerSystem {
  readonly system: System;
  readonly links: KnownLinks;
  /** The row as it was when the run read the link. */
  knownOf(link: Link): KnownEntity;
  /** From here on, rows are read again. */
  forget(): void;
}

/**
 * Our database as a system, in the caller's transaction: rows stay locked until its end. Calls of one tick are one
 * statement, so that a thousand entities at once need only a few statements.
 */
export function createManagerSystem(settings: ManagerSystemSettings): ManagerSystem {
  const { db, key, solution } = settings;
  const rows = new Map<string, KnownEntity | null>();
  const read = new WeakMap<Link, KnownEntity>();
  const agreedOn = new Map<string, Copy | null>();
  const load = coalesce((ids: readonly string[]) => loadRows(ids));
  const write = coalesce((writes: readonly Write[]) => writeRows(settings, writes));
  const moveBase = coalesce(async (moved: readonly MovedBase[]) => {
    await moveBases(db, moved);
    return moved.map(() => undefined);
  });

  const system: System = {
    capabilities: {
      changes: 'scan',
      deletions: 'each',
      writes: 'conditional',
      creates: 'keyed',
      answers: 'stored',
      tree: null,
      content: null,
      deferred: false,
      batch: 1,
    },
    async *list() {
      for await (const page of rowPages(db, key))
        yield { items: page.map(itemFrom), cursor: null, isWhole: false };
      yield { items: [], cursor: null, isWhole: true };
    },
    fetch: async (ids) => {
      const found = await Promise.all(ids.map(rowOf));
      return new Map(found.flatMap((row) => (row === null ? [] : [[row.id, itemFrom(row)]])));
    },
    find: () => Promise.resolve([]),
    create: async (id, { fields }) => {
      const row = await rowOf(id);
      if (row?.manager.isActive === true) return { kind: 'stale', item: itemFrom(row) };
      return put(id, row, { isActive: true, fields });
    },
    update: (id, { whole }, expected) => change(id, expected, { isActive: true, fields: whole }),
    move: () => Promise.resolve(refusal('invalid', { code: 'folders-unknown', values: {} })),
    delete: (id, expected) => change(id, expected, { isActive: false, fields: {} }),
  };

  const links: KnownLinks = {
    byKeys: async (_, ids) => {
      const found = await Promise.all(ids.map(rowOf));
      return new Map(found.flatMap((row) => (row === null ? [] : [[row.id, linkOf(row)]])));
    },
    byIds: () => Promise.resolve(new Map()),
    bySyncKey: () => Promise.resolve(null),
    partedFrom: () => Promise.resolve(new Set()),
    begin: () => Promise.reject(new Error('what is written in one transaction needs no intent')),
    finish: async (link, { ends }) => {
      const id = link?.syncKey ?? ends.there?.key ?? ends.here?.key ?? '';
      const row = await rowOf(id);
      if (row === null) return addForgotten(id);
      const base = baseOf(row, row.manager);
      if (row.held || !sameBase(base, row.base)) {
        await moveBase({ idServer: row.idServer, base, held: false });
        rows.set(id, { ...row, base, held: false });
      }
      return link ?? linkOf(row);
    },
  };

  return {
    system,
    links,
    knownOf: (link) => {
      const row = read.get(link);
      if (row === undefined) throw new Error(`the link ${link.id} is not the manager's`);
      return row;
    },
    forget: () => {
      rows.clear();
      agreedOn.clear();
    },
  };

  async function rowOf(id: string): Promise<KnownEntity | null> {
    const known = rows.get(id);
    return known === undefined ? load(id) : known;
  }

  async function loadRows(ids: readonly string[]): Promise<(KnownEntity | null)[]> {
    const found = await lockEntities(db, key, ids);
    const told = settings.hasSent ? await sentCopies(db, idServersOf(found)) : new Map<string, Copy[]>();
    return ids.map((id) => {
      const row = found.get(id) ?? null;
      rows.set(id, row);
      if (row !== null) agreedOn.set(id, agreedOf(row, told.get(row.idServer) ?? []));
      return row;
    });
  }

  /** If a solution replaces everything and lacks an entity, the two sides have no base for it. */
  function agreedOf(row: KnownEntity, told: readonly Copy[]): Copy | null {
    if (solution.lacks(row.id)) return null;
    const sent = solution.sentOf(row.id);
    if (sent === undefined) return row.base.copy;
    if (row.base.copy === null && isAsWhenItWent(row, sent)) return sent.copy;
    return lastAgreed(row.base.copy, told, sent.copy);
  }

  /**
   * Both sides are compared with the base. Copies are compared, not versions: the version of a row belongs to the
   * manager alone.
   */
  function linkOf(row: KnownEntity): Link {
    const { id, idServer, held } = row;
    const agreed = agreedOn.get(id) ?? null;
    const seen = { isActive: agreed?.isActive === true, fields: agreed?.fields ?? {}, place: null };
    const end = { key: id, revision: null, seen };
    const ends = { here: end, there: agreed === null ? null : end };
    const state = held ? 'conflict' : 'active';
    const link: Link = { id: idServer, syncKey: id, ends, intent: null, state, version: 0 };
    read.set(link, row);
    return link;
  }

  /**
   * Adds an entity that the manager must not have and the solution holds: it is stored as deleted, so that the solution
   * gets an instruction.
   */
  async function addForgotten(id: string): Promise<Link> {
    const written = await put(id, null, { isActive: false, fields: {} });
    const row = await rowOf(id);
    if (written.kind !== 'done' || row === null) throw new Error(`${id} was added in the meantime`);
    return linkOf(row);
  }

  async function change(id: string, expected: string, copy: Copy): Promise<Written> {
    const row = await rowOf(id);
    const isExpected = row?.manager.isActive === true && String(row.version) === expected;
    return isExpected ? put(id, row, copy) : { kind: 'stale' };
  }

  async function put(id: string, row: KnownEntity | null, copy: Copy): Promise<Written> {
    const sent = solution.sentOf(id);
    const base = baseOf({ id }, copy);
    const written = await write({ id, row, manager: managerCopy(copy, sent), base });
    if (written === null) {
      rows.delete(id);
      return { kind: 'stale' };
    }
    rows.set(id, written);
    return { kind: 'done', item: itemFrom(written) };
  }

  /** The new base once the manager holds this copy: the copy that the solution sent. */
  function baseOf({ id }: Pick<KnownEntity, 'id'>, manager: Copy): Base {
    const sent = solution.sentOf(id);
    if (sent === undefined || solution.lacks(id)) return nothingHeld;
    if (sent.copy.isActive) return { copy: sent.copy, digest: sent.digest };
    const wasNeverThere = (agreedOn.get(id) ?? null) === null && !manager.isActive;
    return wasNeverThere ? nothingHeld : { copy: { isActive: false, fields: {} }, digest: deletedDigest };
  }
}

/**
 * True: the solution confirmed that it deleted the entity, and now sends it again exactly as it was. That is not a
 * change.
 */
function isAsWhenItWent(
  { manager, goneDigest, version }: KnownEntity,
  { copy, digest }: SentEntity,
): boolean {
  if (!copy.isActive) return false;
  if (goneDigest !== null) return goneDigest.equals(digest);
  // It was deleted by a version that did not store this; its last fields were stored.
  return !manager.isActive && version > 1 && sameCopy({ isActive: true, fields: manager.fields }, copy);
}

interface Write {
  readonly id: string;
  /** Null: there is no row yet. */
  readonly row: KnownEntity | null;
  readonly manager: ManagerCopy;
  readonly base: Base;
}

interface MovedBase {
  readonly idServer: string;
  readonly base: Base;
  readonly held: boolean;
}

/** The rows as they are now; null: someone else added the entity in the meantime. */
async function writeRows(
  { db, key, syncId, by }: ManagerSystemSettings,
  writes: readonly Write[],
): Promise<(KnownEntity | null)[]> {
  const added: NewEntity[] = [];
  const changed: ChangedEntity[] = [];
  for (const { id, row, manager, base } of writes) {
    if (row === null) added.push({ id, manager, base });
    else changed.push({ idServer: row.idServer, manager, base });
  }
  const idServers = await insertEntities(db, key, { syncId, by }, added);
  await updateEntities(db, { syncId, by }, changed);
  return writes.map((write) => {
    const { id, row, manager, base } = write;
    if (row !== null) return { ...row, manager: manager.copy, version: row.version + 1, base, held: false };
    const idServer = idServers.get(id);
    if (idServer === undefined) return null;
    return {
      idServer,
      id,
      manager: manager.copy,
      version: 1,
      editedAt: new Date(),
      base,
      goneDigest: null,
      held: false,
    };
  });
}

/** If the solution sent the same copy, its digest can be used. */
function managerCopy(copy: Copy, sent: SentEntity | undefined): ManagerCopy {
  const ts = sent?.ts ?? null;
  if (!copy.isActive) return { copy, digest: deletedDigest, ts };
  const isSent = sent !== undefined && sent.copy.fields === copy.fields;
  return { copy, digest: isSent ? sent.digest : copyDigest(copy), ts };
}

const itemFrom = ({ id, version, manager }: KnownEntity): Item => ({
  key: id,
  revision: String(version),
  isActive: manager.isActive,
  fields: manager.fields,
  place: null,
  isFolder: false,
  origin: null,
});

const idServersOf = (found: ReadonlyMap<string, KnownEntity>) =>
  [...found.values()].map(({ idServer }) => idServer);

function sameBase(one: Base, other: Base): boolean {
  const sameDigest = one.digest !== null && other.digest !== null && one.digest.equals(other.digest);
  return sameDigest && sameCopy(one.copy, other.copy);
}
