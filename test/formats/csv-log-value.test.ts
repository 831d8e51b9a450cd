import { formatLogValue } from '../../shared/formats/log-value';

test('values are written as they are read', () => {
  expect(formatLogValue({ type: 'text' }, null)).toBe('');
  expect(formatLogValue({ type: 'text' }, ' Côté ')).toBe(' Côté ');
  expect(formatLogValue({ type: 'decimal' }, -0.5)).toBe('-0.5');
  expect(formatLogValue({ type: 'integer' }, '9007199254740993')).toBe('9007199254740993');
  expect(formatLogValue({ type: 'boolean' }, true)).toBe('true');
  expect(formatLogValue({ type: 'time' }, new Date('2026-11-20T06:31:00.120Z'))).toBe(
    '2026-11-20T06:31:00.120Z',
  );
  expect(formatLogValue({ type: 'date' }, '2026-11-20')).toBe('2026-11-20');
  expect(formatLogValue({ type: 'date' }, new Date(2026, 10, 2))).toBe('2026-11-02');
});
