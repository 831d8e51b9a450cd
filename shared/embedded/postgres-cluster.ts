import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { chmod, chown, lchown, open, readFile, readdir, realpath, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { findPostgresBinaries, type PostgresBinaries } from './postgres-binaries';
import { canEnter, ourselves, unprivilegedUser, type SystemUser } from './system-user';
import { makeWholeFolder } from './whole-folder';

/** A folder that holds one PostgreSQL database cluster, its password and its log. */
export interface PostgresCluster {
  /** `<dataDir>/postgres`, with symbolic links resolved. Holds `data`, `password`, `port`, `postgres.log`. */
  readonly folder: string;
  /** The owner of the folder, as whom PostgreSQL therefore runs; never root. */
  readonly owner: SystemUser;
  readonly password: string;
}

/** A child's view of a folder: how it names it, and what it must be handed for that. */
export interface Passage {
  readonly name: string;
  /** An open folder to hand over as descriptor 3, and its closing. */
  readonly descriptor: number | null;
  close(): Promise<void>;
}

export const dataFolder = (folder: string): string => path.join(folder, 'data');

/** The cluster of a data directory, or null where none has been made yet. Rejects where it belongs to another user. */
export async function readCluster(dataDir: string): Promise<PostgresCluster | null> {
  const folder = await realpath(path.join(dataDir, 'postgres')).catch(() => null);
  if (folder === null) return null;
  const { uid, gid } = await stat(folder);
  const { uid: ownUid } = ourselves();
  if (ownUid !== 0 && ownUid !== uid) throw new Error(belongsToAnother(folder, uid));
  const password = (await readFile(path.join(folder, 'password'), 'utf8')).trim();
  return { folder, owner: uid === 0 ? await unprivilegedUser() : { uid, gid }, password };
}

const belongsToAnother = (folder: string, uid: number): string =>
  `The embedded database in ${folder} belongs to another user (uid ${uid}): run as that user or as root, choose another EPACK_DATA_DIR, or set DATABASE_URL.`;

/** PostgreSQL insists on its owner and on mode 0700. Who copies the folder, or restores it as root, may lose both. */
export async function restoreRights({ folder, owner }: PostgresCluster): Promise<void> {
  if (ourselves().uid === 0 && (await stat(dataFolder(folder))).uid !== owner.uid) {
    for (const name of ['.', ...(await readdir(folder, { recursive: true }))]) {
      await lchown(path.join(folder, name), owner.uid, owner.gid);
    }
  }
  await chmod(folder, 0o700);
  await chmod(dataFolder(folder), 0o700);
  await chmod(path.join(folder, 'password'), 0o600);
}

/** Makes the cluster of a data directory; where another process was faster, leaves that one's. */
export async function createCluster(dataDir: string): Promise<void> {
  const self = ourselves();
  const owner = self.uid === 0 ? await unprivilegedUser() : self;
  await makeWholeFolder(path.join(dataDir, 'postgres'), async (unfinished) => {
    await writePassword(unfinished, owner);
    await chown(unfinished, owner.uid, owner.gid);
    await initialise(unfinished, owner, await findPostgresBinaries(owner, dataDir));
  });
}

/** Any user of the machine reaches the port, so a password protects the customers' data; it never leaves this file. */
async function writePassword(folder: string, owner: SystemUser): Promise<void> {
  const file = path.join(folder, 'password');
  await writeFile(file, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600 });
  await chmod(file, 0o600);
  await chown(file, owner.uid, owner.gid);
}

/** The builtin locale C.UTF-8 sorts the same on every system, whatever is installed there. */
async function initialise(folder: string, owner: SystemUser, binaries: PostgresBinaries): Promise<void> {
  const passage = await openPassage(folder, owner);
  try {
    await run(binaries.initdb, owner, passage, [
      `--pgdata=${passage.name}/data`,
      `--pwfile=${passage.name}/password`,
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ]);
  } finally {
    await passage.close();
  }
}

/**
 * How a process of `owner` gets at the folder. If that user must not pass a folder above it (a checkout below `/root`),
 * the open folder itself is handed over, and Linux names it `/proc/self/fd/3`.
 */
export async function openPassage(folder: string, owner: SystemUser): Promise<Passage> {
  if (await canEnter(owner, folder))
    return { name: folder, descriptor: null, close: () => Promise.resolve() };
  if (process.platform !== 'linux') {
    throw new Error(
      `The user that PostgreSQL must run as (uid ${owner.uid}) cannot enter ${folder}: choose another EPACK_DATA_DIR, or set DATABASE_URL.`,
    );
  }
  const handle = await open(folder, 'r');
  return { name: '/proc/self/fd/3', descriptor: handle.fd, close: () => handle.close() };
}

/** The part of our environment for PostgreSQL's programs: nothing that could lead them to another server. */
export const programEnvironment = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };

function run(program: string, owner: SystemUser, passage: Passage, options: string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, options, {
      ...runAs(owner),
      cwd: '/',
      env: programEnvironment,
      stdio: ['ignore', 'pipe', 'pipe', passage.descriptor ?? 'ignore'],
    });
    let said = '';
    const listen = (chunk: Buffer) => void (said += chunk.toString());
    child.stdout?.on('data', listen);
    child.stderr?.on('data', listen);
    child.once('error', reject);
    child.once('close', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${path.basename(program)} failed (${code ?? 'killed'}): ${said.trim()}`));
    });
  });
}

/** Only root may become another user. */
export const runAs = (owner: SystemUser): Partial<SystemUser> => (ourselves().uid === 0 ? owner : {});
