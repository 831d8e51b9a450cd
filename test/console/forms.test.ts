import type { Page } from 'playwright-core';
import { createNotificationService } from '../../api/backoffice/services/notifications';
import { noSeal } from '../setup/no-seal';
import { createAccountService } from '../../api/backoffice/services/accounts';
import { commandLineCaller } from '../../shared/domain/staff';
import { newConflict } from '../backoffice/fixtures';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import { describeWithBrowser } from '../setup/chromium';
import type { TestServer } from '../setup/server';
import { enrol, onServer } from '../v4/on-server';
import { edit } from '../v4/edits';
import { openStoreAccess } from '../../shared/stores/store-access';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(240_000);

/**
 * Texts that a browser changes by itself: line breaks of each kind, even as the first character, blanks, an empty text.
 */
const odd = {
  Name: 'Chambre froide\nau fond',
  Comment: '\r\nà droite\r\nde la porte',
  Zone: '  rue\rcour ',
  Empty: '',
  TempMin: 0,
  TempMax: 4,
};

describeWithBrowser('A form of the console, without a script', (browser) => {
  const server = onServer();

  test('writes only edited fields, and nothing if none was edited', async () => {
    const visitor = await visit(browser(), server(), { javaScriptEnabled: false });
    const { page } = visitor;
    await signInAs(page, await newUser(server(), 'admin'));
    const { id, path } = await oddFridge(server(), '1');
    const before = await fridge(server(), id, '1');

    await page.goto(path);
    await save(page);
    expect(await page.textContent('.notice')).toBe('Nothing was changed.');
    expect(await fridge(server(), id, '1')).toEqual(before);

    await page.fill('[name="f.TempMax"]', '3.5');
    await save(page);
    expect(await fridge(server(), id, '1')).toEqual({
      version: 2,
      fields: { ...before.fields, TempMax: 3.5 },
    });

    // A text that is changed keeps the line breaks that it had.
    await page.fill('[name="f.Name"]', 'Chambre froide\nau fond\nà gauche');
    await save(page);
    expect((await fridge(server(), id, '1')).fields).toEqual({
      ...before.fields,
      TempMax: 3.5,
      Name: 'Chambre froide\nau fond\nà gauche',
    });
    await visitor.close();
  });

  test('does not undo what someone else changed meanwhile, and shows again what was typed', async () => {
    const visitor = await visit(browser(), server(), { javaScriptEnabled: false });
    const { page } = visitor;
    await signInAs(page, await newUser(server(), 'admin'));
    // A browser leaves out a line break at the very beginning of a text area, and makes CRLF of all others.
    const name = '\r\nFrigo\r\ndu fond';
    const { id, path } = await oddFridge(server(), '2', { ...odd, Name: name });
    await page.goto(path);
    await edit(server(), id, 'Fridges', '2', { TempMin: 1 });
    await page.fill('[name="f.TempMax"]', '5');
    await save(page);
    expect(await page.textContent('.notice.bad')).toContain('It has changed');
    expect(await page.inputValue('[name="f.TempMax"]')).toBe('5');
    expect(await page.inputValue('[name="f.TempMin"]')).toBe('1');
    await save(page);
    expect((await fridge(server(), id, '2')).fields).toEqual({ ...odd, Name: name, TempMin: 1, TempMax: 5 });
    await visitor.close();
  });

  test('decides a conflict with the values that were touched, all others as they are', async () => {
    const visitor = await visit(browser(), server(), { javaScriptEnabled: false });
    const { page } = visitor;
    await signInAs(page, await newUser(server(), 'admin'));
    const { id } = await enrol(server());
    const files = createDiskFileStore(server().config.filesDir);
    const conflict = await newConflict({ db: server().db, files }, String(id), '3', {
      base: { Name: 'Frigo', TempMax: 4 },
      manager: { Name: 'Frigo\ndu haut', TempMax: 3 },
      solution: { Name: 'Frigo du bas', TempMax: 5 },
      fields: ['Name', 'TempMax'],
    });
    await page.goto(`/conflicts?solution=${id}`);
    await page.click('summary');
    await page.fill('[name="f.TempMax"]', '4');
    await page.click('button[value=fields]');
    const { fields } = await fridge(server(), id, '3');
    expect([conflict, fields]).toEqual([conflict, { Name: 'Frigo\ndu haut', TempMax: 4 }]);
    await visitor.close();
  });

  test('of settings and of a notification target writes nothing if nothing was edited', async () => {
    const { db } = server();
    const visitor = await visit(browser(), server(), { javaScriptEnabled: false });
    const { page } = visitor;
    await signInAs(page, await newUser(server(), 'admin'));
    const { id } = await enrol(server());
    await db('solution').where({ id }).update({ name: ' Le Zinc ', timezone: 'Mars/Olympus' });
    const target = await createNotificationService({
      ...openStoreAccess(db),
      seal: noSeal,
      rules: { allowsHttp: true, allowedNetworks: [] },
    }).create(commandLineCaller, {
      kind: 'email',
      address: 'claire@example.org',
      accountId: null,
      events: ['solution-stale', 'sync-failed'],
      staleHours: 36,
      language: 'fr',
    });
    const stored = async (): Promise<string> => {
      const solution: unknown = await db('solution').where({ id }).first();
      const told: unknown = await db('notification_target').where({ id: target.target.id }).first();
      const deeds = ['solution.update', 'notification-target.update'];
      const audited = await db<{ action: string }>('audit').whereIn('action', deeds).select('action');
      return JSON.stringify([solution, told, audited]);
    };
    const before = await stored();
    for (const path of [`/solutions/${id}/settings`, `/notifications/${target.target.id}`]) {
      await page.goto(path);
      await save(page);
      expect(await page.textContent('.notice:not(.busy)')).toBe('Nothing was changed.');
    }
    expect(await stored()).toBe(before);
    await visitor.close();
  });

  test('keeps boxes and numbers that it does not show or that were not edited', async () => {
    const { db } = server();
    const visitor = await visit(browser(), server(), { javaScriptEnabled: false });
    const { page } = visitor;
    await signInAs(page, await newUser(server(), 'admin'));
    const accounts = createAccountService(openStoreAccess(db));
    const [one, other, third] = await Promise.all(
      ['A', 'B', 'C'].map(async (name) => (await accounts.create(commandLineCaller, `Forms ${name}`)).id),
    );
    const email = await newUser(server(), 'manager', [one ?? 0]);
    await page.goto('/users');
    await page.click(`text=${email}`);
    // Given by someone else while the page is open.
    const userId = db('app_user').where({ email }).select('id');
    await db('user_account').insert({ user_id: userId, account_id: third });
    await page.check(`input[name=account][value="${other}"]`);
    await save(page);
    const given: { account_id: number }[] = await db('user_account')
      .where({ user_id: userId })
      .select('account_id');
    expect(given.map((row) => row.account_id).sort((a, b) => a - b)).toEqual(
      [one, other, third].sort((a = 0, b = 0) => a - b),
    );

    await accounts.changeRetention(commandLineCaller, one ?? 0, { fileDays: 40, readingDays: 400 });
    await page.goto(`/accounts/${one}`);
    await accounts.changeRetention(commandLineCaller, one ?? 0, { readingDays: 500 });
    await page.fill('[name=fileDays]', '');
    await save(page);
    expect((await accounts.get(commandLineCaller, one ?? 0)).retention).toEqual({
      fileDays: null,
      readingDays: 500,
    });
    await visitor.close();
  });

  test.each(['en-GB', 'fr-FR'])(
    'loses nothing when the session ends while it is open (%s)',
    async (locale) => {
      const visitor = await visit(browser(), server(), { javaScriptEnabled: false, locale });
      const { page } = visitor;
      const email = await newUser(server(), 'admin');
      await signInAs(page, email);
      const { id } = await enrol(server());
      await page.goto(`/solutions/${id}/messages`);
      const text = 'URGENT : lot B\nne pas servir <b>\n';
      await page.fill('[name=subject]', 'Lot "B" & lot C');
      await page.fill('[name=body]', text);
      await endSessions(server(), email);
      await page.click('.columns form button');
      expect(new URL(page.url()).pathname).toBe('/sign-in');
      expect(await page.textContent('.notice')).toMatch(/What you entered is kept|saisie est conservée/);
      await signInHere(page, email);
      expect(await page.textContent('.notice')).toMatch(/not saved yet|pas encore enregistrée/);
      expect(await page.inputValue('[name=subject]')).toBe('Lot "B" & lot C');
      expect(await page.inputValue('[name=body]')).toBe(text);
      expect(await server().db('manager_message').where({ solution_id: id })).toEqual([]);
      await page.click('.columns form button');
      const sent: object[] = await server()
        .db('manager_message')
        .where({ solution_id: id })
        .select('subject', 'body');
      expect(sent).toEqual([{ subject: 'Lot "B" & lot C', body: text }]);
      expect(await server().db('kept_form')).toEqual([]);
      await visitor.close();
    },
  );

  test('loses nothing if its writer has signed in again in another window, or if the cookie is gone', async () => {
    const visitor = await visit(browser(), server(), { javaScriptEnabled: false });
    const { page } = visitor;
    const email = await newUser(server(), 'admin');
    await signInAs(page, email);
    const { path } = await oddFridge(server(), '4');
    await page.goto(path);
    await page.fill('[name="f.TempMax"]', '6');
    await endSessions(server(), email);
    const second = await page.context().newPage();
    await signInAs(second, email);
    await save(page);
    expect(await page.inputValue('[name="f.TempMax"]')).toBe('6');
    expect(await page.textContent('.notice')).toContain('not saved yet');
    await page.fill('[name="f.TempMax"]', '7');
    await page.context().clearCookies();
    await save(page);
    await signInHere(page, email);
    expect(await page.inputValue('[name="f.TempMax"]')).toBe('7');
    await visitor.close();
  });

  test('does not show what was written to another user who signs in there', async () => {
    const visitor = await visit(browser(), server(), { javaScriptEnabled: false });
    const { page } = visitor;
    const email = await newUser(server(), 'admin');
    const other = await newUser(server(), 'admin');
    await signInAs(page, email);
    const { id } = await enrol(server());
    await page.goto(`/solutions/${id}/messages`);
    await page.fill('[name=subject]', 'For my eyes only');
    await page.fill('[name=body]', 'a secret');
    await endSessions(server(), email);
    await page.click('.columns form button');
    expect(await page.content()).not.toContain('For my eyes only');
    await signInHere(page, other);
    expect(await page.content()).not.toContain('For my eyes only');
    expect(await page.inputValue('[name=subject]')).toBe('');
    await visitor.close();
  });
});

async function oddFridge(
  server: TestServer,
  entity: string,
  fields = odd,
): Promise<{ id: number; path: string }> {
  const { id } = await enrol(server);
  await edit(server, id, 'Fridges', entity, fields);
  return { id, path: `/solutions/${id}/params/Fridges/${entity}` };
}

async function fridge(
  { db }: TestServer,
  id: number,
  entity: string,
): Promise<{ version: number; fields: object }> {
  const row: { version: number; fields: object } | undefined = await db('param')
    .where({ solution_id: id, class: 'Fridges', id: entity })
    .first('version', 'fields');
  if (row === undefined) throw new Error('there is no such fridge');
  return row;
}

const save = (page: Page) => page.click('main form button:text-matches("^(Save|Enregistrer)")');

async function endSessions({ db }: TestServer, email: string): Promise<void> {
  await db('user_session').whereIn('user_id', db('app_user').where({ email }).select('id')).delete();
}

async function signInHere(page: Page, email: string): Promise<void> {
  await page.fill('input[name=email]', email);
  await page.fill('input[name=password]', 'correct horse battery');
  await page.click('main button');
}
