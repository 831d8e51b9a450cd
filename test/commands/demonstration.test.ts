import { once } from 'node:events';
import { connect } from 'node:net';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { freePort } from '../../shared/embedded/free-port';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';
import { epack } from './epack';

let database: TestDatabase;
let folder: ReturnType<typeof createTestFolder>;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = createTestFolder();
});
afterAll(async () => {
  await database.drop();
  folder.remove();
});

const users = () => database.db('app_user').pluck<string[]>('email');

describe('epack demo', () => {
  const demonstrate = async () =>
    epack(['demo', '--once'], {
      DATABASE_URL: database.url,
      EPACK_DATA_DIR: folder.path,
      PORT: String(await freePort()),
    });

  test('leaves no user behind, not even that of a demonstration that was killed, and can be seen again', async () => {
    await database
      .db('app_user')
      .insert({ email: 'demo@localhost', password_hash: 'known to whoever saw it', role: 'admin' });
    for (const removed of [2, 3]) {
      const { exitCode, err } = await demonstrate();
      expect({ exitCode, err }).toEqual({ exitCode: 0, err: '' });
      expect(await users()).toEqual([]);
      expect(await database.db('audit').where({ action: 'user.remove' })).toHaveLength(removed);
    }
  });
});

test('a server that is started without HOST can be reached only from this machine', async () => {
  const port = await freePort();
  const api = spawn(process.execPath, [path.resolve(__dirname, '../../dist/epack.js'), 'api'], {
    env: {
      PATH: process.env['PATH'],
      DATABASE_URL: database.url,
      EPACK_DATA_DIR: folder.path,
      PORT: String(port),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    while (!(await isOpen('127.0.0.1', port))) expect(api.exitCode).toBeNull();
    // Another address of this machine stands for one that others reach.
    expect(await isOpen('127.0.0.2', port)).toBe(false);
  } finally {
    api.kill('SIGKILL');
    await once(api, 'exit');
  }
});

const isOpen = (host: string, port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host, port });
    socket.once('error', () => resolve(false));
    socket.once('connect', () => resolve(socket.destroy().destroyed));
  });
