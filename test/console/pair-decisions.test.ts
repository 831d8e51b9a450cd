import type { Page } from 'playwright-core';
import { createAccountService } from '../../api/backoffice/services/accounts';
import { commandLineCaller } from '../../shared/domain/staff';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import { describeWithBrowser } from '../setup/chromium';
import { onServer } from '../v4/on-server';
import { type BusyPair, openPairOf } from './busy-pair';
import { addPeople, approveFirstPlan, bringAbout, settingsForSituations } from './pair-situations';
import { faultsOf, widthFaultOf } from './faults';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(240_000);

// Every decision about two records of a pair, pressed in a browser, with JavaScript and without.

describeWithBrowser('What staff decide about the records of a pair', (browser) => {
  const server = onServer({}, { worker: true });
  let pair: BusyPair;
  let account = 0;
  beforeAll(async () => {
    const accounts = createAccountService(openStoreAccess(server().db));
    ({ id: account } = await accounts.create(commandLineCaller, 'Weber & Söhne'));
    pair = await openPairOf(server(), account, settingsForSituations);
    addPeople(pair);
    await approveFirstPlan(server(), pair);
  });
  afterAll(() => pair.end());

  interface Options {
    readonly locale?: 'en-GB' | 'fr-FR';
    readonly javaScriptEnabled?: boolean;
  }

  /** As a manager. With JavaScript, whatever the page asks to be confirmed is confirmed; returns what it asked. */
  async function asManager(options: Options, work: (page: Page) => Promise<void>): Promise<string[]> {
    const email = await newUser(server(), 'manager', [account]);
    const visitor = await visit(browser(), server(), options);
    const asked: string[] = [];
    visitor.page.on('dialog', (dialog) => {
      asked.push(dialog.message());
      void dialog.accept();
    });
    await signInAs(visitor.page, email);
    await work(visitor.page);
    // A browser complains of a form that is refused.
    expect(visitor.complaints.filter((one) => !one.includes('409'))).toEqual([]);
    await visitor.close();
    return asked;
  }
  const plain = { javaScriptEnabled: false } as const;
  const frenchWithScript = { locale: 'fr-FR' } as const;

  const main = (page: Page) => page.locator('main').innerText();
  const press = (page: Page, name: string) => page.click(`main button >> text="${name}"`);
  const status = (page: Page) => page.locator('[role=status]').innerText();
  /** Reloads the page until it shows the text, because a worker needs some time. */
  async function until(page: Page, path: string, text: string): Promise<string> {
    let told = '';
    await eventually(`${path} says “${text}”`, async () => {
      await page.goto(path);
      told = await main(page);
      return told.includes(text);
    });
    return told;
  }
  const inEspo = (lastName: string) =>
    [...pair.espo.entity('CBeteiligte').rows.values()].filter((one) => one['lastName'] === lastName);
  const inAdvoware = (name: string) => [...pair.advoware.rows.values()].filter((one) => one['name'] === name);
  const lastRun = async (): Promise<string> => {
    const found = await server().db.raw<{ rows: { id: string }[] }>(
      'select id from pair_run order by id desc limit 1',
    );
    return found.rows[0]?.id ?? '';
  };

  test('a run is taken back: its page lists what was put back, and what somebody changed since', async () => {
    pair.edit('Petit', { firstName: 'Lea' });
    pair.edit('Weiß', { firstName: 'Karl-Heinz' });
    await pair.run();
    pair.editThere('Petit', { vorname: 'Léonie' });
    const run = await lastRun();
    await asManager(plain, async (page) => {
      await page.goto('/pairs/beteiligte/runs');
      await page.click(`a[href="/pairs/beteiligte/runs/${run}"]`);
      expect(await main(page)).toContain('was changed in advoware');
      await press(page, 'Take back');
      expect(await status(page)).toContain('Asked for');
      const told = await until(page, new URL(page.url()).pathname, 'Left as it is');
      expect(told).toContain(`It takes back run ${run}`);
      const kept = await page.locator('.card', { hasText: 'Left as it is' }).innerText();
      expect(kept).toContain('Petit');
      expect(kept).toContain('firstName: Léonie now, would have been again Léa');
      expect(kept).not.toContain('Weiß');
      const did = await page.locator('.card', { hasText: 'What it did' }).innerText();
      expect(did).toContain('Weiß');
      expect(did).toMatch(/firstName: Karl-Heinz\s+→\s+Karl/);
    });
    expect(inAdvoware('Weiß')).toMatchObject([{ vorname: 'Karl' }]);
    expect(inAdvoware('Petit')).toMatchObject([{ vorname: 'Léonie' }]);
  });

  test('with JavaScript it is confirmed first, and the page of the run renews itself until it is over', async () => {
    pair.edit('Silva', { firstName: 'Rui Pedro' });
    await pair.run();
    const run = await lastRun();
    const asked = await asManager(frenchWithScript, async (page) => {
      await page.goto('/pairs/beteiligte/runs');
      await page.click(`form[action="/pairs/beteiligte/runs/${run}/take-back"] button`);
      await page.waitForURL(/runs\/\d+/);
      await page.locator('.card', { hasText: 'Laissé tel quel' }).waitFor({ timeout: 60_000 });
      expect(await main(page)).toContain('Rien n’a été modifié depuis');
      expect(await main(page)).toContain(`Il annule le passage ${run}.`);
    });
    expect(asked).toEqual([expect.stringContaining('Annuler ce que ce passage a fait')]);
    expect(inAdvoware('Silva')).toMatchObject([{ vorname: 'Rui' }]);
  });

  test('two records are parted, and joined again by hand', async () => {
    const link = await pair.linkOf('Dubois');
    const [here] = inEspo('Dubois');
    const [there] = inAdvoware('Dubois');
    await asManager(plain, async (page) => {
      await page.goto(`/links/${link}`);
      await press(page, 'Part them');
      expect(await main(page)).toContain('Nothing is done about them any more');
      await page.goto('/pairs/beteiligte');
      await page.fill('form[action$="/links"] input[name=here]', String(here?.['id']));
      await page.fill('form[action$="/links"] input[name=there]', String(there?.['betNr']));
      await press(page, 'Join');
      expect(page.url()).not.toContain(`/links/${link}`);
      await until(page, new URL(page.url()).pathname, 'Nothing is to be done');
      expect(await main(page)).toContain('Joined by hand');
      // Neither is free any more.
      await page.goto('/pairs/beteiligte');
      await page.fill('form[action$="/links"] input[name=here]', String(here?.['id']));
      await page.fill('form[action$="/links"] input[name=there]', String(there?.['betNr']));
      await press(page, 'Join');
      expect(await page.locator('[role=alert]').count()).toBe(1);
      expect(await page.inputValue('form[action$="/links"] input[name=here]')).toBe(String(here?.['id']));
    });
  });

  describe('once each record stands in a way of its own', () => {
    beforeAll(() => bringAbout(server(), pair));

    test('several could be the one: the values of each stand there, and the chosen one is joined', async () => {
      await asManager(frenchWithScript, async (page) => {
        await page.goto('/conflicts?pair=beteiligte');
        const card = page.locator('.card', { hasText: 'Zwilling Kim' }).filter({ hasText: 'advoware 104' });
        expect(await card.first().innerText()).toContain('cette fiche');
        expect(await card.first().locator('tbody tr').count()).toBeGreaterThan(1);
        const button = card.first().locator('button');
        const key = await button.first().innerText();
        await button.first().click();
        expect(await status(page)).toContain('Décidé');
        await page.goto('/conflicts?pair=beteiligte&state=all');
        expect(await main(page)).toContain(key.replace('Relier à', 'reliée à'));
      });
      await eventually(
        'the other twin has a counterpart of its own',
        () => inAdvoware('Zwilling').length === 2,
      );
    });

    test('a deletion against a change: the page of the link says who did what, and it is kept on both sides', async () => {
      await asManager(plain, async (page) => {
        await page.goto(`/links/${await pair.linkOf('Rossi')}`);
        const answer = await page.locator('.answer').innerText();
        expect(answer).toContain('Only advoware has it');
        expect(answer).toContain('advoware changed it after espo had deleted it');
        await press(page, 'Keep it on both sides');
        expect(await status(page)).toContain('Decided');
        await until(page, new URL(page.url()).pathname, 'Nothing is to be done');
      });
      expect(inEspo('Rossi')).toMatchObject([{ firstName: 'Ugo Maria' }]);
    });

    test('a value that goes back and forth is stopped, and someone says which one it is', async () => {
      await asManager({ ...plain, locale: 'fr-FR' }, async (page) => {
        await page.goto(`/links/${await pair.linkOf('Nowak')}`);
        expect(await page.locator('.answer').innerText()).toContain('Une valeur faisait le va-et-vient');
        await press(page, 'Garder ce qu’a advoware');
        await until(page, new URL(page.url()).pathname, 'Il n’y a rien à faire');
      });
      expect(inEspo('Nowak')).toMatchObject([{ firstName: 'Eva' }]);
    });

    test('a deletion that waits says so on the page of the link, and is approved by name', async () => {
      const asked = await asManager(frenchWithScript, async (page) => {
        await page.goto(`/links/${await pair.linkOf('Silva')}`);
        const answer = await page.locator('.answer').innerText();
        expect(answer).toContain('Avant de la supprimer aussi dans advoware, quelqu’un doit l’approuver');
        await page.click('.answer a >> text=Voir l’approbation');
        const card = page.locator('.card', { hasText: '1 suppression attend' });
        expect(await card.innerText()).toContain('Silva Rui');
        await card.locator('button.danger').click();
        await page.locator('[role=status]').waitFor();
      });
      expect(asked).toHaveLength(1);
      await eventually('it is deleted in Advoware', () => inAdvoware('Silva').length === 0);
    });

    test('a record that one side deleted and the rules keep shows that side, and that nothing has to be done', async () => {
      await asManager(plain, async (page) => {
        await page.goto(`/links/${await pair.linkOf('Yilmaz')}`);
        const answer = await page.locator('.answer').innerText();
        expect(answer).toContain('It was deleted in advoware');
        expect(answer).toContain('espo keeps it');
        expect(answer).toContain('Nothing has to be done');
      });
    });

    test('more changes than a run may make wait together, and are approved together', async () => {
      for (const name of ['Petit', 'Rossi', 'Weiß', 'Nowak', 'Lang', 'Dubois', 'Yilmaz'])
        pair.edit(name, { salutationName: 'Mr.' });
      await pair.run();
      await asManager(plain, async (page) => {
        await page.goto('/approvals?pair=beteiligte');
        expect(await main(page)).toMatch(/\d+ changes? waits?/);
        await press(page, 'Approve: carry out');
        expect(await status(page)).toContain('Approved');
        await until(page, '/approvals?pair=beteiligte&state=all', 'carried out');
      });
      await eventually('all are changed', () => inAdvoware('Lang').every((one) => one['anrede'] === 'Herr'));
    });

    test('a system that refuses us is on the overview, and on the page of each link that waits for it', async () => {
      const admin = await visit(browser(), server(), plain);
      await signInAs(admin.page, await newUser(server(), 'admin'));
      await admin.page.goto('/systems/advoware');
      await admin.page.fill('input[name=reason]', 'Umzug');
      await press(admin.page, 'Pause');
      pair.edit('Lang', { firstName: 'Mia Sophie' });
      await pair.hint('Lang');
      await admin.page.goto('/');
      expect(await admin.page.locator('#pairs').innerText()).toContain('Umzug');
      await admin.page.goto(`/links/${await pair.linkOf('Lang')}`);
      expect(await admin.page.locator('.answer').innerText()).toContain('advoware is not called just now');
      await admin.page.click('.answer a >> text=See why advoware is not called');
      await press(admin.page, 'Resume');
      await until(admin.page, `/links/${await pair.linkOf('Lang')}`, 'Nothing is to be done');
      await admin.close();
    });

    test.each([
      ['a desktop, in English', { viewport: { width: 1280, height: 900 } }],
      [
        'a phone, dark, in French, and then a desktop',
        { colorScheme: 'dark', viewport: { width: 390, height: 844 }, locale: 'fr-FR' },
      ],
    ] as const)('can be used by everyone, and fits %s', async (_name, options) => {
      const visitor = await visit(browser(), server(), options);
      await signInAs(visitor.page, await newUser(server(), 'admin'));
      const links = await server().db.raw<{ rows: { id: string }[] }>('select id from link order by id');
      const paths = [
        '/',
        '/pairs',
        '/pairs/beteiligte',
        '/pairs/beteiligte/links',
        '/pairs/beteiligte/jobs',
        '/pairs/beteiligte/runs',
        `/pairs/beteiligte/runs/${await lastRun()}`,
        '/conflicts?state=all',
        '/approvals?state=all',
        ...links.rows.map(({ id }) => `/links/${id}`),
      ];
      const found: string[] = [];
      for (const path of paths) {
        await visitor.page.setViewportSize(options.viewport);
        await visitor.page.goto(path);
        found.push(...(await faultsOf(visitor.page, path)));
        await visitor.page.setViewportSize({ width: 1280, height: 900 });
        found.push(...(await widthFaultOf(visitor.page, path)));
      }
      expect(found).toEqual([]);
      await visitor.close();
    });
  });
});
