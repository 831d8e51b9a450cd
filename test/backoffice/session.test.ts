import {
  ensureFirstAdmin as ensure,
  type FirstAdminSettings,
} from '../../api/backoffice/services/first-admin';
import type { Db } from '../../shared/db/database';
import { createPasswordHasher } from '../../shared/passwords/password-hasher';
import { openStoreAccess } from '../../shared/stores/store-access';
import { cheapPasswords, startBackoffice, type TestBackoffice } from './backoffice';

const passwords = createPasswordHasher(cheapPasswords);
afterAll(() => passwords.close());
const ensureFirstAdmin = (db: Db, settings: FirstAdminSettings) =>
  ensure(openStoreAccess(db), settings, passwords);

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

/** Each test comes from an address of its own, so that failures of one are not those of another. */
let addresses = 0;
const newAddress = () => `10.0.${Math.floor(++addresses / 250)}.${addresses % 250}`;

const signIn = (email: string, password: string, address = newAddress()) =>
  backoffice.call('POST', '/api/session', {
    body: { email, password },
    headers: { 'x-forwarded-for': address },
  });

describe('signing in', () => {
  test('returns a bearer token for twelve hours', async () => {
    const { email, password } = backoffice.admin;
    const answer = await signIn(email.toUpperCase(), password);
    expect(answer.status).toBe(200);
    const hours = (Date.parse(String(answer.at('expiresAt'))) - Date.now()) / 3_600_000;
    expect(hours).toBeGreaterThan(11.9);
    expect(hours).toBeLessThanOrEqual(12.01);
    const headers = { authorization: `Bearer ${String(answer.at('token'))}` };
    expect((await backoffice.call('GET', '/api/users', { headers })).status).toBe(200);
  });

  test('sets a cookie that scripts cannot read and that other sites cannot use', async () => {
    const { email, password } = backoffice.admin;
    const answer = await signIn(email, password);
    const cookie = answer.headers.get('set-cookie') ?? '';
    expect(cookie).toMatch(/^epack_session=/);
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
    expect(cookie).not.toMatch(/Secure/);
  });

  test('sets the cookie for https only if the request came by https', async () => {
    const { email, password } = backoffice.admin;
    const headers = { 'x-forwarded-proto': 'https', 'x-forwarded-for': newAddress() };
    const answer = await backoffice.call('POST', '/api/session', { body: { email, password }, headers });
    expect(answer.headers.get('set-cookie')).toMatch(/Secure/);
  });

  test('stores neither the password nor the token', async () => {
    const { email, password } = backoffice.admin;
    const token = String((await signIn(email, password)).at('token'));
    const stored = await backoffice.db.raw<{ rows: unknown[] }>(
      `select u.password_hash, encode(s.token_sha256, 'hex') as token from user_session s join app_user u on u.id = s.user_id`,
    );
    expect(JSON.stringify(stored.rows)).not.toContain(password);
    expect(JSON.stringify(stored.rows)).not.toContain(token);
  });

  test('gives the same error for an unknown e-mail and a wrong password', async () => {
    const wrong = await signIn(backoffice.admin.email, 'not the password');
    const unknown = await signIn('nobody@example.org', 'not the password');
    expect(wrong.status).toBe(401);
    expect(unknown.status).toBe(401);
    expect(unknown.text).toBe(wrong.text);
    expect(wrong.at('code')).toBe('bad-credentials');
  });

  test.each([{}, { email: 'a@b.c' }, { email: 1, password: 2 }, { email: 'a@b.c', password: '' }, [], null])(
    'refuses %j as a bad request',
    async (body) => {
      const answer = await backoffice.call('POST', '/api/session', { body });
      expect(answer.status).toBe(400);
      expect(answer.at('code')).toBe('bad-request');
    },
  );

  test('refuses a disabled user as if the user did not exist', async () => {
    const viewer = await backoffice.signIn('viewer');
    await backoffice.admin.call('PATCH', `/api/users/${viewer.id}`, { disabled: true });
    const answer = await signIn(viewer.email, viewer.password);
    expect(answer.status).toBe(401);
    expect(answer.at('code')).toBe('bad-credentials');
  });
});

describe('too many failures', () => {
  const failTenTimes = async (email: string, address: string) => {
    for (let attempt = 1; attempt <= 10; attempt++)
      expect((await signIn(email, 'wrong', address)).status).toBe(401);
  };

  test('the eleventh attempt for one e-mail from one address is refused, right password or not, with the time to wait', async () => {
    const { email, password } = await backoffice.signIn('viewer');
    const address = newAddress();
    await failTenTimes(email, address);
    const refused = await signIn(email, password, address);
    expect(refused.status).toBe(429);
    expect(refused.at('code')).toBe('too-many-requests');
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(0);
    expect(seconds).toBeLessThanOrEqual(300);
  });

  test('failures of others for an e-mail do not block users from elsewhere, nor an open session', async () => {
    const viewer = await backoffice.signIn('viewer');
    await failTenTimes(viewer.email, newAddress());
    expect((await signIn(viewer.email, viewer.password)).status).toBe(200);
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(200);
  });

  test('failures at an address do not block other users there', async () => {
    const [guesser, colleague] = [await backoffice.signIn('viewer'), await backoffice.signIn('viewer')];
    const office = newAddress();
    await failTenTimes(guesser.email, office);
    expect((await signIn(colleague.email, colleague.password, office)).status).toBe(200);
  });

  test('the addresses of one IPv6 network are one', async () => {
    const { email, password } = await backoffice.signIn('viewer');
    for (let attempt = 1; attempt <= 10; attempt++)
      expect((await signIn(email, 'wrong', `2001:db8:1:2::${attempt}`)).status).toBe(401);
    expect((await signIn(email, password, '2001:db8:1:2:ffff::1')).status).toBe(429);
    expect((await signIn(email, password, '2001:db8:1:3::1')).status).toBe(200);
  });

  test('guessing for many e-mails from one address is stopped', async () => {
    const address = newAddress();
    const { db } = backoffice;
    const others = Array.from({ length: 49 }, () => ({ subject: `staff-address:${address}` }));
    await db('failed_login').insert(others);
    const { email, password } = await backoffice.signIn('viewer');
    expect((await signIn('guess@example.org', 'wrong', address)).status).toBe(401);
    expect((await signIn(email, password, address)).status).toBe(429);
    expect((await signIn(email, password)).status).toBe(200);
  });

  test.each([
    ['that e-mail', 100, (email: string) => `staff:${email}`],
    ['the whole server', 1_000, () => 'staff'],
  ])(
    'however many sign-ins fail everywhere for %s, nobody is locked out; unknown addresses have fewer attempts',
    async (_what, many, subjectOf) => {
      const viewer = await backoffice.signIn('viewer');
      const home = newAddress();
      const from = async (address: string, ...passwords: string[]) => {
        const statuses: number[] = [];
        for (const password of passwords)
          statuses.push((await signIn(viewer.email, password, address)).status);
        return statuses;
      };
      expect(await from(home, viewer.password)).toEqual([200]);
      const subject = subjectOf(viewer.email);
      const { db } = backoffice;
      await db('failed_login').insert(Array.from({ length: many }, () => ({ subject })));
      expect(await from(newAddress(), viewer.password)).toEqual([200]);
      expect(await from(newAddress(), 'wrong', viewer.password)).toEqual([401, 200]);
      expect(await from(newAddress(), 'wrong', 'wrong', viewer.password)).toEqual([401, 401, 429]);
      expect(await from(home, 'wrong', 'wrong', 'wrong', viewer.password)).toEqual([401, 401, 401, 200]);
      await db('failed_login').where({ subject }).delete();
    },
  );

  test('attempts at once cannot outrun the count', async () => {
    const { email } = await backoffice.signIn('viewer');
    const address = newAddress();
    const attempts = Array.from({ length: 25 }, () => signIn(email, 'wrong', address));
    const answers = await Promise.all(attempts);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(10);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
  });

  test('they are over after five minutes', async () => {
    const { email, password } = await backoffice.signIn('viewer');
    const address = newAddress();
    await failTenTimes(email, address);
    await backoffice.db('failed_login').update({ at: backoffice.db.raw(`at - interval '301 seconds'`) });
    expect((await signIn(email, password, address)).status).toBe(200);
  });

  test('of devices are not those of staff', async () => {
    const { email, password } = await backoffice.signIn('viewer');
    const address = newAddress();
    const subjects = [`device:${email}`, `device-address:${address}`];
    for (const subject of subjects)
      await backoffice.db('failed_login').insert(Array.from({ length: 50 }, () => ({ subject })));
    expect((await signIn(email, password, address)).status).toBe(200);
  });
});

describe('a session', () => {
  test('ends with DELETE, for the token and for the cookie', async () => {
    const { call } = await backoffice.signIn('viewer');
    const answer = await call('DELETE', '/api/session');
    expect(answer.status).toBe(204);
    expect(answer.headers.get('set-cookie')).toMatch(/epack_session=;/);
    expect((await call('GET', '/api/solutions')).status).toBe(401);
  });

  test('ends when its time is over', async () => {
    const { id, call } = await backoffice.signIn('viewer');
    await backoffice.db('user_session').where({ user_id: id }).update({ expires_at: backoffice.db.fn.now() });
    const answer = await call('GET', '/api/solutions');
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  test('ends when the user is disabled, and stays ended when the user is enabled again', async () => {
    const viewer = await backoffice.signIn('viewer');
    await backoffice.admin.call('PATCH', `/api/users/${viewer.id}`, { disabled: true });
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(401);
    await backoffice.admin.call('PATCH', `/api/users/${viewer.id}`, { disabled: false });
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(401);
  });

  test('ends with a new password', async () => {
    const viewer = await backoffice.signIn('viewer');
    await backoffice.admin.call('PATCH', `/api/users/${viewer.id}`, { password: 'another password' });
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(401);
    expect((await signIn(viewer.email, viewer.password)).status).toBe(401);
    expect((await signIn(viewer.email, 'another password')).status).toBe(200);
  });

  test('ends with another role, which holds from the next sign-in', async () => {
    const viewer = await backoffice.signIn('viewer');
    expect((await viewer.call('GET', '/api/users')).status).toBe(403);
    await backoffice.admin.call('PATCH', `/api/users/${viewer.id}`, { role: 'admin' });
    expect((await viewer.call('GET', '/api/users')).status).toBe(401);
    const headers = {
      authorization: `Bearer ${String((await signIn(viewer.email, viewer.password)).at('token'))}`,
    };
    expect((await backoffice.call('GET', '/api/users', { headers })).status).toBe(200);
  });

  test.each(['Bearer', 'Bearer x', 'Basic YTpi', 'Bearer a b'])(
    'needs a valid token, not %j',
    async (authorization) => {
      const cookie = `epack_session=${backoffice.admin.token}`;
      const answer = await backoffice.call('GET', '/api/solutions', { headers: { authorization, cookie } });
      expect(answer.status).toBe(401);
      expect(answer.at('code')).toBe('unauthorized');
    },
  );
});

describe('a call with the cookie', () => {
  const withCookie = (method: string, headers: Record<string, string>) =>
    backoffice.call(method, '/api/accounts', {
      ...(method === 'GET' ? {} : { body: { name: `Account ${Math.random()}` } }),
      headers: { cookie: `other=1; epack_session=${backoffice.admin.token}`, ...headers },
    });

  test('may read', async () => {
    expect((await withCookie('GET', { 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });

  test('may change things from our own pages', async () => {
    expect((await withCookie('POST', { 'sec-fetch-site': 'same-origin' })).status).toBe(201);
    expect((await withCookie('POST', { origin: backoffice.url })).status).toBe(201);
  });

  test('may not change things from another site', async () => {
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site', origin: backoffice.url },
      { origin: 'https://evil.example' },
      { origin: backoffice.url.replace(/\d+$/, '1') },
      { origin: 'null' },
    ]) {
      const answer = await withCookie('POST', headers);
      expect(answer.status).toBe(403);
      expect(answer.at('code')).toBe('cross-site');
    }
  });

  test('needs no such check if a bearer token is sent', async () => {
    const headers = { origin: 'https://tool.example', 'sec-fetch-site': 'cross-site' };
    const answer = await backoffice.admin.call('POST', '/api/accounts', { name: 'By a tool' }, headers);
    expect(answer.status).toBe(201);
  });

  test('another site cannot sign a browser in', async () => {
    const { email, password } = backoffice.admin;
    const answer = await backoffice.call('POST', '/api/session', {
      body: { email, password },
      headers: { 'sec-fetch-site': 'cross-site' },
    });
    expect(answer.status).toBe(403);
  });
});

describe('the first admin', () => {
  const emptyDatabase = async (work: (test: TestBackoffice) => Promise<void>) => {
    const empty = await startBackoffice();
    try {
      await empty.db('app_user').delete();
      await work(empty);
    } finally {
      await empty.stop();
    }
  };
  const canSignIn = async (test: TestBackoffice, email: string, password: string) =>
    (await test.call('POST', '/api/session', { body: { email, password } })).status === 200;

  test('without settings is admin@localhost with a password that is shown once', () =>
    emptyDatabase(async (test) => {
      const first = await ensureFirstAdmin(test.db, { email: null, password: null });
      expect(first?.email).toBe('admin@localhost');
      expect(await canSignIn(test, 'admin@localhost', first?.drawnPassword ?? '')).toBe(true);
      expect(await ensureFirstAdmin(test.db, { email: null, password: null })).toBeNull();
    }));

  test('is the configured one, and keeps the password that it has by now', () =>
    emptyDatabase(async (test) => {
      const settings = { email: 'boss@example.org', password: 'first password' };
      expect(await ensureFirstAdmin(test.db, settings)).toEqual({
        email: 'boss@example.org',
        drawnPassword: null,
      });
      expect(await canSignIn(test, 'BOSS@example.org', 'first password')).toBe(true);
      expect(await ensureFirstAdmin(test.db, { ...settings, password: 'second password' })).toBeNull();
      expect(await canSignIn(test, 'boss@example.org', 'second password')).toBe(false);
    }));

  test('is created once if several processes start together', () =>
    emptyDatabase(async (test) => {
      const starts = Array.from({ length: 5 }, () =>
        ensureFirstAdmin(test.db, { email: null, password: null }),
      );
      const made = (await Promise.all(starts)).filter((first) => first !== null);
      expect(made).toHaveLength(1);
      expect(await test.db('app_user').count()).toEqual([{ count: '1' }]);
    }));
});
