import { hostUrls, wantedServer, withOption } from '../../shared/db/host-urls';

test.each([
  ['postgres://u:p@a/db', ['postgres://u:p@a/db']],
  ['postgresql://u@a:1,b:2/db', ['postgresql://u@a:1/db', 'postgresql://u@b:2/db']],
  [
    'postgres://u@[::1]:1,b/db?sslmode=verify-full&target_session_attrs=read-write',
    ['postgres://u@[::1]:1/db?sslmode=verify-full', 'postgres://u@b/db?sslmode=verify-full'],
  ],
  ['postgres://u@/db?host=a,b&port=1,2', ['postgres://u@a:1/db', 'postgres://u@b:2/db']],
  ['postgres://u@/db?host=a,b&port=1', ['postgres://u@a:1/db', 'postgres://u@b:1/db']],
  ['postgres://u@/db?host=/run/pg&port=1', ['postgres://u@%2Frun%2Fpg:1/db']],
  ['postgres://u:a%40b@c,d/db', ['postgres://u:a%40b@c/db', 'postgres://u:a%40b@d/db']],
])('%s names its servers in their order', (url, urls) => {
  expect(hostUrls(url)).toEqual(urls);
});

test.each(['', 'mysql://a/db', 'postgres://a:x/db', 'postgres://a:1,b:70000/db', 'a,b'])(
  '"%s" is no URL of PostgreSQL',
  (url) => {
    expect(hostUrls(url)).toEqual([]);
  },
);

test('of several servers the one that accepts writes is wanted, unless the URL says otherwise', () => {
  expect(wantedServer('postgres://a/db')).toBe('any');
  expect(wantedServer('postgres://a,b/db')).toBe('read-write');
  expect(wantedServer('postgres://a/db?target_session_attrs=primary')).toBe('read-write');
  expect(wantedServer('postgres://a,b/db?target_session_attrs=any')).toBe('any');
  expect(wantedServer('postgres://a,b/db?target_session_attrs=standby')).toBeNull();
});

test('an option is added once', () => {
  expect(withOption('postgres://a:1,b:2/db?x=1&y=2', 'x', '/a b')).toBe('postgres://a:1,b:2/db?x=%2Fa+b&y=2');
});
