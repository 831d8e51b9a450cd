import { source as axe } from 'axe-core';
import type { Page } from 'playwright-core';

/** What axe finds, and a page that is wider than the screen. */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  await page.evaluate(axe);
  const violations: Violation[] = await page.evaluate('axe.run().then(({ violations }) => violations)');
  const isTooWide: boolean = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
  return [
    ...violations.map(
      ({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
    ),
    ...(isTooWide ? [`${name}: wider than the screen`] : []),
  ];
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}
