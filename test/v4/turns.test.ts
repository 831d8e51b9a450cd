import { createTurns } from '../../api/services/turns';

const watch = (turn: Promise<unknown>) => {
  const seen = { isIn: false };
  void turn.then(() => (seen.isIn = true));
  return seen;
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('so many are let in, and the others follow in their order as places become free', async () => {
  const turns = createTurns({ most: 2, longestMs: 60_000 });
  const [leaveFirst, leaveSecond] = [await turns.take(), await turns.take()];
  const [third, fourth] = [watch(turns.take()), watch(turns.take())];
  await settled();
  expect([third.isIn, fourth.isIn]).toEqual([false, false]);
  leaveFirst();
  // Leaving twice frees one place.
  leaveFirst();
  await settled();
  expect([third.isIn, fourth.isIn]).toEqual([true, false]);
  leaveSecond();
  await settled();
  expect(fourth.isIn).toBe(true);
});

test('who takes too long holds nobody up', async () => {
  const turns = createTurns({ most: 1, longestMs: 1 });
  await turns.take();
  await turns.take();
  expect(await turns.take()).toBeInstanceOf(Function);
});
