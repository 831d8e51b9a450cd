import type { HttpAnswer } from '../../outside/http-client';
import {
  type Content,
  type Draft,
  type Item,
  type Patch,
  type Place,
  type Revision,
  tombstone,
  type Written,
} from '../../pipeline/system';
import { type DriveItem, readItem } from './drive-items';
import type { GraphApi } from './graph-api';
import { isNotFound, isSuccess } from './graph-error';
import type { Root } from './library';
import { sharepointNames } from './names';
import { refusalOf, type Refused } from './refusals';
import { fileSystemInfoOf } from './upload-session';
import { type Target, upload, type Uploaded, type UploadSettings } from './uploads';
import { quotable } from '../../../shared/domain/reason';
import { folderInItself, folderMissing, folderNotEmpty, placeMissing, refusal } from '../../pipeline/refusal';

export interface WritingParts {
  readonly api: GraphApi;
  readonly uploads: UploadSettings;
  readonly root: (signal: AbortSignal) => Promise<Root>;
  /** Throws `root-missing`. */
  readonly lookAtRoot: (signal: AbortSignal) => Promise<Root>;
  /** Null: it is gone. */
  readonly look: (key: string, signal: AbortSignal) => Promise<Item | null>;
  readonly itemOf: (item: DriveItem, root: Root) => Item;
  /** Whether anything may be written in the library. */
  readonly mayWrite: (signal: AbortSignal) => Promise<boolean>;
  /** The first page of the contents of a folder. */
  readonly firstIn: (key: string, signal: AbortSignal) => Promise<readonly DriveItem[]>;
  /** True if a folder is in another one, or is that folder itself. */
  readonly liesIn: (folderId: string, other: string, signal: AbortSignal) => Promise<boolean>;
}

export interface Writing {
  create(draft: Draft, signal: AbortSignal): Promise<Written>;
  update(key: string, patch: Patch, expected: Revision, signal: AbortSignal): Promise<Written>;
  move(key: string, place: Place, expected: Revision, signal: AbortSignal): Promise<Written>;
  delete(key: string, expected: Revision, signal: AbortSignal): Promise<Written>;
}

export function createWriting(parts: WritingParts): Writing {
  const { api, look } = parts;
  const uploading = { api, settings: parts.uploads };
  const pathOf = (root: Root, key: string) => `${root.drivePath}/items/${encodeURIComponent(key)}`;

  /** The item that Graph shows after a write; it is fetched if Graph leaves it out. */
  async function shown(answer: HttpAnswer, root: Root, signal: AbortSignal): Promise<Written> {
    const item = readItem(answer.json);
    if (item.eTag !== undefined && item.parentReference?.id !== undefined && item.name !== undefined)
      return { kind: 'done', item: parts.itemOf(item, root) };
    const now = await look(item.id, signal);
    return now === null ? { kind: 'stale', item: null } : { kind: 'done', item: now };
  }

  /** Like `shown`, but also writes the date of the content, which a `PUT` does not. The file is complete without it. */
  async function shownWithDate(
    answer: HttpAnswer,
    { modifiedAt = null }: Content,
    root: Root,
    signal: AbortSignal,
  ): Promise<Written> {
    const { id, eTag, fileSystemInfo } = readItem(answer.json);
    const kept = new Date(fileSystemInfo?.lastModifiedDateTime ?? '').getTime();
    if (modifiedAt === null || eTag === undefined || isSameSecond(kept, modifiedAt.getTime()))
      return shown(answer, root, signal);
    const json = { fileSystemInfo: fileSystemInfoOf(modifiedAt) };
    const headers = { 'if-match': eTag };
    const call = { operation: 'update', method: 'PATCH', path: pathOf(root, id), json, headers } as const;
    const dated = await api.call(call, signal);
    return shown(isSuccess(dated) ? dated : answer, root, signal);
  }

  async function refused(answer: HttpAnswer, signal: AbortSignal): Promise<Written> {
    return refusalOf(answer, () => parts.mayWrite(signal));
  }

  /** The refusal of a write to an existing item. If Graph says "not found", that may be the item or its new folder. */
  async function refusedFor(key: string, answer: HttpAnswer, signal: AbortSignal): Promise<Written> {
    const isStale = answer.status === 412 || isNotFound(answer);
    if (!isStale) return refused(answer, signal);
    const now = await look(key, signal);
    if (now === null || answer.status === 412) return { kind: 'stale', item: now };
    await parts.lookAtRoot(signal);
    return folderMissing;
  }

  async function make(root: Root, draft: Draft, place: Place, signal: AbortSignal): Promise<Uploaded> {
    const folder = pathOf(root, place.parent ?? root.id);
    if (!draft.isFolder) {
      const path = `${folder}:/${encodeURIComponent(place.name)}:`;
      const target: Target = { path, expected: null, isAsExpected: () => Promise.resolve(true) };
      return upload({ ...uploading, target, content: draft.content ?? empty }, signal);
    }
    const json = { name: place.name, folder: {}, '@microsoft.graph.conflictBehavior': 'fail' };
    return api.call({ operation: 'create', method: 'POST', path: `${folder}/children`, json }, signal);
  }

  return {
    async create(draft, signal) {
      const { place } = draft;
      if (place === null) return placeMissing;
      const bad = badName(place.name);
      if (bad !== null) return bad;
      const root = await parts.root(signal);
      const answer = await make(root, draft, place, signal);
      if (answer === 'stale') return { kind: 'stale' };
      if (isSuccess(answer)) return shownWithDate(answer, draft.content ?? empty, root, signal);
      if (!isNotFound(answer)) return refused(answer, signal);
      await parts.lookAtRoot(signal);
      return folderMissing;
    },
    async update(key, { content }, expected, signal) {
      const root = await parts.root(signal);
      if (content === null) {
        const now = await look(key, signal);
        return now?.revision === expected ? { kind: 'done', item: now } : { kind: 'stale', item: now };
      }
      const isAsExpected: Target['isAsExpected'] = async (during) =>
        (await look(key, during))?.revision === expected;
      const target: Target = { path: pathOf(root, key), expected, isAsExpected };
      const answer = await upload({ ...uploading, target, content }, signal);
      if (answer === 'stale') return { kind: 'stale', item: await look(key, signal) };
      return isSuccess(answer)
        ? shownWithDate(answer, content, root, signal)
        : refusedFor(key, answer, signal);
    },
    async move(key, place, expected, signal) {
      const bad = badName(place.name);
      if (bad !== null) return bad;
      const root = await parts.root(signal);
      const parent = place.parent ?? root.id;
      const json = {
        name: place.name,
        parentReference: { id: parent },
        '@microsoft.graph.conflictBehavior': 'fail',
      };
      const headers = { 'if-match': expected };
      const call = { operation: 'move', method: 'PATCH', path: pathOf(root, key), json, headers } as const;
      const answer = await api.call(call, signal);
      if (isSuccess(answer)) return shown(answer, root, signal);
      // Graph has no error code for this.
      if (answer.status !== 412 && (await parts.liesIn(parent, key, signal))) return folderInItself;
      return refusedFor(key, answer, signal);
    },
    async delete(key, expected, signal) {
      const root = await parts.root(signal);
      const now = await look(key, signal);
      if (now?.revision !== expected) return { kind: 'stale', item: now };
      // Graph deletes a folder with all its contents.
      if (now.isFolder && (await parts.firstIn(key, signal)).length > 0) return folderNotEmpty;
      const headers = { 'if-match': expected };
      const call = { operation: 'delete', method: 'DELETE', path: pathOf(root, key), headers } as const;
      const answer = await api.call(call, signal);
      if (isSuccess(answer)) return { kind: 'done', item: tombstone(key) };
      return refusedFor(key, answer, signal);
    },
  };
}

const empty: Content = {
  size: 0,
  hash: null,
  open: async () => (async function* () {})(),
};

/** Graph only stores whole seconds. */
const isSameSecond = (one: number, other: number): boolean => Math.abs(one - other) < 1_000;

function badName(name: string): Refused | null {
  const fitting = sharepointNames.fitting(name);
  if (fitting === null) return null;
  return refusal('bad-name', { code: 'name-to-be-fitted', values: { fitting: quotable(fitting) } });
}
