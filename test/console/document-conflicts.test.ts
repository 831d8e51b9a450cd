import type { Page } from 'playwright-core';
import { eventually } from '../queue/eventually';
import { describeWithBrowser } from '../setup/chromium';
import { onServer } from '../v4/on-server';
import { signInStaff, type Staff } from '../photos/staff';
import { openWorkedFolders, type WorkedFolders } from './document-situations';
import { faultsOf } from './faults';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(240_000);

// What two sides did to one place: someone decides about it in a browser.

describeWithBrowser('A document that both sides moved, or whose name is taken', (browser) => {
  const server = onServer({}, { worker: true });
  let folders: WorkedFolders;
  let admin: Staff;
  beforeAll(async () => {
    admin = await signInStaff(server());
    folders = await openWorkedFolders(server(), {
      names: { clash: 'manual' },
      conflict: { content: 'keep-both', place: 'manual' },
      deletions: { here: 'propagate', there: 'propagate', againstChange: 'restore' },
    });
    for (const name of ['Eingang/plan.txt', 'Eingang/brief.txt', 'eins.txt', 'zwei.txt'])
      await folders.here.write(name, name);
    await folders.here.write('Akten/2025/alt.txt', 'alt');
    await folders.here.write('Akten/2026/neu.txt', 'neu');
    await folders.run();
    await folders.here.move('Eingang/plan.txt', 'Akten/2025/plan.txt');
    await folders.there.move('Eingang/plan.txt', 'Akten/2026/plan.txt');
    await folders.here.move('Eingang/brief.txt', 'brief.txt');
    await folders.there.move('Eingang/brief.txt', 'Akten/2026/brief.txt');
    await folders.here.move('eins.txt', 'drei.txt');
    await folders.there.move('zwei.txt', 'drei.txt');
    await folders.there.write('Ablage', 'no folder');
    await folders.here.write('Ablage/innen.txt', 'waits for its folder');
    await folders.run();
  });
  afterAll(() => folders.end());

  const main = (page: Page) => page.locator('main').innerText();
  async function asAdmin(options: object, work: (page: Page) => Promise<void>): Promise<void> {
    const visitor = await visit(browser(), server(), options);
    await signInAs(visitor.page, await newUser(server(), 'admin'));
    await work(visitor.page);
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  }
  const plain = { javaScriptEnabled: false } as const;

  const card = (page: Page, title: string) => page.locator('.card', { hasText: title });

  test('both folders are named by their paths in the list and through REST, and the root has a name', async () => {
    await asAdmin(plain, async (page) => {
      await page.goto('/conflicts?pair=akten');
      const told = await card(page, 'plan.txt').locator('tr', { hasText: 'Folder' }).innerText();
      expect(told).toMatch(/Akten\/2025\s+before: Eingang\s+Akten\/2026\s+before: Eingang/);
      expect(await card(page, 'brief.txt').innerText()).toMatch(/the root folder\s+before: Eingang/);
    });
    const { items } = (await admin.send('GET', '/api/conflicts?pair=akten')).json as unknown as {
      items: {
        kind: string;
        here: { name: string; parent: string | null };
        there: { parent: string | null };
      }[];
    };
    expect(items.filter(({ kind }) => kind === 'place')).toMatchObject([
      { here: { name: 'plan.txt', parent: 'Akten/2025' }, there: { parent: 'Akten/2026' } },
      { here: { name: 'brief.txt', parent: null }, there: { parent: 'Akten/2026' } },
    ]);
  });

  test('someone decides which place it gets, on the page of the document and in the list', async () => {
    const found = await server().db.raw<{ rows: { id: string }[] }>(
      `select link_id as id from link_end where seen -> 'place' ->> 'name' = 'plan.txt' and side = 'here'`,
    );
    await asAdmin({ ...plain, locale: 'fr-FR' }, async (page) => {
      await page.goto(`/links/${found.rows[0]?.id ?? ''}`);
      const told = await main(page);
      expect(told).toContain('Les deux côtés l’ont déplacée, chacun ailleurs.');
      expect(await page.locator('tr', { hasText: 'Akten/2026' }).first().innerText()).toContain('Akten/2025');
      await page.click('main button >> text=Garder ce qu’a dav');
      expect(await page.locator('[role=status]').innerText()).toContain('Décidé');
    });
    await asAdmin({}, async (page) => {
      await page.goto('/conflicts?pair=akten');
      await card(page, 'brief.txt').locator('button', { hasText: 'Keep what disk has' }).click();
      await page.locator('[role=status]').waitFor();
    });
    await eventually('both are where someone said', async () => {
      const [here, there] = [await folders.here.tree(), await folders.there.tree()];
      return [here, there].every((tree) => 'Akten/2026/plan.txt' in tree && 'brief.txt' in tree);
    });
  });

  test('of a taken name it says who has it and what to do, and it ends once one of the two is renamed', async () => {
    await asAdmin({ ...plain, locale: 'fr-FR' }, async (page) => {
      await page.goto('/conflicts?pair=akten');
      const told = await card(page, 'drei.txt').first().innerText();
      expect(told).toContain('Un autre document porte déjà ce nom dans dav.');
      expect(told).toContain('Donnez-lui un autre nom dans le système');
      expect(await card(page, 'drei.txt').first().locator('button').count()).toBe(0);
    });
    await folders.there.move('drei.txt', 'vier.txt');
    await folders.run();
    await eventually('the other one has its new name on both sides', async () => {
      return 'vier.txt' in (await folders.here.tree());
    });
    const found = await server().db.raw<{ rows: { id: string }[] }>(
      `select link_id as id from link_conflict where state = 'open' and here -> 'place' ->> 'name' = 'drei.txt'`,
    );
    await asAdmin(plain, async (page) => {
      await page.goto(`/links/${found.rows[0]?.id ?? ''}`);
      await page.click('main button >> text=Look again now');
    });
    await eventually('both have both names', async () => {
      const [here, there] = [await folders.here.tree(), await folders.there.tree()];
      return [here, there].every((tree) => 'drei.txt' in tree && 'vier.txt' in tree);
    });
    await asAdmin(plain, async (page) => {
      await eventually('the conflict is closed', async () => {
        await page.goto('/conflicts?pair=akten');
        return !(await main(page)).includes('drei.txt');
      });
    });
  });

  test('what waits for its folder is listed by its name, and its page says what it waits for', async () => {
    await asAdmin({ ...plain, locale: 'fr-FR' }, async (page) => {
      await page.goto('/pairs/akten/jobs');
      const row = page.locator('tr', { hasText: 'innen.txt' });
      expect(await row.innerText()).toMatch(/Son dossier n’(existe pas|est pas encore synchronisé)/);
      await row.locator('a').first().click();
      expect(await page.locator('h1').innerText()).toBe('innen.txt');
      await page.goto('/pairs/akten/links?state=creating');
      expect(await page.locator('tbody').innerText()).toMatch(
        /innen\.txt[\s\S]*Ablage|Ablage[\s\S]*innen\.txt/,
      );
    });
  });

  test.each([
    ['a desktop, in English', { viewport: { width: 1280, height: 900 } }],
    [
      'a phone, dark, in French',
      { colorScheme: 'dark', viewport: { width: 390, height: 844 }, locale: 'fr-FR' },
    ],
  ] as const)('can be used by everyone, and fits %s', async (_name, options) => {
    await asAdmin(options, async (page) => {
      const found: string[] = [];
      for (const path of ['/conflicts?pair=akten&state=all', '/pairs/akten/links', '/pairs/akten/jobs']) {
        await page.goto(path);
        found.push(...(await faultsOf(page, path)));
      }
      expect(found).toEqual([]);
    });
  });
});
