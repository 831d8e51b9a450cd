import { backoffMs } from '../../shared/domain/backoff';

const limits = { firstMs: 100, maxMs: 5_000 };

describe('the pause before another try', () => {
  test('doubles with each failure, up to the most', () => {
    const longest = [1, 2, 3, 6, 7, 100, 10_000].map((failures) => backoffMs(failures, limits, () => 1));
    expect(longest).toEqual([100, 200, 400, 3_200, 5_000, 5_000, 5_000]);
  });

  test('is random in its upper half, so that many do not come back together', () => {
    expect(backoffMs(3, limits, () => 0)).toBe(200);
    expect(backoffMs(3, limits, () => 0.5)).toBe(300);
  });
});
