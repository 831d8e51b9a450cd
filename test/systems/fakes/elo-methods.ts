import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import {
  currentVersion,
  type EloArchive,
  type EloEntry,
  type EloLine,
  lineTypes,
  md5Of,
  rootId,
} from './elo-archive';

/** ELO names its errors by a number. */
export class EloError extends Error {
  constructor(
    readonly code: number,
    message: string,
  ) {
    super(message);
  }
}

/** The behaviour of one server where the documentation leaves it open. */
export interface EloHabits {
  /** How the server treats a GUID that the caller chose. */
  readonly guids: 'kept' | 'ignored' | 'refused';
  /** `checkoutSord` leaves the entry out; `checkoutDoc` has it. */
  readonly leavesOutSord: boolean;
  /** The way to an entry is not told. */
  readonly leavesOutPaths: boolean;
  /** Most entries of one page, whatever is asked for. */
  readonly pageMost: number;
  readonly user: string;
  readonly knowsServerTime: boolean;
  /** Its address on its own network, in all addresses that it tells. */
  readonly innerUrl: string;
  readonly mostNameCharacters: number;
}

export interface EloState {
  readonly archive: EloArchive;
  readonly habits: EloHabits;
  /** By their number; null until the bytes have come. */
  readonly uploads: Map<string, Buffer | null>;
  readonly searches: Map<string, readonly EloEntry[]>;
  /** GUIDs that the server itself has given for new entries. */
  readonly issued: Set<string>;
  readonly now: () => number;
}

export type EloMethod = (state: EloState, parameters: unknown) => unknown;

const notFound = (name: string) => new EloError(5023, `The object with ID ${name} does not exist.`);
const denied = (what: string) => new EloError(5024, `Access denied: ${what}.`);
const invalid = (what: string) => new EloError(2000, `Invalid parameter: ${what}.`);

const method =
  <T>(schema: z.ZodType<T>, run: (state: EloState, parameters: T) => unknown): EloMethod =>
  (state, parameters) =>
    run(state, schema.parse(parameters));

const bits = z.object({ bset: z.string() });
const written = z.object({
  id: z.int().optional(),
  guid: z.string().optional(),
  name: z.string().optional(),
  parentId: z.int().optional(),
  type: z.int().optional(),
  mask: z.int().optional(),
  acl: z.string().optional(),
  objKeys: z
    .array(z.object({ id: z.int().optional(), name: z.string(), data: z.array(z.string()) }))
    .optional(),
});
type Written = z.output<typeof written>;
const uploadedVersion = z.object({
  ext: z.string().optional(),
  comment: z.string().optional(),
  url: z.string().optional(),
  uploadResult: z.string().optional(),
});
const document = z.object({ objId: z.string().optional(), docs: z.array(uploadedVersion).min(1) });

export const eloMethods: Readonly<Record<string, EloMethod>> = {
  getServerInfo: ({ habits, now }) => ({
    version: '23.01.000.042',
    instanceName: 'ix-Archiv',
    ...(habits.knowsServerTime ? { serverTime: new Date(now()).toISOString() } : {}),
  }),

  checkoutSord: method(z.object({ objId: z.string(), lockZ: bits }), (state, { objId, lockZ }) => {
    const entry = readable(state, objId);
    if (lockZ.bset !== '0') lock(state, entry);
    return state.habits.leavesOutSord ? {} : { sord: shown(state, entry) };
  }),

  checkoutDoc: method(
    z.object({ objId: z.string(), docId: z.string().optional(), lockZ: bits }),
    (state, { objId, docId, lockZ }) => {
      const entry = readable(state, objId);
      if (lockZ.bset !== '0') lock(state, entry);
      const version = entry.versions.find(({ id }) => docId === undefined || String(id) === docId);
      const docs = version === undefined ? [] : [shownVersion(state, entry, version.id)];
      return { sord: shown(state, entry), document: { objId: String(entry.id), docs } };
    },
  ),

  checkoutDocMask: method(
    z.object({ maskId: z.string(), docMaskZ: bits, lockZ: bits }),
    ({ archive }, { maskId, docMaskZ }) => {
      const form = archive.formOf(maskId);
      if (form === undefined) throw notFound(maskId);
      const lines = form.lines.map(({ id, key, type, required }) => ({
        id,
        key,
        type,
        required,
        maskId: form.id,
      }));
      return { id: form.id, name: form.name, deleted: false, ...(docMaskZ.bset === '0' ? {} : { lines }) };
    },
  ),

  createSord: method(z.object({ parentId: z.string(), maskId: z.string() }), (state, wish) => ({
    sord: template(state, wish, 4),
  })),
  createDoc: method(z.object({ parentId: z.string(), maskId: z.string() }), (state, wish) => ({
    sord: template(state, wish, 254),
  })),

  checkinSord: method(
    z.object({ sord: written, sordZ: bits, unlockZ: bits }),
    (state, { sord, sordZ, unlockZ }) => {
      const entry = sordZ.bset === '0' ? readable(state, nameOf(sord)) : writeEntry(state, sord, true);
      if (unlockZ.bset !== '0') unlock(state, entry);
      return entry.id;
    },
  ),

  checkinDocBegin: method(z.object({ document }), (state, { document: { objId, docs } }) => {
    if (objId !== undefined) readable(state, objId);
    const number = randomUUID();
    state.uploads.set(number, null);
    const url = `${state.habits.innerUrl}/ix?cmd=upload&id=${number}&ticket=geheim`;
    return { ...(objId === undefined ? {} : { objId }), docs: docs.map((version) => ({ ...version, url })) };
  }),

  checkinDocEnd: method(
    z.object({ sord: written, sordZ: bits, document, unlockZ: bits }),
    (state, { sord, document: { docs }, unlockZ }) => {
      const [version] = docs;
      const bytes = state.uploads.get(version?.uploadResult ?? '');
      if (version === undefined || bytes === undefined || bytes === null)
        throw invalid('document.docs[0].uploadResult');
      const entry = writeEntry(state, sord, false);
      state.uploads.delete(version.uploadResult ?? '');
      const added = state.archive.addVersion(entry, version.ext ?? '', bytes, version.comment);
      if (unlockZ.bset !== '0') unlock(state, entry);
      return { objId: String(entry.id), docs: [shownVersion(state, entry, added.id)] };
    },
  ),

  copySord: method(
    z.object({
      newParentId: z.string(),
      objId: z.string(),
      copySordZ: bits,
      copyInfo: z.object({ checkRecursion: z.boolean() }),
    }),
    (state, { newParentId, objId, copyInfo }) => {
      const [entry, folder] = [writable(state, objId), readable(state, newParentId)];
      const above = [folder, ...state.archive.foldersAbove(folder)];
      if (copyInfo.checkRecursion && above.includes(entry)) throw denied('recursion');
      entry.parentId = folder.id;
      state.archive.touch(entry);
      return entry.id;
    },
  ),

  deleteSord: method(
    z.object({
      objId: z.string(),
      parentId: z.string().optional(),
      deleteOptions: z.object({ folderMustBeEmpty: z.boolean(), deleteFinally: z.boolean() }),
      unlockZ: bits,
    }),
    (state, { objId, parentId, deleteOptions, unlockZ }) => {
      const entry = writable(state, objId);
      if (parentId !== undefined && Number(parentId) !== entry.parentId)
        return entry.references.delete(Number(parentId));
      const holds = state.archive.seenIn(entry.id).length > 0;
      if (entry.isFolder && deleteOptions.folderMustBeEmpty && holds) throw denied('the folder is not empty');
      if (unlockZ.bset !== '0') unlock(state, entry);
      state.archive.remove(entry);
      return true;
    },
  ),

  findFirstSords: method(
    z.object({
      max: z.int(),
      findInfo: z.object({
        findChildren: z.object({ parentId: z.string(), mainParent: z.boolean() }).optional(),
        findByIndex: z.object({ name: z.string() }).optional(),
        findOptions: z.object({
          TStamp: z.string().optional(),
          inclDeleted: z.boolean().optional(),
          totalCount: z.int().optional(),
        }),
      }),
    }),
    (state, { max, findInfo }) => {
      const searchId = randomUUID();
      const { findChildren, findOptions } = findInfo;
      const all = findChildren === undefined ? changed(state, findOptions) : childrenFor(state, findChildren);
      const most = findOptions.totalCount ?? 10_000;
      state.searches.set(searchId, all.slice(0, most));
      return { ...page(state, searchId, 0, max), breakTotalCount: all.length > most };
    },
  ),

  findNextSords: method(
    z.object({ searchId: z.string(), idx: z.int(), max: z.int() }),
    (state, { searchId, idx, max }) => page(state, searchId, idx, max),
  ),

  findClose: method(z.object({ searchId: z.string() }), (state, { searchId }) => {
    state.searches.delete(searchId);
    return undefined;
  }),
};

// Entries

function readable({ archive }: EloState, name: string): EloEntry {
  const entry = archive.byName(name);
  if (entry === undefined) throw notFound(name);
  if (entry.isHidden) throw denied(`you may not read the object with ID ${name}`);
  return entry;
}

function writable(state: EloState, name: string): EloEntry {
  const entry = readable(state, name);
  if (entry.isDeleted) throw notFound(name);
  if (entry.lockedBy !== null && entry.lockedBy !== state.habits.user) throw lockedBy(entry);
  return entry;
}

const lockedBy = ({ id, lockedBy: user }: EloEntry) =>
  new EloError(5022, `The object with ID ${id} is locked by ${user ?? ''}.`);

function lock({ archive, habits }: EloState, entry: EloEntry): void {
  if (entry.lockedBy !== null && entry.lockedBy !== habits.user) throw lockedBy(entry);
  entry.lockedBy = habits.user;
  if (archive.habits.lockTouches) archive.touch(entry);
}

function unlock({ habits }: EloState, entry: EloEntry): void {
  if (entry.lockedBy !== null && entry.lockedBy !== habits.user) throw lockedBy(entry);
  entry.lockedBy = null;
}

const nameOf = ({ id, guid }: Written): string => guid ?? String(id ?? '');

/** Makes a new one where its number is -1. ELO looks at neither its name nor who else has it. */
function writeEntry(state: EloState, sord: Written, isFolder: boolean): EloEntry {
  const { archive } = state;
  if ((sord.name ?? '').length > state.habits.mostNameCharacters) throw invalid('sord.name');
  const before = (sord.id ?? -1) > 0 ? writable(state, nameOf(sord)) : null;
  refuseFields(state, before, sord);
  const entry = before ?? newEntry(state, sord, isFolder);
  entry.name = sord.name ?? entry.name;
  for (const { name, data } of sord.objKeys ?? []) entry.objKeys.set(name, data);
  entry.form = sord.mask ?? entry.form;
  archive.touch(entry);
  return entry;
}

function newEntry(state: EloState, sord: Written, isFolder: boolean): EloEntry {
  const { archive, habits } = state;
  if (sord.acl === undefined) throw invalid('sord.acl');
  const folder = readable(state, String(sord.parentId ?? ''));
  if (folder.isDeleted) throw notFound(String(folder.id));
  const isOurs = sord.guid !== undefined && !state.issued.has(sord.guid);
  if (isOurs && habits.guids === 'refused') throw invalid('sord.guid');
  if (sord.guid !== undefined && archive.byName(sord.guid) !== undefined)
    throw new EloError(5005, `The object ${sord.guid} already exists.`);
  const isKept = sord.guid !== undefined && habits.guids !== 'ignored';
  return archive.add(folder.id, sord.name ?? '', isFolder, isKept ? { guid: sord.guid ?? '' } : {});
}

/** Nobody has documented what ELO does with values that do not fit, so this one refuses them all. */
function refuseFields({ archive }: EloState, before: EloEntry | null, { mask, objKeys = [] }: Written): void {
  const lines = archive.formOf(mask ?? before?.form ?? 0)?.lines ?? [];
  for (const { name, data } of objKeys) {
    const line = lines.find(({ key }) => key === name);
    if (line === undefined && !before?.objKeys.has(name)) throw invalid(`sord.objKeys ${name}`);
    if (line !== undefined && data.some((value) => !fitsLine(line, value)))
      throw invalid(`the value of ${name}`);
  }
}

const fitsLine = ({ type, most = 255 }: EloLine, value: string): boolean => {
  if (value === '') return true;
  if (type === lineTypes.number && !/^-?\d+(?:\.\d+)?$/.test(value)) return false;
  if (type === lineTypes.isoDate && !/^\d{8}$/.test(value)) return false;
  return value.length <= most;
};

function template(state: EloState, wish: { parentId: string; maskId: string }, type: number): object {
  const folder = readable(state, wish.parentId);
  const form = state.archive.formOf(wish.maskId === '' ? (type < 254 ? 1 : 0) : wish.maskId);
  if (form === undefined) throw notFound(wish.maskId);
  const guid = `(${randomUUID().toUpperCase()})`;
  state.issued.add(guid);
  return {
    ...{ id: -1, guid, name: '', type, parentId: folder.id, mask: form.id, acl: '2-7A+PYJA', lockId: -1 },
    details: { encryptionSet: folder.encryptionSet },
    objKeys: form.lines.map(({ id, key, usual = '' }) => ({ id, name: key, data: [usual] })),
  };
}

function shown(state: EloState, entry: EloEntry): object {
  const version = currentVersion(entry);
  const above = state.archive.foldersAbove(entry).map(({ id, guid, name }) => ({ id, guid, name }));
  const referred = [...entry.references].map((id) => ({ path: [{ id, guid: '(X)', name: 'elsewhere' }] }));
  return {
    id: entry.id,
    guid: entry.guid,
    name: entry.name,
    type: entry.id === rootId ? 9999 : entry.isFolder ? 4 : 254,
    parentId: entry.parentId,
    TStamp: entry.TStamp,
    deleted: entry.isDeleted,
    lockId: entry.lockedBy === null ? -1 : 7,
    lockName: entry.lockedBy ?? '',
    access: 63,
    childCount: state.archive.seenIn(entry.id).length,
    mask: entry.form,
    acl: '2-7A+PYJA',
    details: { encryptionSet: entry.encryptionSet },
    objKeys: [...entry.objKeys].map(([name, data]) => ({ name, data })),
    ...(version === undefined ? {} : { docVersion: shownVersion(state, entry, version.id) }),
    ...(state.habits.leavesOutPaths ? {} : { refPaths: [...referred, { path: above, pathAsString: '' }] }),
  };
}

function shownVersion({ habits }: EloState, entry: EloEntry, id: number): object {
  const place = entry.versions.findIndex((version) => version.id === id);
  const version = entry.versions[place];
  if (version === undefined) throw notFound(String(id));
  return {
    id,
    guid: version.guid,
    version: `${place + 1}.0`,
    ext: version.ext,
    md5: md5Of(version.bytes),
    size: String(version.bytes.length),
    comment: version.comment,
    url: `${habits.innerUrl}/ix?cmd=readdoc1&id=${id}&objid=${entry.id}&eticket=geheim`,
  };
}

// Searches

function childrenFor(state: EloState, wish: { parentId: string; mainParent: boolean }): EloEntry[] {
  const folder = readable(state, wish.parentId);
  return state.archive
    .seenIn(folder.id)
    .filter((entry) => !entry.isHidden && (!wish.mainParent || entry.parentId === folder.id))
    .sort((one, other) => one.name.localeCompare(other.name) || one.id - other.id);
}

/** "The selection includes the range limits." */
function changed(
  { archive }: EloState,
  { TStamp = '...', inclDeleted = false }: { TStamp?: string | undefined; inclDeleted?: boolean | undefined },
): EloEntry[] {
  const [from = '', to = ''] = TStamp.split('...');
  return [...archive.entries.values()]
    .filter((entry) => !entry.isHidden && entry.TStamp >= from && entry.TStamp <= to)
    .filter((entry) => inclDeleted || !entry.isDeleted)
    .sort((one, other) => one.name.localeCompare(other.name) || one.id - other.id);
}

function page(state: EloState, searchId: string, start: number, max: number): object {
  const found = state.searches.get(searchId);
  if (found === undefined) throw invalid(`searchId ${searchId} is unknown`);
  const end = start + Math.min(max, state.habits.pageMost);
  const sords = found.slice(start, end).map((entry) => shown(state, entry));
  return { searchId, sords, moreResults: end < found.length };
}
