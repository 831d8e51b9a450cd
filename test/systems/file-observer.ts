import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Somebody who reads all files of a folder of this machine again and again while others write there. */
export interface FileObserver {
  /** Where something was seen that is no whole content, as `path: bytes`. */
  stop(): Promise<readonly string[]>;
}

/** `isWhole`: false for a content that nobody has written to that path as a whole. */
export function observeFiles(
  folder: string,
  isWhole: (path: string, bytes: string) => boolean,
): FileObserver {
  const seen = new Set<string>();
  let looks = 0;
  const stopping = new AbortController();
  const watching = (async () => {
    while (!stopping.signal.aborted) {
      for (const path of await filesIn(folder)) {
        const bytes = await readFile(join(folder, path)).catch(() => null);
        if (bytes !== null && !isWhole(path, bytes.toString())) seen.add(`${path}: ${bytes.length}`);
      }
      looks += 1;
      await sleep(5, undefined, { ref: false });
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await watching;
      if (looks < 3) throw new Error('nobody has looked');
      return [...seen];
    },
  };
}

/** True for a content that one of the trees has at that path. */
export const isIn =
  (...trees: readonly Readonly<Record<string, string>>[]) =>
  (path: string, bytes: string): boolean =>
    trees.some((tree) => tree[path] === bytes);

/** Without the temporary names of this program and of Apache, and without Apache's properties. */
async function filesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length + 1))
    .filter((path) => !/(^|\/)(\.~epack-|\.~filler|\.davfs\.tmp|\.DAV\/)/.test(path));
}
