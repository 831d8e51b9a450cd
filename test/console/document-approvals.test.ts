import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { eventually } from '../queue/eventually';
import { describeWithBrowser } from '../setup/chromium';
import { onServer } from '../v4/on-server';
import { signInStaff, type Staff } from '../photos/staff';
import { openWorkedFolders, type WorkedFolders } from './document-situations';
import { faultsOf } from './faults';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(240_000);

// Entries of a pair of documents that wait for an approval are decided by folder and by kind, through REST and in a
// browser.

describeWithBrowser('What waits for an approval in a pair of documents', (browser) => {
  const server = onServer({}, { worker: true });
  let folders: WorkedFolders;
  let admin: Staff;
  beforeAll(async () => {
    admin = await signInStaff(server());
    folders = await openWorkedFolders(server(), {
      limits: {
        deletions: { count: 2, share: 0.1, above: 'approval' },
        file: { bytes: 100, above: 'approval' },
        entries: { count: 30, above: 'approval' },
      },
    });
    for (const name of ['2025/a', '2025/b', '2025/c', '2026/d', '2026/e'])
      await folders.here.write(`Akten/${name}.txt`, name);
    await folders.here.write('liesmich.txt', 'hallo');
    await folders.run();
  });
  afterAll(() => folders.end());

  const main = (page: Page) => page.locator('main').innerText();
  const press = (page: Page, name: string) => page.click(`main button >> text="${name}"`);
  async function asManager(options: object, work: (page: Page) => Promise<void>): Promise<string[]> {
    const visitor = await visit(browser(), server(), options);
    const asked: string[] = [];
    visitor.page.on('dialog', (dialog) => {
      asked.push(dialog.message());
      void dialog.accept();
    });
    await signInAs(visitor.page, await newUser(server(), 'admin'));
    await work(visitor.page);
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
    return asked;
  }
  // While a worker is at it, a tree cannot be read whole.
  const isThere = (path: string) => existsSync(join(folders.there.path, path));
  const openApproval = async (): Promise<{ id: string; entities: number; kind: string }> => {
    const { items } = (await admin.send('GET', '/api/approvals?pair=akten')).json as unknown as {
      items: { id: string; entities: number; kind: string }[];
    };
    const [first] = items;
    if (items.length !== 1 || first === undefined) throw new Error(JSON.stringify(items));
    return first;
  };

  test('one folder is approved in a browser, and exactly that is deleted: the rest still waits', async () => {
    await folders.here.remove('Akten/2025');
    await folders.here.remove('Akten/2026/d.txt');
    await folders.run();
    await folders.run();
    const before = await openApproval();
    expect(before).toMatchObject({ kind: 'deletions', entities: 5 });
    const held = await admin.send('GET', `/api/approvals/${before.id}/held?folder=Akten`);
    expect(held.json).toMatchObject({
      counts: { deletions: 5 },
      folders: {
        items: [
          { name: '2025', counts: { deletions: 3 } },
          { name: '2026', counts: { deletions: 1 } },
        ],
      },
      lines: { items: [{ path: 'Akten/2025', kind: 'deletions' }] },
    });
    await asManager({ javaScriptEnabled: false }, async (page) => {
      await page.goto('/approvals?pair=akten');
      await page.click('a >> text=Decide folder by folder');
      await page.click('a >> text=Akten/');
      await press(page, 'Approve: 2025/');
      expect(await page.locator('[role=status]').innerText()).toContain('Approved');
      expect(await main(page)).toContain('1 deletion waits');
    });
    await eventually('the folder is deleted on the other side', () => !isThere('Akten/2025'));
    await folders.run();
    await folders.run();
    expect(isThere('Akten/2026/d.txt')).toBe(true);
    expect(await openApproval()).toMatchObject({ id: before.id, entities: 1 });
    const all = (await admin.send('GET', '/api/approvals?pair=akten&state=approved')).json as unknown;
    expect(all).toMatchObject({ items: [{ partOf: before.id, entities: 4, state: 'approved' }] });
  });

  test('a folder in which nothing waits is refused, and the last part is the approval itself', async () => {
    const { id } = await openApproval();
    const decide = (body: object) => admin.send('POST', `/api/approvals/${id}`, body);
    expect((await decide({ decision: 'approve', folder: 'Akten/2024' })).status).toBe(404);
    expect((await decide({ decision: 'approve', kind: 'file-limit' })).status).toBe(404);
    expect((await decide({ decision: 'approve', folder: '' })).status).toBe(400);
    const decided = await decide({ decision: 'reject', folder: 'Akten/2026' });
    expect(decided.json).toMatchObject({ id, state: 'rejected', partOf: null });
    expect((await decide({ decision: 'approve', folder: 'Akten/2026' })).status).toBe(409);
    await eventually('what was not to be deleted comes back', () =>
      existsSync(join(folders.here.path, 'Akten/2026/d.txt')),
    );
  });

  test('all of one kind is approved: large files go, and what is too much for one run still waits', async () => {
    for (let number = 10; number < 60; number += 1)
      await folders.here.write(`Neu/${number}.txt`, `new ${number}`);
    await folders.here.write('Neu/gross.bin', 'x'.repeat(200));
    await folders.run();
    const { id, entities } = await openApproval();
    const held = await admin.send('GET', `/api/approvals/${id}/held`);
    expect(held.json).toMatchObject({
      counts: { 'file-limit': 1, changes: entities - 1 },
      folders: { items: [{ name: 'Neu', counts: { 'file-limit': 1, changes: entities - 1 } }] },
    });
    const asked = await asManager({ locale: 'fr-FR' }, async (page) => {
      await page.goto(`/approvals/${id}`);
      expect(await faultsOf(page, `/approvals/${id}`)).toEqual([]);
      await press(page, 'Approuver : fichiers trop volumineux : 1');
      await page.locator('[role=status]').waitFor();
    });
    expect(asked).toEqual([expect.stringContaining('fichiers trop volumineux')]);
    await eventually('the large file is on the other side', () => isThere('Neu/gross.bin'));
    await folders.run();
    expect(await openApproval()).toMatchObject({ id, entities: entities - 1 });
    const rest = await admin.send('POST', `/api/approvals/${id}`, { decision: 'approve', kind: 'changes' });
    expect(rest.json).toMatchObject({ id, state: 'approved', partOf: null });
    await eventually('the rest is on the other side', () =>
      [...Array(50).keys()].every((number) => isThere(`Neu/${number + 10}.txt`)),
    );
    await folders.run();
    expect(await folders.there.tree()).toEqual(await folders.here.tree());
  });
});
