import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Fields, FieldValue } from '../../../shared/domain/merge-copy';
import type { Content, Item, Place, Revision, ValueFault } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { fileName, type ShortName } from './names';

// A "Sord" is ELO's word for an entry of the archive: a structure element (a folder) or a document.

const version = z.looseObject({
  id: z.int(),
  guid: z.string().optional(),
  ext: z.string().optional(),
  md5: z.string().optional(),
  size: z.union([z.string(), z.int()]).optional(),
  url: z.string().optional(),
});
export type DocVersion = z.output<typeof version>;

const objKey = z.looseObject({
  id: z.int().optional(),
  name: z.string().optional(),
  data: z.array(z.string()).nullish(),
});
export type ObjKeys = readonly z.output<typeof objKey>[];

const sord = z.looseObject({
  id: z.int(),
  guid: z.string(),
  name: z.string(),
  type: z.int(),
  parentId: z.int(),
  /** The number of its keywording form. */
  mask: z.int().optional(),
  TStamp: z.string().optional(),
  deleted: z.boolean().optional(),
  docVersion: version.nullish(),
  lockId: z.int().optional(),
  lockName: z.string().nullish(),
  access: z.int().optional(),
  details: z.looseObject({ encryptionSet: z.int().optional() }).nullish(),
  objKeys: z.array(objKey).readonly().nullish(),
  refPaths: z
    .array(z.looseObject({ path: z.array(z.looseObject({ id: z.int(), guid: z.string() })).nullish() }))
    .nullish(),
});
/** With all members that ELO sent, because a write sends them back. */
export type Sord = z.output<typeof sord>;

/** Throws `unavailable` if the JSON is not an entry. */
export function readSord(json: unknown): Sord {
  const parsed = sord.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new Trouble('unavailable', 'the answer does not have the form of an entry of ELO');
}

/** ELO's constants `SordC`: a document has a type from LBT_DOCUMENT on, a folder has a lower one. */
const firstDocumentType = 254;
const archiveType = 9999;

export const isFolder = ({ type }: Sord): boolean => type < firstDocumentType || type === archiveType;

/** The number by which ELO says that something does not exist. */
const none = 0;

/** Null: the document has no file. */
export const fileOf = ({ docVersion }: Sord): DocVersion | null =>
  docVersion === null || docVersion === undefined || docVersion.id <= none ? null : docVersion;

export const nameOf = (entry: Sord): string => fileName(shortNameOf(entry));

export const shortNameOf = (entry: Sord): ShortName => ({
  name: entry.name,
  extension: isFolder(entry) ? '' : (fileOf(entry)?.ext ?? ''),
});

/** Locked by someone else, or by a call of ours that was killed. */
export const isLocked = ({ lockId }: Sord): boolean => lockId !== undefined && lockId >= 0;

export interface FolderName {
  readonly id: number;
  readonly guid: string;
}

/** The folders from the archive's root to the entry, as far as ELO reports them. The last one is its folder. */
export function foldersAbove({ parentId, refPaths }: Sord): readonly FolderName[] | null {
  const path = refPaths?.find((one) => one.path?.at(-1)?.id === parentId)?.path;
  return path ?? null;
}

export interface ItemShape {
  /** The index fields that are read. */
  readonly fields: readonly string[];
  readonly contentOf: (entry: Sord, file: DocVersion) => Content;
}

/** `place`: its place in the pair's folder. */
export function itemOf(shape: ItemShape, entry: Sord, place: Place): Item {
  const file = fileOf(entry);
  const fields = fieldsOf(entry, shape.fields);
  const faults = faultsOf(entry);
  return {
    key: entry.guid,
    revision: revisionOf(entry, fields),
    isActive: true,
    fields,
    place,
    isFolder: isFolder(entry),
    origin: null,
    content: isFolder(entry) || file === null ? null : shape.contentOf(entry, file),
    ...(faults.length === 0 ? {} : { faults }),
  };
}

/**
 * The revision covers everything that a write of ours could overwrite, and the time of the last change. The time alone
 * is not enough, because it only has whole seconds. Without it, an entry that was deleted and restored would look as if
 * it had never been deleted.
 */
export function revisionOf(entry: Sord, fields: Fields): Revision {
  const file = fileOf(entry);
  const state = [entry.parentId, nameOf(entry), file?.id ?? none, file?.md5 ?? '', fields];
  const hash = createHash('sha256').update(JSON.stringify(state)).digest('base64url');
  return `${hash} ${entry.TStamp ?? ''}`;
}

/** True if a write may be made, even if the time has changed, because a lock or a new child changes the time, too. */
export function isAsExpected(item: Item | null, expected: Revision): item is Item {
  const [state] = expected.split(' ');
  return item?.revision.split(' ')[0] === state;
}

export const fieldsOf = (
  { objKeys }: { readonly objKeys?: ObjKeys | null | undefined },
  names: readonly string[],
): Fields =>
  Object.fromEntries(
    names.map((name): [string, FieldValue] => {
      const data = objKeys?.find((key) => key.name === name)?.data ?? [];
      const [first = ''] = data;
      // An empty text is how ELO stores no value.
      return [name, data.length > 1 ? JSON.stringify(data) : first === '' ? null : first];
    }),
  );

/**
 * The reverse of `fieldsOf`: a list that was shown as JSON becomes a list again. `lineOf`: the number of a field in the
 * keywording form.
 */
export function withFields(
  { objKeys }: Sord,
  fields: Fields,
  lineOf: (name: string) => number | undefined,
): ObjKeys {
  const kept = (objKeys ?? []).filter(({ name }) => name === undefined || !Object.hasOwn(fields, name));
  const written = Object.entries(fields).map(([name, value]) => {
    const before = objKeys?.find((key) => key.name === name);
    const id = before?.id ?? lineOf(name);
    return { ...before, ...(id === undefined ? {} : { id }), name, data: dataOf(value) };
  });
  return [...kept, ...written];
}

function dataOf(value: FieldValue): string[] {
  if (value === null) return [''];
  const text = typeof value === 'object' ? value.xml : String(value);
  if (!text.startsWith('[')) return [text];
  const list = z.array(z.string()).safeParse(jsonIn(text));
  return list.success ? list.data : [text];
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return null;
  }
}

/** Values that cannot be brought to another system. */
function faultsOf(entry: Sord): ValueFault[] {
  if (isFolder(entry)) return [];
  if (fileOf(entry) === null) return [{ field: 'content', problem: { code: 'without-file' } }];
  const isEncrypted = (entry.details?.encryptionSet ?? none) > none;
  return isEncrypted ? [{ field: 'content', problem: { code: 'encrypted' } }] : [];
}
