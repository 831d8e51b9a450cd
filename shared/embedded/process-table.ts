import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';

/** True if a process of that id runs, whoever it belongs to. Process ids are used again: it need not be the one meant. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** The words that a process was started with, or none where it does not run (any more). */
export async function commandLine(pid: number): Promise<string[]> {
  if (process.platform === 'linux') {
    // A zombie has an empty one.
    return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0').filter(Boolean);
  }
  return new Promise((resolve) => {
    execFile('ps', ['-ww', '-o', 'args=', '-p', String(pid)], (error, stdout) =>
      resolve(error === null ? stdout.trim().split(/\s+/) : []),
    );
  });
}
