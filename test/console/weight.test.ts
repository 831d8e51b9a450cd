import type { Browser, Request } from 'playwright-core';
import { describeWithBrowser } from '../setup/chromium';
import type { TestServer } from '../setup/server';
import { onServer } from '../v4/on-server';
import { type BusyKitchen, openBusyKitchen } from './busy-kitchen';
import { newUser, signInAs, visit } from './staff';

jest.setTimeout(240_000);

const maxBytes = 100_000;

describeWithBrowser('The weight of a page, in a browser that has loaded nothing before', (browser) => {
  const server = onServer({}, { worker: true });
  let kitchen: BusyKitchen;
  beforeAll(async () => {
    kitchen = await openBusyKitchen(server());
  });

  test.each([
    ['the first page of a stranger', 'nobody', '/'],
    ['the overview', 'admin', '/'],
    ['the list of solutions', 'admin', '/solutions'],
  ] as const)('%s is at most 100 KB in two round trips', async (_name, who, path) => {
    const loaded = await firstLoad(browser(), server(), { who, path });
    expect(loaded.bytes).toBeLessThanOrEqual(maxBytes);
    expect(loaded.documents).toBe(1);
    expect(loaded.assets.length).toBeGreaterThan(2);
    expect(loaded.assets.filter((url) => !loaded.html.includes(`"${url}"`))).toEqual([]);
  });

  test('the temperatures with their chart are at most 100 KB', async () => {
    const path = `/solutions/${kitchen.id}/temperatures`;
    expect((await firstLoad(browser(), server(), { who: 'admin', path })).bytes).toBeLessThanOrEqual(
      maxBytes,
    );
  });

  test('A second page loads nothing but itself', async () => {
    const visitor = await visit(browser(), server());
    const { page } = visitor;
    await signInAs(page, await newUser(server(), 'admin'));
    await page.goto('/', { waitUntil: 'networkidle' });
    await page.goto('/solutions', { waitUntil: 'networkidle' });
    const fromServer = await page.evaluate<string[]>(
      `performance.getEntriesByType('resource').filter(({ transferSize }) => transferSize > 0).map(({ name }) => name)`,
    );
    await visitor.close();
    expect(fromServer).toEqual([]);
  });

  test.each([
    ['br', 'br, gzip'],
    ['gzip', 'gzip, deflate'],
    [null, 'identity'],
    [null, 'br;q=0'],
  ])('An asset is sent with the encoding %j to a browser that accepts %j', async (encoding, accepted) => {
    const html = await (await fetch(server().url)).text();
    const path = /\/assets\/\w+\/console\.css/.exec(html)?.[0] ?? '';
    const whole = await (
      await fetch(`${server().url}${path}`, { headers: { 'accept-encoding': 'identity' } })
    ).text();
    const response = await fetch(`${server().url}${path}`, { headers: { 'accept-encoding': accepted } });
    expect(response.headers.get('content-encoding')).toBe(encoding);
    expect(response.headers.get('vary')).toContain('Accept-Encoding');
    expect(response.headers.get('content-type')).toContain('text/css');
    expect(await response.text()).toBe(whole);
  });
});

interface FirstLoad {
  /** With the headers of the responses. */
  readonly bytes: number;
  /** How many documents were requested: redirects cost a round trip each. */
  readonly documents: number;
  readonly html: string;
  /** Paths. */
  readonly assets: readonly string[];
}

async function firstLoad(
  browser: Browser,
  server: TestServer,
  { who, path }: { readonly who: 'nobody' | 'admin'; readonly path: string },
): Promise<FirstLoad> {
  const first = await visit(browser, server);
  if (who === 'admin') await signInAs(first.page, await newUser(server, 'admin'));
  const storageState = await first.page.context().storageState();
  await first.close();
  const visitor = await visit(browser, server, { storageState });
  const { page } = visitor;
  const requests: Request[] = [];
  page.on('request', (request) => requests.push(request));
  const document = await page.goto(path, { waitUntil: 'networkidle' });
  const html = (await document?.text()) ?? '';
  const sizes = await Promise.all(requests.map((request) => request.sizes()));
  await visitor.close();
  const isDocument = (request: Request) => request.resourceType() === 'document';
  return {
    bytes: sizes.reduce((sum, size) => sum + size.responseBodySize + size.responseHeadersSize, 0),
    documents: requests.filter(isDocument).length,
    html,
    assets: requests.filter((one) => !isDocument(one)).map((one) => new URL(one.url()).pathname),
  };
}
