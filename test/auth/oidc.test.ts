import { freePort } from '../../shared/embedded/free-port';
import { newUser } from '../console/staff';
import { startTestServer, type TestServer } from '../setup/server';
import { type Browser, type BrowserAnswer, createBrowser, locationOf } from './browser';
import {
  clientSettings,
  type People,
  startIdentityProvider,
  type TestIdentityProvider,
} from './identity-provider';

// The server's address in the world is another than the port it listens on, as behind a proxy.

const publicUrl = 'http://epack.test';
const redirectUri = `${publicUrl}/signin/oidc/callback`;
const isCallback = (url: string) => url.startsWith(redirectUri);

const people: People = {
  boss: { email: 'ADMIN@example.org', email_verified: true },
  unverified: { email: 'admin@example.org', email_verified: false },
  silent: { email: 'admin@example.org' },
  namesake: { email: 'admin@example.org', email_verified: true },
  stranger: { email: 'stranger@example.org', email_verified: true },
  faceless: {},
  chef: {
    email: 'chef@example.org',
    email_verified: true,
    groups: ['kitchens'],
    kitchens: ['Lyon', 'Nowhere'],
  },
  owner: { email: 'owner@example.org', email_verified: true, groups: ['others', 'epack-admins', 'kitchens'] },
  guest: { email: 'guest@example.org', email_verified: true, groups: ['others'] },
};

const environmentFor = (issuer: string, others: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...clientSettings,
  EPACK_OIDC_ISSUER: issuer,
  EPACK_PUBLIC_URL: publicUrl,
  ...others,
});

interface Scene {
  readonly server: TestServer;
  readonly provider: TestIdentityProvider;
}

function onScene(others: NodeJS.ProcessEnv = {}, clockOffsetSeconds = 0): () => Scene {
  let scene: Scene | undefined;
  beforeAll(async () => {
    const provider = await startIdentityProvider({ people, redirectUri, clockOffsetSeconds });
    scene = { provider, server: await startTestServer(environmentFor(provider.issuer, others)) };
  });
  afterAll(async () => {
    await scene?.server.stop();
    await scene?.provider.stop();
  });
  return () => {
    if (scene === undefined) throw new Error('known only inside tests');
    return scene;
  };
}

const browserAt = (server: TestServer) => createBrowser({ [publicUrl]: server.url });

/** Goes to the provider and signs in there. Answers the URL of the callback, which the browser has not called yet. */
async function atProvider(browser: Browser, who: string, returnTo = '/'): Promise<string> {
  const form = await browser.follow(`${publicUrl}/signin/oidc?return=${encodeURIComponent(returnTo)}`);
  expect(form.text).toContain('Enter any login');
  const submitted = await browser.submit(form, { login: who, password: 'any' });
  const back = await browser.follow(locationOf(submitted) ?? '', isCallback);
  return back.url;
}

async function signIn(browser: Browser, who: string, returnTo = '/'): Promise<BrowserAnswer> {
  return browser.call('GET', await atProvider(browser, who, returnTo));
}

const sessionOf = (browser: Browser) => browser.cookie(publicUrl, 'epack_session');

async function expectRefused(browser: Browser, answer: BrowserAnswer, reason: string): Promise<void> {
  expect(locationOf(answer)).toBe(`${publicUrl}/?refused=${reason}`);
  expect(sessionOf(browser)).toBeNull();
  expect((await browser.call('GET', `${publicUrl}/api/solutions`)).status).toBe(401);
}

describe('signing in through the provider', () => {
  const scene = onScene();
  // The first time links the user with the provider.
  beforeAll(() => signIn(browserAt(scene().server), 'boss'));

  test('lets a user in by the verified e-mail, and back to where they wanted to go', async () => {
    const browser = browserAt(scene().server);
    const answer = await signIn(browser, 'boss', '/solutions?state=stale');
    expect(locationOf(answer)).toBe(`${publicUrl}/solutions?state=stale`);
    expect((await browser.call('GET', `${publicUrl}/api/users`)).status).toBe(200);
    expect(answer.headers.getSetCookie().join()).toMatch(/epack_session=[^;]+; .*HttpOnly; SameSite=Lax$/);
  });

  test('is in the audit trail, with who it is at the provider', async () => {
    const { server, provider } = scene();
    const entries = await server
      .db('audit')
      .whereIn('action', ['user.link-identity', 'session.start'])
      .orderBy('id')
      .limit(2);
    expect(entries).toMatchObject([
      {
        actor: 'identity provider',
        after: { email: 'admin@example.org', issuer: provider.issuer, subject: 'boss' },
      },
      { actor: 'admin@example.org', action: 'session.start', after: { method: 'oidc' } },
    ]);
  });

  test('works again, by the subject, when the e-mail has changed here', async () => {
    const { server } = scene();
    await server.db('app_user').update({ email: 'renamed@example.org' });
    const browser = browserAt(server);
    await signIn(browser, 'boss');
    expect(sessionOf(browser)).not.toBeNull();
    await server.db('app_user').update({ email: 'admin@example.org' });
  });

  test.each([
    ['unverified', 'unverified'],
    ['silent', 'unverified'],
    ['faceless', 'unverified'],
    ['stranger', 'unknown'],
    ['namesake', 'other-person'],
  ])('refuses %s: %s', async (who, reason) => {
    const browser = browserAt(scene().server);
    await expectRefused(browser, await signIn(browser, who), reason);
    expect(await scene().server.db('app_user').count()).toEqual([{ count: '1' }]);
  });

  test('refuses a user who is disabled here', async () => {
    const { server } = scene();
    await server.db('app_user').update({ disabled_at: server.db.fn.now() });
    const browser = browserAt(server);
    await expectRefused(browser, await signIn(browser, 'boss'), 'unknown');
    await server.db('app_user').update({ disabled_at: null });
  });

  test.each(['https://evil.example/', '//evil.example/', '/\\evil.example', '/.//evil.example', 'x', ''])(
    'leads to no other site afterwards: %j',
    async (wanted) => {
      const browser = browserAt(scene().server);
      const answer = await signIn(browser, 'boss', wanted);
      expect(new URL(locationOf(answer) ?? '').origin).toBe(publicUrl);
    },
  );

  test('the requests of strangers are limited', async () => {
    const { server } = scene();
    await server.db('failed_login').delete();
    const browser = browserAt(server);
    const departures = Array.from({ length: 65 }, () => browser.call('GET', `${publicUrl}/signin/oidc`));
    const answers = (await Promise.all(departures)).map(locationOf);
    expect(answers.filter((url) => url === `${publicUrl}/?refused=too-many`)).toHaveLength(5);
    await server.db('failed_login').delete();
  });
});

describe('a response that does not match the request', () => {
  const scene = onScene();

  test('with another state is refused', async () => {
    const browser = browserAt(scene().server);
    const callback = new URL(await atProvider(browser, 'boss'));
    callback.searchParams.set('state', 'another');
    await expectRefused(browser, await browser.call('GET', callback.href), 'expired');
  });

  test('counts once: the same again, in the same browser and in another, is refused', async () => {
    const browser = browserAt(scene().server);
    const callback = await atProvider(browser, 'boss');
    const state = browser.cookie(publicUrl, 'epack_oidc');
    expect(locationOf(await browser.call('GET', callback))).toBe(`${publicUrl}/`);
    expect(locationOf(await browser.call('GET', callback))).toBe(`${publicUrl}/?refused=expired`);
    const other = await fetch(callback.replace(publicUrl, scene().server.url), {
      headers: { cookie: `epack_oidc=${state ?? ''}` },
      redirect: 'manual',
    });
    expect(other.headers.get('location')).toBe('/?refused=expired');
  });

  test('of two at once, one counts', async () => {
    const browser = browserAt(scene().server);
    const callback = await atProvider(browser, 'boss');
    const answers = await Promise.all([browser.call('GET', callback), browser.call('GET', callback)]);
    expect(answers.map(locationOf).sort()).toEqual([`${publicUrl}/`, `${publicUrl}/?refused=expired`]);
  });

  test('in a browser that did not start the sign-in is refused: nobody can be signed in as someone else', async () => {
    const attacker = browserAt(scene().server);
    const callback = await atProvider(attacker, 'boss');
    const victim = browserAt(scene().server);
    await victim.call('GET', `${publicUrl}/signin/oidc`);
    await expectRefused(victim, await victim.call('GET', callback), 'expired');
  });

  test('with the code of another sign-in is refused', async () => {
    const attacker = browserAt(scene().server);
    const stolen = new URL(await atProvider(attacker, 'boss')).searchParams.get('code') ?? '';
    const browser = browserAt(scene().server);
    const callback = new URL(await atProvider(browser, 'boss'));
    callback.searchParams.set('code', stolen);
    await expectRefused(browser, await browser.call('GET', callback.href), 'refused');
  });

  test('for another nonce is refused', async () => {
    const browser = browserAt(scene().server);
    const callback = await atProvider(browser, 'boss');
    await scene().server.db('oidc_attempt').update({ nonce: 'another' });
    await expectRefused(browser, await browser.call('GET', callback), 'refused');
  });

  test('that arrives too late is refused', async () => {
    const { db } = scene().server;
    const browser = browserAt(scene().server);
    const callback = await atProvider(browser, 'boss');
    await db('oidc_attempt').update({ expires_at: db.raw(`now() - interval '1 second'`) });
    await expectRefused(browser, await browser.call('GET', callback), 'expired');
  });

  test.each(['error=access_denied', 'code=junk', ''])('%j is refused', async (answer) => {
    const browser = browserAt(scene().server);
    await browser.call('GET', `${publicUrl}/signin/oidc`);
    const state = browser.cookie(publicUrl, 'epack_oidc') ?? '';
    const url = `${redirectUri}?state=${state}&iss=${encodeURIComponent(scene().provider.issuer)}&${answer}`;
    await expectRefused(browser, await browser.call('GET', url), 'refused');
  });

  test.each(['', '?state=x', '?state=x&state=y&code=z', '?code=%00'])(
    'a callback out of nowhere is refused: %j',
    async (query) => {
      const browser = browserAt(scene().server);
      await expectRefused(browser, await browser.call('GET', redirectUri + query), 'expired');
    },
  );
});

describe('new people, if new users are allowed', () => {
  const scene = onScene({ EPACK_OIDC_NEW_USERS: 'viewer' });

  test('become users of that role, who see no account', async () => {
    const { db } = scene().server;
    const browser = browserAt(scene().server);
    await signIn(browser, 'stranger');
    expect(await browser.call('GET', `${publicUrl}/api/solutions`)).toMatchObject({
      status: 200,
      text: JSON.stringify({ items: [], next: null }),
    });
    expect(await db('app_user').where({ email: 'stranger@example.org' }).first('role')).toEqual({
      role: 'viewer',
    });
    await signIn(browserAt(scene().server), 'stranger');
    expect(await db('app_user').count()).toEqual([{ count: '2' }]);
  });

  test('do not become users if their e-mail is not verified', async () => {
    const browser = browserAt(scene().server);
    await expectRefused(browser, await signIn(browser, 'faceless'), 'unverified');
  });
});

describe('roles and accounts of the provider', () => {
  const scene = onScene({
    EPACK_OIDC_NEW_USERS: 'viewer',
    EPACK_OIDC_SCOPES: 'openid email groups',
    EPACK_OIDC_ROLES: 'kitchens=manager,epack-admins=admin',
    EPACK_OIDC_ACCOUNT_CLAIM: 'kitchens',
  });

  test('are those of the user at every sign-in', async () => {
    const { db } = scene().server;
    await db('account').insert([{ name: 'Lyon' }, { name: 'Paris' }]);
    await signIn(browserAt(scene().server), 'chef');
    const rights = async () =>
      (
        await db.raw<{ rows: unknown[] }>(
          `select u.role, array(select a.name from user_account join account a on a.id = account_id where user_id = u.id) as accounts
           from app_user u where email = 'chef@example.org'`,
        )
      ).rows;
    expect(await rights()).toEqual([{ role: 'manager', accounts: ['Lyon'] }]);
    await db('app_user').where({ email: 'chef@example.org' }).update({ role: 'admin' });
    await signIn(browserAt(scene().server), 'chef');
    expect(await rights()).toEqual([{ role: 'manager', accounts: ['Lyon'] }]);
  });

  test('the highest of several counts', async () => {
    const browser = browserAt(scene().server);
    await signIn(browser, 'owner');
    expect((await browser.call('GET', `${publicUrl}/api/users`)).status).toBe(200);
  });

  test('a person without a role is refused', async () => {
    const browser = browserAt(scene().server);
    await expectRefused(browser, await signIn(browser, 'guest'), 'no-role');
  });
});

describe('a provider that is away', () => {
  test('does not keep the server from starting; signing in says so, and works once it is back', async () => {
    const port = await freePort();
    const server = await startTestServer(environmentFor(`http://127.0.0.1:${port}`));
    let provider: TestIdentityProvider | null = null;
    try {
      const browser = browserAt(server);
      const away = await browser.call('GET', `${publicUrl}/signin/oidc`);
      expect(locationOf(away)).toBe(`${publicUrl}/?refused=away`);
      const { email, password } = server.admin;
      const body = JSON.stringify({ email, password });
      const headers = { 'content-type': 'application/json' };
      expect((await fetch(`${server.url}/api/session`, { method: 'POST', headers, body })).status).toBe(200);

      provider = await startIdentityProvider({ port, people, redirectUri });
      await signIn(browser, 'boss');
      expect(sessionOf(browser)).not.toBeNull();

      const late = browserAt(server);
      const callback = await atProvider(late, 'boss');
      await provider.stop();
      expect(locationOf(await late.call('GET', callback))).toBe(`${publicUrl}/?refused=away`);
    } finally {
      await server.stop();
      await provider?.stop();
    }
  });

  test('that calls itself by another name is not believed', async () => {
    const provider = await startIdentityProvider({ people, redirectUri });
    const server = await startTestServer(environmentFor(provider.issuer.replace('127.0.0.1', 'localhost')));
    try {
      const answer = await browserAt(server).call('GET', `${publicUrl}/signin/oidc`);
      expect(locationOf(answer)).toBe(`${publicUrl}/?refused=refused`);
    } finally {
      await server.stop();
      await provider.stop();
    }
  });
});

describe('a provider whose clock is', () => {
  describe('half a minute ahead', () => {
    const scene = onScene({}, 30);
    test('is believed', async () => {
      const browser = browserAt(scene().server);
      await signIn(browser, 'boss');
      expect(sessionOf(browser)).not.toBeNull();
    });
  });

  describe('half a minute behind the hour that its tokens last', () => {
    const scene = onScene({}, -3630);
    test('is believed', async () => {
      const browser = browserAt(scene().server);
      await signIn(browser, 'boss');
      expect(sessionOf(browser)).not.toBeNull();
    });
  });

  describe('two hours behind', () => {
    const scene = onScene({}, -7200);
    test('is not believed: its tokens are over when they come', async () => {
      const browser = browserAt(scene().server);
      await expectRefused(browser, await signIn(browser, 'boss'), 'refused');
    });
  });
});

describe.each([
  ['yes', { people: 200, admins: 200, form: 'open' }],
  ['break-glass', { people: 403, admins: 200, form: 'folded' }],
  ['no', { people: 403, admins: 403, form: 'none' }],
] as const)('beside a provider, EPACK_PASSWORDS=%s', (passwords, expected) => {
  const scene = onScene({ EPACK_PASSWORDS: passwords });
  const password = 'correct horse battery';
  const signInBy = (email: string) =>
    fetch(`${scene().server.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });

  test('allows passwords for the right users, and the provider for everyone', async () => {
    const { server } = scene();
    const viewer = await newUser(server, 'viewer');
    const people = await signInBy(viewer);
    expect(people.status).toBe(expected.people);
    if (people.status === 403) expect(await people.text()).toContain('passwords-off');
    expect((await signInBy(server.admin.email)).status).toBe(expected.admins);

    const door = await browserAt(server).call('GET', `${publicUrl}/`);
    expect(door.text).toContain('/signin/oidc');
    expect(door.text.includes('name="password"')).toBe(expected.form !== 'none');
    expect(door.text.includes('<details')).toBe(expected.form === 'folded');
    if (expected.form !== 'none') {
      const refused = await browserAt(server).submit(door, { email: viewer, password });
      expect(refused.status).toBe(expected.people === 200 ? 303 : 403);
    }
    const browser = browserAt(server);
    expect(locationOf(await signIn(browser, 'boss'))).toBe(`${publicUrl}/`);
    expect(sessionOf(browser)).not.toBeNull();
  });
});

describe('without a provider', () => {
  test('there is no sign-in through a provider', async () => {
    const server = await startTestServer();
    try {
      expect((await fetch(`${server.url}/signin/oidc`)).status).toBe(404);
    } finally {
      await server.stop();
    }
  });
});
