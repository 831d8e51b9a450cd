import { randomUUID } from 'node:crypto';
import { quickXorHash } from './quick-xor';

/** A file or folder in a library of SharePoint. */
export interface Row {
  readonly id: string;
  readonly guid: string;
  name: string;
  /** Null: it is the root of the drive. */
  parent: string | null;
  /** Null: it is a folder. */
  bytes: Buffer | null;
  /** Raised with every change. */
  version: number;
  /** Raised with every change of the content. */
  contentVersion: number;
  modifiedAt: string;
  /** The date that it had where it came from. */
  fileDate: string;
  /** Someone has it checked out, or open. */
  isLocked: boolean;
  /** A notebook. */
  isPackage: boolean;
}

/** How this library differs from a harmless one. */
export interface LibraryHabits {
  /** How Office files are rewritten: never; when they arrive; or some time after they were stored. */
  enrichment: 'none' | 'at-once' | 'later';
  /** False: it shows no hashes. */
  hasHashes: boolean;
  /** True: a deletion names all that lay in the folder. */
  tellsEachDeletion: boolean;
  /** Bytes that are left; null: no quota. */
  room: number | null;
}

export type LibraryErrorCode =
  | 'accessDenied'
  | 'invalidRequest'
  | 'itemNotFound'
  | 'nameAlreadyExists'
  | 'pathIsTooLong'
  | 'quotaLimitReached'
  | 'resourceLocked'
  | 'resourceModified';

/** The response to a refused call. */
export class LibraryError extends Error {
  constructor(
    readonly status: number,
    readonly code: LibraryErrorCode,
    message: string,
  ) {
    super(message);
  }
}

export interface Change {
  readonly id: string;
  readonly isDeleted: boolean;
  readonly parent: string | null;
}

/** One library, with the rules of SharePoint. */
export interface Library {
  readonly root: Row;
  readonly rows: Map<string, Row>;
  readonly habits: LibraryHabits;
  /** All that ever changed, in order; the place behind the last is the token of a delta. */
  readonly changes: Change[];
  /** Throws `itemNotFound`. */
  get(id: string): Row;
  at(parent: string, name: string): Row | null;
  childrenOf(parent: string): readonly Row[];
  pathOf(row: Row): string;
  add(wish: NewRow): Row;
  write(row: Row, bytes: Buffer): void;
  /** Whole seconds of it are kept, and it is another version. */
  date(row: Row, at: string): void;
  move(row: Row, parent: string, name: string): void;
  remove(row: Row): void;
  /** Deleted with all that lay in it, and put back as it was, as from the recycle bin. */
  restore(row: Row): void;
  checkName(parent: string, name: string): void;
  checkRoom(bytes: number): void;
  /** Carries out what is done to Office files later. */
  enrich(): void;
}

export interface NewRow {
  readonly parent: string;
  readonly name: string;
  readonly bytes: Buffer | null;
  readonly isPackage?: boolean;
}

export function createLibrary(): Library {
  const habits: LibraryHabits = {
    enrichment: 'none',
    hasHashes: true,
    tellsEachDeletion: false,
    room: null,
  };
  const rows = new Map<string, Row>();
  const changes: Change[] = [];
  const removed = new Map<string, Row[]>();
  const raw = new Set<string>();
  const root = newRow({ parent: '', name: 'root', bytes: null });
  root.parent = null;
  rows.set(root.id, root);

  const changed = (row: Row): void => {
    row.version += 1;
    row.modifiedAt = new Date().toISOString();
    changes.push({ id: row.id, isDeleted: false, parent: row.parent });
  };

  function store(row: Row, bytes: Buffer): void {
    const isOffice = /\.(docx|xlsx|pptx)$/i.test(row.name) && bytes.length > 0;
    row.bytes = isOffice && habits.enrichment === 'at-once' ? enriched(row, bytes) : bytes;
    if (isOffice && habits.enrichment === 'later') raw.add(row.id);
  }

  const childrenOf = (parent: string) => [...rows.values()].filter((row) => row.parent === parent);
  const below = (id: string): Row[] => childrenOf(id).flatMap((row) => [row, ...below(row.id)]);
  const get = (id: string): Row => {
    const row = rows.get(id);
    if (row === undefined) throw new LibraryError(404, 'itemNotFound', 'The resource could not be found.');
    return row;
  };
  const at = (parent: string, name: string): Row | null =>
    childrenOf(parent).find((row) => row.name.toLowerCase() === name.toLowerCase()) ?? null;
  const pathOf = (row: Row): string => (row.parent === null ? '' : `${pathOf(get(row.parent))}/${row.name}`);

  return {
    root,
    rows,
    habits,
    changes,
    get,
    at,
    childrenOf,
    pathOf,
    add(wish) {
      const row = newRow(wish);
      rows.set(row.id, row);
      if (wish.bytes !== null) store(row, wish.bytes);
      changed(row);
      return row;
    },
    date(row, at) {
      row.fileDate = `${at.slice(0, 19)}Z`;
      changed(row);
    },
    write(row, bytes) {
      store(row, bytes);
      row.fileDate = new Date().toISOString();
      row.contentVersion += 1;
      changed(row);
    },
    move(row, parent, name) {
      row.parent = parent;
      row.name = name;
      changed(row);
    },
    remove(row) {
      const inside = below(row.id);
      removed.set(row.id, [row, ...inside]);
      for (const one of [...inside].reverse()) {
        rows.delete(one.id);
        if (habits.tellsEachDeletion) changes.push({ id: one.id, isDeleted: true, parent: one.parent });
      }
      rows.delete(row.id);
      changes.push({ id: row.id, isDeleted: true, parent: row.parent });
    },
    restore(row) {
      for (const one of removed.get(row.id) ?? []) rows.set(one.id, one);
      changes.push({ id: row.id, isDeleted: false, parent: row.parent });
    },
    checkName(parent, name) {
      checkName(name);
      if (`${pathOf(get(parent))}/${name}`.length > 400)
        throw new LibraryError(400, 'pathIsTooLong', 'The specified file or folder path is too long.');
    },
    checkRoom(bytes) {
      if (habits.room !== null && bytes > habits.room)
        throw new LibraryError(507, 'quotaLimitReached', 'Quota limit reached.');
    },
    enrich() {
      for (const id of raw) {
        const row = rows.get(id);
        if (row?.bytes) {
          row.bytes = enriched(row, row.bytes);
          row.contentVersion += 1;
          changed(row);
        }
      }
      raw.clear();
    },
  };
}

let ids = 0;

function newRow({ parent, name, bytes, isPackage = false }: NewRow): Row {
  const guid = randomUUID().toUpperCase();
  const number = (ids += 1).toString(36).toUpperCase().padStart(6, '0');
  const modifiedAt = new Date().toISOString();
  const id = `01${number}${guid.replaceAll('-', '').slice(0, 24)}`;
  const versions = { version: 0, contentVersion: 1 };
  const fileDate = modifiedAt;
  return { id, guid, name, parent, bytes, ...versions, modifiedAt, fileDate, isLocked: false, isPackage };
}

/** "SharePoint modifies files": it writes the properties of the library into them. */
const enriched = ({ guid }: Row, bytes: Buffer): Buffer =>
  bytes.includes('<sharepoint') ? bytes : Buffer.concat([bytes, Buffer.from(`<sharepoint id="${guid}"/>`)]);

function checkName(name: string): void {
  const refuse = (why: string) => {
    throw new LibraryError(400, 'invalidRequest', `The provided name ${why}.`);
  };
  if (name === '' || name.length > 255) refuse('is not allowed');
  if (/["*:<>?/\\|\u0000-\u001f]/.test(name))
    refuse('cannot contain any of the characters " * : < > ? / \\ |');
  if (/^\s|[\s.]$/.test(name)) refuse('cannot begin or end with a space, or end with a dot');
  if (/^(con|prn|aux|nul|com\d|lpt\d|\.lock|desktop\.ini)$|^~\$|_vti_/i.test(name)) refuse('is reserved');
}

/** As Graph shows it. `isListed`: by a delta, which leaves out some. */
export function shownItem(library: Library, row: Row, isListed: boolean): Record<string, unknown> {
  const { bytes } = row;
  const path = row.parent === null ? null : library.pathOf(library.get(row.parent));
  return {
    id: row.id,
    name: row.name,
    eTag: eTagOf(row),
    lastModifiedDateTime: row.modifiedAt,
    fileSystemInfo: { lastModifiedDateTime: row.fileDate },
    size: bytes === null ? library.childrenOf(row.id).length * 10 : bytes.length,
    ...(isListed || bytes === null ? {} : { cTag: `"c:{${row.guid}},${row.contentVersion}"` }),
    ...(row.isPackage ? { package: { type: 'oneNote' } } : {}),
    ...(bytes === null && !row.isPackage
      ? { folder: { childCount: library.childrenOf(row.id).length } }
      : {}),
    ...(bytes === null ? {} : { file: fileFacet(library, bytes) }),
    ...(row.parent === null ? { root: {} } : {}),
    parentReference: {
      driveType: 'documentLibrary',
      ...(row.parent === null ? {} : { id: row.parent }),
      ...(isListed || path === null ? {} : { path: `/drive/root:${path}` }),
    },
  };
}

const fileFacet = ({ habits }: Library, bytes: Buffer): object => ({
  mimeType: 'application/octet-stream',
  ...(habits.hasHashes ? { hashes: { quickXorHash: quickXorHash(bytes) } } : {}),
});

export const eTagOf = ({ guid, version }: Row): string => `"{${guid}},${version}"`;

/** "If the eTag (or cTag) provided does not match": 412. */
export function checkTag(row: Row, expected: string | string[] | undefined): void {
  if (expected === undefined) return;
  if (expected === eTagOf(row) || expected === `"c:{${row.guid}},${row.contentVersion}"`) return;
  throw new LibraryError(412, 'resourceModified', "ETag does not match current item's value");
}
