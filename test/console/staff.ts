import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { createUserService } from '../../api/backoffice/services/users';
import { createPasswordHasher } from '../../shared/passwords/password-hasher';
import { usualSignInRules } from '../../shared/domain/sign-in-rules';
import { commandLineCaller, type Role } from '../../shared/domain/staff';
import type { TestServer } from '../setup/server';
import { openStoreAccess } from '../../shared/stores/store-access';

export const password = 'correct horse battery';

/** A page in a browser of its own, that notes what must not happen: refused scripts and styles, errors. */
export interface Visitor {
  readonly page: Page;
  /** The complaints of the browser. */
  readonly complaints: readonly string[];
  close(): Promise<void>;
}

export async function visit(
  browser: Browser,
  server: TestServer,
  options: BrowserContextOptions = {},
): Promise<Visitor> {
  const context = await browser.newContext({
    baseURL: server.url,
    locale: 'en-GB',
    timezoneId: 'Europe/Paris',
    viewport: { width: 1440, height: 900 },
    ...options,
  });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return { page, complaints, close: () => context.close() };
}

/** Fills in the form, as whoever stands at the door. */
export async function signInAs(page: Page, email: string): Promise<void> {
  await page.goto('/');
  await page.fill('input[name=email]', email);
  await page.fill('input[name=password]', password);
  await page.click('main button');
  await page.waitForSelector('nav[aria-label]');
}

let count = 0;

/** Someone of the staff. Answers the e-mail. */
export async function newUser(
  { db }: TestServer,
  role: Role,
  accountIds: readonly number[] = [],
): Promise<string> {
  count += 1;
  const email = `${role}${count}@example.org`;
  const passwords = createPasswordHasher();
  const users = createUserService({ ...openStoreAccess(db), passwords, rules: usualSignInRules });
  await users.create(commandLineCaller, { email, password, role, accountIds: [...accountIds] });
  await passwords.close();
  return email;
}
