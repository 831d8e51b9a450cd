import { randomBytes } from 'node:crypto';
import { access, mkdir, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { isAlive } from './process-table';

/**
 * Makes a folder that appears whole, by one rename, after `fill` has filled it under another name. A process that
 * dies half-way leaves nothing that counts; of several that make it at once one wins, and all return.
 */
export async function makeWholeFolder(
  folder: string,
  fill: (unfinished: string) => Promise<void>,
): Promise<void> {
  await mkdir(path.dirname(folder), { recursive: true });
  await removeAbandoned(folder);
  const unfinished = `${folder}.new-${process.pid}-${randomBytes(4).toString('hex')}`;
  await mkdir(unfinished, { mode: 0o700 });
  try {
    await fill(unfinished);
    await rename(unfinished, folder);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true });
    if (!(await exists(folder))) throw error;
  }
}

/** Removes the remains of processes that died while they created it. */
async function removeAbandoned(folder: string): Promise<void> {
  const start = `${path.basename(folder)}.new-`;
  for (const name of await readdir(path.dirname(folder))) {
    if (!name.startsWith(start)) continue;
    const maker = Number(name.slice(start.length).split('-')[0]);
    if (!isAlive(maker)) await rm(path.join(path.dirname(folder), name), { recursive: true, force: true });
  }
}

/** True if the path leads to something, now. */
export const exists = (file: string): Promise<boolean> =>
  access(file).then(
    () => true,
    () => false,
  );
