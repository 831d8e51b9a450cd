import { jsonDifferences } from '../../shared/domain/json-differences';

const paths = (before: unknown, after: unknown) =>
  jsonDifferences(before, after).map((one) => [one.path.join('.'), one.before, one.after]);

test('changes, additions and removals are listed leaf by leaf', () => {
  const before = { find: { check: '* * * * *' }, retry: { attempts: 5 }, match: { by: ['name'] } };
  const after = { find: { check: '* * * * *', jitterSeconds: 5 }, retry: { attempts: 3 } };
  expect(paths(before, after)).toEqual([
    ['find.jitterSeconds', undefined, 5],
    ['retry.attempts', 5, 3],
    ['match.by', ['name'], undefined],
  ]);
});

test('fields go by their names, so that one in between is one difference', () => {
  const name = { here: 'lastName', there: 'name' };
  const phone = { here: 'phone', there: 'tel', group: 'a' };
  const mail = { here: 'mail', there: 'email' };
  expect(paths({ fields: [name, phone] }, { fields: [name, mail, { ...phone, group: 'b' }] })).toEqual([
    ['fields.mail.here', undefined, 'mail'],
    ['fields.mail.there', undefined, 'email'],
    ['fields.phone.group', 'a', 'b'],
  ]);
});

test('fields with the same name are compared by position, and equal values have no difference', () => {
  const twice = { fields: [{ here: 'a' }, { here: 'a', there: 'b' }] };
  expect(paths(twice, twice)).toEqual([]);
  expect(paths(twice, { fields: [{ here: 'a' }, { here: 'a', there: 'c' }] })).toEqual([
    ['fields.2.there', 'b', 'c'],
  ]);
  expect(paths({}, {})).toEqual([]);
  expect(paths({ a: {} }, { a: [] })).toEqual([['a', {}, []]]);
  expect(paths(null, { a: null })).toEqual([
    ['a', undefined, null],
    ['', null, undefined],
  ]);
});
