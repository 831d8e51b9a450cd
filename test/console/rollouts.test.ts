import { describeWithBrowser } from '../setup/chromium';
import { fullSync, onServer, signIn } from '../v4/on-server';
import { zipOf } from '../v4/archive';
import { parameterFile } from '../v4/edits';
import { eventually } from '../queue/eventually';
import { faultsOf } from './faults';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(120_000);

const languages = [
  ['en-GB', 'Waves', 'waits for approval', 'done', 'confirmed'],
  ['fr-FR', 'Vagues', 'attend l’approbation', 'terminé', 'confirmé'],
] as const;

describeWithBrowser('The pages of waves', (browser) => {
  const server = onServer({}, { worker: true });

  test.each(languages)(
    'plan a setting, approve it and follow it, without a script, in %s',
    async (locale, title, waits, done, confirmed) => {
      const client = await signIn(server());
      const fridges = parameterFile('Fridges', { Id: '1', Name: 'Cave', TempMax: '4' });
      await fullSync(client, zipOf({ 'xml/Fridges.xml': fridges }));
      const { mail } = (await server()
        .db<{ id: number; mail: string }>('solution')
        .where({ id: client.id })
        .first('mail')) ?? { mail: '' };
      const visitor = await visit(browser(), server(), { locale, javaScriptEnabled: false });
      const { page } = visitor;
      await signInAs(page, await newUser(server(), 'admin'));
      await page.goto('/rollouts/new?kind=settings');
      await page.fill('input[name=name]', 'Caves at 5');
      await page.fill('input[name=search]', mail);
      await page.fill('input[name=setField]', 'TempMax');
      await page.fill('input[name=setValue]', 'warm');
      await page.click('main form button');
      expect(await page.locator('[role=alert]').count()).toBe(1);
      expect(await page.inputValue('input[name=name]')).toBe('Caves at 5');
      await page.fill('input[name=setValue]', '5');
      await page.click('main form button');
      expect(await page.locator('.page-aside').textContent()).toBe(waits);
      await page.click('form[action$="/approve"] button');
      await eventually('it is sent', async () => (await dueOf(client.id)) > 0);
      await fullSync(client, zipOf());
      await eventually('it is done', async () => {
        await page.reload();
        return (await page.locator('.page-aside').textContent()) === done;
      });
      expect(await page.locator('tbody td .badge').textContent()).toBe(confirmed);
      await page.goto('/rollouts');
      expect(await page.locator('h1').textContent()).toBe(title);
      expect(await page.locator('tbody').textContent()).toContain('Caves at 5');
      await visitor.close();
    },
  );

  test.each(['en-GB', 'fr-FR'])('can be used by everyone, and fit, in %s', async (locale) => {
    const visitor = await visit(browser(), server(), { locale });
    const { page } = visitor;
    await signInAs(page, await newUser(server(), 'admin'));
    const faults: unknown[] = [];
    for (const path of ['/rollouts', '/rollouts/new', '/rollouts/new?kind=settings', '/rollouts/1']) {
      await page.goto(path);
      faults.push(...(await faultsOf(page, path)));
    }
    expect([faults, visitor.complaints]).toEqual([[], []]);
    await visitor.close();
  });

  const dueOf = async (solutionId: number): Promise<number> =>
    (await server().db('param').where({ solution_id: solutionId, due: true })).length;
});
