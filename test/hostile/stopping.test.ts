import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

test('a process that must stop ends, even if something in it was not closed', async () => {
  const hook = path.join(__dirname, '../setup/typescript-hook.cjs');
  const child = spawn(process.execPath, ['-r', hook, path.join(__dirname, 'unending-child.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
  expect(child.signalCode).toBeNull();
});
