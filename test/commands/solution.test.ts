import { existsSync } from 'node:fs';
import path from 'node:path';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { epack } from './epack';

describe('the commands of the reference solution', () => {
  let folder: TestFolder;
  beforeAll(() => {
    folder = createTestFolder();
  });
  afterAll(() => folder.remove());

  const nobody = 'http://127.0.0.1:1';
  const unreachable = [1, `The server ${nobody} cannot be reached: nobody listens there.\n`];

  test('sync and simulate end at once if the server was never reached, and name it', async () => {
    const dir = path.join(folder.path, 'kitchen');
    const device = ['--mail', 'a@b', '--mac', '00:11', '--secret', 'x', '--dir', dir];
    const sync = await epack(['solution', 'sync', '--url', nobody, ...device]);
    expect([sync.exitCode, sync.err]).toEqual(unreachable);
    expect(existsSync(dir)).toBe(false);
    const staff = ['--admin-email', 'a@b', '--admin-password', 'x'];
    const simulate = await epack(['solution', 'simulate', '--url', nobody, ...staff]);
    expect([simulate.exitCode, simulate.err]).toEqual(unreachable);
  });

  test('messages of a folder that is not a local copy are an error, and no copy is created', async () => {
    const dir = path.join(folder.path, 'nope');
    const { exitCode, err } = await epack(['solution', 'messages', '--dir', dir]);
    expect([exitCode, err]).toEqual([
      1,
      `There is no local copy in ${dir}: "epack solution sync" makes one.\n`,
    ]);
    expect(existsSync(dir)).toBe(false);
  });
});
