import { TOTP } from 'otpauth';
import { type Staff, startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { createSignInStore } from '../../shared/stores/staff/sign-in-store';
import { type Browser, createBrowser } from './browser';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

type Credentials = Pick<Staff, 'email' | 'password'>;

const at = (path: string) => `${backoffice.url}${path}`;

async function signInWith(browser: Browser, { email, password }: Credentials): Promise<number> {
  const door = await browser.call('GET', at('/sign-in'));
  return (await browser.submit(door, { email, password })).status;
}

async function signOut(browser: Browser): Promise<void> {
  expect((await browser.call('POST', at('/sign-out'), '')).status).toBe(303);
}

/** Someone at the same address fails for that e-mail until nobody is let in from there: one of the failures is real, for each takes its time. */
async function failFromThere({ email }: Pick<Staff, 'email'>): Promise<void> {
  const guess = () => backoffice.call('POST', '/api/session', { body: { email, password: 'a guess' } });
  expect((await guess()).status).toBe(401);
  await backoffice.db.raw(
    `insert into failed_login (subject)
     select subject from failed_login, generate_series(1, 9) where subject like :own`,
    { own: `staff:${email.toLowerCase()} from %` },
  );
  expect((await guess()).status).toBe(429);
}

describe('a browser in which someone has signed in', () => {
  test('gets in again, whatever others at the same address do; a browser that is new waits', async () => {
    const staff = await backoffice.signIn('viewer');
    const known = createBrowser();
    expect(await signInWith(known, staff)).toBe(303);
    await signOut(known);
    await failFromThere(staff);
    expect(await signInWith(createBrowser(), staff)).toBe(429);
    expect(await signInWith(known, staff)).toBe(303);
  });

  test('has its own counter of failures, so that guessing in it is limited', async () => {
    const staff = await backoffice.signIn('viewer');
    const [stolen, own] = [createBrowser(), createBrowser()];
    for (const browser of [stolen, own]) {
      expect(await signInWith(browser, staff)).toBe(303);
      await signOut(browser);
    }
    for (let guess = 0; guess < 10; guess += 1)
      expect(await signInWith(stolen, { ...staff, password: 'a guess' })).toBe(401);
    expect(await signInWith(stolen, staff)).toBe(429);
    expect(await signInWith(own, staff)).toBe(303);
  });

  test('is known for all users who share it, and for nobody else', async () => {
    const [one, other, third] = [
      await backoffice.signIn('viewer'),
      await backoffice.signIn('manager'),
      await backoffice.signIn('viewer'),
    ];
    const shared = createBrowser();
    for (const staff of [one, other]) {
      expect(await signInWith(shared, staff)).toBe(303);
      await signOut(shared);
    }
    for (const staff of [one, other, third]) await failFromThere(staff);
    expect(await signInWith(shared, third)).toBe(429);
    for (const staff of [one, other]) {
      expect(await signInWith(shared, staff)).toBe(303);
      await signOut(shared);
    }
  });

  test('keeps no token that somebody else planted in it, and the database keeps digests only', async () => {
    const { email, password } = await backoffice.signIn('viewer');
    const planted = 'p'.repeat(43);
    const answer = await fetch(at('/sign-in'), {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: `epack_browser=${planted}` },
      body: new URLSearchParams({ email, password }),
    });
    const cookie = answer.headers.getSetCookie().find((one) => one.startsWith('epack_browser=')) ?? '';
    expect(cookie).toMatch(/^epack_browser=[\w-]{43};.*HttpOnly; SameSite=Lax/);
    expect(cookie).not.toContain(planted);
    const token = /=([\w-]{43})/.exec(cookie)?.[1] ?? '';
    const stored = await backoffice.db.raw<{ rows: unknown[] }>(
      `select encode(token_sha256, 'escape') as token from known_browser`,
    );
    expect(JSON.stringify(stored.rows)).not.toContain(token);
  });

  test('gets past codes that someone with the stolen password has failed at', async () => {
    const staff = await backoffice.signIn('viewer');
    const secret = String((await staff.call('POST', '/api/session/second-factor')).at('secret'));
    const codeOf = (step: number) => new TOTP({ secret }).generate({ timestamp: Date.now() + step * 30_000 });
    await staff.call('PUT', '/api/session/second-factor', { code: codeOf(-1) });
    const secondStep = async (browser: Browser, step: number) => {
      const door = await browser.call('GET', at('/sign-in'));
      const page = await browser.submit(door, { email: staff.email, password: staff.password });
      return (await browser.submit(page, { code: codeOf(step) })).status;
    };
    const known = createBrowser();
    expect(await secondStep(known, 0)).toBe(303);
    await signOut(known);
    const subject = `code:${staff.id}`;
    await backoffice.db('failed_login').insert(Array.from({ length: 10 }, () => ({ subject })));
    expect(await secondStep(createBrowser(), 1)).toBe(429);
    expect(await secondStep(known, 1)).toBe(303);
  });

  test('is forgotten after months without a sign-in', async () => {
    const staff = await backoffice.signIn('viewer');
    const browser = createBrowser();
    expect(await signInWith(browser, staff)).toBe(303);
    await signOut(browser);
    const { db } = backoffice;
    await db('known_browser')
      .where({ user_id: staff.id })
      .update({ seen_at: db.raw(`now() - interval '91 days'`) });
    await createSignInStore(db).removeKnownOlderThan(90);
    await failFromThere(staff);
    expect(await signInWith(browser, staff)).toBe(429);
  });
});

describe('an open session', () => {
  test('changes its password and proves again who it is, whatever others at the same address do', async () => {
    const admin = await backoffice.signIn('admin');
    const browser = createBrowser();
    expect(await signInWith(browser, admin)).toBe(303);
    const { db } = backoffice;
    await db('user_session')
      .where({ user_id: admin.id })
      .update({ proved_at: db.raw(`now() - interval '16 minutes'`) });
    await failFromThere(admin);

    const users = await browser.call('GET', at('/users'));
    const form = `<form${users.text.split('<form').find((part) => part.includes('action="/users"')) ?? ''}`;
    const proof = { _proof: admin.password, email: 'new-colleague@example.org', role: 'viewer' };
    const made = await browser.submit({ ...users, text: form }, { ...proof, password: 'quite a long one' });
    expect(made.status).toBe(303);

    const body = { current: admin.password, next: 'another quite long one' };
    expect((await admin.call('PUT', '/api/session/password', body)).status).toBe(204);
  });
});
