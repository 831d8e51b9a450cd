import type { Page } from 'playwright-core';
import { readFile } from 'node:fs/promises';
import { classFile, copyWith, fridge } from '../client/copies';
import { exported } from '../offline/stick';
import { describeWithBrowser } from '../setup/chromium';
import { enrol, onServer } from '../v4/on-server';
import { faultsOf } from './faults';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(120_000);

const languages = [
  ['en-GB', 'Offline files', 'Take in', 'Response for', 'cut off'],
  ['fr-FR', 'Fichiers hors ligne', 'Déposer', 'Réponse pour', 'incomplet'],
] as const;

/** The worker takes a moment. */
async function untilResponse(page: Page, text: string): Promise<void> {
  for (let tries = 0; tries < 60; tries++) {
    if ((await page.locator(`a:has-text("${text}")`).count()) > 0) return;
    await page.waitForTimeout(500);
    await page.goto('/offline-files');
  }
  throw new Error('no response is offered');
}

describeWithBrowser('The page of offline files', (browser) => {
  const server = onServer({}, { worker: true });

  test.each(languages)(
    'takes a file in and gives the response back, in %s',
    async (locale, title, take, response, why) => {
      const enrolled = await enrol(server());
      const copy = await copyWith({ 'xml/Fridges.xml': classFile('Fridges', fridge('12', 'Cave')) });
      const file = await exported(copy, { ...enrolled, id: String(enrolled.id) });
      const visitor = await visit(browser(), server(), { locale });
      const { page } = visitor;
      await signInAs(page, await newUser(server(), 'manager', await accountsOf(enrolled.id)));
      await page.goto('/offline-files');
      expect(await page.locator('h1').textContent()).toBe(title);
      const faults = await faultsOf(page, 'without files');
      await page.setInputFiles('input[type=file]', file);
      await page.click(`button:has-text("${take}")`);
      await page.waitForSelector('tbody tr');
      await untilResponse(page, response);
      faults.push(...(await faultsOf(page, 'with a file')));
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.click(`a:has-text("${response}")`),
      ]);
      expect(await readFile(await download.path(), 'latin1')).toContain('"direction":"to-solution"');
      expect([faults, visitor.complaints]).toEqual([[], []]);
      const whole = await readFile(file);
      const cut = { name: 'cut.epack', mimeType: 'application/octet-stream', buffer: whole.subarray(0, -50) };
      await page.setInputFiles('input[type=file]', cut);
      await page.click(`button:has-text("${take}")`);
      await page.waitForSelector(`main:has-text("${why}")`);
      faults.push(...(await faultsOf(page, 'a refused file')));
      expect(faults).toEqual([]);
      await visitor.close();
    },
  );

  test('lets a viewer look and nothing more', async () => {
    const visitor = await visit(browser(), server());
    const { page } = visitor;
    await signInAs(page, await newUser(server(), 'viewer'));
    await page.goto('/offline-files');
    expect(await page.locator('input[type=file]').count()).toBe(0);
    await visitor.close();
  });

  const accountsOf = async (solutionId: number): Promise<number[]> => {
    const rows = await server()
      .db('solution')
      .where({ id: solutionId })
      .select<{ account_id: number }[]>('account_id');
    return rows.map((row) => row.account_id);
  };
});
