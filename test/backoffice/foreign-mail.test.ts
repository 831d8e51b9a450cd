import { onServer } from '../v4/on-server';
import { startBackoffice, type TestBackoffice } from './backoffice';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

test('a mail of another customer is refused without saying that it is anyone’s', async () => {
  const accountOf = async (name: string) =>
    String((await backoffice.admin.call('POST', '/api/accounts', { name })).at('id'));
  const [mine, others] = [await accountOf('Mine'), await accountOf('Others')];
  const theirs = { mail: 'theirs@example.org', name: 'Theirs', account: others };
  expect((await backoffice.admin.call('POST', '/api/solutions', theirs)).status).toBe(201);
  const manager = await backoffice.signIn('manager', [mine]);
  const refused = await manager.call('POST', '/api/solutions', { ...theirs, account: mine });
  expect([refused.status, refused.at('code')]).toEqual([422, 'invalid-fields']);
  expect(refused.text).not.toMatch(/already|another/);
  const again = await backoffice.admin.call('POST', '/api/solutions', theirs);
  expect([again.status, again.at('code')]).toEqual([409, 'already-exists']);
});

describe('an untrusted proxy', () => {
  const server = onServer();

  test('is recorded, and reported on the first page of an admin', async () => {
    const { email, password } = server().admin;
    const response = await fetch(`${server().url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-forwarded-for': '198.51.100.7' },
      body: JSON.stringify({ email, password }),
    });
    const cookie = (response.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    let text = '';
    for (let look = 0; look < 50 && !text.includes('EPACK_TRUST_PROXY'); look += 1) {
      text = await (await fetch(server().url, { headers: { cookie, accept: 'text/html' } })).text();
    }
    expect(text).toContain('EPACK_TRUST_PROXY');
  });
});
