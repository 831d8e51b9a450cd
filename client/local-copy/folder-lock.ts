import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { copyInUse } from '../solution-error';
import { isSystemError } from './system-error';

/**
 * Keeps other programs (and a second opening by this one) away from a solution's folder. The lock of a program that
 * died is taken over. Returns the function that releases the folder. @throws SolutionError `in-use`.
 */
export async function lockFolder(dir: string): Promise<() => Promise<void>> {
  const file = path.resolve(dir, '.epack', 'lock');
  if (heldHere.has(file)) throw copyInUse(process.pid);
  heldHere.add(file);
  try {
    await takeOver(file);
  } catch (error) {
    heldHere.delete(file);
    throw error;
  }
  return async () => {
    await rm(file, { force: true });
    heldHere.delete(file);
  };
}

const heldHere = new Set<string>();

async function takeOver(file: string): Promise<void> {
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
    }
    const holder = await holderOf(file);
    // Programs of a container often have the same process id: if a lock that we do not hold has our id, its program is
    // dead.
    if (holder !== process.pid && isAlive(holder)) throw copyInUse(holder);
    await rm(file, { force: true });
  }
}

async function holderOf(file: string): Promise<number> {
  const written = await readFile(file, 'utf8').catch(() => '');
  if (written !== '') return Number(written);
  // Another program has just created the lock and not written its id yet, or died at this point.
  await sleep(100);
  return Number(await readFile(file, 'utf8').catch(() => ''));
}

function isAlive(processId: number): boolean {
  if (!Number.isInteger(processId) || processId <= 0) return false;
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    // EPERM: the process is alive and belongs to another user.
    return isSystemError(error, 'EPERM');
  }
}
