import type { Db } from '../../../shared/db/database';
import { type Copy, sameCopy } from '../../../shared/domain/merge-copy';
import { lastAgreed } from '../../../shared/domain/merge-lost-confirm';
import { copyDigest, deletedDigest } from '../../../shared/formats/parameter-digest';
import type { Mapping, Mappings } from '../../pipeline/mappings';
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

/** Copies are compared; a row's version is the manager's alone. */
const unkeptRevisions = { here: null, there: null } as const;

export interface ManagerSettings {
  readonly db: Db;
  readonly key: ClassKey;
  readonly syncId: string;
  /** `solution`, or the e-mail of whoever approved: who changes what is written. */
  readonly by: string;
  /** The other side: what it sent makes the new base. */
  readonly solution: Pick<SolutionSystem, 'sentOf' | 'lacks'>;
  /** Instructions of the class are unconfirmed: what they told may be what both last agreed on. */
  readonly hasSent: boolean;
}

/** The manager's copies of one class of one solution, and what both sides last agreed on: one row holds both. */
export interface Manager {
  readonly system: System;
  readonly mappings: Mappings;
  /** The row as it was when the run read it. */
  knownOf(mapping: Mapping): KnownEntity;
  /** What the solution is known to hold once both agree on this. */
  baseFor(id: string, agreed: Copy | null): Base;
  /** Rows are read anew from here on. */
  forget(): void;
}

/**
 * Our database as a system, in the caller's transaction: rows stay locked to its end. Calls of one tick are one
 * statement, so that a thousand entities that come at once cost a handful.
 */
export function createManager(settings: ManagerSettings): Manager {
  const { db, key, solution } = settings;
  const rows = new Map<string, KnownEntity | null>();
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
      tombstones: true,
      conditionalWrite: true,
      idempotentCreate: true,
      tree: false,
      deferred: false,
    },
    async *list() {
      for await (const page of rowPages(db, key)) yield { items: page.map(itemFrom), cursor: null };
      yield { items: [], cursor: 'all' };
    },
    fetch: async (id) => {
      const row = await rowOf(id);
      return row === null ? null : itemFrom(row);
    },
    find: () => Promise.resolve([]),
    create: async (id, { fields, agreed }) => {
      const row = await rowOf(id);
      if (row?.manager.isActive === true) return { kind: 'stale' };
      return put(id, row, { isActive: true, fields }, agreed);
    },
    update: (id, { fields, agreed }, expected) => change(id, expected, { isActive: true, fields }, agreed),
    move: () => Promise.resolve({ kind: 'refused', reason: 'parameters have no folders' }),
    delete: (id, expected, agreed) => change(id, expected, { isActive: false, fields: {} }, agreed),
  };

  const mappings: Mappings = {
    byKey: async (_, id) => {
      const row = await rowOf(id);
      return row === null ? null : mappingOf(row);
    },
    byId: () => Promise.resolve(null),
    async *all() {
      // The solution's listing tells what it lacks.
    },
    save: async (known, draft) => {
      const id = known?.keys.there ?? draft.keys.there ?? draft.keys.here ?? '';
      const row = await rowOf(id);
      if (row === null) return addForgotten(id, draft.agreed);
      const base = baseFor(id, draft.agreed);
      if (row.held || !sameBase(base, row.base)) {
        await moveBase({ idServer: row.idServer, base, held: false });
        rows.set(id, { ...row, base, held: false });
      }
      return known ?? mappingOf(row);
    },
  };

  return {
    system,
    mappings,
    baseFor,
    knownOf: (mapping) => {
      if (mapping instanceof RowMapping) return mapping.row;
      throw new Error(`the mapping ${mapping.id} is not the manager's`);
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

  /** What a solution lacks that replaces everything, both have nothing in common about. */
  function agreedOf(row: KnownEntity, told: readonly Copy[]): Copy | null {
    if (solution.lacks(row.id)) return null;
    const sent = solution.sentOf(row.id);
    return sent === undefined ? row.base.copy : lastAgreed(row.base.copy, told, sent.copy);
  }

  function mappingOf(row: KnownEntity): Mapping {
    return new RowMapping(row, agreedOn.get(row.id) ?? null);
  }

  /** What the manager shall not have, and the solution holds: it is kept as deleted, so that the solution is told. */
  async function addForgotten(id: string, agreed: Copy | null): Promise<Mapping> {
    const written = await put(id, null, { isActive: false, fields: {} }, agreed);
    const row = await rowOf(id);
    if (written.kind !== 'done' || row === null) throw new Error(`${id} was added in the meantime`);
    return mappingOf(row);
  }

  async function change(id: string, expected: string, copy: Copy, agreed: Copy | null): Promise<Written> {
    const row = await rowOf(id);
    const isExpected = row?.manager.isActive === true && String(row.version) === expected;
    return isExpected ? put(id, row, copy, agreed) : { kind: 'stale' };
  }

  async function put(id: string, row: KnownEntity | null, copy: Copy, agreed: Copy | null): Promise<Written> {
    const sent = solution.sentOf(id);
    const base = baseFor(id, agreed);
    const written = await write({ id, row, manager: managerCopy(copy, sent), base });
    if (written === null) {
      rows.delete(id);
      return { kind: 'stale' };
    }
    rows.set(id, written);
    return { kind: 'done', item: itemFrom(written) };
  }

  function baseFor(id: string, agreed: Copy | null): Base {
    if (agreed === null || solution.lacks(id)) return nothingHeld;
    if (!agreed.isActive) return { copy: { isActive: false, fields: {} }, digest: deletedDigest };
    const sent = solution.sentOf(id);
    const isSent = sent?.copy.fields === agreed.fields;
    return isSent
      ? { copy: sent.copy, digest: sent.digest }
      : { copy: { isActive: true, fields: agreed.fields }, digest: copyDigest(agreed) };
  }
}

/** A mapping that remembers the row that it was read from. */
class RowMapping implements Mapping {
  readonly id: string;
  readonly keys: Mapping['keys'];
  readonly agreed: Mapping['agreed'];
  readonly revisions = unkeptRevisions;

  constructor(
    readonly row: KnownEntity,
    agreed: Copy | null,
  ) {
    this.id = row.idServer;
    this.keys = { here: row.id, there: row.id };
    this.agreed = agreed === null ? null : { isActive: agreed.isActive, fields: agreed.fields, place: null };
  }
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
  { db, key, syncId, by }: ManagerSettings,
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
    return { idServer, id, manager: manager.copy, version: 1, editedAt: new Date(), base, held: false };
  });
}

/** A copy that came as it is needs no digest of its own. */
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
