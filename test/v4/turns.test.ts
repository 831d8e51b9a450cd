import { createTurns } from '../../api/services/turns';
import { secondsUntilTurn } from '../../shared/domain/poll-after';

const anHour = 3_600_000;

const watch = (turn: Promise<unknown>) => {
  const seen = { isIn: false };
  void turn.then(() => (seen.isIn = true));
  return seen;
};
const settled = () => new Promise((resolve) => setImmediate(resolve));

test('a few are let in, and the others follow in their order as places become free', async () => {
  const turns = createTurns({ most: 2, longestMs: anHour, patienceMs: 60_000 });
  const [leaveFirst, leaveSecond] = [await turns.take(1), await turns.take(2)];
  const [third, fourth] = [watch(turns.take(3)), watch(turns.take(4))];
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

test('whoever takes too long holds nobody up', async () => {
  const turns = createTurns({ most: 1, longestMs: 1, patienceMs: 60_000 });
  await turns.take(1);
  await turns.take(2);
  expect(await turns.take(3)).toBeInstanceOf(Function);
});

test('whoever gets no turn in time is told when to come again, and takes no place', async () => {
  const turns = createTurns({ most: 1, longestMs: anHour, patienceMs: 1 });
  const leave = await turns.take(1);
  const refused = { code: 'unavailable', retryAfterSeconds: expect.any(Number) as number };
  await expect(turns.take(2)).rejects.toMatchObject(refused);
  await expect(turns.take(3)).rejects.toMatchObject(refused);
  leave();
  expect(await turns.take(4)).toBeInstanceOf(Function);
});

test('those that were not let in are spread over the time that all of them need', () => {
  const seconds = Array.from({ length: 300 }, (_, solutionId) =>
    // 30 a second were let in, so 1,200 need 40 s.
    secondsUntilTurn({ waiting: 1_200, served: 300, seconds: 10 }, solutionId),
  );
  expect(Math.min(...seconds)).toBeLessThanOrEqual(6);
  expect(Math.max(...seconds)).toBeGreaterThanOrEqual(44);
  expect(Math.max(...seconds)).toBeLessThanOrEqual(45);
  const late = seconds.filter((one) => one > 25).length;
  expect(late / seconds.length).toBeCloseTo(0.5, 1);
});

test('nobody is sent away for longer than a minute, even if nobody was let in', () => {
  const seconds = [1, 2, 3].map((id) => secondsUntilTurn({ waiting: 9_000, served: 0, seconds: 10 }, id));
  expect(Math.max(...seconds)).toBeLessThanOrEqual(65);
});
