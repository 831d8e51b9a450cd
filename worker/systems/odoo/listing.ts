import { z } from 'zod';
import type { Cursor, Item, Page } from '../../pipeline/system';
import { beginning, cursorOf, earlier, positionIn } from '../listing-position';
import type { Domain } from './domain';

export interface ListingSettings {
  /** Records after `after`, up to a number, ordered by their numbers. */
  readonly listRecords: (wish: RecordsWish) => Promise<readonly ListedRecord[]>;
  /** The date of the newest change of the model, as the server returns it; null: there is none. */
  readonly newestChange: () => Promise<string | null>;
  readonly overlapMs: number;
}

export interface RecordsWish {
  readonly where: Domain;
  readonly most: number;
  /** True: archived records are listed as deleted. False: they are left out, unless the pair includes them. */
  readonly tellsArchived: boolean;
}

export interface ListedRecord {
  readonly id: number;
  readonly item: Item;
}

/** Some fields of this many records are read in well under a second. */
export const pageSize = 500;

/**
 * `at`: the newest change before the listing began, by the server's clock. `after`: a listing is in progress and goes
 * on after that number; it lists changes since `from`, or everything.
 */
interface Position {
  readonly at: string;
  readonly from?: string | undefined;
  readonly after?: number | undefined;
}

const position = z.strictObject({ at: z.string(), from: z.string().optional(), after: z.int().optional() });

/**
 * Pages are ordered by number, not by `write_date`: Odoo returns it in whole seconds but stores microseconds, one
 * transaction may give the same date to a hundred thousand records, and `>` and `=` compare whole seconds only since
 * version 19. Only `>=` means the same in all versions.
 */
export function listPages(settings: ListingSettings, since: Cursor | null): AsyncGenerator<Page> {
  if (since === null) return pages(settings, null);
  const found = positionIn(position, since);
  if (found.after !== undefined) return pages(settings, found);
  return pages(settings, { from: earlier(found.at, settings.overlapMs) });
}

async function* pages(
  { listRecords, newestChange }: ListingSettings,
  begin: Partial<Position> | null,
): AsyncGenerator<Page> {
  // Changes from now on belong to the next listing, however far this one is.
  const at = begin?.at ?? (await newestChange()) ?? beginning;
  const from = begin?.from;
  let after = begin?.after;
  for (;;) {
    const where: Domain = [
      ...(from === undefined ? [] : [['write_date', '>=', from]]),
      ...(after === undefined ? [] : [['id', '>', after]]),
    ];
    const tellsArchived = from !== undefined;
    const records = await listRecords({ where, most: pageSize, tellsArchived });
    const items = records.map(({ item }) => item);
    const last = records.at(-1);
    if (last === undefined || records.length < pageSize) {
      yield { items, cursor: cursorOf({ at }), isWhole: from === undefined };
      return;
    }
    after = last.id;
    yield { items, cursor: cursorOf({ at, from, after }), isWhole: false };
  }
}
