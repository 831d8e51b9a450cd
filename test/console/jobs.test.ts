import type { Browser, Page } from 'playwright-core';
import { describeWithBrowser } from '../setup/chromium';
import { onServer } from '../v4/on-server';
import { type BusyKitchen, openBusyKitchen } from './busy-kitchen';
import { newUser, password, signInAs, visit, type Visitor } from './staff';

describeWithBrowser('The console in a browser', (browser) => {
  const server = onServer({}, { worker: true });
  let kitchen: BusyKitchen;
  beforeAll(async () => {
    kitchen = await openBusyKitchen(server());
  });

  test('helps in a support call: what happened, in which file, which row, why, what to do; and repairs it', async () => {
    const email = await newUser(server(), 'manager', [kitchen.account]);
    await asStaff(browser(), email, async (page) => {
      await page.click('nav >> text=Solutions');
      await page.fill('input[name=search]', kitchen.name);
      await page.keyboard.press('Enter');
      await page.click(`tbody a >> text=${kitchen.name}`);

      const finding = page.locator('.findings > li', { hasText: 'A reading was refused' });
      await finding.waitFor();
      const told = await finding.innerText();
      expect(told).toContain('csv/Tbfridge.csv');
      expect(told).toContain('line 4');
      expect(told).toContain('Id 3');
      expect(told).toContain('-200');
      expect(told).toContain('Correct it');

      await finding.locator('a', { hasText: 'Correct' }).click();
      const text = page.locator('textarea[name=text]');
      await text.fill((await text.inputValue()).replace('3999', '3.9'));
      await page.click('button >> text=Process again');
      await page.waitForURL(/\/syncs\//);
      // The page follows the sync by itself.
      await page.locator('.progress .badge', { hasText: 'to fetch' }).waitFor();
      expect(await page.locator('.progress li.done').count()).toBe(4);

      await page.goto(`/solutions/${kitchen.id}/readings/Tbfridge`);
      expect(await page.locator('tbody tr').first().innerText()).toContain('3.9');
      await page.goto('/quarantine?state=replayed');
      expect(await page.locator('tbody').innerText()).toContain('csv/Tbfridge.csv');
      await page.request.post(`${server().url}/v4/synchro/confirm`, { headers: kitchen.client.authorized });
    });
  });

  test('changes a limit, shows who changed what, and refuses to overwrite what someone else changed since', async () => {
    const email = await newUser(server(), 'manager', [kitchen.account]);
    await asStaff(
      browser(),
      email,
      async (page) => {
        const path = `/solutions/${kitchen.id}/params/Fridges/71`;
        await page.goto(path);
        const other = await page.context().newPage();
        await other.goto(path);
        await page.fill('input[name="f.TempMax"]', '2,5');
        await page.click('button >> text=Save');
        await page.locator('[role=status]', { hasText: 'Saved' }).waitFor();
        const history = await page.locator('.timeline > li').first().innerText();
        expect(history).toContain(email);
        expect(history).toMatch(/Highest temperature:\s*3\s*→\s*2\.5/);

        await other.fill('input[name="f.TempMax"]', '1');
        await other.click('button >> text=Save');
        expect(await other.locator('[role=alert]').innerText()).toContain(
          'It has changed since you opened it',
        );
        await other.close();
      },
      [412],
    );
  });

  test('is worked by the keyboard alone, from sign-in to a message that waits for the kitchen', async () => {
    const email = await newUser(server(), 'manager', [kitchen.account]);
    const visitor = await visit(browser(), server());
    const { page } = visitor;
    await page.goto('/');
    // The first field has the focus already.
    await page.keyboard.type(email);
    await page.keyboard.press('Tab');
    await page.keyboard.type(password);
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1 >> text=Overview');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    await tabTo(page, 'Solutions');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h1 >> text=Solutions');
    await tabTo(page, kitchen.name);
    await page.keyboard.press('Enter');
    await page.waitForSelector(`h1 >> text=${kitchen.name}`);
    await tabTo(page, 'Messages');
    await page.keyboard.press('Enter');
    await page.waitForSelector('h2 >> text=Write a message');
    await tabTo(page, 'subject');
    await page.keyboard.type('Thermometers');
    await page.keyboard.press('Tab');
    await page.keyboard.type('The yearly check is on Thursday.');
    await tabTo(page, 'Send');
    await page.keyboard.press('Enter');
    await page.locator('[role=status]', { hasText: 'will be sent' }).waitFor();
    const message = await page.locator('.messages li').first().innerText();
    expect(message).toContain('Thermometers');
    expect(message).toContain('waits');
    expect(visitor.complaints).toEqual([]);
    await visitor.close();
  });

  test('works without JavaScript: a conflict is decided, a flag is set for many, the table contains the values of the chart', async () => {
    const email = await newUser(server(), 'manager', [kitchen.account]);
    const visitor = await visit(browser(), server(), { javaScriptEnabled: false });
    const { page } = visitor;
    await signInAs(page, email);

    await page.click('nav >> text=Conflicts');
    const row = await page.locator('tr.disputed').innerText();
    expect(row.replace(/\s+/g, ' ')).toMatch(/Highest temperature ?disputed 4 3 5/);
    await page.click('button >> text=Keep the kitchen’s');
    expect(await page.locator('[role=status]').innerText()).toContain('Decided');
    await page.goto(`/solutions/${kitchen.id}/params/Fridges/81`);
    expect(await page.inputValue('input[name="f.TempMax"]')).toBe('5');

    await page.goto(`/solutions?search=${encodeURIComponent(kitchen.name)}`);
    await page.selectOption('#bulk select[name=flag]', 'resend-logs');
    await page.selectOption('#bulk select[name=channel]', 'sondes');
    await page.selectOption('#bulk select[name=scope]', 'all');
    await page.click('button >> text=Set the flag');
    expect(await page.locator('[role=status]').innerText()).toContain('set for all');
    await page.goto(`/solutions/${kitchen.id}`);
    expect(await page.locator('#flags').innerText()).toContain('Solution sends its readings again');

    await page.goto(`/solutions/${kitchen.id}/temperatures`);
    expect(await page.locator('.chart').innerText()).toContain('needs JavaScript');
    expect(await page.locator('table').first().innerText()).toContain('8.5 °C');
    await visitor.close();
  });

  test('draws the temperatures against their limits', async () => {
    const email = await newUser(server(), 'viewer', [kitchen.account]);
    await asStaff(browser(), email, async (page) => {
      await page.goto(`/solutions/${kitchen.id}/temperatures`);
      await page.waitForSelector('.chart canvas');
      const series = await page.request.get(`/solutions/${kitchen.id}/temperatures/series?probe=P1&days=7`);
      const drawn = (await series.json()) as { max: number; points: number[][]; alerts: { kind: string }[] };
      expect(drawn.max).toBeLessThanOrEqual(3);
      expect(drawn.points.length).toBeGreaterThan(100);
      expect(drawn.alerts.map(({ kind }) => kind)).toEqual(['high']);
      expect(await page.evaluate(hasLimitLine)).toBe(true);
    });
  });

  test('says so if the readings of a chart cannot be loaded, and leads to the sign-in if the session has ended', async () => {
    const email = await newUser(server(), 'viewer', [kitchen.account]);
    const visitor = await visit(browser(), server());
    const { page } = visitor;
    await signInAs(page, email);
    await page.route('**/temperatures/series?*', (route) => route.abort());
    await page.goto(`/solutions/${kitchen.id}/temperatures`);
    await page.locator('.chart', { hasText: 'could not be loaded' }).waitFor();

    await page.goto('/');
    await page.context().clearCookies();
    await page.evaluate(`htmx.ajax('GET', '/', { source: '#live', select: '#live' })`);
    await page.waitForSelector('input[name=password]');
    await visitor.close();
  });

  test('shows a viewer everything and lets them change nothing', async () => {
    const email = await newUser(server(), 'viewer', [kitchen.account]);
    await asStaff(browser(), email, async (page) => {
      for (const path of ['', '/params/Fridges/71', '/messages', '/settings', '/syncs']) {
        await page.goto(`/solutions/${kitchen.id}${path}`);
        expect(await page.locator('main form[method=post] button:enabled').count()).toBe(0);
      }
      await page.goto('/approvals');
      expect(await page.locator('main button').count()).toBe(0);
      expect(await page.locator('.card').count()).toBe(1);
    });
  });

  async function asStaff(
    from: Browser,
    email: string,
    work: (page: Page) => Promise<void>,
    refusals: readonly number[] = [],
  ): Promise<void> {
    const visitor: Visitor = await visit(from, server());
    await signInAs(visitor.page, email);
    await work(visitor.page);
    const foreseen = (complaint: string) =>
      refusals.some((status) => complaint.includes(`status of ${status}`));
    expect(visitor.complaints.filter((complaint) => !foreseen(complaint))).toEqual([]);
    await visitor.close();
  }
});

/** Presses Tab until what has the focus is called so. */
async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    await page.keyboard.press('Tab');
    if ((await focused(page)) === name) return;
  }
  throw new Error(`Tab does not lead to "${name}"`);
}

/** The text of what has the focus, or the name of the field. */
const focused = (page: Page): Promise<string> =>
  page.evaluate(`(() => {
    const at = document.activeElement;
    return (at?.getAttribute('name') || at?.querySelector('span')?.textContent || at?.textContent || '').trim();
  })()`);

/** Red enough to be the line of a limit, wherever it lies between two rows of pixels. */
const hasLimitLine = `(() => {
  const canvas = document.querySelector('.chart canvas');
  const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  for (let at = 0; at < data.length; at += 4) {
    if (data[at] > 150 && data[at + 1] < 120 && data[at + 2] < 120 && data[at + 3] > 120) return true;
  }
  return false;
})()`;
