import type { Page, System } from '../pipeline/system';

/** Which of these keys belong to a link. */
export type LinkedAmong = (keys: readonly string[]) => Promise<ReadonlySet<string>>;

/**
 * Wraps the side to which a pair only writes, so that documents that others put there are not listed: they have no link,
 * and nothing of them goes to the other side.
 */
export const withoutOthers = (system: System, linkedAmong: LinkedAmong): System => ({
  ...system,
  async *list(since, signal) {
    for await (const page of system.list(since, signal)) yield await onlyLinked(page, linkedAmong);
  },
});

async function onlyLinked(page: Page, linkedAmong: LinkedAmong): Promise<Page> {
  const linked = await linkedAmong(page.items.map(({ key }) => key));
  const others = page.items.filter(({ key }) => !linked.has(key));
  if (others.length === 0) return page;
  return {
    ...page,
    items: page.items.filter(({ key }) => linked.has(key)),
    leftOut: [...(page.leftOut ?? []), ...others.map(({ key }) => key)],
  };
}
