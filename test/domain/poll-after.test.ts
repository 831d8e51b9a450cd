import { secondsAfterRefusal, secondsAfterStatut, secondsUntilRoom } from '../../shared/domain/poll-after';

const noLuck = () => 0.5;

describe('after a status', () => {
  test('a solution at 0 or 2 is advised to call again in about a minute, whatever waits', () => {
    for (const load of [
      { open: 0, oldestSeconds: 0 },
      { open: 5_000, oldestSeconds: 100 },
    ]) {
      expect(secondsAfterStatut(0, load, noLuck)).toBe(60);
      expect(secondsAfterStatut(2, load, noLuck)).toBe(60);
    }
  });

  test('at 1 the advice grows with the number of syncs and with their age, from 1 to 60 seconds', () => {
    expect(secondsAfterStatut(1, { open: 1, oldestSeconds: 0 }, noLuck)).toBe(1);
    expect(secondsAfterStatut(1, { open: 1_000, oldestSeconds: 0 }, noLuck)).toBe(20);
    expect(secondsAfterStatut(1, { open: 1, oldestSeconds: 100 }, noLuck)).toBe(25);
    expect(secondsAfterStatut(1, { open: 100_000, oldestSeconds: 0 }, noLuck)).toBe(60);
  });
});

describe('an upload is refused only if many wait, and have waited', () => {
  test.each([
    ['nothing waits', { open: 0, oldestSeconds: 0 }],
    ['many have just come', { open: 5_000, oldestSeconds: 7 }],
    ['a few have waited for long: no worker runs', { open: 199, oldestSeconds: 3_600 }],
  ])('%s: it is taken', (_why, load) => {
    expect(secondsUntilRoom(load, 1)).toBeNull();
  });

  test('2,000 solutions are spread evenly over the time that they are told to wait, each at the same place every time', () => {
    const load = { open: 800, oldestSeconds: 10 };
    const told = Array.from({ length: 2_000 }, (_, id) => secondsUntilRoom(load, id + 1) ?? 0);
    expect([Math.min(...told), Math.max(...told)]).toEqual([6, 25]);
    for (let second = 6; second <= 25; second += 1) {
      const inIt = told.filter((one) => one === second).length;
      expect(inIt).toBeGreaterThan(95);
      expect(inIt).toBeLessThan(105);
    }
    expect(secondsUntilRoom(load, 77)).toBe(told[76]);
  });

  test('no caller is asked to wait much longer than a minute', () => {
    const load = { open: 100_000, oldestSeconds: 10_000 };
    for (let id = 1; id < 500; id += 1) expect(secondsUntilRoom(load, id)).toBeLessThanOrEqual(65);
  });
});

test('after another refusal it is never shorter than Retry-After, and at most twice as long', () => {
  expect(secondsAfterRefusal(5, () => 0)).toBe(5);
  expect(secondsAfterRefusal(5, () => 0.999)).toBe(10);
});
