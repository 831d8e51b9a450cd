import type { DavProperty, DavResponse } from '../../../shared/formats/dav-multistatus';
import type { PathEntry } from '../tree/path-tree';

/** The properties that a server returns for one resource. */
export interface DavEntry extends PathEntry {
  /** The tag in quotes, without the mark of a weak one. Null: it has none. */
  readonly etag: string | null;
  /** In the form of ownCloud and Nextcloud, e.g. `SHA1:… MD5:…`. */
  readonly checksums: string;
}

/** The namespace of our property. */
export const syncNamespace = 'urn:epack:sync';
const owncloud = 'http://owncloud.org/ns';

/** The properties that are requested. A server leaves out those that it does not have. */
export const entryQuery = `<?xml version="1.0" encoding="utf-8"?>
<propfind xmlns="DAV:" xmlns:s="${syncNamespace}" xmlns:oc="${owncloud}"><prop><resourcetype/><getcontentlength/><getetag/><getlastmodified/><s:key/><oc:id/><oc:checksums/></prop></propfind>`;

/** Which of the server's values are hashes of the bytes, as a probe has shown. */
export type HashTrait = 'none' | 'etag-md5' | 'checksums';

export function entryFrom({ properties }: DavResponse, path: string, hashes: HashTrait): DavEntry {
  const text = (name: string) => properties.get(name)?.text.trim() ?? '';
  const isFolder = isCollection(properties.get('{DAV:}resourcetype'));
  const size = isFolder ? 0 : sizeIn(text('{DAV:}getcontentlength'));
  const etag = etagIn(text('{DAV:}getetag'));
  const modified = text('{DAV:}getlastmodified');
  const id = text(`{${owncloud}}id`);
  // A copy has our key as well, and an id of its own.
  const key = id === '' ? text(`{${syncNamespace}}key`) : '';
  const checksums = text(`{${owncloud}}checksums`);
  const entry = { isFolder, size, etag, checksums };
  return {
    ...entry,
    path,
    revision: isFolder ? '' : revisionOf(size, modified, etag),
    hash: isFolder ? null : hashOf(entry, hashes),
    identity: identityFrom(id, key),
    origin: key === '' ? null : key,
    modifiedAt: dateIn(modified),
  };
}

/** The ETag in a revision. Null: it has none. */
export const etagOf = ({ revision }: Pick<PathEntry, 'revision'>): string | null =>
  /".*"$/.exec(revision)?.[0] ?? null;

/**
 * `W/"5-61"` is the tag of the same content as `"5-61"`: Apache marks it as weak for the first second. (RFC 9110, 8.8.3.2,
 * weak comparison: "if their opaque-tags match character-by-character, regardless of either or both being tagged as weak".)
 */
export function etagIn(written: string | null): string | null {
  const opaque = (written ?? '').trim().replace(/^W\//, '');
  if (opaque === '') return null;
  return /^".*"$/.test(opaque) ? opaque : `"${opaque}"`;
}

/** The size and the time also show a change on a server whose tags never change. */
const revisionOf = (size: number, modified: string, etag: string | null): string =>
  [size, modified === '' ? '-' : (dateIn(modified)?.toISOString() ?? modified), etag ?? '-'].join(' ');

const isCollection = (property: DavProperty | undefined): boolean =>
  property?.elements.includes('{DAV:}collection') ?? false;

const sizeIn = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : 0);

function dateIn(text: string): Date | null {
  const at = Date.parse(text);
  return Number.isNaN(at) ? null : new Date(at);
}

/** The server's own id of a file always stays with the file. */
function identityFrom(id: string, key: string): string | null {
  if (id !== '') return `oc:${id}`;
  return key === '' ? null : `key:${key}`;
}

function hashOf({ etag, checksums }: Pick<DavEntry, 'etag' | 'checksums'>, hashes: HashTrait): string | null {
  if (hashes === 'etag-md5') {
    const [, md5] = /^"([\da-f]{32})"$/.exec(etag ?? '') ?? [];
    return md5 === undefined ? null : `md5:${md5}`;
  }
  if (hashes === 'checksums') {
    const [, kind, value] = /\b(SHA256|SHA1|MD5):([\da-f]+)/i.exec(checksums) ?? [];
    return kind === undefined || value === undefined ? null : `${kind.toLowerCase()}:${value.toLowerCase()}`;
  }
  return null;
}
