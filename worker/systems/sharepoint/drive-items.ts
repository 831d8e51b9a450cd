import { z } from 'zod';
import { type Content, type Item, tombstone } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';

/** An item of a library as Graph shows it, as far as we read it. */
export const driveItem = z.looseObject({
  id: z.string().min(1),
  name: z.string().optional(),
  eTag: z.string().optional(),
  /** It only changes with the content. Folders do not have one, and a delta does not list it. */
  cTag: z.string().optional(),
  size: z.number().optional(),
  parentReference: z.looseObject({ id: z.string().optional() }).optional(),
  file: z
    .looseObject({ hashes: z.looseObject({ quickXorHash: z.string().optional() }).nullish() })
    .optional(),
  /** The dates that the system where the file comes from has given. */
  fileSystemInfo: z.looseObject({ lastModifiedDateTime: z.string().optional() }).nullish(),
  folder: z.looseObject({ childCount: z.number().optional() }).optional(),
  root: z.unknown().optional(),
  deleted: z.unknown().optional(),
  /** A notebook: neither a file nor a folder. */
  package: z.unknown().optional(),
  /** A shortcut to an item elsewhere. */
  remoteItem: z.unknown().optional(),
  '@microsoft.graph.downloadUrl': z.string().optional(),
});
export type DriveItem = z.output<typeof driveItem>;

export const itemPage = z.looseObject({
  value: z.array(driveItem),
  '@odata.nextLink': z.string().optional(),
  '@odata.deltaLink': z.string().optional(),
});

/** The members of an item that are requested. */
export const selected =
  '$select=id,name,eTag,cTag,size,file,fileSystemInfo,folder,root,deleted,package,remoteItem,parentReference';

export const isDeleted = (item: DriveItem): boolean => item.deleted !== undefined && item.deleted !== null;

/** Files and folders. Notebooks and shortcuts are left out, because they could not be written to the other side. */
export const isKept = (item: DriveItem): boolean =>
  (item.file !== undefined || item.folder !== undefined) &&
  (item.package ?? null) === null &&
  (item.remoteItem ?? null) === null;

export function readItem(json: unknown): DriveItem {
  const parsed = driveItem.safeParse(json);
  if (!parsed.success) throw new Trouble('unavailable', 'Graph does not show an item where it should');
  return parsed.data;
}

/** How the bytes of a file are read. */
export type OpenContent = (item: DriveItem, mark: string | null) => Content['open'];

export interface Showing {
  /** The folder that is kept equal. Items directly in it have no parent. */
  readonly rootId: string;
  readonly open: OpenContent;
  /** True: the item comes from a delta, which leaves out some members. */
  readonly isListed: boolean;
}

export function itemOf(item: DriveItem, showing: Showing): Item {
  const { id, name, eTag, folder, parentReference } = item;
  const parent = parentReference?.id;
  if (name === undefined || eTag === undefined || parent === undefined)
    throw new Trouble('unavailable', 'Graph does not show the name, the folder or the version of an item');
  const content = folder === undefined ? contentOf(item, showing) : null;
  return {
    ...tombstone(id),
    revision: eTag,
    isActive: true,
    place: { parent: parent === showing.rootId ? null : parent, name },
    isFolder: folder !== undefined,
    ...(content === undefined ? {} : { content }),
  };
}

/** Undefined: a listing does not say which content it is, so the item must be fetched for that. */
function contentOf(item: DriveItem, { open, isListed }: Showing): Content | undefined {
  const mark = markOf(item);
  if (isListed && (mark === null || item.size === undefined)) return undefined;
  if (item.size === undefined) throw new Trouble('unavailable', 'Graph does not show the size of a file');
  return { size: item.size, hash: mark, modifiedAt: modifiedAtOf(item), open: open(item, mark) };
}

function modifiedAtOf({ fileSystemInfo }: DriveItem): Date | null {
  const at = new Date(fileSystemInfo?.lastModifiedDateTime ?? '');
  return Number.isNaN(at.getTime()) ? null : at;
}

/** It stays the same as long as the content does, whatever else of the item is changed. Null: the item has none. */
export function markOf({ file, cTag }: DriveItem): string | null {
  const hash = file?.hashes?.quickXorHash;
  if (hash !== undefined && hash !== '') return `quickxor:${hash}`;
  return cTag === undefined ? null : `ctag:${cTag}`;
}
