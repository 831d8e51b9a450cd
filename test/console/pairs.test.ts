import type { Page } from 'playwright-core';
import { createAccountService } from '../../api/backoffice/services/accounts';
import { commandLineCaller } from '../../shared/domain/staff';
import { openStoreAccess } from '../../shared/stores/store-access';
import { eventually } from '../queue/eventually';
import { describeWithBrowser } from '../setup/chromium';
import { onServer } from '../v4/on-server';
import { type BusyPair, openPairOf } from './busy-pair';
import { faultsOf } from './faults';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(240_000);

// The actions of staff on systems and pairs, in a browser, with two systems that a worker keeps equal.

describeWithBrowser('The pages of systems and pairs', (browser) => {
  const server = onServer({}, { worker: true });
  let pair: BusyPair;
  let account = 0;
  beforeAll(async () => {
    const accounts = createAccountService(openStoreAccess(server().db));
    ({ id: account } = await accounts.create(commandLineCaller, 'Weber & Söhne'));
    pair = await openPairOf(server(), account);
  });
  afterAll(() => pair.end());

  /** Reloads the page until it shows the text, because a worker needs some time. */
  async function until(page: Page, path: string, text: string): Promise<string> {
    let told = '';
    await eventually(`${path} says “${text}”`, async () => {
      await page.goto(path);
      told = await page.locator('main').innerText();
      return told.includes(text);
    });
    return told;
  }
  const asStaff = async (role: 'admin' | 'manager' | 'viewer', work: (page: Page) => Promise<void>) => {
    const email = await newUser(server(), role, role === 'admin' ? [] : [account]);
    const visitor = await visit(browser(), server(), { javaScriptEnabled: false });
    await signInAs(visitor.page, email);
    await work(visitor.page);
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  };
  const press = (page: Page, name: string) => page.click(`main button >> text="${name}"`);
  const status = (page: Page) => page.locator('[role=status]').innerText();

  test('an admin probes a system, pauses it with a reason and resumes it; secrets are named, never shown', async () => {
    await asStaff('admin', async (page) => {
      await page.goto('/systems');
      await page.click('main a >> text="espo"');
      await press(page, 'Probe now');
      expect(await page.locator('main').innerText()).toContain('9.2.7');
      await page.fill('input[name=reason]', 'The CRM moves tonight');
      await press(page, 'Pause');
      expect(await page.locator('.notice.bad').innerText()).toContain('The CRM moves tonight');
      await page.goto('/');
      expect(await page.locator('#pairs').innerText()).toContain('The CRM moves tonight');
      await page.goto('/systems/espo');
      await press(page, 'Resume');
      const told = await page.content();
      expect(told).toContain('ESPO_KEY');
      expect(told).not.toContain(pair.espo.apiKey);
      await page.goto('/');
      expect(await page.locator('#pairs').count()).toBe(0);
    });
  });

  test('a manager reads a plan field by field and approves it: exactly the plan is carried out', async () => {
    await asStaff('manager', async (page) => {
      await page.goto('/pairs');
      await page.click('main a >> text="beteiligte"');
      await press(page, 'Make a plan');
      const path = new URL(page.url()).pathname;
      const told = await until(page, path, 'Field by field');
      // In the words of the system that is written to.
      expect(told).toContain('geburtsdatum');
      expect(told).toContain('1975-06-07T00:00:00');
      expect(told).toMatch(/Created\s+5/);
      expect(told).toMatch(/\d+ calls/);
      expect(pair.advoware.rows.size).toBe(1);

      expect(await page.inputValue('input[name=digest]')).toMatch(/^[0-9a-f]{64}$/);
      await press(page, 'Approve: carry it out');
      expect(await status(page)).toContain('Approved');
      await until(page, '/pairs/beteiligte/links?state=active', 'Yilmaz');
      await eventually('all five are in both', () => pair.advoware.rows.size === 5);
      await until(page, path, 'carried out');
    });
  });

  test('the plan’s number of calls is what the run needs, or slightly more', async () => {
    const found = await server().db.raw<{
      rows: { planned: { here: number; there: number }; made: { here: number; there: number } }[];
    }>(
      `select p.summary -> 'calls' as planned, r.calls as made from pair_plan p join pair_run r on r.plan_id = p.id`,
    );
    const [{ planned, made } = { planned: { here: 0, there: 0 }, made: { here: 0, there: 0 } }] = found.rows;
    for (const side of ['here', 'there'] as const) {
      expect(planned[side]).toBeGreaterThanOrEqual(made[side]);
      expect(planned[side]).toBeLessThanOrEqual(made[side] * 3);
    }
  });

  test('a link’s page says why two records differ, and someone decides field by field', async () => {
    pair.edit('Meier', { firstName: 'Zoe', description: 'ruft an' });
    pair.editThere('Meier', { bemerkung: 'schreibt' });
    await pair.run();
    await asStaff('manager', async (page) => {
      await page.goto('/pairs/beteiligte/links?state=conflict');
      await page.click('main tbody a');
      const told = await page.locator('main').innerText();
      // Undisputed fields were written; the other system does not store phone numbers.
      expect(told).toContain('They differ in 2 fields');
      expect(await page.locator('tr.expected', { hasText: 'phoneNumber' }).innerText()).toContain(
        'does not keep it',
      );
      const row = await page.locator('tr.disputed', { hasText: 'description' }).innerText();
      expect(row).toContain('ruft an');
      expect(row).toContain('schreibt');
      expect(row).toContain('someone has to decide');
      await page.click('summary >> text="Decide field by field"');
      await page.selectOption('select[name="c.description"]', 'other');
      await page.fill('input[name="f.description"]', 'ruft an und schreibt');
      await press(page, 'Use these');
      expect(await status(page)).toContain('Decided');
      const link = new URL(page.url()).pathname;
      await until(page, link, 'Nothing is to be done');
      expect(
        [...pair.espo.entity('CBeteiligte').rows.values()].find((one) => one['lastName'] === 'Meier'),
      ).toMatchObject({
        description: 'ruft an und schreibt',
      });
    });
  });

  test('a job that was given up shows the server’s response and each call, and is tried again', async () => {
    pair.advoware.http.faults.push({
      fits: ({ method, text }) => method === 'PUT' && text.includes('Okafor'),
      answer: { status: 400, json: { message: 'Das Feld vorname ist zu lang.' } },
    });
    pair.edit('Okafor', { firstName: 'Chidi Emmanuel' });
    await pair.run();
    await asStaff('manager', async (page) => {
      await page.goto('/pairs/beteiligte/jobs?state=given-up');
      await page.click('main tbody a');
      const told = await page.locator('main').innerText();
      expect(told).toContain('Das Feld vorname ist zu lang.');
      expect(told).toContain('The system refuses this record as it is');
      expect(await page.locator('tr.disputed').first().innerText()).toContain('given up');
      await page.click('.calls-made summary >> text=PUT /Beteiligte');
      expect(
        await page.locator('.calls-made pre').filter({ hasText: 'Chidi Emmanuel' }).count(),
      ).toBeGreaterThan(0);
      expect(await page.content()).not.toContain(pair.advoware.auth.password);
      await press(page, 'Try again now');
      await until(page, new URL(page.url()).pathname, 'Nothing is to be done');
    });
  });

  test('a deletion waits beside the approvals of kitchens; after a rejection the record stays', async () => {
    pair.remove('Rossi');
    await pair.run('whole');
    await pair.run('whole');
    await asStaff('manager', async (page) => {
      await page.goto('/approvals?pair=beteiligte');
      expect(await page.locator('.card').innerText()).toContain('1 deletion waits');
      await press(page, 'Reject: keep');
      expect(await status(page)).toContain('Both sides stay');
      expect([...pair.advoware.rows.values()].some((one) => one['name'] === 'Rossi')).toBe(true);
    });
  });

  test('a viewer sees all of it and can change nothing', async () => {
    await asStaff('viewer', async (page) => {
      for (const path of [
        '/systems/espo',
        '/pairs/beteiligte',
        '/pairs/beteiligte/jobs',
        '/conflicts?state=all',
      ]) {
        await page.goto(path);
        expect(await page.locator('main form[method=post]').count()).toBe(0);
      }
    });
  });

  test.each([
    ['light, on a desktop, in English', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
    [
      'dark, on a phone, in French',
      { colorScheme: 'dark', viewport: { width: 390, height: 844 }, locale: 'fr-FR' },
    ],
  ] as const)('can be used by everyone, and fit: %s', async (_name, options) => {
    const visitor = await visit(browser(), server(), options);
    await signInAs(visitor.page, await newUser(server(), 'admin'));
    const tabs = ['', '/links', '/plans', '/jobs', '/fields', '/runs', '/history'];
    const paths = [
      '/systems',
      '/systems/espo',
      '/pairs',
      ...tabs.map((tab) => `/pairs/beteiligte${tab}`),
      '/plans/1',
      '/pairs/beteiligte/runs/1',
      `/links/${await pair.linkOf('Meier')}`,
      '/conflicts?state=all',
      '/approvals?state=all',
    ];
    const found: string[] = [];
    for (const path of paths) {
      await visitor.page.goto(path);
      found.push(...(await faultsOf(visitor.page, path)));
    }
    expect(found).toEqual([]);
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });
});
