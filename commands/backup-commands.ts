import { constants, createWriteStream, type ReadStream } from 'node:fs';
import { access, open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { isNativeError } from 'node:util/types';
import { backupStream } from './backup/backup';
import type { BackupManifest } from './backup/manifest';
import { restore, type Restored } from './backup/restore';
import type { Config } from '../shared/config/config';
import { openConnection } from '../shared/db/connection';
import { openDatabase } from '../shared/db/database';
import { createDiskFileStore } from '../shared/files/disk-file-store';
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
 * `epack backup`. `to`: a file that is not there yet, a folder in which one is made, or `-` for standard output. The
 * server may run; the embedded database is started for it where it does not. What is in the file is readable by its
 * owner alone: it holds secrets.
 */
export async function writeBackup(config: Config, to: string): Promise<WrittenBackup> {
  const file = to === '-' ? to : await newFileAt(to);
  return withDatabaseUrl(config, async (url) => {
    const client = await openConnection(url, 'epack-backup');
    try {
      const done: { manifest: BackupManifest | null } = { manifest: null };
      const stream = backupStream({ client, files: createDiskFileStore(config.filesDir) }, (manifest) => {
        done.manifest = manifest;
      });
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
 * `epack restore`. `from`: a file, or `-` for standard input. An embedded database that is made for it goes again where
 * the restore fails.
 */
export async function restoreBackup(config: Config, from: string): Promise<Restored> {
  // Before the database: a name that is nobody's starts nothing.
  const source = from === '-' ? process.stdin : await openToRead(from);
  try {
    return await onNewDatabase(config, async (url) => {
      await makeDataFolder(config);
      return restoreInto(url, config.filesDir, source);
    });
  } finally {
    source.destroy();
  }
}

/** What is in a backup, in a line. */
export function backupSummary({ tables, files }: BackupManifest): string {
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0);
  const missing =
    files.missing === 0 ? '' : `; ${files.missing} files that the database names were not there`;
  return `${Object.keys(tables).length} tables, ${rows} rows, ${files.count} files of ${files.bytes} bytes${missing}`;
}

async function restoreInto(
  url: string,
  filesDir: string,
  source: AsyncIterable<Uint8Array>,
): Promise<Restored> {
  const client = await openConnection(url, 'epack-restore');
  const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-restore' });
  try {
    return await restore({ db, client, files: createDiskFileStore(filesDir) }, source);
  } finally {
    await db.destroy();
    await client.end();
  }
}

/** An embedded database that was not there before is none again where `work` fails. */
async function onNewDatabase<T>(config: Config, work: (url: string) => Promise<T>): Promise<T> {
  const wasThere = config.databaseUrl !== null || (await exists(path.join(config.dataDir, 'postgres')));
  try {
    return await withDatabaseUrl(config, work);
  } catch (error) {
    if (!wasThere) await removeEmbeddedPostgres(config.dataDir);
    throw error;
  }
}

/** The embedded database runs only as long as someone needs it. */
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

/** Throws a sentence where there is no such file, or none that may be read. */
async function openToRead(file: string): Promise<ReadStream> {
  const handle = await open(file, 'r').catch((error: unknown) => {
    throw new Error(`The backup ${file} cannot be read: ${reasonOf(error)}.`);
  });
  if (!(await handle.stat()).isDirectory()) return handle.createReadStream({ highWaterMark: 2 ** 18 });
  await handle.close();
  throw new Error(`The backup ${file} cannot be read: it is a folder.`);
}

/** Throws a sentence where no file can be made. */
async function newFileAt(to: string): Promise<string> {
  const found = await stat(to).catch(() => null);
  const isFolder = found?.isDirectory() === true;
  if (found !== null && !isFolder) throw new Error(`${to} is there already.`);
  const folder = isFolder ? to : path.dirname(to);
  await access(folder, constants.W_OK | constants.X_OK).catch((error: unknown) => {
    throw new Error(`No backup can be written to ${folder}: ${reasonOf(error)}.`);
  });
  if (!isFolder) return to;
  const time = new Date().toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
  return path.join(to, `epack-${time}.tar`);
}

/** Why a file or a folder is of no use, for people. */
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

/** A file that bears its name is whole, and on the disk. */
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
