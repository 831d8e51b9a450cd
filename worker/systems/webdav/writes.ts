import type { HttpAnswer } from '../../outside/http-client';
import type { Content, RefusalCode } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import type { NewEntry, PathEntry, PathTree, TreeRemoved, TreeWritten } from '../tree/path-tree';
import { failedInside, isDone, refusalOf } from './answers';
import type { DavClient } from './dav-client';
import { isAsExpected, refusesItsOwnTag } from './expectations';
import { createFileWrites } from './file-writes';
import type { DavListing } from './listing';
import { folderOf, nameOf } from './places';
import { isKept, preconditionOf } from './preconditions';
import { keepKey } from './properties';
import { removeFolder } from './remove-folder';
import { type ServerTraits, treeTraitsOf } from './server-traits';
import { folderInItself, folderMissing, nameImpossible, nameTaken } from '../../pipeline/refusal';

/** What writing needs. */
export interface WritingDeps {
  readonly client: DavClient;
  readonly listing: DavListing;
  /** What the server does. An unknown server is probed first. */
  readonly traits: (signal: AbortSignal) => Promise<ServerTraits>;
  /** False: the server was unknown when the caller chose the names. */
  readonly areNamesKnown: boolean;
}

type Writes = Pick<PathTree, 'makeFolder' | 'makeFile' | 'replaceFile' | 'move' | 'remove'>;

export function createWrites(deps: WritingDeps): Writes {
  const files = createFileWrites(deps);
  return {
    makeFolder: (path, wish, signal) => makeFolder(deps, path, wish, signal),
    async makeFile(path: string, content: Content, wish: NewEntry, signal: AbortSignal) {
      const traits = await deps.traits(signal);
      const bad = badName(deps, traits, path);
      if (bad !== null) return bad;
      return explained(deps, path, await files.make(traits, { path, content, wish }, signal), signal);
    },
    async replaceFile(expected, content, signal) {
      return files.replace(await deps.traits(signal), { expected, content }, signal);
    },
    move: (expected, path, signal) => move(deps, expected, path, signal),
    remove: (expected, signal) =>
      expected.isFolder ? removeFolder(deps, expected, signal) : removeFile(deps, expected, signal),
  };
}

function badName({ areNamesKnown }: WritingDeps, traits: ServerTraits, path: string): TreeWritten | null {
  const name = nameOf(path);
  if (treeTraitsOf(traits).names.fitting(name) === null) return null;
  if (!areNamesKnown)
    throw new Trouble(
      'unavailable',
      `it was found out just now that the server takes no name like "${name}"; the next attempt chooses another one`,
    );
  return nameImpossible(name);
}

async function makeFolder(
  deps: WritingDeps,
  path: string,
  wish: NewEntry,
  signal: AbortSignal,
): Promise<TreeWritten> {
  const traits = await deps.traits(signal);
  const bad = badName(deps, traits, path);
  if (bad !== null) return bad;
  const { client, listing } = deps;
  if (!traits.foldersOnlyNew && (await listing.look(path, signal)) !== null) return nameTaken;
  const request = { operation: 'create', method: 'MKCOL', path, isFolder: true } as const;
  const answer = await client.send(request, signal);
  if (!isDone(answer)) return explained(deps, path, refusalOf(answer, 'MKCOL'), signal);
  if (traits.keepsProperties) await keepKey(client, { path, isFolder: true, key: wish.origin }, signal);
  const entry = await listing.look(path, signal);
  if (entry?.isFolder !== true) throw notStored(path);
  return { kind: 'done', entry };
}

const unclear: ReadonlySet<RefusalCode> = new Set(['no-folder', 'name-taken', 'invalid', 'forbidden']);

/** The same status may mean that the folder is gone, that the root is gone, or that the name is taken. */
async function explained(
  deps: WritingDeps,
  path: string,
  written: TreeWritten,
  signal: AbortSignal,
): Promise<TreeWritten> {
  if (written.kind !== 'refused' || !unclear.has(written.code)) return written;
  const hindrance = await hindranceAt(deps, path, signal);
  if (hindrance !== null) return hindrance;
  if (written.code === 'forbidden' || written.code === 'invalid') return written;
  throw new Trouble(
    'unavailable',
    'the server refuses the name as taken or its folder as missing, and both are well',
  );
}

/** Null: the folder is there, and the name is free. */
async function hindranceAt(
  { listing }: WritingDeps,
  path: string,
  signal: AbortSignal,
): Promise<TreeWritten | null> {
  const around = await listing.look(folderOf(path), signal);
  if (around?.isFolder !== true) {
    await listing.needRoot(signal);
    return folderMissing;
  }
  return (await listing.look(path, signal)) === null ? null : nameTaken;
}

async function move(
  deps: WritingDeps,
  expected: PathEntry,
  path: string,
  signal: AbortSignal,
): Promise<TreeWritten> {
  const { client, listing } = deps;
  const { isFolder } = expected;
  if (isFolder && path.startsWith(`${expected.path}/`)) return folderInItself;
  const traits = await deps.traits(signal);
  const bad = badName(deps, traits, path);
  if (bad !== null) return bad;
  const precondition = isFolder ? {} : preconditionOf(traits, client.places, expected);
  const isOtherSpelling = isSameSpelled(traits, expected.path, path);
  if (!isKept(precondition) || isOtherSpelling || !traits.movesOnlyToFree) {
    const now = await listing.look(expected.path, signal);
    if (!isAsExpected(now, expected)) return { kind: 'stale', entry: now };
  }
  if (isOtherSpelling) return respell(deps, expected, path, signal);
  if (!traits.movesOnlyToFree && (await listing.look(path, signal)) !== null) return nameTaken;
  const answer = await sendMove(client, { from: expected.path, to: path, isFolder, precondition }, signal);
  if (isDone(answer)) return shown(listing, path, signal);
  if (answer.status === 500) {
    // Apache also returns this if the target folder does not exist.
    const hindrance = await hindranceAt(deps, path, signal);
    if (hindrance === null) throw failedInside('MOVE');
    return hindrance;
  }
  if (answer.status === 404 || answer.status === 412) {
    const now = await listing.look(expected.path, signal);
    if (!isAsExpected(now, expected)) return { kind: 'stale', entry: now };
  }
  return explained(deps, path, refusalOf(answer, 'MOVE'), signal);
}

interface Step extends Pick<PathEntry, 'isFolder'> {
  readonly from: string;
  readonly to: string;
  readonly precondition?: Readonly<Record<string, string>>;
}

const sendMove = (
  client: DavClient,
  { from, to, isFolder, precondition = {} }: Step,
  signal: AbortSignal,
): Promise<HttpAnswer> =>
  client.send(
    {
      operation: 'move',
      method: 'MOVE',
      path: from,
      isFolder,
      headers: { destination: client.places.destination(to, isFolder), overwrite: 'F', ...precondition },
    },
    signal,
  );

/**
 * For a server that ignores case, the name `readme` is already taken by the item `README` itself, so the item is moved
 * to another name first. That name is visible in listings, so that after an interruption the next run renames the item.
 */
async function respell(
  deps: WritingDeps,
  expected: PathEntry,
  path: string,
  signal: AbortSignal,
): Promise<TreeWritten> {
  const { client, listing } = deps;
  const { path: before, isFolder } = expected;
  const aside = `${path} (renaming)`;
  const first = await sendMove(client, { from: before, to: aside, isFolder }, signal);
  if (!isDone(first)) return explained(deps, path, refusalOf(first, 'MOVE'), signal);
  const second = await sendMove(client, { from: aside, to: path, isFolder }, signal);
  if (isDone(second)) return shown(listing, path, signal);
  await sendMove(client, { from: aside, to: before, isFolder }, signal);
  return refusalOf(second, 'MOVE');
}

/** Two spellings of one path, for a server that ignores case or Unicode forms. */
export const isSameSpelled = ({ isCaseBlind, form }: ServerTraits, one: string, other: string): boolean => {
  const plain = (path: string) => {
    const formed = form === 'any' ? path : path.normalize('NFC');
    return isCaseBlind ? formed.toLowerCase() : formed;
  };
  return one !== other && plain(one) === plain(other);
};

async function removeFile(deps: WritingDeps, expected: PathEntry, signal: AbortSignal): Promise<TreeRemoved> {
  const { client, listing } = deps;
  const precondition = preconditionOf(await deps.traits(signal), client.places, expected);
  if (!isKept(precondition)) {
    const now = await listing.look(expected.path, signal);
    if (!isAsExpected(now, expected)) return { kind: 'stale', entry: now };
  }
  const request = { operation: 'delete', method: 'DELETE', path: expected.path, isFolder: false } as const;
  const answer = await client.send({ ...request, headers: precondition }, signal);
  if (isDone(answer)) return { kind: 'done' };
  if (![404, 410, 412].includes(answer.status)) return refusalOf(answer, 'DELETE');
  const now = await listing.look(expected.path, signal);
  if (isAsExpected(now, expected)) throw refusesItsOwnTag(expected.path);
  return { kind: 'stale', entry: now };
}

async function shown(listing: DavListing, path: string, signal: AbortSignal): Promise<TreeWritten> {
  const entry = await listing.look(path, signal);
  if (entry === null) throw notStored(path);
  return { kind: 'done', entry };
}

const notStored = (path: string): Trouble =>
  new Trouble('unavailable', `the server said that it had done it, and ${path} is not there`);
