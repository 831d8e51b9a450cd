import type { Page } from './page';

/** One page of several lists, whose ids come from one counter, the newest first: each list brings a page of its own. */
export function newestOf<T extends { readonly id: string }>(
  pages: readonly Page<T>[],
  limit: number,
): Page<T> {
  const [only, ...others] = pages;
  if (only !== undefined && others.length === 0) return only;
  const all = pages
    .flatMap(({ items }) => items)
    .sort((one, other) => (BigInt(one.id) < BigInt(other.id) ? 1 : -1));
  const items = all.slice(0, limit);
  const last = items.at(-1);
  const goesOn = all.length > limit || pages.some(({ next }) => next !== null);
  return { items, next: goesOn && last !== undefined ? last.id : null };
}
