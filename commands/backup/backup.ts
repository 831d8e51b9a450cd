import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import type { Connection } from '../../shared/db/connection';
import {
  beginSnapshot,
  copyOut,
  migrationsOf,
  sequencesOf,
  type TableShape,
  tablesOf,
} from '../../shared/db/whole-tables';
import { AppError } from '../../shared/errors/app-error';
import type { FileStore, StoredFile } from '../../shared/files/file-store';
import { lastingPrefixes, particularsKeyOf } from '../../shared/files/layout';
import {
  type BackupHeader,
  type BackupManifest,
  createFileTally,
  filePrefix,
  headerName,
  manifestName,
  partName,
  renewedTables,
} from './manifest';
import { type TarEntry, writeTar } from './tar';

interface Source {
  /** A separate connection that nobody else uses. */
  readonly client: Connection;
  readonly files: Pick<FileStore, 'read' | 'list' | 'stat'>;
}

const partBytes = 4 * 2 ** 20;
const pageRows = 1_000;

/**
 * A backup of everything, as a stream; the server may run meanwhile. The database is the state at the beginning; the
 * files are those that this state names, and perhaps a few photos that arrived since. `onDone` gets the contents.
 */
export function backupStream(
  { client, files }: Source,
  onDone: (manifest: BackupManifest) => void,
): Readable {
  return Readable.from(writeTar(entries()), { objectMode: false });

  async function* entries(): AsyncGenerator<TarEntry> {
    const folder = await mkdtemp(path.join(tmpdir(), 'epack-backup-'));
    const list = path.join(folder, 'files');
    try {
      await beginSnapshot(client);
      const header = await headerOf(client);
      yield jsonEntry(headerName, header);
      const tables: BackupManifest['tables'] = {};
      for (const table of header.tables) {
        yield* tableEntries(client, table, (rows, sha256) => {
          tables[table.name] = { rows, sha256 };
        });
      }
      await writeList(list, wantedKeys(client));
      // The files take longest, so no transaction stays open for them.
      await client.query('commit');
      const tally = createFileTally();
      const missing = { count: 0 };
      for await (const stored of existing(files, linesOf(list), missing)) {
        const entry = await fileEntry(files, stored, tally);
        if (entry !== null) yield entry;
      }
      const manifest = { tables, files: { ...tally.end(), missing: missing.count } };
      yield jsonEntry(manifestName, manifest);
      onDone(manifest);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

async function headerOf(client: Connection): Promise<BackupHeader> {
  const migrations = await migrationsOf(client);
  if (migrations.length === 0) throw new Error('There is nothing to back up: the database is empty.');
  return {
    format: 1,
    createdAt: new Date().toISOString(),
    migrations,
    tables: (await tablesOf(client))
      .filter(({ name }) => !renewedTables.includes(name))
      .map(({ name, columns }) => ({ name, columns: [...columns] })),
    // Sequences belong to no transaction: if they are read after its beginning, they are above every id in it.
    sequences: await sequencesOf(client),
  };
}

/** The size of a table is unknown until it has been read; only its parts are in memory. */
async function* tableEntries(
  client: Connection,
  table: TableShape,
  onEnd: (rows: number, sha256: string) => void,
): AsyncGenerator<TarEntry> {
  const text = copyOut(client, table);
  const hash = createHash('sha256');
  const zipped = Readable.from(hashed(text, hash), { objectMode: false }).pipe(createGzip({ level: 1 }));
  let part = 0;
  let held: Buffer[] = [];
  let heldBytes = 0;
  const take = (): TarEntry => {
    part += 1;
    const entry = { name: partName(table.name, part), bytes: heldBytes, content: held };
    held = [];
    heldBytes = 0;
    return entry;
  };
  for await (const chunk of zipped as AsyncIterable<Buffer>) {
    held.push(chunk);
    heldBytes += chunk.length;
    if (heldBytes >= partBytes) yield take();
  }
  if (heldBytes > 0) yield take();
  onEnd(text.rowCount(), hash.digest('hex'));
}

/** Every file that the snapshot names; a key that ends in `/` is a folder. */
async function* wantedKeys(client: Connection): AsyncGenerator<string> {
  interface Row {
    id: string;
    archive_key: string | null;
    package_key: string | null;
  }
  for (let after = '00000000-0000-0000-0000-000000000000'; ;) {
    const { rows } = await client.query<Row>(
      `select id, archive_key, package_key from sync
       where id > $1 and files_removed_at is null and state <> 'receiving' order by id limit ${pageRows}`,
      [after],
    );
    for (const row of rows) {
      if (row.archive_key !== null) yield row.archive_key;
      if (row.package_key !== null) yield row.package_key;
    }
    const last = rows.at(-1);
    if (last === undefined) break;
    after = last.id;
  }
  for (const prefix of lastingPrefixes) yield `${prefix}/`;
}

async function* existing(
  files: Source['files'],
  keys: AsyncIterable<string>,
  missing: { count: number },
): AsyncGenerator<StoredFile> {
  for await (const key of keys) {
    if (key.endsWith('/')) {
      yield* files.list(key.slice(0, -1));
      continue;
    }
    const found = await files.stat(key);
    if (found === null) missing.count += 1;
    else yield found;
    const beside = particularsKeyOf(key);
    const particulars = beside === null ? null : await files.stat(beside);
    if (particulars !== null) yield particulars;
  }
}

async function fileEntry(
  files: Source['files'],
  { key, bytes }: StoredFile,
  tally: ReturnType<typeof createFileTally>,
): Promise<TarEntry | null> {
  const content = await files.read(key).catch((error: unknown) => {
    // Retention has removed the file since it was listed: then it is no longer needed.
    if (error instanceof AppError && error.kind === 'absent') return null;
    throw error;
  });
  if (content === null) return null;
  return { name: `${filePrefix}${key}`, bytes, content: counted(content) };

  async function* counted(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const hash = createHash('sha256');
    yield* hashed(source, hash);
    tally.add(key, bytes, hash.digest('hex'));
  }
}

async function* hashed(
  source: AsyncIterable<Buffer>,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    hash.update(chunk);
    yield chunk;
  }
}

function jsonEntry(name: string, value: object): TarEntry {
  const bytes = Buffer.from(`${JSON.stringify(value, null, 2)}\n`);
  return { name, bytes: bytes.length, content: [bytes] };
}

/** The list is on the disk, because there may be many. */
async function writeList(file: string, keys: AsyncIterable<string>): Promise<void> {
  const list = await open(file, 'wx', 0o600);
  try {
    let lines: string[] = [];
    for await (const key of keys) {
      lines.push(key);
      if (lines.length < pageRows) continue;
      await list.write(`${lines.join('\n')}\n`);
      lines = [];
    }
    if (lines.length > 0) await list.write(`${lines.join('\n')}\n`);
  } finally {
    await list.close();
  }
}

const linesOf = (file: string): AsyncIterable<string> =>
  createInterface({ input: createReadStream(file), crlfDelay: Infinity });
