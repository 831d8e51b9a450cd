import { dueTimes, nextTime } from '../../worker/pairs/due-times';

const after = new Date('2026-11-30T10:01:00Z');

test('a run is due at its time in UTC, delayed by a random part of the jitter, and never earlier', () => {
  const at = (random: number) => nextTime('*/15 * * * *', 120, after, () => random)?.toISOString();
  expect([at(0), at(0.5), at(0.999)]).toEqual([
    '2026-11-30T10:15:00.000Z',
    '2026-11-30T10:16:00.000Z',
    '2026-11-30T10:16:59.880Z',
  ]);
});

test('a run without a schedule is never due by itself', () => {
  const find = { webhooks: [], jitterSeconds: 0, overlapMinutes: 10, whole: '20 3 * * *' };
  expect(dueTimes(find, after)).toEqual({ checkAt: null, wholeAt: new Date('2026-12-01T03:20:00Z') });
});
