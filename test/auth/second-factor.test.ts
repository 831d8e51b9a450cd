import { TOTP } from 'otpauth';
import { usualSignInRules } from '../../shared/domain/sign-in-rules';
import { type Staff, startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { createBrowser, locationOf } from './browser';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

const signIn = ({ email, password }: Pick<Staff, 'email' | 'password'>, code?: string, on = backoffice) =>
  on.call('POST', '/api/session', { body: { email, password, ...(code === undefined ? {} : { code }) } });

/** The code of a step of thirty seconds: 0 is the present one. */
const codeOf = (secret: string, step = 0) =>
  new TOTP({ secret }).generate({ timestamp: Date.now() + step * 30_000 });

async function withSecondFactor(): Promise<{ staff: Staff; secret: string; codes: string[] }> {
  const staff = await backoffice.signIn('viewer');
  const secret = String((await staff.call('POST', '/api/session/second-factor')).at('secret'));
  const on = await staff.call('PUT', '/api/session/second-factor', { code: codeOf(secret) });
  expect(on.status).toBe(200);
  const codes = Array.from({ length: 10 }, (_, index) => String(on.at('recoveryCodes', index)));
  return { staff, secret, codes };
}

describe('a second factor', () => {
  test('is the owner’s to set up, and asked for from then on', async () => {
    const staff = await backoffice.signIn('viewer');
    expect((await staff.call('GET', '/api/session/second-factor')).json).toEqual({
      since: null,
      recoveryCodesLeft: 0,
    });
    const offer = await staff.call('POST', '/api/session/second-factor');
    const secret = String(offer.at('secret'));
    expect(offer.at('uri')).toContain(`secret=${secret}`);
    // Until a code has shown that the app has it, nothing changes.
    expect((await staff.call('POST', '/api/session/second-factor')).at('secret')).toBe(secret);
    const wrong = await staff.call('PUT', '/api/session/second-factor', { code: '000000' });
    expect(wrong.at('code')).toBe('invalid-fields');
    expect((await signIn(staff)).status).toBe(200);

    await staff.call('PUT', '/api/session/second-factor', { code: codeOf(secret) });
    const refused = await signIn(staff);
    expect([refused.status, refused.at('code')]).toEqual([401, 'second-factor-needed']);
    expect((await signIn(staff, codeOf(secret, 1))).status).toBe(200);
    expect((await staff.call('POST', '/api/session/second-factor')).status).toBe(409);
    expect((await backoffice.admin.call('GET', `/api/users/${staff.id}`)).at('hasSecondFactor')).toBe(true);
  });

  test('is not revealed to anyone without the password', async () => {
    const { staff } = await withSecondFactor();
    const wrong = await signIn({ ...staff, password: 'not the password' }, '123456');
    expect([wrong.status, wrong.at('code')]).toEqual([401, 'bad-credentials']);
  });

  test('accepts a code once, also if two requests arrive at once', async () => {
    const { staff, secret } = await withSecondFactor();
    const code = codeOf(secret, 1);
    const answers = await Promise.all([signIn(staff, code), signIn(staff, code)]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401]);
    expect((await signIn(staff, codeOf(secret, -1))).status).toBe(401);
  });

  test('is replaced by each recovery code once', async () => {
    const { staff, codes } = await withSecondFactor();
    expect(new Set(codes).size).toBe(10);
    expect((await signIn(staff, codes[0]?.toUpperCase())).status).toBe(200);
    expect((await signIn(staff, codes[0])).status).toBe(401);
    expect((await staff.call('GET', '/api/session/second-factor')).at('recoveryCodesLeft')).toBe(9);
    const stored = await backoffice.db('recovery_code').where({ user_id: staff.id });
    expect(JSON.stringify(stored)).not.toContain(codes[1]);
  });

  test('is not guessed: ten codes in five minutes, wherever they come from', async () => {
    const { staff, secret } = await withSecondFactor();
    const subject = `code:${staff.id}`;
    await backoffice.db('failed_login').insert(Array.from({ length: 10 }, () => ({ subject })));
    expect((await signIn(staff, codeOf(secret, 1))).status).toBe(429);
  });

  test('is removed with a code, or by an admin if it is lost; the trail records both', async () => {
    const { staff, codes } = await withSecondFactor();
    const wrong = await staff.call('DELETE', '/api/session/second-factor', { code: '000000' });
    expect(wrong.status).toBe(422);
    expect((await staff.call('DELETE', '/api/session/second-factor', { code: codes[3] })).status).toBe(204);
    expect((await signIn(staff)).status).toBe(200);

    const other = (await withSecondFactor()).staff;
    const path = `/api/users/${other.id}/second-factor`;
    expect((await staff.call('DELETE', path)).status).toBe(403);
    expect((await backoffice.admin.call('DELETE', path)).status).toBe(204);
    expect((await signIn(other)).status).toBe(200);
    const trail = await backoffice.admin.call('GET', '/api/audit?action=user.second-factor-off&limit=2');
    expect(trail.at('items', 0, 'user')).toBe(backoffice.admin.email);
    expect(trail.at('items', 1, 'user')).toBe(staff.email);
  });

  test('is asked for on a page of its own, without scripts', async () => {
    const { staff, secret } = await withSecondFactor();
    const browser = createBrowser();
    const door = await browser.call('GET', `${backoffice.url}/?next=%2Fsolutions`);
    const step = await browser.submit(door, { email: staff.email, password: staff.password });
    expect(step.status).toBe(200);
    expect(step.text).toContain('action="/sign-in/code"');
    expect(step.text).not.toContain(staff.password);
    expect(browser.cookie(backoffice.url, 'epack_session')).toBeNull();
    const wrong = await browser.submit(step, { code: '000000' });
    expect(wrong.status).toBe(401);
    const right = await browser.submit(wrong, { code: codeOf(secret, 1) });
    expect(right.status).toBe(303);
    expect((await browser.call('GET', `${backoffice.url}/me`)).status).toBe(200);
    // The step counts once.
    expect((await createBrowser().submit(step, { code: codeOf(secret, 1) })).status).toBe(401);
  });
});

describe('if admins need a second factor', () => {
  let strict: TestBackoffice;
  beforeAll(async () => {
    // The admin of the test is signed in before: this is about how they sign in next.
    strict = await startBackoffice({ ...usualSignInRules, secondFactor: 'admins' }, 'viewer');
  });
  afterAll(() => strict.stop());

  test('an admin without one sets it up on the console first, and programs get an error that says so', async () => {
    const credentials = await strict.addUser('admin');
    const refused = await signIn(credentials, undefined, strict);
    expect([refused.status, refused.at('code')]).toEqual([403, 'second-factor-missing']);
    const browser = createBrowser();
    await browser.submit(await browser.call('GET', `${strict.url}/`), credentials);
    const led = await browser.call('GET', `${strict.url}/users`);
    expect(locationOf(led)).toBe(`${strict.url}/me/second-factor`);
    expect(locationOf(await browser.call('GET', `${strict.url}/`))).toBe(`${strict.url}/me/second-factor`);
    expect((await browser.call('GET', `${strict.url}/api/users`)).status).toBe(403);
    const page = await browser.call('GET', `${strict.url}/me/second-factor`);
    const secret =
      /<code class="secret">([A-Z2-7 ]+)<\/code>/.exec(page.text)?.[1]?.replaceAll(' ', '') ?? '';
    const form = `<form${page.text.split('<form').find((part) => part.includes('action="/me/second-factor"')) ?? ''}`;
    const wrong = await browser.submit({ ...page, text: form }, { code: '000000' });
    expect(wrong.status).toBe(422);
    const codes = await browser.submit({ ...page, text: form }, { code: codeOf(secret) });
    expect(codes.text.match(/[0-9a-f]{10}-[0-9a-f]{10}/g)).toHaveLength(10);
    expect((await browser.call('GET', `${strict.url}/users`)).status).toBe(200);
  });

  test('others sign in as before', async () => {
    expect((await signIn(await strict.addUser('manager'), undefined, strict)).status).toBe(200);
  });
});
