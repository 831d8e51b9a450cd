import type { Page } from 'playwright-core';
import { applyPairFile } from '../../api/backoffice/services/pair-files';
import { createPairRunService } from '../../api/backoffice/services/pair-runs';
import { commandLineCaller } from '../../shared/domain/staff';
import { createSeal } from '../../shared/seal/seal';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import { describeWithBrowser } from '../setup/chromium';
import { createFolder, type Folder } from '../systems/folder-pair';
import { onServer } from '../v4/on-server';
import { faultsOf } from './faults';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(240_000);

// A pair of two folders, in a browser: its plan folder by folder, one document, its settings.

describeWithBrowser('The pages of a pair of documents', (browser) => {
  const server = onServer({}, { worker: true });
  let here: Folder;
  let there: Folder;
  beforeAll(async () => {
    [here, there] = [await createFolder(), await createFolder()];
    for (let number = 0; number < 70; number += 1)
      await here.write(`Akten/2026/Müller & Söhne/Brief ${String(number).padStart(3, '0')}.txt`, `${number}`);
    await here.write('Akten/2025/alt.txt', 'alt');
    await here.write('liesmich.txt', 'hallo');
    await there.write('Eingang/post.txt', 'von dort');
    const file = {
      systems: {
        disk: { kind: 'file-tree', folder: here.path },
        dav: { kind: 'file-tree', folder: there.path },
      },
      pairs: {
        akten: {
          mode: 'plan',
          here: { system: 'disk' },
          there: { system: 'dav' },
          find: { check: '0 0 1 1 *' },
          leaveOut: ['**/~$*', '*.tmp'],
          content: { compare: 'hash' },
          limits: { file: { bytes: 1000, above: 'skip' }, deletions: { count: 5, above: 'approval' } },
        },
      },
    };
    const access = { ...openStoreAccess(server().db), seal: createSeal([]) };
    // YAML takes JSON.
    const text = JSON.stringify(file);
    const applied = await applyPairFile(access, commandLineCaller, { text, isTrial: false });
    if (!applied.isValid) throw new Error(JSON.stringify(applied.mistakes));
  });
  afterAll(async () => {
    await here.remove('');
    await there.remove('');
  });

  const main = (page: Page) => page.locator('main').innerText();
  const press = (page: Page, name: string) => page.click(`main button >> text="${name}"`);
  async function asAdmin(options: object, work: (page: Page) => Promise<void>): Promise<void> {
    const visitor = await visit(browser(), server(), options);
    await signInAs(visitor.page, await newUser(server(), 'admin'));
    await work(visitor.page);
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  }
  const plain = { javaScriptEnabled: false } as const;
  async function makePlan(page: Page): Promise<string> {
    await page.goto('/pairs/akten');
    await press(page, 'Make a plan');
    const path = new URL(page.url()).pathname;
    await eventually('the plan is made', async () => {
      await page.goto(path);
      return (await main(page)).includes('Folder by folder');
    });
    return path;
  }
  const folder = (page: Page, name: string) => page.locator('details.folder', { hasText: name });

  test('a plan shows its folders with counts, folds them open without JavaScript, and pages through one', async () => {
    await asAdmin(plain, async (page) => {
      const path = await makePlan(page);
      const akten = folder(page, 'Akten/');
      expect(await akten.locator('summary').innerText()).toMatch(/Akten\/\s+created: 74/);
      expect(await folder(page, 'Eingang/').locator('summary').innerText()).toContain('created: 1');
      expect(await page.locator('#tree > .rows').innerText()).toContain('liesmich.txt');
      expect(await akten.locator('.rows').first().isVisible()).toBe(false);
      await akten.locator('summary').click();
      expect(await akten.locator('.rows').first().innerText()).toContain('would be made in dav');
      await akten.locator('a', { hasText: 'Open this folder (74 lines)' }).click();
      await page.locator('details.folder', { hasText: '2026/' }).locator('summary').click();
      await page.click('details.folder a >> text=Open this folder (71 lines)');
      await page.locator('details.folder').locator('summary').click();
      await page.click('details.folder a >> text=Open this folder (70 lines)');
      expect(await page.locator('#tree').innerText()).toContain(
        'All folders / Akten / 2026 / Müller & Söhne',
      );
      expect(await page.locator('#tree > .rows > li').count()).toBe(50);
      await page.click('#tree .pager a');
      expect(await page.locator('#tree > .rows > li').count()).toBe(20);
      expect(await page.locator('#tree > .rows').innerText()).toContain('Brief 069.txt');
      await page.goto(path);
      await press(page, 'Approve: carry it out');
    });
    const runs = createPairRunService(openStoreAccess(server().db));
    await eventually('the plan is carried out', async () => {
      const { lastRun } = await runs.status(commandLineCaller, 'akten');
      return lastRun?.kind === 'plan' && lastRun.endedAt !== null;
    });
    expect(Object.keys(await there.tree())).toHaveLength(78);
    await asAdmin(plain, async (page) => {
      await page.goto('/plans/1');
      expect(await main(page)).toContain('What was to be done. It was approved.');
      expect(await main(page)).not.toContain('Nothing has been written yet');
    });
  });

  test('it says what moves from where, what is deleted, and what is larger than the limit', async () => {
    await here.move('Akten/2025', 'Archiv');
    await here.remove('liesmich.txt');
    await here.write('Akten/gross.bin', 'x'.repeat(2000));
    await asAdmin(plain, async (page) => {
      await makePlan(page);
      const told = await main(page);
      expect(told).toMatch(/would be moved in dav from Akten\/2025/);
      expect(told).toMatch(/liesmich\.txt[\s\S]*would be deleted in dav/);
      expect(await folder(page, 'Akten/').locator('summary').innerText()).toContain('above a limit: 1');
    });
  });

  test('why something is not done is in the reader’s language, and an older row stays as it was stored', async () => {
    const plan = await server().db.raw<{ rows: { id: string }[] }>('select max(id) as id from pair_plan');
    const path = `/plans/${plan.rows[0]?.id ?? ''}?folder=Akten`;
    const sentence = async (options: object, text: string) =>
      asAdmin({ ...plain, ...options }, async (page) => {
        await page.goto(path);
        expect(await page.locator('#tree li', { hasText: 'gross.bin' }).innerText()).toContain(text);
      });
    await sentence({ locale: 'fr-FR' }, 'La taille dépasse celle qui est permise pour un élément.');
    await sentence({}, 'larger than one entry may be');
    await server().db.raw(
      `update plan_item set reason_code = null, reason_values = null where reason is not null`,
    );
    await sentence({ locale: 'fr-FR' }, 'larger than one entry may be');
  });

  test('the page of a document names its folder, and what it held before', async () => {
    const found = await server().db.raw<{ rows: { id: string }[] }>(
      `select link_id as id from link_end where seen -> 'place' ->> 'name' = 'Brief 007.txt' and side = 'here'`,
    );
    await asAdmin(plain, async (page) => {
      await page.goto(`/links/${found.rows[0]?.id ?? ''}`);
      expect(await page.locator('h1').innerText()).toBe('Brief 007.txt');
      expect(await page.locator('tr', { hasText: 'Folder' }).innerText()).toContain(
        'Akten/2026/Müller & Söhne',
      );
      expect(await page.locator('tr', { hasText: 'Content' }).innerText()).toContain('sha256:');
      expect(await page.locator('#timeline').innerText()).not.toContain('no answer');
    });
  });

  test('its page lists its versions: when, from which side, how large, and by which run', async () => {
    await here.write('Akten/2026/Müller & Söhne/Brief 008.txt', 'a longer letter');
    const runs = createPairRunService(openStoreAccess(server().db));
    const run = await runs.run(commandLineCaller, 'akten', 'whole');
    await eventually('the letter is in both', async () => {
      const tree = await there.tree();
      return tree['Akten/2026/Müller & Söhne/Brief 008.txt'] === 'a longer letter';
    });
    const found = await server().db.raw<{ rows: { id: string }[] }>(
      `select link_id as id from link_end where seen -> 'place' ->> 'name' = 'Brief 008.txt' and side = 'here'`,
    );
    await asAdmin(plain, async (page) => {
      const path = `/links/${found.rows[0]?.id ?? ''}`;
      await eventually('the page shows the new version', async () => {
        await page.goto(path);
        return (await page.locator('#versions tbody tr').count()) === 2;
      });
      const [newest, first] = await page.locator('#versions tbody tr').allInnerTexts();
      expect(newest).toMatch(/disk\s+15 B\s+sha256:[0-9a-f]{12}/);
      expect(newest).toContain(run);
      expect(first).toMatch(/disk\s+1 B/);
      expect(await page.locator('tr', { hasText: 'Size' }).first().innerText()).toMatch(/15 B\s+15 B/);
      expect(await page.locator('#timeline').innerText()).toContain('was changed in dav');
    });
  });

  test('its settings say in words how it is compared, who wins and what waits for someone', async () => {
    await asAdmin({ ...plain, locale: 'fr-FR' }, async (page) => {
      await page.goto('/pairs/akten/fields');
      const told = await main(page);
      expect(told).toContain('ce que contient le fichier');
      expect(told).toContain('l’un reçoit un nom qui le dit');
      expect(told).toContain('*.tmp');
      expect(told).toMatch(/1,0\s?ko.*laissé de côté/);
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
      const links = await server().db.raw<{ rows: { id: string }[] }>('select min(id) as id from link');
      const found: string[] = [];
      for (const path of [
        '/pairs/akten',
        '/pairs/akten/links',
        '/pairs/akten/fields',
        '/plans/1',
        '/plans/1?folder=Akten/2026',
        '/plans/2',
        `/links/${links.rows[0]?.id ?? ''}`,
      ]) {
        await page.goto(path);
        found.push(...(await faultsOf(page, path)));
      }
      expect(found).toEqual([]);
    });
  });
});
