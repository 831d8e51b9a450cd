import { fork } from 'node:child_process';
import path from 'node:path';
import { freePort } from '../../shared/embedded/free-port';
import { eventually } from '../queue/eventually';
import { createTestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';
import { call, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { reach2, signIn } from '../v4/on-server';

type Line = Readonly<Record<string, unknown>>;

test('one search finds all log lines of a sync in API and worker, by the id of its request or of the sync', async () => {
  const [database, folder, port] = [await createTestDatabase(), createTestFolder(), await freePort()];
  const lines: Line[] = [];
  const start = (name: string) => {
    const child = fork(path.resolve(__dirname, '../../dist/epack.js'), [name], {
      env: {
        ...process.env,
        DATABASE_URL: database.url,
        EPACK_DATA_DIR: folder.path,
        PORT: String(port),
        HOST: '127.0.0.1',
        EPACK_ADMIN_EMAIL: 'admin@example.org',
        EPACK_ADMIN_PASSWORD: 'correct horse battery',
      },
      stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
      execArgv: [],
    });
    let rest = '';
    child.stdout?.on('data', (text: Buffer) => {
      const parts = (rest + text.toString()).split('\n');
      rest = parts.pop() ?? '';
      for (const part of parts) if (part.startsWith('{')) lines.push(JSON.parse(part) as Line);
    });
    return child;
  };
  const children = [start('api'), start('worker')];
  try {
    const url = `http://127.0.0.1:${port}`;
    await eventually('the server is ready', () =>
      call(`${url}/readyz`).then(
        ({ status }) => status === 200,
        () => false,
      ),
    );
    const client = await signIn({ db: database.db, url });
    const requestId = 'kitchen-7.upload-1';
    const posted = await client.postForm(
      zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) }),
      {},
      { 'X-Request-Id': requestId },
    );
    const syncId = textOf(posted.json['sync']);
    await reach2(client);
    await client.confirm(undefined, { 'X-Request-Id': 'kitchen-7.confirm-1' });
    const told = (field: string, value: string) =>
      lines.filter((line) => line[field] === value).map(({ name, msg }) => `${String(name)}: ${String(msg)}`);
    const ofRequest = () => told('requestId', requestId).sort();
    await eventually('both have told of it', () => ofRequest().length >= 2);
    expect(ofRequest()).toEqual(['api: request', 'worker: sync processed']);
    const ofSync = told('syncId', syncId);
    expect(ofSync).toEqual(expect.arrayContaining(['api: request', 'worker: sync processed']));
    const worked = lines.find(({ msg }) => msg === 'sync processed');
    expect(worked).toMatchObject({
      requestId,
      syncId,
      solutionId: client.id,
      channel: 'synchro',
      attempts: 1,
    });
    const signedIn = await call(`${url}/api/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email: 'admin@example.org', password: 'correct horse battery' }),
    });
    const token = textOf(signedIn.json['token']);
    await call(`${url}/api/solutions`, { headers: { Authorization: `Bearer ${token}` } });
    const ofStaff = () => lines.find(({ path: asked }) => asked === '/api/solutions');
    await eventually('the line of the call is there', () => ofStaff() !== undefined);
    expect(ofStaff()).toMatchObject({ user: 'admin@example.org', address: '127.0.0.1', status: 200 });
    expect(JSON.stringify(lines)).not.toContain(token);
  } finally {
    for (const child of children) {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    }
    await database.drop();
    folder.remove();
  }
});
