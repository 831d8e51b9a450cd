import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A file system of its own in memory, which is small enough to be filled. */
export interface SmallDisk {
  readonly path: string;
  /** Leaves not a byte free. */
  fill(): void;
  /** Removes what `fill` has written. */
  free(): void;
  remove(): void;
}

/** Mounts it on a folder that exists. Only root may do that: `describeWithSmallDisks`. */
export function mountSmallDisk(path: string, megabytes: number): SmallDisk {
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'tmpfs', path]);
  if (made.status !== 0) throw new Error(`no file system can be mounted: ${made.stderr.toString()}`);
  const filler = join(path, '.~filler');
  return {
    path,
    fill() {
      for (let bytes = 2 ** 20; bytes >= 1; bytes = Math.floor(bytes / 2)) while (isWritten(filler, bytes));
    },
    free: () => rmSync(filler),
    remove: () => void spawnSync('umount', ['--lazy', path]),
  };
}

function isWritten(path: string, bytes: number): boolean {
  try {
    writeFileSync(path, Buffer.alloc(bytes), { flag: 'a' });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
    return false;
  }
}

/** Where nobody may mount anything, the tests are skipped with a printed reason; in CI one test fails. */
export function describeWithSmallDisks(name: string, declare: () => void): void {
  const reason = 'no file system can be mounted here; run as root, where mounts are allowed';
  const mayMount = spawnSync('unshare', ['--mount', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
  if (mayMount) describe(name, declare);
  else
    describe(name, () => {
      if (process.env['CI'] === 'true')
        test('needs a mount', () => {
          throw new Error(reason);
        });
      else {
        process.stderr.write(`skipped: "${name}" (${reason})\n`);
        test.skip('needs a mount', () => undefined);
      }
    });
}
