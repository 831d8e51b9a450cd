import { ConfigError, readConfig } from '../../shared/config/config';
import { warningsOf } from '../../commands/administration';
import { eventually } from '../queue/eventually';
import { startTestServer, type TestServer } from '../setup/server';

/** From where the server says that someone signed in. */
async function addressSeen(server: TestServer, headers: Record<string, string>): Promise<unknown> {
  const { email, password } = server.admin;
  const response = await fetch(`${server.url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ email, password }),
  });
  expect(response.status).toBe(200);
  const last = await server
    .db<{ id: string; address: string; action: string }>('audit')
    .where({ action: 'session.start' })
    .orderBy('id', 'desc')
    .first('address');
  return last?.address;
}

const spoofed = { 'x-forwarded-for': '198.51.100.7' };
const chain = { 'x-forwarded-for': '198.51.100.7, 203.0.113.9, 10.1.2.3' };

test.each([
  ['nobody', '0', spoofed, /^(::ffff:)?127\.0\.0\.1$/],
  ['one hop', '1', chain, /^10\.1\.2\.3$/],
  ['another proxy than the one that calls', '10.0.0.0/8', chain, /^(::ffff:)?127\.0\.0\.1$/],
  ['the one that calls', '127.0.0.1', chain, /^10\.1\.2\.3$/],
  ['the one that calls and those before it', '127.0.0.0/8,10.0.0.0/8', chain, /^203\.0\.113\.9$/],
])(
  'where %s is trusted, the address is the last that the trusted ones vouch for',
  async (_, trust, headers, seen) => {
    const server = await startTestServer({ EPACK_TRUST_PROXY: trust });
    try {
      expect(await addressSeen(server, headers)).toMatch(seen);
    } finally {
      await server.stop();
    }
  },
);

test.each(['', '203.0.113.0/24'])(
  'X-Forwarded-For from an untrusted address (%j) is reported on the first page and by `epack config`',
  async (trust) => {
    const server = await startTestServer({ EPACK_TRUST_PROXY: trust });
    const warnings = () => warningsOf({ ...server.config, databaseUrl: server.databaseUrl });
    try {
      await addressSeen(server, {});
      expect(await warnings()).toEqual([]);
      await addressSeen(server, spoofed);
      await eventually('it is told', async () => (await warnings()).length > 0);
      expect(await warnings()).toEqual([expect.stringMatching(/127\.0\.0\.1.*EPACK_TRUST_PROXY/)]);
    } finally {
      await server.stop();
    }
  },
);

test('X-Forwarded-For from a trusted proxy is not reported', async () => {
  const server = await startTestServer({ EPACK_TRUST_PROXY: '127.0.0.0/8' });
  try {
    // Also where the caller is on the proxy's own machine.
    await addressSeen(server, { 'x-forwarded-for': '127.0.0.1' });
    await addressSeen(server, chain);
    expect(await server.db('server_sight')).toEqual([]);
  } finally {
    await server.stop();
  }
});

test.each(['11', '-1', 'yes', '10.0.0.0/33', '10.0.0', '::1/129', 'proxy.example', '10.0.0.1,x'])(
  '%s is not a list of proxies',
  (written) => {
    expect(() => readConfig({ EPACK_TRUST_PROXY: written })).toThrow(ConfigError);
  },
);

test.each([
  ['0', 0],
  ['3', 3],
  ['10.0.0.1', ['10.0.0.1']],
  [' 10.0.0.0/8 , fd00::/8 ', ['10.0.0.0/8', 'fd00::/8']],
])('%s is one', (written, read) => {
  expect(readConfig({ EPACK_TRUST_PROXY: written }).trustProxy).toEqual(read);
});
