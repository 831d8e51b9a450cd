import { type ResultOperator, type Verdict, verdictOf } from '../../shared/domain/lab-result';

const judge = (
  operator: ResultOperator,
  value: number,
  m: number,
  M: number,
  unit: string | null = 'UFC/g',
) => verdictOf({ operator, value, unit, limitSatisfactory: m, limitAcceptable: M });

test.each<[ResultOperator, number, Verdict]>([
  ['=', 0, 'satisfactory'],
  ['=', 10, 'satisfactory'],
  ['=', 10.5, 'acceptable'],
  ['=', 100, 'acceptable'],
  ['=', 101, 'unsatisfactory'],
  ['<', 10, 'satisfactory'],
  ['<', 11, 'satisfactory'],
  ['<', 40, 'acceptable'],
  ['<', 1000, 'unsatisfactory'],
  ['>', 3, 'unsatisfactory'],
  ['>', 100, 'unsatisfactory'],
])('%s %d with m = 10 and M = 100 is %s', (operator, value, verdict) => {
  expect(judge(operator, value, 10, 100)).toBe(verdict);
});

test('fewer than one means that the germ is absent', () => {
  expect(judge('<', 1, 0, 0)).toBe('satisfactory');
  expect(judge('=', 1, 0, 0)).toBe('unsatisfactory');
});

test('a logarithm is not a count', () => {
  expect(judge('<', 2, 1, 3, 'log UFC/g')).toBe('acceptable');
  expect(judge('<', 2, 2, 3, 'log UFC/g')).toBe('satisfactory');
});

test.each([
  ['absence', 25, 'satisfactory'],
  ['absence', null, 'satisfactory'],
  ['presence', 25, 'unsatisfactory'],
] as const)('%s in %p is %s, with limits or without', (operator, value, verdict) => {
  const none = { limitSatisfactory: null, limitAcceptable: null };
  expect(verdictOf({ operator, value, unit: 'g', ...none })).toBe(verdict);
  expect(verdictOf({ operator, value, unit: 'g', limitSatisfactory: 10, limitAcceptable: 100 })).toBe(
    verdict,
  );
});
