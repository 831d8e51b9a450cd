import { joinCalls } from '../../worker/systems/join-calls';

/** Runs that end when the test says so. */
function openRuns() {
  const runs: { readonly asks: readonly number[]; readonly end: () => void }[] = [];
  const call = joinCalls({
    run: (asks: readonly number[]) =>
      new Promise<readonly number[]>((resolve) => {
        runs.push({ asks, end: () => resolve(asks.map((ask) => ask * 10)) });
      }),
  });
  return { runs, call };
}

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

test('calls of one tick are one run, and each gets its own result', async () => {
  const { runs, call } = openRuns();
  const results = Promise.all([call(1), call(2), call(3)]);
  await tick();
  expect(runs.map(({ asks }) => asks)).toEqual([[1, 2, 3]]);
  runs[0]?.end();
  expect(await results).toEqual([10, 20, 30]);
});

test('calls that come while a run is under way wait for it, and are the next run together', async () => {
  const { runs, call } = openRuns();
  const first = call(1);
  await tick();
  const others = [call(2)];
  await tick();
  others.push(call(3));
  await tick();
  expect(runs).toHaveLength(1);
  runs[0]?.end();
  expect(await first).toBe(10);
  await tick();
  expect(runs.map(({ asks }) => asks)).toEqual([[1], [2, 3]]);
  runs[1]?.end();
  expect(await Promise.all(others)).toEqual([20, 30]);
});

test('an error that may concern one call alone reaches only that one; another error reaches all', async () => {
  const tried: (readonly string[])[] = [];
  const call = joinCalls({
    run: async (asks: readonly string[]) => {
      tried.push(asks);
      const bad = asks.find((ask) => ask !== 'good');
      if (bad !== undefined) throw new Error(bad);
      return asks;
    },
    isOfOne: (error) => error instanceof Error && error.message === 'own',
  });
  const messages = async (...asks: string[]) =>
    (await Promise.allSettled(asks.map(call))).map((one) =>
      one.status === 'fulfilled' ? one.value : String(one.reason),
    );
  expect(await messages('good', 'own', 'good')).toEqual(['good', 'Error: own', 'good']);
  expect(await messages('good', 'shared')).toEqual(['Error: shared', 'Error: shared']);
  expect(tried).toHaveLength(5);
});
