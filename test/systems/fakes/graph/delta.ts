import type { FakeAnswer, FakeRequest } from '../http-fake';
import { type Library, type Row, shownItem } from './library';

/** The changes in a library since a token, page by page. */
export interface Delta {
  answer(request: FakeRequest): FakeAnswer;
  /** Tokens that were given out are no longer known. */
  expire(code: ResyncCode): void;
  /** Items of a page. */
  pageSize: number;
  /** Each item comes twice: as it was earlier, and at the end as it is. */
  repeats: boolean;
}

export type ResyncCode = 'resyncChangesApplyDifferences' | 'resyncChangesUploadDifferences';

/** `since`: as many changes were told before; null: everything is told. `until`: what a listing tells. */
interface Token {
  readonly epoch: number;
  readonly since: number | null;
  readonly until: number;
  readonly skip: number;
}

export function createDelta(library: Library, urlOf: (path: string) => string): Delta {
  let epoch = 0;
  let resync: ResyncCode = 'resyncChangesApplyDifferences';
  const delta: Delta = {
    pageSize: 4,
    repeats: false,
    expire(code) {
      epoch += 1;
      resync = code;
    },
    answer(request) {
      const { path, query, headers } = request;
      const written = query.get('token');
      const now = library.changes.length;
      const linkTo = (token: Token) => urlOf(`${path}?token=${encodeURIComponent(JSON.stringify(token))}`);
      if (written === 'latest')
        return { status: 200, json: { value: [], '@odata.deltaLink': linkTo(deltaToken(epoch, now)) } };
      const token = written === null ? null : tokenIn(written);
      if (token !== null && token.epoch !== epoch) return expired(resync, urlOf(path));
      const at: Token = token ?? { epoch, since: null, until: now, skip: 0 };
      // A delta link is followed later: it tells what changed until then.
      const until = token === null || token.until < 0 ? now : at.until;
      const all = entriesOf(library, at.since, until, headers['deltaexcludeparent'] !== undefined);
      const told = delta.repeats ? [...all.map(asEarlier), ...all] : all;
      const value = told.slice(at.skip, at.skip + delta.pageSize).map((entry) => selectedOf(entry, query));
      const skip = at.skip + delta.pageSize;
      const link =
        skip < told.length
          ? { '@odata.nextLink': linkTo({ ...at, until, skip }) }
          : { '@odata.deltaLink': linkTo(deltaToken(epoch, until)) };
      return { status: 200, json: { value, ...link } };
    },
  };
  return delta;
}

const deltaToken = (epoch: number, since: number): Token => ({ epoch, since, until: -1, skip: 0 });

function tokenIn(written: string): Token {
  const json = JSON.parse(written) as Partial<Token>;
  const { epoch = -1, since = null, until = -1, skip = 0 } = json;
  return { epoch, since, until, skip };
}

/** "410 Gone", with a link that begins from scratch. */
const expired = (code: ResyncCode, location: string): FakeAnswer => ({
  status: 410,
  headers: { location },
  json: { error: { code, message: 'Resync required.' } },
});

type Entry = Record<string, unknown>;

function entriesOf(library: Library, since: number | null, until: number, withoutParents: boolean): Entry[] {
  if (since === null) return withChildren(library, library.root).map((row) => shownItem(library, row, true));
  const last = new Map<string, Entry>();
  for (const { id, isDeleted, parent } of library.changes.slice(since, until)) {
    last.delete(id);
    const row = library.rows.get(id);
    // "The delta feed shows the latest state for each item, not each change."
    if (row === undefined || isDeleted) {
      if (row === undefined)
        last.set(id, { id, deleted: { state: 'deleted' }, parentReference: { id: parent } });
      continue;
    }
    if (!withoutParents)
      for (const above of foldersAbove(library, row)) last.set(above.id, shownItem(library, above, true));
    last.set(id, shownItem(library, row, true));
  }
  return [...last.values()];
}

const withChildren = (library: Library, row: Row): Row[] => [
  row,
  ...library.childrenOf(row.id).flatMap((child) => withChildren(library, child)),
];

function foldersAbove(library: Library, row: Row): Row[] {
  const parent = row.parent === null ? undefined : library.rows.get(row.parent);
  return parent === undefined ? [] : [...foldersAbove(library, parent), parent];
}

const asEarlier = (entry: Entry): Entry =>
  'deleted' in entry ? entry : { ...entry, eTag: '"{earlier},0"', name: `earlier ${String(entry['name'])}` };

function selectedOf(entry: Entry, query: URLSearchParams): Entry {
  const names = query.get('$select')?.split(',');
  if (names === undefined) return entry;
  return Object.fromEntries(Object.entries(entry).filter(([name]) => names.includes(name)));
}
