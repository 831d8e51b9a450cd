import type { Item, System, Written } from '../pipeline/system';

/**
 * Wraps a system of documents so that its folders show no fields and get none: the fields of a pair are those of its
 * documents.
 */
export const fieldsOfFiles = (system: System): System => ({
  ...system,
  async *list(since, signal) {
    for await (const page of system.list(since, signal)) yield { ...page, items: page.items.map(shown) };
  },
  async fetch(keys, signal) {
    const found = await system.fetch(keys, signal);
    return new Map([...found].map(([key, item]) => [key, shown(item)]));
  },
  find: async (match, signal) => (await system.find(match, signal)).map(shown),
  create: async (key, draft, signal) =>
    shownWritten(await system.create(key, draft.isFolder ? { ...draft, fields: {} } : draft, signal)),
  update: async (key, patch, expected, signal) =>
    shownWritten(await system.update(key, patch, expected, signal)),
  move: async (key, place, expected, signal) => shownWritten(await system.move(key, place, expected, signal)),
});

const shown = (item: Item): Item => (item.isFolder ? { ...item, fields: {} } : item);

function shownWritten(written: Written): Written {
  if (written.kind === 'done') return { ...written, item: shown(written.item) };
  if (written.kind !== 'stale' || written.item === undefined || written.item === null) return written;
  return { ...written, item: shown(written.item) };
}
