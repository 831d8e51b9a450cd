/** A list is read page by page, each page after the last row of the one before: rows that come meanwhile move nothing. */
export interface PageRequest<Key> {
  readonly limit: number;
  /** Key of the last row of the page before. Null: the first page. */
  readonly after: Key | null;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins. Null: this is the last. */
  readonly next: string | null;
}

/** Makes a page of `limit + 1` rows. The extra row shows that there is a next page. */
export function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (last: T) => string): Page<T> {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  return { items, next: rows.length > limit && last !== undefined ? cursorOf(last) : null };
}

export const mapPage = <T, U>(page: Page<T>, map: (item: T) => U): Page<U> => ({
  items: page.items.map(map),
  next: page.next,
});
