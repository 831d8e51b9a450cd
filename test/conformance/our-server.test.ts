import { checks } from '../../client/conformance/checks';
import { runChecks } from '../../client/conformance/run-checks';
import { enrol, onServer } from '../v4/on-server';

const server = onServer({}, { worker: true });

test('our server keeps to every sentence that the suite checks', async () => {
  const solution = await enrol(server());
  const second = await enrol(server());
  const results = await runChecks({ url: server().url, solution, second, checks });
  const others = results.filter(({ outcome }) => outcome.kind !== 'passed');
  expect(others.map(({ check, outcome }) => ({ id: check.id, ...outcome }))).toEqual([]);
  expect(results).toHaveLength(checks.length);
}, 240_000);
