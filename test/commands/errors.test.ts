import { once } from 'node:events';
import { readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { makeDataFolder } from '../../shared/embedded/data-folder';
import { createTestDatabase } from '../setup/database';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { epack } from './epack';

describe('the error of a command that cannot do its work', () => {
  let folder: TestFolder;
  beforeAll(() => {
    folder = createTestFolder();
  });
  afterAll(() => folder.remove());

  test.each(['start', 'api', 'migrate'])(
    '%s names PostgreSQL and its setting if it cannot be reached, and shows no password',
    async (command) => {
      const { exitCode, err } = await epack([command], {
        DATABASE_URL: 'postgres://epack:very-secret@127.0.0.1:1/epack',
        EPACK_DATA_DIR: folder.path,
        PORT: '0',
      });
      const where = 'PostgreSQL cannot be used at 127.0.0.1:1/epack (DATABASE_URL): connect ECONNREFUSED';
      expect([exitCode, err]).toEqual([75, expect.stringContaining(where)]);
      expect(err).not.toMatch(/very-secret| {2}at /);
    },
  );

  test.each(['start', 'demo', 'api', 'worker'])(
    '%s names the data folder that cannot be written',
    async (command) => {
      const file = path.join(folder.path, 'a-file');
      writeFileSync(file, '');
      const dataDir = path.join(file, 'data');
      const { exitCode, err } = await epack([command], {
        DATABASE_URL: 'postgres://epack@127.0.0.1:1/epack',
        EPACK_DATA_DIR: dataDir,
        PORT: '0',
      });
      expect(exitCode).toBe(1);
      expect(err).toBe(
        `The data folder ${dataDir} cannot be written (ENOTDIR): set EPACK_DATA_DIR to another, or mend its rights.\n`,
      );
    },
  );

  test('a used port is reported before a database is created, by api as well', async () => {
    const other = createServer().listen(0);
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const dataDir = path.join(folder.path, 'taken');
    const taken = [1, `Port ${port} is taken: set PORT to another.\n`];
    const start = await epack(['start'], { EPACK_DATA_DIR: dataDir, PORT: String(port) });
    expect([start.exitCode, start.err]).toEqual(taken);
    expect(readdirSync(dataDir)).toEqual(['files']);
    const database = await createTestDatabase();
    const api = await epack(['api'], {
      EPACK_DATA_DIR: dataDir,
      PORT: String(port),
      DATABASE_URL: database.url,
    });
    expect([api.exitCode, api.err]).toEqual(taken);
    await database.drop();
    other.close();
  });

  test('new folders of files are for their owner alone', async () => {
    const dataDir = path.join(folder.path, 'new');
    const filesDir = path.join(dataDir, 'files');
    await makeDataFolder({ dataDir, filesDir });
    expect(statSync(filesDir).mode & 0o777).toBe(0o700);
  });

  test('an unknown option or sync is reported in one line, and the version is printed', async () => {
    const wrong = await epack(['migrate', '--wrong']);
    expect([wrong.exitCode, wrong.err]).toEqual([1, "error: unknown option '--wrong'\n(see --help)\n"]);
    const plan = await epack(['plan', 'foo']);
    expect([plan.exitCode, plan.err]).toEqual([1, '"foo" is no UUID.\n']);
    expect((await epack(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test('every option of every command is described', async () => {
    const commands = [
      [],
      ...['start', 'demo', 'api', 'worker', 'plan', 'migrate', 'backup', 'restore', 'config'].map((one) => [
        one,
      ]),
      ...[
        'user add',
        'key rotate',
        'account retention',
        'account purge',
        'solution add',
        'solution purge',
        'solution sync',
        'solution messages',
        'solution simulate',
      ].map((words) => words.split(' ')),
    ];
    for (const words of commands) {
      const { out } = await epack([...words, '--help']);
      const bare = out
        .split('\n')
        .filter((line) => /^ {2}(-\w, )?--[\w-]+( [<[][^>\]]+[>\]])?\s*$/.test(line));
      expect(bare).toEqual([]);
    }
  });
});
