import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { createSeal } from '../../shared/seal/seal';
import { createTestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';

const program = path.resolve(__dirname, '../../dist/epack.js');

test('an API whose port is in use says so and ends, so that it is started again', async () => {
  const database = await createTestDatabase();
  const folder = createTestFolder();
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const child = spawn(process.execPath, [program, 'api'], {
    env: {
      ...process.env,
      DATABASE_URL: database.url,
      EPACK_DATA_DIR: folder.path,
      PORT: String(port),
      HOST: '127.0.0.1',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(said).toContain(`Port ${port} is taken: set PORT to another.`);
  expect(child.exitCode).toBe(1);

  other.close();
  await database.drop();
  folder.remove();
});

test.each(['api', 'worker', 'start'])(
  'epack %s without the key that sealed the secrets in the database says so and ends',
  async (command) => {
    const database = await createTestDatabase();
    const folder = createTestFolder();
    const value = createSeal([randomBytes(32).toString('base64')]).sealBytes(randomBytes(32), 'token-key');
    await database.db('server_key').insert({ name: 'token', value: Buffer.from(value) });
    const child = spawn(process.execPath, [program, command], {
      env: {
        ...process.env,
        DATABASE_URL: database.url,
        EPACK_DATA_DIR: folder.path,
        EPACK_SECRETS_KEY: randomBytes(32).toString('base64'),
        PORT: '0',
        HOST: '127.0.0.1',
      },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
    expect(said).toContain('sealed with a key that is not set');
    expect(said).not.toContain('    at ');
    expect(child.exitCode).toBe(1);
    await database.drop();
    folder.remove();
  },
);

test('an API that cannot reach its database says so, and that the same start may succeed later', async () => {
  const folder = createTestFolder();
  const child = spawn(process.execPath, [program, 'api'], {
    env: {
      ...process.env,
      DATABASE_URL: 'postgres://localhost:1/epack',
      EPACK_DATA_DIR: folder.path,
      PORT: '0',
      HOST: '127.0.0.1',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const [said] = await Promise.all([text(child.stderr), once(child, 'exit')]);
  expect(said).toContain('PostgreSQL cannot be used at localhost:1/epack (DATABASE_URL)');
  expect(child.exitCode).toBe(75);
  folder.remove();
});
