import { constants, createWriteStream, type ReadStream } from 'node:fs';
import { access, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { isNativeError } from 'node:util/types';
import { backupStream } from './backup/backup';
import { ageMagic, decryptedWith, encryptedFor, identitiesIn } from './backup/encrypted-backup';
import type { BackupManifest } from './backup/manifest';
import { restore, type Restored } from './backup/restore';
import type { Config } from '../shared/config/config';
import { openConnection } from '../shared/db/connection';
import { openDatabase } from '../shared/db/database';
import type { FileStore } from '../shared/files/file-store';
import { openFileStore } from '../shared/files/open-file-store';
import { makeDataFolder } from '../shared/embedded/data-folder';
import {
  findEmbeddedPostgres,
  removeEmbeddedPostgres,
  startEmbeddedPostgres,
} from '../shared/embedded/embedded-postgres';
import { exists } from '../shared/embedded/whole-folder';

export interface WrittenBackup {
  /** `-`: standard output. */
  readonly file: string;
  readonly manifest: BackupManifest;
}

/**
 * `epack backup`. `recipients`: public keys of age (`age1…`), only they can then read it; none: it is not encrypted.
 * `to`: a new file, a folder in which one is created, or `-` for standard output. The server may run; if it does not,
 * the embedded database is started for the backup. Only the owner of the file can read it, because it contains secrets.
 */
export async function writeBackup(
  config: Config,
  to: string,
  recipients: readonly string[] = [],
): Promise<WrittenBackup> {
  const file = to === '-' ? to : await newFileAt(to, recipients.length > 0 ? '.tar.age' : '.tar');
  return withDatabaseUrl(config, async (url) => {
    const client = await openConnection(url, 'epack-backup');
    try {
      const done: { manifest: BackupManifest | null } = { manifest: null };
      const plain = backupStream({ client, files: await openFileStore(config) }, (manifest) => {
        done.manifest = manifest;
      });
      const stream = recipients.length === 0 ? plain : await encryptedFor(recipients, plain);
      if (to === '-') await pipeline(stream, process.stdout, { end: false });
      else await writeWhole(file, stream);
      if (done.manifest === null) throw new Error('The backup did not come to its end.');
      return { file, manifest: done.manifest };
    } finally {
      await client.end();
    }
  });
}

/**
 * `epack restore`. `from`: a file, or `-` for standard input. `identityFile`: a file with the secret keys of age, for
 * an encrypted backup. If the restore fails, an embedded database that was created for it is removed.
 */
export async function restoreBackup(
  config: Config,
  from: string,
  identityFile: string | null = null,
): Promise<Restored> {
  const identities = identityFile === null ? null : identitiesIn(await readFile(identityFile, 'utf8'));
  // The file is opened before the database: a wrong file name must start nothing.
  const source = from === '-' ? process.stdin : await openToRead(from);
  try {
    return await onNewDatabase(config, async (url) => {
      await makeDataFolder(config);
      return restoreInto(url, await openFileStore(config), await inTheClear(source, identities));
    });
  } finally {
    source.destroy();
  }
}

/** Throws a sentence if the backup is encrypted and no secret key was given. */
async function inTheClear(
  source: Readable,
  identities: readonly string[] | null,
): Promise<AsyncIterable<Uint8Array>> {
  const { first, whole } = await peeked(source);
  const isEncrypted = first.subarray(0, ageMagic.length).equals(ageMagic);
  if (!isEncrypted) return whole;
  if (identities === null)
    throw new Error('The backup is encrypted: name the file with the secret key by --identity.');
  return decryptedWith(identities, whole);
}

/** The first chunk, and the whole stream. */
async function peeked(
  source: Readable,
): Promise<{ readonly first: Buffer; readonly whole: AsyncIterable<Uint8Array> }> {
  const chunks = (source as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  const next = await chunks.next();
  const first = next.done === true ? Buffer.alloc(0) : next.value;
  async function* whole(): AsyncGenerator<Uint8Array> {
    if (first.length > 0) yield first;
    for (let rest = await chunks.next(); rest.done !== true; rest = await chunks.next()) yield rest.value;
  }
  return { first, whole: whole() };
}

/** The contents of a backup, in one line. */
export function backupSummary({ tables, files }: BackupManifest): string {
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0);
  const missing =
    files.missing === 0 ? '' : `; ${files.missing} files that the database names were not there`;
  return `${Object.keys(tables).length} tables, ${rows} rows, ${files.count} files of ${files.bytes} bytes${missing}`;
}

async function restoreInto(
  url: string,
  files: FileStore,
  source: AsyncIterable<Uint8Array>,
): Promise<Restored> {
  const client = await openConnection(url, 'epack-restore');
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-restore' });
  try {
    return await restore({ db, client, files }, source);
  } finally {
    await db.destroy();
    await client.end();
  }
}

/** If `work` fails, an embedded database that did not exist before is removed. */
async function onNewDatabase<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
  const wasThere = config.databaseUrl !== null || (await exists(path.join(config.dataDir, 'postgres')));
  try {
    return await withDatabaseUrl(config, work);
  } catch (error) {
    if (!wasThere) await removeEmbeddedPostgres(config.dataDir);
    throw error;
  }
}

/** The embedded database runs only while it is needed. */
async function withDatabaseUrl<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
  const running = config.databaseUrl ?? (await findEmbeddedPostgres(config.dataDir));
  if (running !== null) return work(running);
  const embedded = await startEmbeddedPostgres({ dataDir: config.dataDir });
  try {
    return await work(embedded.url);
  } finally {
    await embedded.stop();
  }
}

/** Throws a sentence if there is no such file, or if it may not be read. */
async function openToRead(file: string): Promise<ReadStream> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new Error(`The backup ${file} cannot be read: ${reasonOf(error)}.`);
  });
  if (!(await handle.stat()).isDirectory()) return handle.createReadStream({ highWaterMark: 2 ** 18 });
  await handle.close();
  throw new Error(`The backup ${file} cannot be read: it is a folder.`);
}

/** Throws a sentence if no file can be created. */
async function newFileAt(to: string, ending: string): Promise<string> {
  const found = await stat(to).catch(() => null);
  const isFolder = found?.isDirectory() === true;
  if (found !== null && !isFolder) throw new Error(`${to} is there already.`);
  const folder = isFolder ? to : path.dirname(to);
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new Error(`No backup can be written to ${folder}: ${reasonOf(error)}.`);
  });
  if (!isFolder) return to;
  const time = new Date().toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return path.join(to, `epack-${time}${ending}`);
}

/** Why a file or a folder cannot be used, for people. */
function reasonOf(error: unknown): string {
  const code = isNativeError(error) && 'code' in error ? String(error.code) : '';
  return reasons[code] ?? (code === '' ? String(error) : code);
}

const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'it is not there',
  ENOTDIR: 'it is no folder',
  EACCES: 'its rights do not allow it',
  EPERM: 'its rights do not allow it',
  EROFS: 'its disk is read-only',
};

/** A file that has its final name is whole and on the disk. */
async function writeWhole(file: string, stream: AsyncIterable<Uint8Array>): Promise<void> {
  const part = `${file}.part`;
  try {
    await pipeline(stream, createWriteStream(part, { flags: 'w', mode: 0o600 }));
    const handle = await open(part, 'r');
    await handle.sync().finally(() => handle.close());
    await rename(part, file);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}
