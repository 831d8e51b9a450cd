import { isUtf8 } from 'node:buffer';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PathEntry } from '../tree/path-tree';
import { pathBelow } from '../tree/tree-items';
import { identityOf, statsOf } from './root-folder';
import type { FileStats } from './stats-thread';
import { isTemporary } from '../tree/temporary-names';

/** Something that is not kept equal, and the reason. */
export interface LeftOut {
  readonly path: string;
  readonly why: 'link' | 'no-file' | 'no-text';
}

/** The contents of a folder, without deeper ones. */
export interface Within {
  readonly entries: readonly PathEntry[];
  readonly leftOut: readonly LeftOut[];
  /** Names of files in the folder that this program was writing. */
  readonly temporary: readonly string[];
}

const namesAtOnce = 200;

/** Looks at names of a folder, in their order. Null: nothing is there. */
export type LookAtNames = (
  folder: string,
  names: readonly string[],
) => Promise<readonly (FileStats | null)[]>;

/** With an asynchronous call for each name. */
export const lookAtEach: LookAtNames = (folder, names) =>
  Promise.all(names.map((name) => statsOf(join(folder, name))));

/**
 * Reads a folder page by page. `folder` names the folder while its pages are read; `path` is its path from the root of
 * the pair.
 */
export async function* readFolder(
  folder: string,
  path: string,
  lookAt: LookAtNames = lookAtEach,
): AsyncGenerator<Within> {
  // Names are read as bytes, because a name need not be text.
  const names: Buffer[] = [];
  for await (const { name } of await opendir(folder, { encoding: 'latin1', bufferSize: namesAtOnce })) {
    names.push(Buffer.from(name, 'latin1'));
    if (names.length >= namesAtOnce) yield within(folder, path, names.splice(0), lookAt);
  }
  if (names.length > 0) yield within(folder, path, names, lookAt);
}

async function within(
  folder: string,
  path: string,
  bytes: readonly Buffer[],
  lookAt: LookAtNames,
): Promise<Within> {
  const names = bytes.filter((one) => isUtf8(one)).map((one) => one.toString());
  const noText = bytes.filter((one) => !isUtf8(one)).map((one) => one.toString('latin1'));
  const stats = await lookAt(folder, names);
  const found = names.map((name, at) => judge(path, name, stats[at] ?? null));
  return {
    entries: found.flatMap((one) => (one !== null && 'revision' in one ? [one] : [])),
    leftOut: [
      ...noText.map((name): LeftOut => ({ path: pathBelow(path, name), why: 'no-text' })),
      ...found.flatMap((one) => (one !== null && 'why' in one ? [one] : [])),
    ],
    temporary: found.flatMap((one) => (one !== null && 'name' in one ? [one.name] : [])),
  };
}

function judge(
  path: string,
  name: string,
  stats: FileStats | null,
): PathEntry | LeftOut | { readonly name: string } | null {
  if (isTemporary(name)) return { name };
  return stats === null ? null : entryFrom(pathBelow(path, name), stats);
}

/** Sockets, devices and symbolic links are neither read nor followed. */
export function entryFrom(path: string, stats: FileStats): PathEntry | LeftOut {
  if (stats.isSymbolicLink()) return { path, why: 'link' };
  if (!stats.isDirectory() && !stats.isFile()) return { path, why: 'no-file' };
  const isFolder = stats.isDirectory();
  return {
    path,
    isFolder,
    size: isFolder ? 0 : Number(stats.size),
    revision: isFolder ? 'folder' : fileRevision(stats),
    ...(isFolder ? {} : { touched: String(stats.ctimeNs) }),
    hash: null,
    identity: identityFrom(stats),
    origin: null,
    modifiedAt: isFolder ? null : new Date(Number(stats.mtimeNs / 1_000_000n)),
  };
}

export const fileRevision = ({ size, mtimeNs, ino }: Pick<FileStats, 'size' | 'mtimeNs' | 'ino'>): string =>
  `${size}-${mtimeNs}-${ino}`;

/** Without a time of birth, the inode number is not enough: the file system may give it to the next file at once. */
function identityFrom(stats: FileStats): string | null {
  if (stats.birthtimeNs > 0n) return identityOf(stats);
  return stats.isDirectory() ? null : `${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}
