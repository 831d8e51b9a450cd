import type { Draft, Item, Written } from '../../pipeline/system';
import { folderMissing, nameImpossible, nameTaken } from '../../pipeline/refusal';
import { Trouble } from '../../pipeline/trouble';
import type { Archive } from './archive';
import { IxFault, ixCodes, refusalOf } from './faults';
import { type Forms, isRefused } from './forms';
import { eloNames, shortName } from './names';
import type { Elo } from './opened';
import { allMembers, editInfo, noLock } from './selectors';
import { readSord, type Sord } from './sord';
import { checkIn, encryptionOf, upload } from './uploads';

/** Creates entries with the key of their creation as GUID, if the server accepts it. */
export interface Creator {
  create(key: string, draft: Draft, signal: AbortSignal): Promise<Written>;
  /** The entry that was created under that key. Null: there is none. */
  madeAs(key: string, signal: AbortSignal): Promise<Item | null>;
  /** True: the server was seen to keep a GUID of ours. Null: not known, because nothing was created yet. */
  readonly keepsKeys: boolean | null;
}

export function createCreator(elo: Elo, archive: Archive, forms: Forms): Creator {
  let keepsKeys: boolean | null = null;

  async function make(key: string, draft: Draft, signal: AbortSignal): Promise<Written> {
    const guid = keepsKeys === false ? null : guidOf(key);
    const before = guid === null ? null : await archive.reader.look(guid, signal);
    const there = before === null ? null : await archive.itemOf(before, signal);
    if (there !== null) return { kind: 'done', item: there };
    const { place } = draft;
    if (place === null) throw new Trouble('invalid', 'a document needs a place');
    if (eloNames.fitting(place.name) !== null) return nameImpossible(place.name);
    const folder = await archive.folder(place.parent, signal);
    if (folder === null) return folderMissing;
    if ((await archive.named(folder, place.name, signal)).length > 0) return nameTaken;
    // ELO does not reuse the number of a deleted entry.
    return insert({ guid: before === null ? guid : null, draft, name: place.name, folder }, signal);
  }

  async function insert(wish: Wish, signal: AbortSignal): Promise<Written> {
    const template = await templateIn(elo, forms, wish, signal);
    const objKeys = await forms.filled(template, wish.draft.fields, signal);
    if (isRefused(objKeys)) return objKeys;
    try {
      return await shown(wish.guid, await checkInNew(elo, { ...template, objKeys }, wish, signal), signal);
    } catch (error) {
      const isRefused = error instanceof IxFault && error.code === ixCodes.invalidParameter;
      if (!isRefused || wish.guid === null || keepsKeys === true) throw error;
      // Perhaps the server refuses the GUID. A second attempt without it shows whether that was the reason.
      const written = await insert({ ...wish, guid: null }, signal);
      keepsKeys = false;
      return written;
    }
  }

  /** Reads the entry as it is stored, because that may differ from what was sent. */
  async function shown(guid: string | null, objId: string, signal: AbortSignal): Promise<Written> {
    const entry = await archive.reader.look(objId, signal);
    const item = entry === null ? null : await archive.itemOf(entry, signal);
    if (entry === null || item === null)
      throw new Trouble('unavailable', 'ELO does not show what it has just made');
    if (guid !== null) keepsKeys = sameGuid(entry.guid, guid);
    return { kind: 'done', item };
  }

  return {
    async create(key, draft, signal) {
      try {
        return await make(key, draft, signal);
      } catch (error) {
        if (!(error instanceof IxFault)) throw error;
        return error.code === ixCodes.notFound ? folderMissing : refusalOf(error);
      }
    },
    async madeAs(key, signal) {
      const guid = guidOf(key);
      const entry = guid === null ? null : await archive.reader.look(guid, signal);
      return entry === null ? null : archive.itemOf(entry, signal);
    },
    get keepsKeys() {
      return keepsKeys;
    },
  };
}

interface Wish {
  /** Null: the server chooses it. */
  readonly guid: string | null;
  readonly draft: Draft;
  readonly name: string;
  readonly folder: Sord;
}

/** "Access rights and replication information are initialized from the parent." This call creates nothing yet. */
async function templateIn(
  { api, settings, end }: Elo,
  forms: Forms,
  { draft, folder }: Wish,
  signal: AbortSignal,
): Promise<Sord> {
  const mask = draft.isFolder
    ? (end.folderMask ?? settings.folderMask)
    : (end.documentMask ?? settings.documentMask);
  const parameters = { parentId: folder.guid, maskId: mask ?? '', editInfoZ: editInfo };
  const name = draft.isFolder ? 'createSord' : 'createDoc';
  const answer = await api
    .call({ operation: 'create', name, parameters }, signal)
    .catch(async (error: unknown) => {
      const isNotFound = error instanceof IxFault && error.code === ixCodes.notFound;
      // Either the folder or the form does not exist.
      if (isNotFound && mask !== undefined) await forms.need(mask, signal);
      throw error;
    });
  if (typeof answer === 'object' && answer !== null && 'sord' in answer) return readSord(answer.sord);
  throw new Trouble('unavailable', 'ELO gave no form for a new entry');
}

/** Returns the number or the GUID by which the new entry can be read. */
async function checkInNew(elo: Elo, template: Sord, wish: Wish, signal: AbortSignal): Promise<string> {
  const { api } = elo;
  const { draft } = wish;
  const short = draft.isFolder ? { name: wish.name, extension: '' } : shortName(wish.name);
  const entry = {
    ...template,
    name: short.name,
    guid: wish.guid ?? template.guid,
  };
  if (draft.isFolder) {
    const parameters = { sord: entry, sordZ: allMembers, unlockZ: noLock };
    return String(await api.call({ operation: 'create', name: 'checkinSord', parameters }, signal));
  }
  if (draft.content === null) throw new Trouble('invalid', 'a document needs a content');
  const uploadWish = {
    objId: null,
    extension: short.extension,
    encryptionSet: encryptionOf(template),
  };
  const uploaded = await upload(api, uploadWish, draft.content, signal);
  return (
    (await checkIn(api, { entry, unlockZ: noLock, operation: 'create' }, uploaded, signal)) ?? entry.guid
  );
}

/**
 * ELO writes a GUID in parentheses and capitals: `(65368C89-8D3E-503E-8522-34622DD9E8DC)`. Null: the key is not a GUID.
 */
function guidOf(key: string): string | null {
  const isUuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(key);
  return isUuid ? `(${key.toUpperCase()})` : null;
}

const sameGuid = (one: string, other: string): boolean => one.toUpperCase() === other.toUpperCase();
