import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import { z } from 'zod';
import sharp from 'sharp';
import {
  type BackupManifest,
  headerFrom,
  headerName,
  manifestFrom,
  manifestName,
  partName,
  renewedTables,
} from '../../commands/backup/manifest';
import { readTar, type TarEntry, writeTar } from '../../commands/backup/tar';
import { type Config, readConfig } from '../../shared/config/config';
import { openConnection } from '../../shared/db/connection';
import { type Db, migrateTo, openDatabase } from '../../shared/db/database';
import { copyOut, tablesOf } from '../../shared/db/whole-tables';
import { restoreBackup, writeBackup } from '../../commands/backup-commands';
import { findEmbeddedPostgres } from '../../shared/embedded/embedded-postgres';
import { testWithProgram } from '../setup/programs';
import { eventually } from '../queue/eventually';
import { setting, type TestDatabase } from '../setup/database';
import { createAddressConfirmationStore } from '../../shared/stores/notifications/address-confirmation-store';
import { newTarget } from '../notifications/scene';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { call, createSolutionClient } from '../setup/solution-client';
import { dropDatabase, newDatabaseName, onServer as sqlOnServer, urlOf } from '../setup/template-database';
import { fridgeLog, unzip, zipOf } from '../v4/archive';
import { enrol, fullSync, onServer, signIn, storedFiles, syncTo2, tokenOf } from '../v4/on-server';
import { startOn } from './started';

describe('epack backup and epack restore', () => {
  const server = onServer({}, { worker: true });
  const folders: TestFolder[] = [];
  const databases: (() => Promise<void>)[] = [];
  afterAll(async () => {
    for (const drop of databases) await drop();
    for (const folder of folders) folder.remove();
  });

  const newFolder = () => {
    const folder = createTestFolder();
    folders.push(folder);
    return folder.path;
  };

  /** Not even a table in it. */
  async function emptyDatabase(): Promise<string> {
    const at = setting('EPACK_TEST_POSTGRES');
    const name = newDatabaseName('restored');
    await sqlOnServer(at, `create database ${name}`);
    databases.push(() => dropDatabase(at, name));
    return urlOf(at, name);
  }

  const configOf = (databaseUrl: string, dataDir: string): Config =>
    readConfig({ DATABASE_URL: databaseUrl, EPACK_DATA_DIR: dataDir });
  const own = () => configOf(server().databaseUrl, server().config.dataDir);

  /** A kitchen with something of everything: settings, readings, a quarantined row, a photo, a message, an upload that waits. */
  async function fillServer() {
    const solution = await enrol(server());
    const client = createSolutionClient(server().url, await tokenOf(server(), solution));
    await fullSync(
      client,
      zipOf({
        'xml/Fridges.xml':
          '<ArrayOfDefFridges><DefFridges><Id>1</Id><IsActive>true</IsActive><Name>Chambre froide “é”\\n</Name><TempMax>4</TempMax></DefFridges></ArrayOfDefFridges>',
        'csv/Tbfridge.csv': `${fridgeLog(1, 2, 3)}4,2026-11-20 07:31:00,"a\tb\\N ; ""x""",warm\r\n`,
      }),
    );
    const photo = await sharp({ create: { width: 60, height: 40, channels: 3, background: '#a33' } })
      .jpeg()
      .toBuffer();
    await fullSync(client.on('photos'), zipOf({ 'photos/étiquette 1.jpg': photo }));
    await syncTo2(client.on('messagerie'), zipOf({}));
    await server().stopWorker();
    const waiting = await client
      .on('sondes')
      .postForm(
        zipOf({ 'csv/Tbsondes.csv': 'Id,ProbeId,MeasuredAt,Temperature\n1,P1,2026-11-20 07:00,3.5\n' }),
      );
    if (waiting.status !== 200) throw new Error(waiting.text);
    return { ...client, solution };
  }

  test('everything is restored, row by row and byte by byte, and the solution continues where it was', async () => {
    const client = await fillServer();
    await leaveSessionsBehind(server().db);
    const folder = newFolder();
    const { file, manifest } = await writeBackup(own(), folder);
    expect(path.dirname(file)).toBe(folder);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(manifest.files.missing).toBe(0);

    const dataDir = newFolder();
    const databaseUrl = await emptyDatabase();
    const restored = await restoreBackup(configOf(databaseUrl, dataDir), file);
    expect(restored.manifest).toEqual(manifest);

    const other = openDatabase({ url: databaseUrl, maxConnections: 2, applicationName: 'epack-test' });
    try {
      const [before, after] = [await contentOf(server().db), await contentOf(other)];
      expect(Object.keys(after).length).toBeGreaterThan(60);
      expect(await other('audit').orderBy('id', 'desc').first()).toMatchObject({ action: 'backup.restore' });
      for (const name of renewedTables) {
        expect({ name, isFilled: (await server().db(name)).length > 0 }).toEqual({ name, isFilled: true });
        expect({ name, rows: await other(name) }).toEqual({ name, rows: [] });
        expect(manifest.tables[name]).toBeUndefined();
      }
      // Most are named after their column.
      const isCounter = (name: string) => name.endsWith('_seq') || name === 'whole_listing_id';
      const rowsOf = (content: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(content).filter(([name]) => !isCounter(name)));
      expect(rowsOf(withoutRenewed(after))).toEqual(rowsOf(withoutRenewed(before)));
      // Ids that were given out after the backup are not given out again.
      const counters = Object.keys(after).filter(isCounter);
      expect(counters.length).toBeGreaterThan(20);
      for (const name of counters) {
        const [was, is] = [counterOf(before[name]), counterOf(after[name])];
        const isDown = name === 'manager_message_id_seq';
        expect({ name, hasJumped: isDown ? is <= was - 100_000n : is >= was + 100_000n }).toEqual({
          name,
          hasJumped: true,
        });
      }
      expect(await schemaOf(other)).toEqual(await schemaOf(server().db));
    } finally {
      await other.destroy();
    }
    const wanted = (await storedFiles(server())).filter((key) => !isLeftOver(key));
    const there = await storedFiles({ config: { filesDir: path.join(dataDir, 'files') } });
    expect(there).toEqual(wanted);
    expect(there.some((key) => key.startsWith('photos/'))).toBe(true);
    for (const key of there) {
      expect(digestOf(path.join(dataDir, 'files', key))).toBe(
        digestOf(path.join(server().config.filesDir, key)),
      );
    }

    const started = await startOn(databaseUrl, dataDir);
    try {
      // The same marks, with a token of the new key; what waited is processed, and the next package knows all of it.
      await eventually(
        'the server is ready',
        async () => (await call(`${started.url}/readyz`)).status === 200,
      );
      expect((await createSolutionClient(started.url, client.token).statut()).status).toBe(401);
      const again = createSolutionClient(started.url, await tokenOf(started, client.solution));
      expect((await again.lastIdLogs()).json['Tbfridge']).toBe('4');
      await eventually(
        'what waited is processed',
        async () => (await again.on('sondes').statut()).text === '"2"',
      );
      expect((await again.on('sondes').sync()).json['report']).toMatchObject({
        logs: { Tbsondes: { inserted: 1 } },
      });
      expect((await again.on('messagerie').confirm()).status).toBe(200);
      await fullSync(again, zipOf({ 'csv/Tbfridge.csv': fridgeLog(5) }));
      expect((await again.lastIdLogs()).json['Tbfridge']).toBe('5');
      await syncTo2(again.on('photos'), zipOf({}));
      const index = unzip((await again.on('photos').download()).body).get('csv/Photos-r.csv');
      expect(index?.toString()).toContain('étiquette 1.jpg');
      expect((await again.on('photos').photo('étiquette 1.jpg')).status).toBe(200);
    } finally {
      await started.stop();
      await server().startWorker();
    }
  });

  test('a backup is one consistent state, whatever is written meanwhile', async () => {
    const client = await signIn(server());
    const writer = { isOn: true };
    const writing = (async () => {
      for (let id = 1; writer.isOn; id += 1)
        await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(id) }));
    })();
    await eventually('there are syncs', async () => (await count(server().db, client.id)) > 2);
    const { file } = await writeBackup(own(), path.join(newFolder(), 'while-it-runs.tar'));
    writer.isOn = false;
    await writing;

    const databaseUrl = await emptyDatabase();
    await restoreBackup(configOf(databaseUrl, newFolder()), file);
    const other = openDatabase({ url: databaseUrl, maxConnections: 2, applicationName: 'epack-test' });
    try {
      const rows = await count(other, client.id);
      const mark = await other('log_mark')
        .where({ solution_id: client.id, table_name: 'tbfridge' })
        .first<{ highest_id: string } | undefined>('highest_id');
      expect(rows).toBeGreaterThan(0);
      expect(Number(mark?.highest_id)).toBe(rows);
    } finally {
      await other.destroy();
    }
  });

  test('a backup that is encrypted for a recipient can only be read by that recipient', async () => {
    const { generateX25519Identity, identityToRecipient } = await import('age-encryption');
    const [identity, other] = [await generateX25519Identity(), await generateX25519Identity()];
    const folder = newFolder();
    const keys = path.join(folder, 'keys.txt');
    writeFileSync(
      keys,
      `# created: today\n# public key: ${await identityToRecipient(identity)}\n${identity}\n`,
    );
    const otherKeys = path.join(folder, 'other.txt');
    writeFileSync(otherKeys, other);
    const { file } = await writeBackup(own(), folder, [await identityToRecipient(identity)]);
    expect(file).toMatch(/\.tar\.age$/);
    const encrypted = readFileSync(file);
    expect(encrypted.subarray(0, 21).toString()).toBe('age-encryption.org/v1');
    expect(encrypted.includes('epack-backup.json')).toBe(false);

    const [databaseUrl, dataDir] = [await emptyDatabase(), newFolder()];
    const target = configOf(databaseUrl, dataDir);
    await expect(restoreBackup(target, file)).rejects.toThrow('The backup is encrypted: name the file');
    await expect(restoreBackup(target, file, otherKeys)).rejects.toThrow('cannot be decrypted');
    const cut = path.join(folder, 'cut.tar.age');
    writeFileSync(cut, encrypted.subarray(0, encrypted.length - 5_000));
    await expect(restoreBackup(target, cut, keys)).rejects.toThrow();
    const altered = path.join(folder, 'altered.tar.age');
    const marked = Buffer.from(encrypted);
    marked[150_000] = (marked[150_000] ?? 0) ^ 1;
    writeFileSync(altered, marked);
    await expect(restoreBackup(target, altered, keys)).rejects.toThrow();
    expect(await storedFiles({ config: target })).toEqual([]);
    const { manifest } = await restoreBackup(target, file, keys);
    expect(manifest.files.count).toBeGreaterThan(0);
    await expect(writeBackup(own(), folder, ['age1nobody'])).rejects.toThrow(
      'age1nobody is no recipient of age',
    );
  });

  testWithProgram(
    'age',
    'one that is encrypted is read by age itself, and one that age encrypted is restored',
    async () => {
      const folder = newFolder();
      const keys = path.join(folder, 'keys.txt');
      execFileSync('age-keygen', ['-o', keys], { stdio: 'ignore' });
      const recipient = execFileSync('age-keygen', ['-y', keys], { encoding: 'utf8' }).trim();
      const { file, manifest } = await writeBackup(own(), folder, [recipient]);
      const plain = path.join(folder, 'plain.tar');
      execFileSync('age', ['--decrypt', '--identity', keys, '--output', plain, file]);
      const names = execFileSync('tar', ['-tf', plain], { encoding: 'utf8' }).trim().split('\n');
      expect([names.at(0), names.at(-1)]).toEqual(['epack-backup.json', 'manifest.json']);
      const again = path.join(folder, 'again.tar.age');
      execFileSync('age', ['--encrypt', '--recipient', recipient, '--output', again, plain]);
      const restored = await restoreBackup(configOf(await emptyDatabase(), newFolder()), again, keys);
      expect(restored.manifest).toEqual(manifest);
    },
  );

  test('a restore refuses a database or a folder that is not empty', async () => {
    const { file } = await writeBackup(own(), newFolder());
    await expect(restoreBackup(own(), file)).rejects.toThrow(/database is not empty/);
    const dataDir = newFolder();
    mkdirSync(path.join(dataDir, 'files', 'photos'), { recursive: true });
    writeFileSync(path.join(dataDir, 'files', 'photos', 'x.jpg'), 'x');
    await expect(restoreBackup(configOf(await emptyDatabase(), dataDir), file)).rejects.toThrow(
      /file store is not empty/,
    );
    expect(readFileSync(path.join(dataDir, 'files', 'photos', 'x.jpg'), 'utf8')).toBe('x');
    await expect(writeBackup(own(), file)).rejects.toThrow(/is there already/);
  });

  test('restoring an incomplete or damaged backup leaves nothing behind, and another attempt works', async () => {
    const { file } = await writeBackup(own(), newFolder());
    const whole = readFileSync(file);
    const cut = path.join(newFolder(), 'cut.tar');
    writeFileSync(cut, whole);
    truncateSync(cut, whole.length - 20_000);
    const damaged = path.join(newFolder(), 'damaged.tar');
    const marked = Buffer.from(whole);
    const photo = marked.indexOf('files/photos/');
    marked[photo + 512 + 20] = (marked[photo + 512 + 20] ?? 0) ^ 0xff;
    writeFileSync(damaged, marked);
    const other = path.join(newFolder(), 'other.tar');
    writeFileSync(other, randomBytes(10_000));

    const [databaseUrl, dataDir] = [await emptyDatabase(), newFolder()];
    const target = configOf(databaseUrl, dataDir);
    await expect(restoreBackup(target, cut)).rejects.toThrow(/cut off/);
    await expect(restoreBackup(target, damaged)).rejects.toThrow(/damaged: the files/);
    await expect(restoreBackup(target, other)).rejects.toThrow(/no backup/);
    expect(await storedFiles({ config: target })).toEqual([]);
    await restoreBackup(target, file);
    expect((await storedFiles({ config: target })).length).toBeGreaterThan(0);
  });

  test('a table that is cut off ends the restore; a table that cannot be unzipped is named, and nothing is left behind', async () => {
    const { file } = await writeBackup(own(), newFolder());
    const damaged = readFileSync(file);
    const table = damaged.indexOf('tables/account.copy.gz.000001');
    const target = configOf(await emptyDatabase(), newFolder());
    const cut = path.join(newFolder(), 'cut.tar');
    writeFileSync(cut, damaged.subarray(0, table + 522));
    await expect(restoreBackup(target, cut)).rejects.toThrow('The backup is cut off.');
    damaged.fill(0xff, table + 512, table + 522);
    writeFileSync(file, damaged);
    await expect(restoreBackup(target, file)).rejects.toThrow('The backup is damaged: account.');
  });

  test('the error says that a file is not a backup, and names a file that does not exist or cannot be written', async () => {
    const folder = newFolder();
    const target = configOf(await emptyDatabase(), newFolder());
    const text = path.join(folder, 'notes.txt');
    for (const content of ['', 'A letter.\n', 'A long letter.\n'.repeat(100)]) {
      writeFileSync(text, content);
      await expect(restoreBackup(target, text)).rejects.toThrow(
        /^This is no backup of this server: it is no tar/,
      );
    }
    await expect(restoreBackup(target, folder)).rejects.toThrow(`${folder} cannot be read: it is a folder.`);
    const nobody = path.join(folder, 'nobody');
    await expect(restoreBackup(target, nobody)).rejects.toThrow(`${nobody} cannot be read: it is not there.`);
    await expect(writeBackup(own(), path.join(nobody, 'x.tar'))).rejects.toThrow(
      `No backup can be written to ${nobody}: it is not there.`,
    );
  });

  test('an embedded database that was made for a restore is stopped and removed if the restore fails', async () => {
    const dataDir = newFolder();
    const embedded = readConfig({ EPACK_DATA_DIR: dataDir });
    await expect(restoreBackup(embedded, path.join(dataDir, 'nobody'))).rejects.toThrow(/it is not there/);
    expect(readdirSync(dataDir)).toEqual([]);
    const text = path.join(newFolder(), 'notes.txt');
    writeFileSync(text, 'A letter.\n');
    await expect(restoreBackup(embedded, text)).rejects.toThrow(/no backup/);
    expect(readdirSync(dataDir)).not.toContain('postgres');
    expect(await findEmbeddedPostgres(dataDir)).toBeNull();
  });

  test('a backup of an earlier version is brought up to date', async () => {
    const earlier = await earlierDatabase();
    databases.push(() => earlier.drop());
    const filesOfEarlier = newFolder();
    const { file } = await writeBackup(configOf(earlier.url, filesOfEarlier), newFolder());
    const databaseUrl = await emptyDatabase();
    const { migrated } = await restoreBackup(configOf(databaseUrl, newFolder()), file);
    expect(migrated).toContain('20261121_16_running_it.js');
    const other = openDatabase({ url: databaseUrl, maxConnections: 2, applicationName: 'epack-test' });
    try {
      expect(await schemaOf(other)).toEqual(await schemaOf(server().db));
      expect(await other('account').count('* as n').first()).toEqual({ n: '1' });
    } finally {
      await other.destroy();
    }
  });

  test('a backup of a version that still included sessions and forms is restored without them', async () => {
    await leaveSessionsBehind(server().db);
    const { file } = await writeBackup(own(), newFolder());
    const older = path.join(newFolder(), 'older.tar');
    await writeFileWith(older, withRenewedTables(file, server().databaseUrl));
    const databaseUrl = await emptyDatabase();
    const { manifest } = await restoreBackup(configOf(databaseUrl, newFolder()), older);
    expect(manifest.tables['kept_form']?.rows).toBeGreaterThan(0);
    const other = openDatabase({ url: databaseUrl, maxConnections: 2, applicationName: 'epack-test' });
    try {
      for (const name of renewedTables) expect([name, await other(name)]).toEqual([name, []]);
      const users = (db: Db) => db('app_user').orderBy('id').pluck('email');
      expect(await users(other)).toEqual(await users(server().db));
    } finally {
      await other.destroy();
    }
  });

  /** As a server of the first ten migrations left it. */
  async function earlierDatabase(): Promise<TestDatabase> {
    const url = await emptyDatabase();
    const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-test' });
    await migrateTo(db, readdirSync(path.resolve(__dirname, '../../migrations')).sort().slice(0, 10));
    await db.raw(`insert into account (name) values ('Le Bouchon')`);
    return { url, db, drop: () => db.destroy() };
  }
});

describe('the archive', () => {
  const entry = (name: string, content: Buffer): TarEntry => ({
    name,
    bytes: content.length,
    content: [content],
  });

  test('can be read by tar, whatever its names and sizes', async () => {
    const folder = createTestFolder();
    const names = [
      'a.txt',
      'empty',
      `${'long/'.repeat(40)}end.bin`,
      'photos/étiquette “1”.jpg',
      'b/exactly-512',
    ];
    const contents = [
      Buffer.from('x'),
      Buffer.alloc(0),
      randomBytes(70_001),
      randomBytes(300),
      randomBytes(512),
    ];
    const written = await collect(
      writeTar(
        (async function* () {
          for (const [index, name] of names.entries()) yield entry(name, contents[index] ?? Buffer.alloc(0));
        })(),
      ),
    );
    writeFileSync(path.join(folder.path, 'archive.tar'), written);
    execFileSync('tar', ['-xf', 'archive.tar'], { cwd: folder.path });
    for (const [index, name] of names.entries()) {
      expect(readFileSync(path.join(folder.path, name)).equals(contents[index] ?? Buffer.alloc(1))).toBe(
        true,
      );
    }
    const read: [string, Buffer][] = [];
    for await (const { name, content } of readTar(inPieces(written, 777)))
      read.push([name, await collect(content)]);
    expect(read.map(([name]) => name)).toEqual(names);
    for (const [index, [, content]] of read.entries())
      expect(content.equals(contents[index] ?? Buffer.alloc(1))).toBe(true);
    folder.remove();
  });

  test('has room for files of more than 8 GiB', async () => {
    const bytes = 9 * 2 ** 30;
    const writing = writeTar(
      (async function* () {
        yield { name: 'large', bytes, content: [] };
      })(),
    );
    const [header] = await collectFirst(writing);
    const read = await readTar(inPieces(header ?? Buffer.alloc(0), 512)).next();
    expect(read.value).toMatchObject({ name: 'large', bytes });
  });
});

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function collectFirst(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  for await (const chunk of chunks) return [chunk];
  return [];
}

async function collect(chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const chunk of chunks) all.push(Buffer.from(chunk));
  return Buffer.concat(all);
}

/** Uploads are kept packed: what is not unpacked is read from the archive. A part that nobody finished is nobody's. */
const isLeftOver = (key: string) => key.startsWith('.parts/') || /^uploads\/.*\/unpacked\//.test(key);

const digestOf = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex');

async function count(db: Db, solutionId: number): Promise<number> {
  const row = await db('tbfridge').where({ solution_id: solutionId }).count<{ n: string }[]>('* as n');
  return Number(row[0]?.n);
}

const counterOf = (state: unknown) =>
  z.tuple([z.object({ last_value: z.coerce.bigint() })]).parse(state)[0].last_value;

/** Every row of every table, and where every sequence stands. */
/** A backup as earlier versions made it, with the tables that are created again today. */
async function* withRenewedTables(file: string, databaseUrl: string): AsyncGenerator<TarEntry> {
  const client = await openConnection(databaseUrl, 'epack-test');
  const added: BackupManifest['tables'] = {};
  const json = (name: string, value: unknown): TarEntry => {
    const content = Buffer.from(JSON.stringify(value));
    return { name, bytes: content.length, content: [content] };
  };
  try {
    const shapes = (await tablesOf(client)).filter(({ name }) => renewedTables.includes(name));
    for await (const { name, bytes, content } of readTar(createReadStream(file))) {
      const held = await collect(content);
      if (name === headerName) {
        const header = headerFrom(held.toString());
        const tables = shapes.map(({ name: table, columns }) => ({ name: table, columns: [...columns] }));
        yield json(name, { ...header, tables: [...header.tables, ...tables] });
      } else if (name === manifestName) {
        for (const shape of shapes) {
          const text = copyOut(client, shape);
          const plain = await collect(text);
          added[shape.name] = {
            rows: text.rowCount(),
            sha256: createHash('sha256').update(plain).digest('hex'),
          };
          const zipped = gzipSync(plain);
          yield { name: partName(shape.name, 1), bytes: zipped.length, content: [zipped] };
        }
        const manifest = manifestFrom(held.toString());
        yield json(name, { ...manifest, tables: { ...manifest.tables, ...added } });
      } else yield { name, bytes, content: [held] };
    }
  } finally {
    await client.end();
  }
}

const writeFileWith = (file: string, entries: AsyncIterable<TarEntry>): Promise<void> =>
  pipeline(writeTar(entries), createWriteStream(file));

async function contentOf(db: Db): Promise<Record<string, unknown>> {
  const { rows } = await db.raw<{ rows: { name: string; kind: string }[] }>(
    `select relname as name, relkind as kind from pg_class
     where relkind in ('r', 'S') and relnamespace = 'public'::regnamespace and relname not like 'knex%' order by 1`,
  );
  const content: Record<string, unknown> = {};
  for (const { name, kind } of rows) {
    const columns = kind === 'S' ? 'last_value, is_called' : 't::text as row';
    const order = kind === 'S' ? '' : 'order by 1';
    const read = await db.raw<{ rows: unknown[] }>(`select ${columns} from "${name}" t ${order}`);
    content[name] = read.rows;
  }
  return content;
}

/** A session, with a sign-in that is half done, and something that was written in a form. */
async function leaveSessionsBehind(db: Db): Promise<void> {
  const [user] = await db<{ id: number }>('app_user').select('id').limit(1);
  const expiry = { user_id: user?.id, expires_at: db.raw(`now() + interval '1 hour'`) };
  await db('user_session').insert({ ...expiry, token_sha256: randomBytes(32) });
  await db('sign_in_step').insert({ ...expiry, token_sha256: randomBytes(32) });
  await db('kept_form').insert({ user_id: user?.id, page: '/x', action: '/x', fields: { note: 'private' } });
  await db('oidc_attempt').insert({
    state_sha256: randomBytes(32),
    nonce: 'n',
    code_verifier: 'v',
    return_to: '/',
    expires_at: expiry.expires_at,
  });
  const address = 'chef@example.org';
  const targetId = await newTarget(db, { kind: 'email', address, isConfirmed: false });
  await createAddressConfirmationStore(db).add(randomBytes(32), { targetId, address }, 1);
}

/** Sessions and the key of tokens stay out of a backup, and the trail goes on with the restore. */
const withoutRenewed = (content: Record<string, unknown>) =>
  Object.fromEntries(
    Object.entries(content).filter(([name]) => !renewedTables.includes(name) && !name.startsWith('audit')),
  );

async function schemaOf(db: Db): Promise<unknown[]> {
  const { rows } = await db.raw<{ rows: unknown[] }>(
    `select table_name, column_name, data_type, column_default, is_nullable, is_generated
     from information_schema.columns where table_schema = 'public' and table_name not like 'knex%' order by 1, 2`,
  );
  const triggers = await db.raw<{ rows: unknown[] }>(
    `select tgname, tgenabled from pg_trigger where not tgisinternal order by 1`,
  );
  return [...rows, ...triggers.rows];
}
