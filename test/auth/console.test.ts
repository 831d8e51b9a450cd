import { startBackoffice, type Staff, type TestBackoffice } from '../backoffice/backoffice';
import { createBrowser, locationOf, type Browser } from './browser';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

const at = (path: string) => `${backoffice.url}${path}`;

async function signedIn({ email, password }: Pick<Staff, 'email' | 'password'>): Promise<Browser> {
  const browser = createBrowser();
  const page = await browser.call('GET', at('/'));
  const answer = await browser.submit(page, { email, password });
  expect(answer.status).toBe(303);
  return browser;
}

/** The page again, with only the form of that address in it. */
async function formOf(browser: Browser, path: string, action: string) {
  const page = await browser.call('GET', at(path));
  const form = page.text.split('<form').find((part) => part.includes(`action="${action}"`));
  if (form === undefined) throw new Error(`no form ${action} in ${page.text}`);
  return { ...page, text: `<form${form}` };
}

describe('the pages of notifications, without scripts', () => {
  test('a manager adds a webhook, sees its secret once, tests it and removes it', async () => {
    const account = String(
      (await backoffice.admin.call('POST', '/api/accounts', { name: 'Bistro' })).at('id'),
    );
    const browser = await signedIn(await backoffice.signIn('manager', [account]));
    const terms = {
      address: 'https://hooks.example/<b>',
      staleHours: '48',
      language: 'fr',
      event: 'sync-failed',
    };
    const form = await formOf(browser, '/notifications', '/notifications');
    const made = await browser.submit(form, { kind: 'webhook', account, ...terms });
    expect(made.status).toBe(200);
    expect(made.text).toMatch(/whsec_[A-Za-z0-9+/]{43}=/);
    const list = await browser.call('GET', at('/notifications'));
    expect(list.text).not.toContain('whsec_');
    expect(list.text).not.toContain('example/<b>');
    expect(list.text).toContain('Bistro');
    const path = /href="(\/notifications\/\d+)"/.exec(list.text)?.[1] ?? '';

    const tested = await browser.submit(await formOf(browser, path, `${path}/test`), {});
    expect(locationOf(tested)).toBe(at(`${path}?done=test-sent`));
    expect((await browser.call('GET', at(path))).text).toContain('a test');

    const edited = await browser.submit(await formOf(browser, path, path), { ...terms, paused: 'yes' });
    expect(locationOf(edited)).toBe(at(`${path}?done=saved`));
    expect((await browser.call('GET', at('/notifications'))).text).toContain('paused');

    const secret = await browser.submit(await formOf(browser, path, `${path}/secret`), {});
    expect(secret.text).toMatch(/whsec_/);

    await browser.submit(await formOf(browser, path, `${path}/remove`), {});
    expect((await browser.call('GET', at(path))).status).toBe(404);
  });

  test('an invalid form is refused and keeps what was typed', async () => {
    const account = String(
      (await backoffice.admin.call('POST', '/api/accounts', { name: 'Brasserie' })).at('id'),
    );
    const browser = await signedIn(await backoffice.signIn('manager', [account]));
    const form = await formOf(browser, '/notifications', '/notifications');
    const typed = { kind: 'webhook', address: 'https://10.0.0.1/inside', staleHours: '7', language: 'en' };
    const refused = await browser.submit(form, { ...typed, account, event: 'probe-alert' });
    expect(refused.text).toContain('leads to a private address');
    expect(refused.text).toContain('https://10.0.0.1/inside');
    expect((await browser.submit(form, { ...typed, account: 'all', event: 'probe-alert' })).status).toBe(403);
  });

  test('are not for viewers, who see no link to them', async () => {
    const browser = await signedIn(await backoffice.signIn('viewer'));
    expect((await browser.call('GET', at('/'))).text).not.toContain('href="/notifications"');
    expect((await browser.call('GET', at('/notifications'))).status).toBe(403);
  });
});

describe("one's own page, without scripts", () => {
  test('changes the password and ends other sessions', async () => {
    const viewer = await backoffice.signIn('viewer');
    const browser = await signedIn(viewer);
    const next = 'a much better one';
    const wrong = await browser.submit(await formOf(browser, '/me', '/me/password'), {
      current: 'wrong',
      next,
    });
    expect(wrong.status).toBe(422);
    expect(wrong.text).toContain('not your current password');
    const right = { current: viewer.password, next };
    const changed = await browser.submit(await formOf(browser, '/me', '/me/password'), right);
    expect(locationOf(changed)).toBe(at('/me?done=saved'));
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(401);

    const other = await signedIn({ ...viewer, password: next });
    const page = await browser.call('GET', at('/me'));
    const id = /name="session" value="(\d+)"/.exec(page.text)?.[1] ?? '';
    const ended = await browser.submit(await formOf(browser, '/me', '/me/sessions'), { session: id });
    expect(locationOf(ended)).toBe(at('/me?done=session-ended'));
    expect(locationOf(await other.call('GET', at('/me')))).toBe(at('/sign-in?next=%2Fme'));
  });
});
