import pLimit from 'p-limit';
import { checks } from '../../client/conformance/checks';
import { type Result, runChecks } from '../../client/conformance/run-checks';
import { enrol, onServer } from '../v4/on-server';
import { startMutant } from './mutant-server';
import { mutants } from './mutants';

// A suite that never fails tests nothing: for each check there is a server that fails it, and no other.

const server = onServer({}, { worker: true });
jest.setTimeout(180_000);

/** A few checks of everyday calls, which must pass on every other mutant. */
const controls = ['login-token', 'statut-string', 'all-ignored'];

/** Checks mostly wait for a worker. */
const atOnce = pLimit(4);

/** It comes when the others are done: after it, the server limits the address. */
const last = 'login-limit';

const results = new Map<string, readonly Result[]>();
beforeAll(async () => {
  const others = Object.keys(mutants).filter((id) => id !== last);
  await Promise.all(others.map((id) => atOnce(() => runOn(id))));
  await runOn(last);
});

async function runOn(id: string): Promise<void> {
  const [solution, second] = [await enrol(server()), await enrol(server())];
  const mutant = await startMutant(server().url, mutants[id] ?? {});
  const chosen = checks.filter((check) => check.id === id || controls.includes(check.id));
  results.set(id, await runChecks({ url: mutant.url, solution, second, checks: chosen }));
  mutant.close();
}

test('there is a mutant for each check', () => {
  expect(Object.keys(mutants).sort()).toEqual(checks.map(({ id }) => id).sort());
});

test.each(Object.keys(mutants))('a server that breaks the sentence of %s fails that check', (id) => {
  const outcomes = (results.get(id) ?? []).map(({ check, outcome }) => [check.id, outcome.kind]);
  const passed = controls.filter((control) => control !== id).map((control) => [control, 'passed']);
  expect(Object.fromEntries(outcomes)).toEqual(Object.fromEntries([...passed, [id, 'failed']]));
});
