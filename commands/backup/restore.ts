import { createHash } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { isNativeError } from 'node:util/types';
import { createGunzip } from 'node:zlib';
import { bytesOf } from '../../shared/formats/bytes-of';
import type { Connection } from '../../shared/db/connection';
import { type Db, migrate, migrateTo } from '../../shared/db/database';
import { leapAheadSql } from '../../shared/db/given-ids';
import {
  copyIn,
  emptyTables,
  endLoad,
  firstWithRows,
  migrationsOf,
  prepareForLoad,
  setSequence,
  type TableShape,
  tablesOf,
} from '../../shared/db/whole-tables';
import { commandLineCaller } from '../../shared/domain/staff';
import { createAuditStore } from '../../shared/stores/staff/audit-store';
import { auditEntry } from '../../api/backoffice/services/trail';
import type { FileStore } from '../../shared/files/file-store';
import {
  type BackupHeader,
  type BackupManifest,
  createFileTally,
  filePrefix,
  headerFrom,
  headerName,
  manifestFrom,
  manifestName,
  renewedTables,
  tableOfPart,
} from './manifest';
import { readTar, type TarEntry } from './tar';

interface Target {
  readonly db: Db;
  /** A separate connection to the same database. */
  readonly client: Connection;
  readonly files: Pick<FileStore, 'write' | 'list' | 'remove'>;
}

export interface Restored {
  readonly header: BackupHeader;
  readonly manifest: BackupManifest;
  /** Migrations that ran afterwards, because the backup is of an earlier version. */
  readonly migrated: readonly string[];
}

/**
 * Restores a backup into an empty database and an empty file store; all of it or nothing. Throws a sentence for the
 * operator if there are already data, or if the backup is damaged or cut off.
 */
export async function restore(target: Target, backup: AsyncIterable<Uint8Array>): Promise<Restored> {
  const { db, client, files } = target;
  await refuseOverData(target);
  const entries = readTar(backup);
  const header = headerFrom(await textOf(await nextEntry(entries), headerName));
  await makeSchema(target, header);
  await client.query('begin');
  try {
    await prepareForLoad(client, header.tables);
    const loaded = await takeEntries(target, entries, header.tables);
    const manifest = loaded.manifest;
    compare(manifest, loaded);
    for (const sequence of header.sequences) await setSequence(client, sequence);
    // Devices and programs may remember ids that were given out after the backup was made.
    await client.query(leapAheadSql);
    await endLoad(client, header.tables);
    // Backups of earlier versions contain them.
    await emptyTables(client, renewedTables);
    await client.query('commit');
    const migrated = await migrate(db);
    const after = { stateOf: header.createdAt };
    await createAuditStore(db).add([auditEntry(commandLineCaller, 'backup.restore', { after })]);
    return { header, manifest, migrated };
  } catch (error) {
    await client.query('rollback');
    for (const prefix of await topFolders(files)) await files.remove(prefix);
    throw error;
  }
}

interface Taken {
  readonly manifest: BackupManifest;
  readonly tables: BackupManifest['tables'];
  readonly files: { readonly count: number; readonly bytes: number; readonly sha256: string };
}

async function refuseOverData({ client, files }: Target): Promise<void> {
  const filled = await firstWithRows(client, await tablesOf(client));
  if (filled !== null) {
    throw new Error(
      `The database is not empty (table ${filled}): a backup is restored into an empty one only.`,
    );
  }
  for await (const { key } of files.list('')) {
    throw new Error(`The file store is not empty (${key}): a backup is restored into an empty one only.`);
  }
}

async function makeSchema({ db, client }: Target, { migrations }: BackupHeader): Promise<void> {
  const ran = await migrationsOf(client);
  if (ran.length === 0) return migrateTo(db, migrations);
  if ([...ran].sort().join() !== [...migrations].sort().join()) {
    throw new Error(
      "The database has the schema of another version than the backup's: create it anew, empty.",
    );
  }
}

/** It is one pass: only the current entry is in memory. */
async function takeEntries(
  target: Target,
  entries: AsyncGenerator<TarEntry>,
  tables: readonly TableShape[],
): Promise<Taken> {
  const current: { load: TableLoad | null } = { load: null };
  try {
    return await takeEach(target, entries, tables, current);
  } catch (error) {
    await current.load?.giveUp();
    throw error;
  }
}

async function takeEach(
  { client, files }: Target,
  entries: AsyncGenerator<TarEntry>,
  tables: readonly TableShape[],
  current: { load: TableLoad | null },
): Promise<Taken> {
  const loaded: BackupManifest['tables'] = {};
  const tally = createFileTally();
  const endTable = async () => {
    if (current.load !== null) loaded[current.load.name] = await current.load.end();
    current.load = null;
  };
  for await (const entry of entries) {
    const table = tableOfPart(entry.name);
    if (table !== null) {
      if (current.load?.name !== table) await endTable();
      current.load ??= startTable(client, shapeOf(tables, table));
      await current.load.take(entry.content);
      continue;
    }
    await endTable();
    if (entry.name === manifestName) {
      return {
        manifest: manifestFrom(await textOf(entry, manifestName)),
        tables: loaded,
        files: tally.end(),
      };
    }
    if (entry.name.startsWith(filePrefix)) await takeFile(files, entry, tally);
  }
  throw new Error('The backup is cut off.');
}

interface TableLoad {
  readonly name: string;
  take(part: TarEntry['content']): Promise<void>;
  /** Otherwise PostgreSQL would wait for the rest of the table, and the rollback would wait for PostgreSQL. */
  giveUp(): Promise<void>;
  end(): Promise<{ rows: number; sha256: string }>;
}

function startTable(client: Connection, shape: TableShape): TableLoad {
  const zipped = new PassThrough();
  const hash = createHash('sha256');
  const plain = zipped.pipe(createGunzip());
  zipped.on('error', (error) => plain.destroy(error));
  const rows = copyIn(client, shape, hashed(plain, hash)).catch((error: unknown) => {
    throw isOfZlib(error) ? new Error(`The backup is damaged: ${shape.name}.`, { cause: error }) : error;
  });
  // It is awaited later.
  rows.catch((error: unknown) => zipped.destroy(error instanceof Error ? error : new Error('failed')));
  return {
    name: shape.name,
    async take(part) {
      for await (const chunk of part) {
        if (zipped.destroyed) await rows;
        if (!zipped.write(chunk)) await drained(zipped);
      }
    },
    async giveUp() {
      zipped.destroy(new Error('The table does not come to its end.'));
      await rows.catch(() => undefined);
    },
    async end() {
      zipped.end();
      return { rows: await rows, sha256: hash.digest('hex') };
    },
  };
}

const isOfZlib = (error: unknown): boolean =>
  isNativeError(error) && 'code' in error && String(error.code).startsWith('Z_');

const drained = (stream: PassThrough): Promise<void> =>
  new Promise((resolve) => {
    const goOn = () => {
      stream.off('drain', goOn).off('close', goOn);
      resolve();
    };
    stream.on('drain', goOn).on('close', goOn);
  });

async function takeFile(
  files: Target['files'],
  { name, bytes, content }: TarEntry,
  tally: ReturnType<typeof createFileTally>,
): Promise<void> {
  const key = name.slice(filePrefix.length);
  const hash = createHash('sha256');
  await files.write(key, hashed(content, hash));
  tally.add(key, bytes, hash.digest('hex'));
}

function compare({ tables, files }: BackupManifest, taken: Taken): void {
  const damaged = Object.keys(tables).filter((name) => {
    const [meant, came] = [tables[name], taken.tables[name]];
    return meant?.rows !== came?.rows || meant?.sha256 !== came?.sha256;
  });
  if (files.sha256 !== taken.files.sha256) damaged.push('the files');
  if (damaged.length > 0) throw new Error(`The backup is damaged: ${damaged.join(', ')}.`);
}

function shapeOf(tables: readonly TableShape[], name: string): TableShape {
  const shape = tables.find((table) => table.name === name);
  if (shape === undefined)
    throw new Error(`The backup is damaged: it does not say what the table ${name} is.`);
  return shape;
}

async function nextEntry(entries: AsyncGenerator<TarEntry>): Promise<TarEntry> {
  const next = await entries.next();
  if (next.done === true) throw new Error('The backup is empty.');
  return next.value;
}

async function textOf({ name, content }: TarEntry, expected: string): Promise<string> {
  if (name !== expected)
    throw new Error(`This is no backup of this server: ${name} in place of ${expected}.`);
  return (await bytesOf(content)).toString('utf8');
}

async function* hashed(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

/** The folders that were written: all of them are ours, because the file store was empty. */
async function topFolders(files: Pick<FileStore, 'list'>): Promise<Set<string>> {
  const folders = new Set<string>();
  for await (const { key } of files.list('')) folders.add(key.split('/')[0] ?? key);
  return folders;
}
