import { eloEnd, eloSettings } from '../../../shared/systems/elo';
import type { Capabilities, Item, Match } from '../../pipeline/system';
import type { RemoteSystem, SystemConnector } from '../remote-system';
import { createIxApi } from './api';
import { type Archive, createArchive } from './archive';
import { createChanger } from './changing';
import { createCreator, type Creator } from './creating';
import { IxFault, ixCodes } from './faults';
import { createForms } from './forms';
import { createListing } from './listing';
import { createLocks, type Locks } from './locks';
import { eloNames } from './names';
import type { Elo } from './opened';
import { probeElo } from './probe';
import { quotable } from '../../../shared/domain/reason';

/**
 * ELO, through the REST interface of its index server. Keys are GUIDs; a write locks its entry; a deletion is a logical
 * one, which ELO can take back.
 */
export function createEloConnector(): SystemConnector {
  return {
    open: async (opening, outside) => {
      const settings = eloSettings.parse(opening.config);
      const api = createIxApi(settings, outside, opening.secrets);
      const end = eloEnd.parse(opening.end ?? {});
      return openSystem({ settings, end, opening, api });
    },
    registerWebhooks: null,
  };
}

const capabilitiesOf = (creator: Creator): Capabilities => ({
  changes: 'timestamp',
  deletions: 'tops',
  writes: 'conditional',
  // The documentation allows this, but the connector only relies on it after it was seen to work.
  get creates() {
    return creator.keepsKeys === true ? 'found' : 'plain';
  },
  answers: 'stored',
  tree: eloNames,
  content: { maxBytes: null },
  deferred: false,
  batch: 20,
});

function openSystem(elo: Elo): RemoteSystem {
  const archive = createArchive(elo);
  const listing = createListing(elo, archive);
  const locks = createLocks(elo, archive);
  const forms = createForms(elo, async (signal) => (await archive.root(signal)).guid);
  const creator = createCreator(elo, archive, forms);
  const changer = createChanger(elo, { archive, locks, forms });
  return {
    capabilities: capabilitiesOf(creator),
    list: (since, signal) => listing.list(since, signal),
    fetch: (keys, signal) => fetchAll(archive, locks, keys, signal),
    find: (match, signal) => findItems(archive, creator, match, signal),
    async create(key, draft, signal) {
      const written = await creator.create(key, draft, signal);
      if (written.kind === 'done' && written.item.isFolder) listing.made(written.item);
      return written;
    },
    update: (key, patch, expected, signal) => changer.update(key, patch, expected, signal),
    move: (key, place, expected, signal) => changer.move(key, place, expected, signal),
    delete: (key, expected, signal) => changer.delete(key, expected, signal),
    ...(elo.opening.fields.length === 0
      ? {}
      : { fieldTypes: (signal: AbortSignal) => forms.fieldTypes(signal) }),
    probe: (signal) => probeElo(elo, elo.opening.end === null ? null : archive, signal),
    close: () => Promise.resolve(),
  };
}

async function fetchAll(
  archive: Archive,
  locks: Locks,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Item>> {
  const items = await Promise.all(keys.map((key) => fetchOne(archive, locks, key, signal)));
  return new Map(items.flatMap((item) => (item === null ? [] : [[item.key, item]])));
}

async function fetchOne(
  archive: Archive,
  locks: Locks,
  key: string,
  signal: AbortSignal,
): Promise<Item | null> {
  try {
    const entry = await archive.reader.look(key, signal);
    if (entry === null) return null;
    await locks.letGo(entry, signal);
    return await archive.itemOf(entry, signal);
  } catch (error) {
    if (error instanceof IxFault) return hidden(key, error);
    throw error;
  }
}

/** An entry that we may not read any more is not gone. It stays as it is until we may read it. */
const hidden = (key: string, { code, message }: IxFault): Item => ({
  key,
  revision: `refused:${code}`,
  isActive: true,
  fields: {},
  place: null,
  isFolder: false,
  origin: null,
  content: null,
  faults: [
    {
      field: code === ixCodes.accessDenied ? 'rights' : 'entry',
      problem: { code: 'said', text: quotable(message) },
    },
  ],
});

async function findItems(
  archive: Archive,
  creator: Creator,
  match: Match,
  signal: AbortSignal,
): Promise<readonly Item[]> {
  switch (match.by) {
    case 'fields':
      return [];
    case 'origin': {
      const item = await creator.madeAs(match.key, signal);
      return item === null ? [] : [item];
    }
    case 'place':
    case 'parent': {
      const folder = await archive.folder(match.parent, signal);
      if (folder === null) return [];
      if (match.by === 'place') return archive.named(folder, match.name, signal);
      const found: Item[] = [];
      for await (const page of archive.within(folder, signal)) found.push(...page);
      return found;
    }
  }
}
