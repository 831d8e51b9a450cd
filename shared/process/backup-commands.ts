import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { backupStream } from '../backup/backup';
import type { BackupManifest } from '../backup/manifest';
import { restore, type Restored } from '../backup/restore';
import type { Config } from '../config/config';
import { openConnection } from '../db/connection';
import { openDatabase } from '../db/database';
import { createDiskFileStore } from '../files/disk-file-store';
import { findEmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres';

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
  return withDatabaseUrl(config, async (url) => {
    const client = await openConnection(url, 'epack-backup');
    try {
      const done: { manifest: BackupManifest | null } = { manifest: null };
      const stream = backupStream({ client, files: createDiskFileStore(config.filesDir) }, (manifest) => {
        done.manifest = manifest;
      });
      const file = to === '-' ? to : await newFileAt(to);
      if (to === '-') await pipeline(stream, process.stdout, { end: false });
      else await writeWhole(file, stream);
      if (done.manifest === null) throw new Error('The backup did not come to its end.');
      return { file, manifest: done.manifest };
    } finally {
      await client.end();
    }
  });
}

/** `epack restore`. `from`: a file, or `-` for standard input. */
export async function restoreBackup(config: Config, from: string): Promise<Restored> {
  return withDatabaseUrl(config, async (url) => {
    const client = await openConnection(url, 'epack-restore');
    const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-restore' });
    try {
      const source = from === '-' ? process.stdin : createReadStream(from, { highWaterMark: 2 ** 18 });
      return await restore({ db, client, files: createDiskFileStore(config.filesDir) }, source);
    } finally {
      await db.destroy();
      await client.end();
    }
  });
}

/** What is in a backup, in a line. */
export function backupSummary({ tables, files }: BackupManifest): string {
  const rows = Object.values(tables).reduce((sum, table) => sum + table.rows, 0);
  const missing =
    files.missing === 0 ? '' : `; ${files.missing} files that the database names were not there`;
  return `${Object.keys(tables).length} tables, ${rows} rows, ${files.count} files of ${files.bytes} bytes${missing}`;
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

async function newFileAt(to: string): Promise<string> {
  const found = await stat(to).catch(() => null);
  if (found?.isDirectory() === true) {
    const time = new Date().toISOString().replace(/[-:]/g, '').replace(/\.\d+/, '');
    return path.join(to, `epack-${time}.tar`);
  }
  if (found !== null) throw new Error(`${to} is there already.`);
  return to;
}

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
