import { z } from 'zod';
import { type Cursor, type Item, type Page, tombstone } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { type DriveItem, isDeleted, isKept, itemPage, selected } from './drive-items';
import type { Folders } from './folders';
import type { GraphApi } from './graph-api';
import { errorOf, isNotFound, isSuccess, troubleOf } from './graph-error';
import type { Library, Root } from './library';

export interface ListingParts {
  readonly api: GraphApi;
  readonly library: Library;
  readonly folders: Folders;
  readonly itemOf: (item: DriveItem, root: Root) => Item;
}

/**
 * `link`: the path of the link that Graph gave, without its host. Our token is only sent to the configured host,
 * whatever a stored or received link says.
 */
const position = z.strictObject({
  root: z.string(),
  drive: z.string(),
  link: z.string().startsWith('/'),
  /** True: a listing from the beginning is in progress. */
  isWhole: z.boolean().optional(),
});
type Position = z.output<typeof position>;

/** Lists everything, or what changed since the cursor: the items of the root from a `delta` of the whole library. */
export async function* listDelta(
  { api, library, folders, itemOf }: ListingParts,
  since: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  const root = await library.lookAtRoot(signal);
  const from = since === null ? null : positionIn(since, root);
  const isWhole = from === null || from.isWhole === true;
  folders.begin();
  let path = from?.link ?? `${root.drivePath}/root/delta?${selected}`;
  for (let at = since; ;) {
    folders.goOn(at);
    const { mentions, next, isLast } = await readPage(api, path, signal);
    const sorted = await sortMentions(folders, mentions, root, signal);
    const items = [
      ...sorted.within.map((item) => itemOf(item, root)),
      ...(isWhole ? [] : sorted.without.map(({ id }) => tombstone(id))),
      ...sorted.gone.map(tombstone),
    ];
    const cursor = cursorOf({
      root: root.id,
      drive: root.drivePath,
      link: next,
      ...(isWhole && !isLast ? { isWhole } : {}),
    });
    const arrived = isWhole ? [] : sorted.arrived;
    if (arrived.length > 0) {
      yield { items, cursor: null, isWhole: false };
      for await (const inside of contentsOf(api, arrived, root, signal))
        yield { items: inside.map((item) => itemOf(item, root)), cursor: null, isWhole: false };
    }
    folders.reached(cursor);
    yield { items: arrived.length > 0 ? [] : items, cursor, isWhole: isWhole && isLast };
    if (isLast) return;
    if (next === path) throw new Trouble('unavailable', 'Graph gives the same page again and again');
    path = next;
    at = cursor;
  }
}

// Pages

interface DeltaPage {
  readonly mentions: readonly DriveItem[];
  /** Path and query. */
  readonly next: string;
  readonly isLast: boolean;
}

async function readPage(api: GraphApi, path: string, signal: AbortSignal): Promise<DeltaPage> {
  // Without it, each change of a file also lists all folders above it.
  const headers = { deltaexcludeparent: 'true' };
  const answer = await api.call({ operation: 'list', method: 'GET', path, headers }, signal);
  // "410 Gone": whichever kind of new listing Graph asks for, its items are compared with what was last seen on each
  // side.
  if (answer.status === 410) throw new Trouble('cursor-expired', errorOf(answer).message);
  if (isNotFound(answer)) throw new Trouble('root-missing', 'the library is not there any more');
  if (!isSuccess(answer)) throw troubleOf(answer, 'the library cannot be listed');
  const page = itemPage.safeParse(answer.json).data;
  const nextLink = page?.['@odata.nextLink'];
  const link = nextLink ?? page?.['@odata.deltaLink'];
  if (page === undefined || link === undefined)
    throw new Trouble('unavailable', 'a page of the library ends without saying where it goes on');
  return { mentions: lastOf(page.value), next: api.pathOf(link), isLast: nextLink === undefined };
}

/** "The same item may appear more than once … You should use the last occurrence you see." */
const lastOf = (items: readonly DriveItem[]): readonly DriveItem[] => {
  const last = new Map<string, DriveItem>();
  for (const item of items) {
    last.delete(item.id);
    last.set(item.id, item);
  }
  return [...last.values()];
};

interface Sorted {
  readonly within: readonly DriveItem[];
  /** Items elsewhere in the library. Those that were in the root before have left it. */
  readonly without: readonly DriveItem[];
  readonly gone: readonly string[];
  /** Folders that may have come from elsewhere. Graph does not list their contents. */
  readonly arrived: readonly DriveItem[];
}

async function sortMentions(
  folders: Folders,
  mentions: readonly DriveItem[],
  root: Root,
  signal: AbortSignal,
): Promise<Sorted> {
  const gone = mentions.filter(isDeleted).map(({ id }) => id);
  if (gone.includes(root.id)) throw new Trouble('root-missing', 'the folder of the pair was deleted');
  const there = mentions.filter((item) => !isDeleted(item) && item.id !== root.id && isKept(item));
  const strangers = there.filter(({ id, folder }) => folder !== undefined && !folders.wasWithin(id, root));
  for (const id of gone) folders.told(id, null);
  for (const { id, folder, parentReference } of there)
    if (folder !== undefined) folders.told(id, parentReference?.id ?? null);
  const within: DriveItem[] = [];
  const without: DriveItem[] = [];
  for (const item of there) {
    const parent = item.parentReference?.id;
    const isWithin = parent !== undefined && (await folders.holds(parent, root, signal));
    (isWithin ? within : without).push(item);
  }
  const arrived = strangers.filter((item) => within.includes(item) && item.folder?.childCount !== 0);
  return { within, without, gone, arrived };
}

// Contents of folders

async function* contentsOf(
  api: GraphApi,
  arrived: readonly DriveItem[],
  root: Root,
  signal: AbortSignal,
): AsyncGenerator<readonly DriveItem[]> {
  const waiting = arrived.map(({ id }) => id);
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop())
    for await (const items of childrenOf(api, folder, root, signal)) {
      const kept = items.filter(isKept);
      waiting.push(...kept.filter(({ folder: is }) => is !== undefined).map(({ id }) => id));
      yield kept;
    }
}

/** The contents of a folder, page by page. A folder that is gone has none. */
export async function* childrenOf(
  api: GraphApi,
  folderId: string,
  { drivePath }: Root,
  signal: AbortSignal,
): AsyncGenerator<readonly DriveItem[]> {
  let path: string | null = `${drivePath}/items/${encodeURIComponent(folderId)}/children?${selected}`;
  while (path !== null) {
    const answer = await api.call({ operation: 'list', method: 'GET', path }, signal);
    if (isNotFound(answer)) return;
    if (!isSuccess(answer)) throw troubleOf(answer, 'a folder cannot be listed');
    const page = itemPage.safeParse(answer.json).data;
    if (page === undefined) throw new Trouble('unavailable', 'the answer does not have the form of a list');
    yield page.value;
    const link = page['@odata.nextLink'];
    const next: string | null = link === undefined ? null : api.pathOf(link);
    if (next === path) throw new Trouble('unavailable', 'Graph gives the same page again and again');
    path = next;
  }
}

// Cursors

const cursorOf = (at: Position): Cursor => JSON.stringify(at);

/** A cursor of another folder, of an earlier version or of other settings counts as none. */
function positionIn(cursor: Cursor, root: Root): Position {
  const parsed = position.safeParse(jsonIn(cursor)).data;
  if (parsed === undefined) throw new Trouble('cursor-expired', 'its cursor cannot be read');
  if (parsed.root !== root.id || parsed.drive !== root.drivePath)
    throw new Trouble('cursor-expired', 'the folder of the pair is another one than before');
  return parsed;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
