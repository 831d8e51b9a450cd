import { startBackoffice, type Staff, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen } from '../backoffice/fixtures';
import { type Browser, createBrowser, locationOf } from './browser';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

const at = (path: string) => `${backoffice.url}${path}`;

async function signedIn({ email, password }: Pick<Staff, 'email' | 'password'>): Promise<Browser> {
  const browser = createBrowser();
  const answer = await browser.submit(await browser.call('GET', at('/')), { email, password });
  expect(answer.status).toBe(303);
  return browser;
}

/** The page, with only the form of that address in it. */
async function formOf(browser: Browser, page: string, action: string) {
  const answer = await browser.call('GET', at(page));
  const form = answer.text.split('<form').find((part) => part.includes(`action="${action}"`));
  if (form === undefined) throw new Error(`no form ${action} in ${answer.text}`);
  return { ...answer, text: `<form${form}` };
}

/** Everyone signed in so many minutes ago. */
const signedInAgo = (minutes: number) =>
  backoffice.db('user_session').update({
    proved_at: backoffice.db.raw('now() - make_interval(mins => ?)', [minutes]),
  });

describe('before keys, roles and secrets', () => {
  let solution: string;
  let user: string;
  let target: string;
  beforeAll(async () => {
    const kitchen = await newKitchen(backoffice);
    solution = kitchen.solution;
    user = (await backoffice.signIn('viewer')).id;
    const made = await backoffice.admin.call('POST', '/api/notification-targets', {
      account: kitchen.account,
      kind: 'webhook',
      address: 'https://hooks.example/',
      events: ['sync-failed'],
    });
    target = String(made.at('id'));
  });

  const doors = (): readonly (readonly [page: string, action: string, values: Record<string, string>])[] => [
    [`/solutions/${solution}/settings`, `/solutions/${solution}/secret`, {}],
    [`/notifications/${target}`, `/notifications/${target}/secret`, {}],
    ['/users', '/users', { email: 'new@example.org', password: 'quite a long password', role: 'viewer' }],
    [`/users/${user}`, `/users/${user}`, { role: 'manager' }],
  ];

  test('a user who signed in some time ago gives the password again, and the typed form is kept', async () => {
    for (const [page, action, values] of doors()) {
      const browser = await signedIn(backoffice.admin);
      await signedInAgo(16);
      const asked = await browser.submit(await formOf(browser, page, action), values);
      expect([action, asked.status]).toEqual([action, 200]);
      expect(asked.text).toContain('Is it you?');
      for (const value of Object.values(values)) expect(asked.text).toContain(`value="${value}"`);

      const form = {
        ...asked,
        text: `<form${asked.text.split(`<form method="post" action="${action}"`)[1] ?? ''}`,
      };
      const again = { ...form, text: form.text.replace('<form', `<form action="${action}"`) };
      const wrong = await browser.submit(again, { _proof: 'not the password' });
      expect([action, wrong.status]).toEqual([action, 401]);
      expect(wrong.text).toContain('That is not your current password');

      const done = await browser.submit(again, { _proof: backoffice.admin.password });
      expect([200, 303]).toContain(done.status);
      expect(done.text).not.toContain('Is it you?');
    }
    expect((await backoffice.admin.call('GET', `/api/users/${user}`)).at('role')).toBe('manager');
    const made = await backoffice.db('app_user').where({ email: 'new@example.org' });
    expect(made).toHaveLength(1);
  });

  test('nothing is done before the password is given', async () => {
    const browser = await signedIn(backoffice.admin);
    await signedInAgo(16);
    const form = await formOf(browser, '/users', '/users');
    await browser.submit(form, {
      email: 'later@example.org',
      password: 'quite a long password',
      role: 'viewer',
    });
    expect(await backoffice.db('app_user').where({ email: 'later@example.org' })).toEqual([]);
  });

  test('a user who has just signed in, or has just given the password, is not asked', async () => {
    const browser = await signedIn(backoffice.admin);
    await signedInAgo(14);
    const action = `/solutions/${solution}/secret`;
    const shown = await browser.submit(await formOf(browser, `/solutions/${solution}/settings`, action), {});
    expect(shown.text).toMatch(/<code class="secret">[\w-]{43}<\/code>/);
  });

  test('programs with a bearer token are not asked', async () => {
    await signedInAgo(60);
    const answer = await backoffice.admin.call('POST', `/api/solutions/${solution}/secret`);
    expect(answer.status).toBe(200);
  });

  test('the password is not guessed there either', async () => {
    const admin = await backoffice.signIn('admin');
    const browser = await signedIn(admin);
    await signedInAgo(16);
    const form = await formOf(browser, '/users', '/users');
    const statuses: number[] = [];
    for (let guess = 0; guess < 11; guess += 1) {
      statuses.push((await browser.submit(form, { _proof: `guess ${guess}` })).status);
    }
    expect(statuses).toEqual([...Array.from({ length: 10 }, () => 401), 429]);
  });
});

test('the button for a leaked secret ends the old secret and every token of the solution', async () => {
  const mail = 'leaked@example.org';
  const made = await backoffice.admin.call('POST', '/api/solutions', { mail, name: mail });
  const page = `/solutions/${String(made.at('id'))}/settings`;
  const generation = async () => {
    const rows = await backoffice
      .db('solution')
      .where({ mail })
      .select('token_generation', 'previous_secret_hash');
    return rows as { token_generation: number; previous_secret_hash: Buffer | null }[];
  };
  const [before] = await generation();
  const browser = await signedIn(backoffice.admin);
  const answer = await browser.call('GET', at(page));
  const form = answer.text.split('<form').find((part) => part.includes('name="leaked"')) ?? '';
  const done = await browser.submit({ ...answer, text: `<form${form}` }, { leaked: 'yes' });
  expect(done.status).toBe(200);
  const [after] = await generation();
  expect(after?.token_generation).toBe((before?.token_generation ?? 0) + 1);
  expect(after?.previous_secret_hash).toBeNull();
});

describe('a password that someone else chose', () => {
  test('opens nothing but the page on which its owner chooses another one, and counts no more after that', async () => {
    const chosen = 'chosen by the admin';
    const admin = await signedIn(backoffice.admin);
    await admin.submit(await formOf(admin, '/users', '/users'), {
      email: 'fresh@example.org',
      password: chosen,
      role: 'viewer',
    });
    const browser = await signedIn({ email: 'fresh@example.org', password: chosen });
    for (const page of ['/', '/solutions', '/alerts', '/me/nothing']) {
      const led = await browser.call('GET', at(page));
      if (page !== '/me/nothing') expect(locationOf(led)).toBe(at('/me'));
    }
    const mine = await browser.call('GET', at('/me'));
    expect(mine.text).toContain('Someone else chose this password');

    const form = await formOf(browser, '/me', '/me/password');
    const same = await browser.submit(form, { current: chosen, next: chosen });
    expect(same.status).toBe(422);
    const own = 'one that only I know';
    expect((await browser.submit(form, { current: chosen, next: own })).status).toBe(303);
    expect((await browser.call('GET', at('/solutions'))).status).toBe(200);

    const credentials = (password: string) => ({ body: { email: 'fresh@example.org', password } });
    expect((await backoffice.call('POST', '/api/session', credentials(chosen))).status).toBe(401);
    const signed = await backoffice.call('POST', '/api/session', credentials(own));
    expect(signed.json).toMatchObject({ mustChangePassword: false });
  });

  test('is shown to programs, which may go on with it', async () => {
    const body = {
      email: 'robot@example.org',
      password: 'chosen by the admin',
      role: 'viewer',
      accounts: [],
    };
    await backoffice.admin.call('POST', '/api/users', { ...body, mustChangePassword: true });
    const signed = await backoffice.call('POST', '/api/session', {
      body: { email: body.email, password: body.password },
    });
    expect([signed.status, signed.at('mustChangePassword')]).toEqual([200, true]);
    const listed = await backoffice.call('GET', '/api/solutions', {
      headers: { authorization: `Bearer ${String(signed.at('token'))}` },
    });
    expect(listed.status).toBe(200);
  });
});

describe('a password that many have, or that is like the e-mail address', () => {
  const refused = [
    ['passwordpassword', 'common-password'],
    ['qwertyuiopas', 'common-password'],
    ['123456789012', 'common-password'],
    ['aaaaaaaaaaaa', 'common-password'],
    ['Password1234!', 'common-password'],
    ['chef.cuisine@example.org', 'like-the-email'],
    ['chef.cuisine1', 'like-the-email'],
  ] as const;
  const email = 'chef.cuisine@example.org';
  const reasons: Readonly<Record<string, RegExp>> = {
    'common-password': /tried first|common|often/i,
    'like-the-email': /e-mail/i,
  };

  test.each(refused)('%s is refused wherever it is set: %s', async (password, reason) => {
    const made = await backoffice.admin.call('POST', '/api/users', {
      email,
      password,
      role: 'viewer',
      accounts: [],
    });
    expect([made.status, made.text]).toEqual([422, expect.stringMatching(reasons[reason] ?? /never/)]);
    const body = { email, password: 'a sound pass phrase', role: 'viewer', accounts: [] };
    const known = await backoffice.admin.call('POST', '/api/users', body);
    const user = await backoffice.db<{ id: number; email: string }>('app_user').where({ email }).first();
    expect([201, 409]).toContain(known.status);
    const reset = await backoffice.admin.call('PATCH', `/api/users/${user?.id ?? 0}`, { password });
    expect(reset.status).toBe(422);
    const signed = await backoffice.call('POST', '/api/session', {
      body: { email, password: body.password },
    });
    const own = await backoffice.call('PUT', '/api/session/password', {
      body: { current: body.password, next: password },
      headers: { authorization: `Bearer ${String(signed.at('token'))}` },
    });
    expect([own.status, own.at('problems', 0, 'field')]).toEqual([422, 'next']);
  });
});
