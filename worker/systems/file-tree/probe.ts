import { mkdir, rmdir, stat, statfs, writeFile, unlink, link } from 'node:fs/promises';
import { join } from 'node:path';
import type { Finding, Probe } from '../probe';
import { listTree } from './list-tree';
import { type LeftOut, readFolder } from './entries';
import { errorCode } from '../../../shared/files/error-code';
import { type RootFolder, statsOf } from './root-folder';
import { temporaryName } from '../tree/temporary-names';
import { otherCase, otherForm } from './traits';

/** Finds out what the folder's file system really does, by trying it in a temporary folder. */
export async function probeFolder(folder: string, root: RootFolder): Promise<Probe> {
  const findings: Finding[] = [];
  try {
    findings.push(...(await root.within('', (path) => tried(path))));
    findings.push(...(await leftOutFindings(root)));
    findings.push(await spaceFinding(folder));
  } catch (error) {
    findings.push({
      level: 'error',
      code: errorCode(error) ?? 'failed',
      message: error instanceof Error ? error.message : String(error),
    });
  }
  return {
    ok: findings.every(({ level }) => level !== 'error'),
    version: null,
    clockOffsetMs: null,
    findings,
  };
}

async function tried(path: string): Promise<Finding[]> {
  const own = join(path, temporaryName());
  try {
    await mkdir(own);
  } catch (error) {
    return [
      {
        level: 'error',
        code: 'not-writable',
        message: `Nothing can be written there (${errorCode(error) ?? ''}).`,
      },
    ];
  }
  const made: string[] = [];
  const make = async (name: string) => {
    await writeFile(join(own, name), '');
    made.push(name);
  };
  try {
    const name = 'épack';
    await make(name);
    const findings: Finding[] = [];
    if ((await statsOf(join(own, otherCase(name)))) !== null)
      findings.push({ level: 'info', code: 'case-blind', message: 'Upper and lower case are one to it.' });
    if ((await statsOf(join(own, otherForm(name)))) !== null)
      findings.push({
        level: 'info',
        code: 'form-blind',
        message: 'Composed and decomposed letters are one to it.',
      });
    if (!(await canLink(own, name)))
      findings.push({
        level: 'warning',
        code: 'no-links',
        message:
          'A file cannot have two names there, so it is only looked right before a write whether a name is free.',
      });
    const { birthtimeNs } = await stat(join(own, name), { bigint: true });
    if (birthtimeNs <= 0n)
      findings.push({
        level: 'warning',
        code: 'no-birth-times',
        message: 'It keeps no time of birth, so a folder that was moved is known by what lies in it alone.',
      });
    return findings;
  } finally {
    for (const name of made) await unlink(join(own, name));
    await rmdir(own);
  }
}

async function canLink(folder: string, name: string): Promise<boolean> {
  try {
    await link(join(folder, name), join(folder, 'second'));
    await unlink(join(folder, 'second'));
    return true;
  } catch {
    return false;
  }
}

const mostFolders = 2_000;
const mostExamples = 20;

/** Shows staff which links, sockets, devices and names that are not text are not kept equal. */
async function leftOutFindings(root: RootFolder): Promise<Finding[]> {
  const found: LeftOut[] = [];
  const folders = [''];
  for await (const entries of listTree(root, () => false, AbortSignal.timeout(10_000))) {
    folders.push(...entries.filter(({ isFolder }) => isFolder).map(({ path }) => path));
    if (folders.length > mostFolders) break;
  }
  for (const path of folders.slice(0, mostFolders))
    await root.within(path, async (folder) => {
      for await (const { leftOut } of readFolder(folder, path)) found.push(...leftOut);
    });
  return (['link', 'no-file', 'no-text'] as const).flatMap((why) => {
    const paths = found.filter((one) => one.why === why).map(({ path }) => path);
    if (paths.length === 0) return [];
    return [
      { level: 'warning', code: codes[why], message: messages[why], about: paths.slice(0, mostExamples) },
    ];
  });
}

const codes = {
  link: 'links-left-out',
  'no-file': 'no-files-left-out',
  'no-text': 'names-left-out',
} as const;

const messages = {
  link: 'Symbolic links are not followed and not kept equal.',
  'no-file': 'Sockets, pipes and devices are not kept equal.',
  'no-text': 'Names that are no text in UTF-8 are not kept equal.',
} as const;

async function spaceFinding(folder: string): Promise<Finding> {
  const { bavail, bsize } = await statfs(folder);
  const gigabytes = ((bavail * bsize) / 1e9).toFixed(1);
  return { level: 'info', code: 'space', message: `${gigabytes} GB are free.` };
}
