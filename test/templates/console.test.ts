import { mkdirSync } from 'node:fs';
import { faultsOf } from '../console/faults';
import { newUser, signInAs, visit } from '../console/staff';
import { describeWithBrowser } from '../setup/chromium';
import { edit, parameterFile } from '../v4/edits';
import { unzip, zipOf } from '../v4/archive';
import { fullSync, onServer, signIn, syncTo2 } from '../v4/on-server';

jest.setTimeout(120_000);

const server = onServer({}, { worker: true });

const newAccount = async (name: string): Promise<number> => {
  const [account] = await server().db('account').insert({ name }).returning<{ id: number }[]>('id');
  return account?.id ?? 0;
};

const languages = [
  ['en-GB', 'Add a template', 'Send out', 'Back to the template', 'No kitchen deviates'],
  ['fr-FR', 'Ajouter un modèle', 'Envoyer', 'Revenir au modèle', 'Aucune cuisine ne s’écarte du modèle'],
] as const;

describeWithBrowser('The pages of templates', (browser) => {
  test.each(languages)(
    'bring one template to kitchens without JavaScript, show who deviates, and bring one back, in %s',
    async (locale, add, sendOut, back, nobody) => {
      const accountId = await newAccount(`Bistros ${locale}`);
      const kitchen = await signIn(server(), 'synchro', { accountId, name: 'Le Petit Zinc' });
      const visitor = await visit(browser(), server(), { locale, javaScriptEnabled: false });
      const { page } = visitor;
      await signInAs(page, await newUser(server(), 'manager', [accountId]));
      await page.goto('/templates');
      await page.fill('input[name=name]', 'Bistros');
      await page.click(`button:has-text("${add}")`);
      const template = new URL(page.url()).pathname;
      await page.goto(`${template}/params/Fridges/new`);
      await page.fill('input[name=id]', 'walk-in');
      await page.fill('input[name="f.Name"]', 'Chambre froide');
      await page.fill('input[name="f.TempMax"]', '4');
      expect(await page.locator('input[name="f.ProbeId"]').count()).toBe(0);
      await page.click('button[value=save]');
      await page.goto(template);
      await page.check('input[name=solution]');
      await page.click(`form[action="${template}/sites"] button`);
      await page.goto(`${template}/difference`);
      expect(await page.locator('tbody tr').innerText()).toContain('4');
      await page.goto(template);
      await page.click(`button:has-text("${sendOut}")`);
      await edit(server(), kitchen.id, 'Fridges', 'walk-in', { TempMax: 6 });
      await page.goto(`${template}/deviations`);
      expect(await page.locator('tbody tr').innerText()).toMatch(/4[^]*6/);
      await page.click(`button:has-text("${back}")`);
      await page.goto(`${template}/deviations`);
      expect(await page.locator('main').innerText()).toContain(nobody);
      expect(visitor.complaints).toEqual([]);
      await visitor.close();
    },
  );

  test('can be used by everyone', async () => {
    const accountId = await newAccount('Brasseries');
    const kitchen = await signIn(server(), 'synchro', { accountId, name: 'Le Grand Zinc' });
    const waiting = await signIn(server(), 'synchro', { accountId, name: 'Chez Nous' });
    const { db } = server();
    await db('template').insert({ account_id: accountId, name: 'Brasseries', revision: 1 });
    const [template] = await db('template').where({ name: 'Brasseries' }).select<{ id: number }[]>('id');
    const id = template?.id ?? 0;
    const oil = { template_id: id, class: 'Oils', revision: 1, is_active: true, by: 'chef@example.org' };
    await db('template_version').insert([
      { ...oil, id: 'fryer', fields: { Name: 'Friteuse', PolarMaxPercent: 25 } },
      { ...oil, id: 'pan', fields: { Name: 'Sauteuse' } },
    ]);
    await db('template_site').insert({
      solution_id: kitchen.id,
      template_id: id,
      joined_by: 'chef@example.org',
    });
    await edit(server(), kitchen.id, 'Oils', 'fryer', { Name: 'Friteuse', PolarMaxPercent: 22 });
    const found: unknown[] = [];
    for (const [locale, width] of [
      ['fr-FR', 1440],
      ['en-GB', 820],
    ] as const) {
      const visitor = await visit(browser(), server(), { locale, viewport: { width, height: 1000 } });
      const { page } = visitor;
      await signInAs(page, await newUser(server(), 'admin'));
      for (const path of [
        '',
        `/${id}`,
        `/${id}/params/Oils`,
        `/${id}/params/Oils/fryer`,
        `/${id}/difference`,
      ]) {
        await page.goto(`/templates${path}`);
        await shoot(path, locale);
        found.push(...(await faultsOf(page, path)));
      }
      for (const path of [`/${id}/deviations`, `/${id}/sites/${kitchen.id}`, `/${id}/params/Oils/new`]) {
        await page.goto(`/templates${path}`);
        await shoot(path, locale);
        found.push(...(await faultsOf(page, path)));
      }
      await visitor.close();
      async function shoot(path: string, language: string) {
        const folder = process.env['EPACK_TEST_SCREENSHOTS'];
        if (folder === undefined) return;
        mkdirSync(folder, { recursive: true });
        await page.screenshot({
          path: `${folder}/${language}${path.replaceAll('/', '_')}.png`,
          fullPage: true,
        });
      }
    }
    expect(waiting.id).toBeGreaterThan(0);
    expect(found).toEqual([]);
  });
});

test('a kitchen gets the template with its package, and what it changed offline meanwhile stays', async () => {
  const accountId = await newAccount('Canteens');
  const kitchens = [
    await signIn(server(), 'synchro', { accountId }),
    await signIn(server(), 'synchro', { accountId }),
  ] as const;
  const [quiet, own] = kitchens;
  const { db, url, admin } = server();
  const session = await fetch(`${url}/api/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(admin),
  });
  const { token } = (await session.json()) as { token: string };
  const call = async (method: string, path: string, body: object = {}) => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return (text === '' ? {} : JSON.parse(text)) as { id?: string; items?: unknown[] };
  };
  const { id } = await call('POST', '/api/templates', { account: accountId, name: 'Canteens' });
  const template = `/api/templates/${id}`;
  const put = (fields: object) => call('PUT', `${template}/params/Fridges/walk-in`, { fields });
  await put({ Name: 'Chambre froide', TempMin: 0, TempMax: 4 });
  await call('POST', `${template}/sites`, { solutions: kitchens.map((one) => String(one.id)) });
  await call('POST', `${template}/send-out`);
  for (const kitchen of kitchens) await fullSync(kitchen, zipOf({}));

  // One kitchen changes the limit while it has no network. The template changes two fields and goes out.
  await put({ TempMin: 1, TempMax: 3 });
  await call('POST', `${template}/send-out`);
  const offline = parameterFile('Fridges', {
    ...{ Id: 'walk-in', Name: 'Chambre froide', TempMin: '0', TempMax: '6' },
    Ts: '2030-01-01 00:00:00',
  });
  await db('solution').where({ id: own.id }).update({ clock_skew_seconds: 0 });
  await syncTo2(quiet, zipOf({}));
  const told = unzip((await quiet.download()).body)
    .get('xml/Fridges-u.xml')
    ?.toString('utf8');
  expect(told).toContain('<TempMax>3</TempMax>');
  await quiet.confirm();

  // Both sides changed the limit: the rule of the class decides, or somebody does. Nothing is lost silently.
  await fullSync(own, zipOf({ 'xml/Fridges.xml': offline }));
  const conflicts = await db('conflict').where({ solution_id: own.id }).select('id');
  expect(conflicts).toHaveLength(1);
  await call('POST', `/api/conflicts/${(conflicts[0] as { id: string }).id}`, { choice: 'solution' });
  await fullSync(own, zipOf({}));
  expect((await call('GET', `${template}/deviations`)).items).toMatchObject([
    { solution: String(own.id), kind: 'values', fields: [{ field: 'TempMax', template: 3, site: 6 }] },
  ]);

  // From now on the limit is the kitchen's own.
  await put({ TempMin: 2, TempMax: 2 });
  await call('POST', `${template}/send-out`);
  expect((await call('GET', `/api/solutions/${own.id}/params/Fridges/walk-in`)) as object).toMatchObject({
    fields: { TempMin: 2, TempMax: 6 },
  });
});
