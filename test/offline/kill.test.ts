import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Enrolled } from '../../client/backoffice';
import { createKitchen } from '../../client/kitchen';
import { keepReadings, keepSettings } from '../../client/kitchen/keep-readings';
import { openLocalCopy } from '../../client/local-copy/local-copy';
import { deepDifferencesOf, differencesOf } from '../../client/simulation/verification';
import { copyWith } from '../client/copies';
import { programOf, type RealServer, startRealServer } from '../client/real-server';
import { newStick, takenIn } from './stick';

let real: RealServer;
beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());
jest.setTimeout(120_000);

const hook = path.join(__dirname, '../setup/typescript-hook.cjs');
const script = path.join(__dirname, 'stick-child.ts');

interface Run {
  readonly what: 'export' | 'apply';
  readonly enrolled: Enrolled;
  readonly dir: string;
  readonly file: string;
}

/** Runs the program until so many steps have begun, then kills it. @returns whether it came to its end. */
async function runUntil(steps: number, { what, enrolled, dir, file }: Run): Promise<boolean> {
  const words = ['-r', hook, script, what, enrolled.mail, enrolled.secret, dir, file];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
  let begun = 0;
  createInterface(child.stdout).on('line', () => {
    begun += 1;
    if (begun === steps) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return child.exitCode === 0;
}

test('a program that is killed at the stick, step after step, loses nothing and doubles nothing', async () => {
  const from = new Date('2026-11-16T05:00:00Z');
  const copy = await copyWith();
  const kitchen = createKitchen({ seed: 'stick', from, probes: 1 });
  await keepSettings(copy, kitchen);
  await keepReadings(copy, kitchen.advanceTo(new Date(from.getTime() + 43_200_000)));
  await copy.close();
  const enrolled = await real.enrol();
  const file = path.join(await newStick(), 'killed.epack');
  const run = { what: 'export', enrolled, dir: copy.dir, file } as const;
  for (const steps of [1, 2, 3]) {
    expect(await runUntil(steps, run)).toBe(false);
    // Half a file never has its name.
    expect(existsSync(file)).toBe(false);
  }
  expect(await runUntil(Infinity, run)).toBe(true);
  const { response } = await takenIn(real, file);
  for (const steps of [1, 2, 3, 1, 2])
    expect(await runUntil(steps, { ...run, what: 'apply', file: response })).toBe(false);
  expect(await runUntil(Infinity, { ...run, what: 'apply', file: response })).toBe(true);
  const after = await openLocalCopy(copy.dir);
  const solution = programOf(real, enrolled, after);
  for (const channel of ['synchro', 'sondes', 'messagerie', 'photos'] as const) await solution.sync(channel);
  expect(await differencesOf({ enrolled, copy: after, solution })).toEqual([]);
  expect(await deepDifferencesOf({ enrolled, copy: after, solution }, real.backoffice)).toEqual([]);
});
