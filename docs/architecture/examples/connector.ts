import { createHash, randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type Fields, sameValue } from '../../../shared/domain/merge-copy';
import { refusedBySystem } from '../../../worker/pipeline/refusal';
import { type Capabilities, type Item, tombstone, type Written } from '../../../worker/pipeline/system';
import { Trouble } from '../../../worker/pipeline/trouble';
import type { RemoteSystem, SystemConnector } from '../../../worker/systems/remote-system';
import { notebookEnd, notebookSettings } from './system-kind';

/** A notebook is one file of JSON: the records by their keys. */
export const createNotebookConnector = (): SystemConnector => ({
  registerWebhooks: null,
  open({ config, end }) {
    const { folder } = notebookSettings.parse(config);
    // Without an end it is only probed.
    const book = end === null ? 'none' : notebookEnd.parse(end).book;
    return Promise.resolve(openNotebook(path.join(folder, `${book}.json`)));
  },
});

const capabilities: Capabilities = {
  changes: 'scan',
  deletions: 'none',
  writes: 'checked',
  creates: 'found',
  answers: 'stored',
  tree: null,
  content: null,
  deferred: false,
  batch: 100,
};

const unsupported = (said: string): Promise<Written> => Promise.resolve(refusedBySystem('invalid', said));

function openNotebook(file: string): RemoteSystem {
  const items = async () => [...(await readBook(file))].map(([key, record]) => itemOf(key, record));
  return {
    capabilities,
    async *list() {
      yield { items: await items(), cursor: null, isWhole: true };
    },
    async fetch(keys) {
      const wanted = (await items()).filter(({ key }) => keys.includes(key));
      return new Map(wanted.map((item) => [item.key, item]));
    },
    async find(match) {
      const all = await items();
      if (match.by === 'origin') return all.filter(({ origin }) => origin === match.key);
      return match.by === 'fields' ? all.filter(({ fields }) => hasAll(fields, match.fields)) : [];
    },
    create: (origin, { fields }) =>
      change(file, (book) => {
        const [key, record] = [randomUUID(), { origin, fields }];
        book.set(key, record);
        return { kind: 'done', item: itemOf(key, record) };
      }),
    update: (key, patch, expected) =>
      changeOne(file, { key, expected }, (book, record) => {
        const changed = { ...record, fields: { ...record.fields, ...patch.fields } };
        book.set(key, changed);
        return { kind: 'done', item: itemOf(key, changed) };
      }),
    move: () => unsupported('A notebook has no folders.'),
    delete: (key, expected) =>
      changeOne(file, { key, expected }, (book) => {
        book.delete(key);
        return { kind: 'done', item: tombstone(key) };
      }),
    async probe() {
      const findings = await readBook(file).then(
        () => [],
        () => [{ level: 'error' as const, code: 'unreadable', message: 'The notebook cannot be read.' }],
      );
      return { ok: findings.length === 0, version: null, clockOffsetMs: null, findings };
    },
    close: () => Promise.resolve(),
  };
}

const value = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const recordShape = z.object({ origin: z.string(), fields: z.record(z.string(), value) });
type NotebookRecord = { readonly origin: string; readonly fields: Fields };
type Book = Map<string, NotebookRecord>;

const itemOf = (key: string, { origin, fields }: NotebookRecord): Item => ({
  key,
  revision: createHash('sha256').update(JSON.stringify(fields)).digest('base64url'),
  isActive: true,
  fields,
  place: null,
  isFolder: false,
  origin,
});

const hasAll = (fields: Fields, wanted: Fields): boolean =>
  Object.entries(wanted).every(([name, value]) => sameValue(fields[name] ?? null, value));

/** A file that is not there is a fault, and no empty notebook: an empty one says that everything was deleted. */
async function readBook(file: string): Promise<Book> {
  try {
    const records: unknown = JSON.parse(await readFile(file, 'utf8'));
    return new Map(Object.entries(z.record(z.string(), recordShape).parse(records)));
  } catch (error) {
    throw new Trouble('unavailable', 'The notebook cannot be read.', undefined, { cause: error });
  }
}

/** The new file takes the place of the old one, so that nobody ever reads half of one. */
async function change(file: string, edit: (book: Book) => Written): Promise<Written> {
  const book = await readBook(file);
  const written = edit(book);
  if (written.kind !== 'done') return written;
  await writeFile(`${file}.new`, JSON.stringify(Object.fromEntries(book)));
  await rename(`${file}.new`, file);
  return written;
}

interface Target {
  readonly key: string;
  readonly expected: string;
}

/** What someone else has changed meanwhile is left to a later look at it. */
const changeOne = (
  file: string,
  { key, expected }: Target,
  edit: (book: Book, record: NotebookRecord) => Written,
): Promise<Written> =>
  change(file, (book) => {
    const record = book.get(key);
    if (record === undefined) return { kind: 'stale', item: null };
    const item = itemOf(key, record);
    return item.revision === expected ? edit(book, record) : { kind: 'stale', item };
  });
