import { TOTP } from 'otpauth';
import type { Page } from 'playwright-core';
import { bodyOf, startMailServer } from '../notifications/mail-server';
import { deliver, newTarget } from '../notifications/scene';
import { createNotificationStore } from '../../shared/stores/notifications/notification-store';
import { describeWithBrowser } from '../setup/chromium';
import { onServer } from '../v4/on-server';
import { faultsOf } from './faults';
import { newUser, password, signInAs, visit } from './staff';

jest.setTimeout(240_000);

describeWithBrowser('Every page around signing in', (browser) => {
  const server = onServer();

  /** The faults of each page, as a person visits all of them. */
  async function walk(page: Page, email: string): Promise<string[]> {
    const found: string[] = [];
    const look = async (name: string) => {
      found.push(...(await faultsOf(page, name)));
    };
    await page.goto('/sign-in?next=%2Fusers%3Fkept%3D1');
    await look('sign in, with a form that is kept');
    await page.fill('input[name=email]', email);
    await page.fill('input[name=password]', 'wrong');
    await page.click('main button');
    await look('wrong password');

    await signInAs(page, email);
    await look('first password');
    const own = 'one that only I know';
    await page.fill('input[name=current]', password);
    await page.fill('input[name=next]', own);
    await page.locator('form[action="/me/password"] button').click();
    await page.waitForSelector('.notice.good');
    await look('my account');

    await page.goto('/me/second-factor');
    await look('second factor');
    const secret = (await page.locator('code.secret').innerText()).replaceAll(' ', '');
    await page.fill('input[name=code]', '000000');
    await page.locator('form[action="/me/second-factor"] button').click();
    await look('wrong code');
    await page.fill('input[name=code]', new TOTP({ secret }).generate());
    await page.locator('form[action="/me/second-factor"] button').click();
    await look('recovery codes');
    const recovery = await page.locator('code.secret').first().innerText();
    await page.goto('/me');
    await look('my account, with a second factor');

    await server()
      .db('user_session')
      .update({ proved_at: server().db.raw(`now() - interval '1 hour'`) });
    await page.goto('/users');
    await page.fill('input[name=email]', `by-${email}`);
    await page.fill('input[name=password]', 'quite a long password');
    await page.locator('form[action="/users"] button').click();
    await page.waitForSelector('input[name=_proof]');
    await look('the password again');
    await page.fill('input[name=_proof]', 'wrong');
    await page.locator('main form button').click();
    await look('a wrong password again');

    await page.context().clearCookies();
    await page.goto('/');
    await page.fill('input[name=email]', email);
    await page.fill('input[name=password]', own);
    await page.click('main button');
    await page.waitForSelector('input[name=code]');
    await look('the code');
    await page.fill('input[name=code]', '000000');
    await page.click('main button');
    await look('a wrong code');
    await page.fill('input[name=code]', recovery);
    await page.click('main button');
    await page.waitForSelector('nav[aria-label]');
    return found;
  }

  /** The link of a mail that asks the owner of an address. */
  async function linkToConfirm(): Promise<string> {
    const { db } = server();
    const mails = await startMailServer();
    try {
      const address = 'quite.a.long.address.of.someone@kitchens-of-the-region.example.org';
      const target = await newTarget(db, { kind: 'email', address, isConfirmed: false });
      await createNotificationStore(db).addAsked(target, 'confirm-address');
      await deliver(db, { sendMail: mails.mailer(), publicUrl: server().url });
      const [mail] = mails.received;
      return /http\S+token=[\w-]{43}/.exec(mail === undefined ? '' : bodyOf(mail))?.[0] ?? '';
    } finally {
      await mails.stop();
    }
  }

  test.each([
    ['light, on a desktop, in English', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
    [
      'dark, on a phone, in French',
      { colorScheme: 'dark', viewport: { width: 390, height: 844 }, locale: 'fr-FR' },
    ],
    [
      'dark, on a desktop, in French',
      { colorScheme: 'dark', viewport: { width: 1280, height: 800 }, locale: 'fr-FR' },
    ],
    ['light, on a phone, in English', { colorScheme: 'light', viewport: { width: 390, height: 844 } }],
  ] as const)('can be used by everyone, and fits: %s', async (_name, options) => {
    const email = await newUser(server(), 'admin');
    await server().db('app_user').where({ email }).update({ password_is_first: true });
    const visitor = await visit(browser(), server(), options);
    const found = await walk(visitor.page, email);

    await visitor.page.context().clearCookies();
    await visitor.page.goto(await linkToConfirm());
    found.push(...(await faultsOf(visitor.page, 'confirm an address')));
    await visitor.page.click('main button');
    await visitor.page.waitForSelector('main form', { state: 'detached' });
    found.push(...(await faultsOf(visitor.page, 'an address that is confirmed')));
    await visitor.page.goto('/confirm-address?token=over');
    found.push(...(await faultsOf(visitor.page, 'a link that is over')));
    await visitor.close();
    expect(found).toEqual([]);
  });
});
