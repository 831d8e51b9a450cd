import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { createTestFolder } from '../setup/folder';
import { enrol, onServer } from '../v4/on-server';
import { fencesOf, pageOf } from './markdown';

// The shell examples that are marked `sh run`, page by page, in the order in which they stand there.

const needed = ['bash', 'curl', 'zip', 'unzip', 'jq', 'sha256sum'];
const missing = needed.filter((program) => spawnSync('which', [program]).status !== 0);
if (missing.length > 0) process.stderr.write(`skipped: the examples need ${missing.join(', ')}\n`);
const onThisMachine = missing.length === 0 ? describe : describe.skip;

onThisMachine('the examples', () => {
  const server = onServer({}, { worker: true });

  test.each([
    'docs/protocol.md',
    'docs/operations.md',
    'docs/notifications.md',
    'docs/sign-in.md',
    'docs/rest.md',
  ])(
    'of %s run as they stand there',
    async (name) => {
      const folder = createTestFolder();
      const solution = await enrol(server());
      const script = fencesOf(pageOf(name))
        .filter(({ info }) => info === 'sh run')
        .map(({ content }) => content)
        .join('\n');
      const cwd = path.join(folder.path, 'examples');
      mkdirSync(cwd);
      try {
        // The server runs in this process: nothing may hold it up.
        const { stdout: said } = await promisify(execFile)(
          'bash',
          ['--norc', '-euo', 'pipefail', '-c', script],
          {
            cwd,
            encoding: 'utf8',
            env: {
              PATH: process.env['PATH'],
              URL: server().url,
              MAIL: solution.mail,
              SECRET: solution.secret,
              SOLUTION: String(solution.id),
              EPACK_ADMIN_EMAIL: server().admin.email,
              EPACK_ADMIN_PASSWORD: server().admin.password,
            },
          },
        );
        expect(said).not.toBe('');
        expect(said).not.toMatch(/urn:epack:problem/);
      } finally {
        folder.remove();
      }
    },
    60_000,
  );
});
