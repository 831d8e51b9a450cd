import { onServer } from '../v4/on-server';

const server = onServer({ EPACK_TRUST_PROXY: '127.0.0.0/8' });

/** Pages, JSON, files, errors, redirects: of each kind one. */
const answers: readonly (readonly [method: string, path: string])[] = [
  ['GET', '/'],
  ['POST', '/sign-in'],
  ['GET', '/api/solutions'],
  ['GET', '/api/no-such-route'],
  ['GET', '/no-such-page'],
  ['GET', '/v4/synchro/lastIdLogs'],
  ['POST', '/v4/synchro/login'],
  ['POST', '/v4/no-such-channel/datas'],
  ['GET', '/healthz'],
  ['GET', '/openapi.json'],
  ['GET', '/%ff'],
];

describe.each(answers)('%s %s', (method, path) => {
  test('tells browsers what is allowed, and does not reveal the software', async () => {
    const { headers } = await fetch(`${server().url}${path}`, { method, redirect: 'manual' });
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/default-src '(self|none)'/);
    expect(policy).toMatch(/frame-ancestors 'none'/);
    expect(policy).toMatch(/base-uri 'none'/);
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('same-origin');
    expect(headers.has('x-powered-by')).toBe(false);
    expect(headers.has('strict-transport-security')).toBe(false);
  });

  test('requires TLS from then on if it was sent by TLS', async () => {
    const { headers } = await fetch(`${server().url}${path}`, {
      method,
      headers: { 'x-forwarded-proto': 'https' },
    });
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  });
});
