import type { BigIntStats } from 'node:fs';
import { opendir } from 'node:fs/promises';
import { join } from 'node:path';
import type { PathEntry } from '../tree/path-tree';
import { pathBelow } from '../tree/tree-items';
import { identityOf, statsOf } from './root-folder';
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

/**
 * Reads a folder page by page. `folder` names the folder while its pages are read; `path` is its path from the root of
 * the pair.
 */
export async function* readFolder(folder: string, path: string): AsyncGenerator<Within> {
  // Names are read as bytes, because a name need not be text.
  const names: Buffer[] = [];
  for await (const { name } of await opendir(folder, { encoding: 'latin1', bufferSize: namesAtOnce })) {
    names.push(Buffer.from(name, 'latin1'));
    if (names.length >= namesAtOnce) yield within(folder, path, names.splice(0));
  }
  if (names.length > 0) yield within(folder, path, names);
}

async function within(folder: string, path: string, names: readonly Buffer[]): Promise<Within> {
  const found = await Promise.all(names.map((bytes) => judge(folder, path, bytes)));
  return {
    entries: found.flatMap((one) => (one !== null && 'revision' in one ? [one] : [])),
    leftOut: found.flatMap((one) => (one !== null && 'why' in one ? [one] : [])),
    temporary: found.flatMap((one) => (one !== null && 'name' in one ? [one.name] : [])),
  };
}

async function judge(
  folder: string,
  path: string,
  bytes: Buffer,
): Promise<PathEntry | LeftOut | { readonly name: string } | null> {
  const name = bytes.toString();
  if (!Buffer.from(name).equals(bytes))
    return { path: pathBelow(path, bytes.toString('latin1')), why: 'no-text' };
  if (isTemporary(name)) return { name };
  const stats = await statsOf(join(folder, name));
  if (stats === null) return null;
  return entryFrom(pathBelow(path, name), stats);
}

/** Sockets, devices and symbolic links are neither read nor followed. */
export function entryFrom(path: string, stats: BigIntStats): PathEntry | LeftOut {
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

export const fileRevision = ({ size, mtimeNs, ino }: BigIntStats): string => `${size}-${mtimeNs}-${ino}`;

/** Without a time of birth, the inode number is not enough: the file system may give it to the next file at once. */
function identityFrom(stats: BigIntStats): string | null {
  if (stats.birthtimeNs > 0n) return identityOf(stats);
  return stats.isDirectory() ? null : `${stats.ino}:${stats.size}:${stats.mtimeNs}`;
}
