import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { createLogger } from '../../shared/log';
import { supervise } from '../../commands/supervisor';
import { createTestFolder } from '../setup/folder';

const folder = createTestFolder();
afterAll(() => folder.remove());
const log = createLogger({ level: 'silent', name: 'test', to: 'stderr' });

/** A process that ends with `code` so many times, and is ready then. */
function failing(times: number, code: number) {
  const script = path.join(folder.path, `fails-${times}-${code}.js`);
  writeFileSync(
    script,
    `const { appendFileSync, readFileSync } = require('node:fs');
     appendFileSync(__filename + '.starts', '.');
     if (readFileSync(__filename + '.starts').length <= ${times}) process.exit(${code});
     process.send({ ready: { port: 1 } });
     process.on('SIGTERM', () => process.exit());
     setInterval(() => {}, 1000);`,
  );
  return supervise({ name: 'failing', script, args: [], environment: process.env, log });
}

describe('a process that ends before it was ever ready', () => {
  test('is given up after three times', async () => {
    await expect(failing(3, 1).ready).rejects.toThrow('"failing" does not start');
  });

  test('is started again for as long as it says that the database is away', async () => {
    const waiting = failing(4, 75);
    await expect(waiting.ready).resolves.toEqual({ port: 1 });
    await waiting.stop();
  });
});
