import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

/**
 * The commit that this program was built from, 40 hex digits: the setting `EPACK_COMMIT`, else the file `commit` that
 * the build writes beside the program, else the commit of the working copy around it. Null: it is unknown.
 */
export async function findCommit(
  set: string | null,
  folder = path.resolve(__dirname, '../..'),
): Promise<string | null> {
  if (set !== null) return set;
  const built = await readFile(path.join(folder, 'commit'), 'utf8').catch(() => '');
  return commitIn(built) ?? commitIn(await ofWorkingCopy(folder));
}

const commitIn = (text: string): string | null => /^[0-9a-f]{40}$/.exec(text.trim())?.[0] ?? null;

const run = promisify(execFile);

async function ofWorkingCopy(folder: string): Promise<string> {
  try {
    const { stdout } = await run('git', ['-C', folder, 'rev-parse', 'HEAD'], { timeout: 5_000 });
    return stdout;
  } catch {
    return '';
  }
}
