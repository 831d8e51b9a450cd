import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  findEmbeddedPostgres,
  startEmbeddedPostgres,
  type EmbeddedPostgres,
} from '../../shared/embedded/embedded-postgres';
import { createTestFolder } from '../setup/folder';
import { startHolder } from './holder';
import { addReading, allReadings, createReadings, query } from './readings';

const isRoot = process.getuid?.() === 0;
const nobody = { uid: 65534, gid: 65534 };
const started: EmbeddedPostgres[] = [];

afterEach(async () => {
  for (const postgres of started.splice(0)) await postgres.stop();
});

async function start(dataDir: string): Promise<EmbeddedPostgres> {
  const postgres = await startEmbeddedPostgres({ dataDir });
  started.push(postgres);
  return postgres;
}

const newDataDir = (): string => path.join(createTestFolder().path, 'data');

describe('the embedded database', () => {
  test('starts on nothing, and again with the same rows and the same url', async () => {
    const dataDir = newDataDir();
    expect(await findEmbeddedPostgres(dataDir)).toBeNull();
    const first = await startEmbeddedPostgres({ dataDir });
    await createReadings(first.url);
    await addReading(first.url, 1);
    expect(await findEmbeddedPostgres(dataDir)).toBe(first.url);
    await first.stop();
    expect(await findEmbeddedPostgres(dataDir)).toBeNull();
    const second = await start(dataDir);
    expect(second.url).toBe(first.url);
    expect(await allReadings(second.url)).toEqual([1]);
  });

  test('is a database in UTF-8 that sorts by code point, in UTC, and that writes to the disk before it answers', async () => {
    const { url } = await start(newDataDir());
    const settings = await query(
      url,
      `select concat_ws(' ', current_database(), pg_encoding_to_char(encoding), datlocale, current_setting('timezone'),
                        current_setting('fsync'), 'É' < 'a', lower('É')) as id
         from pg_database where datname = current_database()`,
    );
    expect(settings).toEqual(['epack UTF8 C.UTF-8 UTC on f é']);
  });

  test('refuses connections without the password, which only its owner can read', async () => {
    const dataDir = newDataDir();
    const { url } = await start(dataDir);
    const stranger = new URL(url);
    stranger.password = 'guess';
    await expect(query(stranger.href, 'select 1 as id')).rejects.toThrow(/password/);
    expect(statSync(path.join(dataDir, 'postgres')).mode & 0o777).toBe(0o700);
    expect(statSync(path.join(dataDir, 'postgres/password')).mode & 0o777).toBe(0o600);
  });

  test('does not let SQL reach the files of the system', async () => {
    const { url } = await start(newDataDir());
    await expect(query(url, `select pg_read_file('/etc/passwd')`)).rejects.toThrow(/permission denied/);
  });

  test('is adopted by the next process after its own was killed, and shut down by that one', async () => {
    const dataDir = newDataDir();
    const killed = await startHolder(dataDir);
    await createReadings(killed.url);
    await killed.kill();
    expect(await findEmbeddedPostgres(dataDir)).toBe(killed.url);
    const heir = await startEmbeddedPostgres({ dataDir });
    expect(heir.url).toBe(killed.url);
    await addReading(heir.url, 7);
    await heir.stop();
    expect(await findEmbeddedPostgres(dataDir)).toBeNull();
  });

  test('is started once by several processes that want it at once, and ends with the last of them', async () => {
    const dataDir = newDataDir();
    const holders = await Promise.all([startHolder(dataDir), startHolder(dataDir), startHolder(dataDir)]);
    const [first, second, last] = holders;
    expect(new Set(holders.map(({ url }) => url)).size).toBe(1);
    await Promise.all([first.stop(), second.kill()]);
    expect(await findEmbeddedPostgres(dataDir)).toBe(last.url);
    await last.stop();
    expect(await findEmbeddedPostgres(dataDir)).toBeNull();
  });

  test('survives stops and starts that overlap', async () => {
    const dataDir = newDataDir();
    const stayed = await Promise.all(
      [0, 1, 2].map(async (turn) => {
        for (let round = 0; round < 3; round += 1) {
          const postgres = await startEmbeddedPostgres({ dataDir });
          await query(postgres.url, 'select 1 as id');
          await sleep(turn * 10);
          await postgres.stop();
        }
        return startEmbeddedPostgres({ dataDir });
      }),
    );
    started.push(...stayed);
    expect(new Set(stayed.map(({ url }) => url)).size).toBe(1);
    expect(await query(stayed[0]?.url ?? '', 'select 1 as id')).toEqual([1]);
  });

  test('loses no committed row when it is killed while it writes, and restarts by itself', async () => {
    const dataDir = newDataDir();
    const { url } = await start(dataDir);
    await createReadings(url);
    const committed: number[] = [];
    let id = 0;
    for (let kills = 0; kills < 3; kills += 1) {
      const isUp = (): Promise<boolean> =>
        addReading(url, (id += 1)).then(
          () => committed.push(id) > 0,
          () => false,
        );
      const before = committed.length;
      while (committed.length < before + 3) await isUp();
      setTimeout(() => process.kill(postmasterPid(dataDir), 'SIGKILL'), 5 + 10 * kills);
      while (await isUp());
      while (!(await isUp())) await sleep(20);
    }
    const kept = new Set(await allReadings(url));
    expect(committed.length).toBeGreaterThan(9);
    expect(committed.filter((row) => !kept.has(row))).toEqual([]);
  });

  test('starts again after it and its process were killed together', async () => {
    const dataDir = newDataDir();
    const killed = await startHolder(dataDir);
    await createReadings(killed.url);
    await addReading(killed.url, 3);
    await killed.kill();
    process.kill(postmasterPid(dataDir), 'SIGKILL');
    expect(await allReadings((await start(dataDir)).url)).toEqual([3]);
  });

  test('starts although another process has the id that its lock file names', async () => {
    const dataDir = newDataDir();
    const killed = await startHolder(dataDir);
    await killed.kill();
    process.kill(postmasterPid(dataDir), 'SIGKILL');
    const { uid, gid } = statSync(path.join(dataDir, 'postgres'));
    const bystander = spawn('sleep', ['600'], isRoot ? { uid, gid, stdio: 'ignore' } : { stdio: 'ignore' });
    try {
      const lockFile = path.join(dataDir, 'postgres/data/postmaster.pid');
      const [, ...rest] = readFileSync(lockFile, 'utf8').split('\n');
      writeFileSync(lockFile, [String(bystander.pid), ...rest].join('\n'));
      expect(await findEmbeddedPostgres(dataDir)).toBeNull();
      expect(await query((await start(dataDir)).url, 'select 1 as id')).toEqual([1]);
      expect(bystander.exitCode).toBeNull();
    } finally {
      bystander.kill();
    }
  });

  test('takes another port if its own was taken while it was stopped', async () => {
    const dataDir = newDataDir();
    const before = await startEmbeddedPostgres({ dataDir });
    await before.stop();
    const squatter = createServer();
    await new Promise<void>((resolve) =>
      squatter.listen(Number(new URL(before.url).port), '127.0.0.1', resolve),
    );
    try {
      const after = await start(dataDir);
      expect(after.url).not.toBe(before.url);
      expect(await query(after.url, 'select 1 as id')).toEqual([1]);
    } finally {
      squatter.close();
    }
  });

  test('is completed by the next process if the first was killed while creating it', async () => {
    const dataDir = newDataDir();
    mkdirSync(path.join(dataDir, 'postgres.new-4194304-00000000'), { recursive: true });
    const { url } = await start(dataDir);
    expect(await query(url, 'select 1 as id')).toEqual([1]);
    expect(() => statSync(path.join(dataDir, 'postgres.new-4194304-00000000'))).toThrow('ENOENT');
  });

  test('reports files of another version of PostgreSQL', async () => {
    const dataDir = newDataDir();
    await (await startEmbeddedPostgres({ dataDir })).stop();
    writeFileSync(path.join(dataDir, 'postgres/data/PG_VERSION'), '12\n');
    await expect(startEmbeddedPostgres({ dataDir })).rejects.toThrow(
      /made by PostgreSQL 12, and this is PostgreSQL 1\d/,
    );
  });

  test('starts on a copy of its folder, which has lost its owner and modes', async () => {
    const dataDir = newDataDir();
    const original = await startEmbeddedPostgres({ dataDir });
    await createReadings(original.url);
    await addReading(original.url, 4);
    await original.stop();
    const copy = newDataDir();
    execFileSync('cp', ['-r', dataDir, copy]);
    const { url } = await start(copy);
    expect(await allReadings(url)).toEqual([4]);
    expect(statSync(path.join(copy, 'postgres/password')).mode & 0o777).toBe(0o600);
  });

  test('is not taken for the one that runs on the folder that it was copied from', async () => {
    const dataDir = newDataDir();
    const original = await start(dataDir);
    const copy = newDataDir();
    execFileSync('cp', ['-r', dataDir, copy]);
    expect(await findEmbeddedPostgres(copy)).toBeNull();
    expect((await start(copy)).url).not.toBe(original.url);
  });

  test('ends with the process that started it, and leaves nothing, if it is ephemeral', async () => {
    const dataDir = newDataDir();
    const killed = await startHolder(dataDir, { ephemeral: true });
    const pid = postmasterPid(dataDir);
    await killed.kill();
    while (isRunning(pid)) await sleep(20);
    await expect(query(killed.url, 'select 1 as id')).rejects.toThrow();
  });
});

const describeAsRoot = isRoot ? describe : describe.skip;

/** Root can become another; that one must get at the checkout. */
const describeAsOrdinaryUser = isRoot && isOpenToAll(__dirname) ? describe : describe.skip;

describeAsRoot('the embedded database, started by root,', () => {
  test('works below a folder that only root may enter', async () => {
    const folder = createTestFolder();
    chmodSync(folder.path, 0o700);
    const dataDir = path.join(folder.path, 'data');
    const first = await startEmbeddedPostgres({ dataDir });
    await createReadings(first.url);
    await addReading(first.url, 5);
    process.kill(postmasterPid(dataDir), 'SIGKILL');
    await first.stop();
    expect(await allReadings((await start(dataDir)).url)).toEqual([5]);
  });

  test('does not run as root', async () => {
    const dataDir = newDataDir();
    await start(dataDir);
    expect(statSync(`/proc/${postmasterPid(dataDir)}`).uid).not.toBe(0);
  });
});

describeAsOrdinaryUser('the embedded database, started by an ordinary user,', () => {
  test('starts, and goes on if root takes over', async () => {
    const folder = createTestFolder();
    chmodSync(folder.path, 0o777);
    const dataDir = path.join(folder.path, 'data');
    const ordinary = await startHolder(dataDir, { user: nobody });
    await createReadings(ordinary.url);
    await addReading(ordinary.url, 9);
    await ordinary.stop();
    const { url } = await start(dataDir);
    expect(await allReadings(url)).toEqual([9]);
    expect(statSync(`/proc/${postmasterPid(dataDir)}`).uid).toBe(nobody.uid);
  });

  test('names the owner if it belongs to another user', async () => {
    const dataDir = newDataDir();
    await start(dataDir);
    const { uid } = statSync(path.join(dataDir, 'postgres'));
    const stranger = { uid: uid + 1, gid: 65534 };
    await expect(startHolder(dataDir, { user: stranger })).rejects.toThrow(
      `belongs to another user (uid ${uid})`,
    );
  });
});

function postmasterPid(dataDir: string): number {
  return Number(readFileSync(path.join(dataDir, 'postgres/data/postmaster.pid'), 'utf8').split('\n')[0]);
}

function isOpenToAll(folder: string): boolean {
  const isOpen = (statSync(folder).mode & 0o005) === 0o005;
  const parent = path.dirname(folder);
  if (!isOpen) process.stderr.write(`skipped: another user cannot enter ${folder}\n`);
  return isOpen && (parent === folder || isOpenToAll(parent));
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
