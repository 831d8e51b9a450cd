import { describeWithBrowser } from '../setup/chromium';
import { onServer } from '../v4/on-server';
import { type BusyKitchen, openBusyKitchen } from './busy-kitchen';
import { faultsOf } from './faults';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(240_000);

describeWithBrowser('Every page of the console', (browser) => {
  const server = onServer({}, { worker: true });
  let kitchen: BusyKitchen;
  beforeAll(async () => {
    kitchen = await openBusyKitchen(server());
  });

  const paths = (): string[] => [
    '/',
    '/solutions',
    '/solutions?search=nothing',
    '/solutions/new',
    ...['', '/syncs', '/params', '/params/Fridges', '/params/Fridges/71', '/params/Fridges/new'].map(
      ofKitchen,
    ),
    ...[
      '/readings',
      '/readings/Tbfridge',
      '/temperatures',
      '/alerts',
      '/photos',
      '/messages',
      '/settings',
    ].map(ofKitchen),
    `/syncs/${kitchen.sync}`,
    '/alerts',
    '/quarantine',
    '/conflicts',
    '/approvals',
    '/offline-files',
    '/templates',
    '/audit',
    '/notifications',
    '/me',
    '/users',
    '/users/1',
    '/notifications',
    '/me',
    '/accounts',
    '/background-work',
    `/accounts/${kitchen.account}`,
    '/nowhere',
  ];
  const ofKitchen = (path: string) => `/solutions/${kitchen.id}${path}`;

  test.each([
    ['light, on a desktop, in English', { colorScheme: 'light', viewport: { width: 1440, height: 900 } }],
    [
      'dark, on a tablet, in French',
      { colorScheme: 'dark', viewport: { width: 820, height: 1180 }, locale: 'fr-FR' },
    ],
  ] as const)('can be used by everyone, and fits: %s', async (_name, options) => {
    const email = await newUser(server(), 'admin');
    const visitor = await visit(browser(), server(), options);
    const { page } = visitor;
    await page.goto('/');
    const found = [...(await faultsOf(page, 'sign in'))];
    await signInAs(page, email);
    for (const path of paths()) {
      await page.goto(path);
      if (path.endsWith('/temperatures')) await page.waitForSelector('.chart canvas');
      found.push(...(await faultsOf(page, path)));
    }
    await page.goto('/quarantine');
    await page.locator('tbody th a').first().click();
    await page.waitForSelector('textarea');
    found.push(...(await faultsOf(page, 'an item of the quarantine')));
    await visitor.close();
    expect(found).toEqual([]);
  });

  test.each([1280, 390])(
    'shows one’s open sessions without scrolling sideways, %d pixels wide',
    async (width) => {
      const email = await newUser(server(), 'admin');
      const options = { locale: 'fr-FR', viewport: { width, height: 900 } };
      const [other, visitor] = [
        await visit(browser(), server(), options),
        await visit(browser(), server(), options),
      ];
      await signInAs(other.page, email);
      await signInAs(visitor.page, email);
      await server()
        .db('user_session')
        .update({ method: 'oidc', address: '2001:db8:85a3:8d3:1319:8a2e:370:7348' });
      await visitor.page.goto('/me');
      expect(await visitor.page.locator('tbody tr').count()).toBe(2);
      const [isTooWide] = await visitor.page
        .locator('.scroll')
        .evaluateAll((tables) => tables.map(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth));
      expect(isTooWide).toBe(false);
      await other.close();
      await visitor.close();
    },
  );
});
