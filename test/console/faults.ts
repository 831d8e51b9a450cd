import path from 'node:path';
import { source as axe } from 'axe-core';
import type { Page } from 'playwright-core';

/**
 * The findings of axe, and whether a page is wider than the screen. With EPACK_TEST_SCREENSHOTS=FOLDER it also takes a
 * picture of the page, for people to look at.
 */
export async function faultsOf(page: Page, name: string): Promise<string[]> {
  await photograph(page, name);
  await page.evaluate(axe);
  // Descriptions of all that is in order take axe longer than looking for what is not.
  const violations: Violation[] = await page.evaluate(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  );
  return [
    ...violations.map(
      ({ id, nodes }) => `${name}: ${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(' | ')}`,
    ),
    ...(await widthFaultOf(page, name)),
  ];
}

/** Whether a page is wider than the screen, where its colours and its structure have been judged already. */
export async function widthFaultOf(page: Page, name: string): Promise<string[]> {
  const isTooWide: boolean = await page.evaluate('document.documentElement.scrollWidth > window.innerWidth');
  return isTooWide ? [`${name}: wider than the screen`] : [];
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string }[];
}

async function photograph(page: Page, name: string): Promise<void> {
  const folder = process.env['EPACK_TEST_SCREENSHOTS'];
  if (folder === undefined) return;
  const size = page.viewportSize()?.width ?? 0;
  const file = `${name.replaceAll(/[^\w-]+/g, '_')}-${size}.png`;
  await page.screenshot({ path: path.join(folder, file), fullPage: true });
}
