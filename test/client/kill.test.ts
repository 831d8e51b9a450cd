import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import type { Enrolled } from '../../client/backoffice';
import { createKitchen } from '../../client/kitchen';
import { keepReadings, keepSettings } from '../../client/kitchen/keep-readings';
import { openLocalCopy } from '../../client/local-copy/local-copy';
import { deepDifferencesOf, differencesOf } from '../../client/simulation/verification';
import { copyWith } from './copies';
import { programOf, type RealServer, startRealServer } from './real-server';

let real: RealServer;

beforeAll(async () => {
  real = await startRealServer();
});
afterAll(() => real.stop());

const hook = path.join(__dirname, '../setup/typescript-hook.cjs');
const script = path.join(__dirname, 'sync-child.ts');

/** Runs the program until so many things have happened, then kills it. @returns whether it came to its end. */
async function runUntil(happenings: number, { mail, secret }: Enrolled, dir: string): Promise<boolean> {
  const child = spawn(process.execPath, ['-r', hook, script, real.server.url, mail, secret, dir], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let happened = 0;
  createInterface(child.stdout).on('line', () => {
    happened += 1;
    if (happened === happenings) child.kill('SIGKILL');
  });
  await once(child, 'close');
  return child.exitCode === 0;
}

test('a solution that is killed with SIGKILL again and again ends in the same state as an undisturbed one', async () => {
  const from = new Date('2026-11-16T05:00:00Z');
  const copy = await copyWith();
  const kitchen = createKitchen({ seed: 'killed', from, probes: 2 });
  await keepSettings(copy, kitchen);
  await keepReadings(copy, kitchen.advanceTo(new Date(from.getTime() + 86_400_000)));
  await copy.close();
  const enrolled = await real.enrol();
  // Prime to each other and to the length of a sync, so that it is hit in other places each time.
  for (const happenings of [2, 5, 7, 11, 13]) {
    expect(await runUntil(happenings, enrolled, copy.dir)).toBe(false);
  }
  expect(await runUntil(Infinity, enrolled, copy.dir)).toBe(true);
  const after = await openLocalCopy(copy.dir);
  const compared = { enrolled, copy: after, solution: programOf(real, enrolled, after) };
  expect(await differencesOf(compared)).toEqual([]);
  expect(await deepDifferencesOf(compared, real.backoffice)).toEqual([]);
});
