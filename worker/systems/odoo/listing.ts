import { z } from 'zod';
import type { Cursor, Item, Page } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import type { Domain } from './domain';

export interface ListingSettings {
  /** Of those that are behind `after`, at most so many, by their numbers. */
  readonly listRecords: (wish: RecordsWish) => Promise<readonly ListedRecord[]>;
  /** The date of the newest change of the model, as the server tells it; null: there is none. */
  readonly newestChange: () => Promise<string | null>;
  readonly overlapMs: number;
}

export interface RecordsWish {
  readonly where: Domain;
  readonly most: number;
  /** Archived records are told as deleted; else they are left out, unless the pair has them as well. */
  readonly tellsArchived: boolean;
}

export interface ListedRecord {
  readonly id: number;
  readonly item: Item;
}

/** Some fields of so many records are read in well under a second. */
export const pageSize = 500;

/**
 * `at`: the newest change there was before the listing began, by the server's clock. `after`: a listing is under way,
 * and goes on behind that number; of changes since `from`, or of everything.
 */
interface Position {
  readonly at: string;
  readonly from?: string | undefined;
  readonly after?: number | undefined;
}

const position = z.strictObject({ at: z.string(), from: z.string().optional(), after: z.int().optional() });

/**
 * Pages go by number, not by `write_date`: that is told in whole seconds and kept in microseconds, one transaction gives
 * one date to a hundred thousand records, and since version 19 `>` and `=` compare whole seconds where they did not before.
 * Only `>=` means the same in all of them.
 */
export function listPages(settings: ListingSettings, since: Cursor | null): AsyncGenerator<Page> {
  if (since === null) return pages(settings, null);
  const found = positionIn(since);
  if (found.after !== undefined) return pages(settings, found);
  return pages(settings, { from: earlier(found.at, settings.overlapMs) });
}

async function* pages(
  { listRecords, newestChange }: ListingSettings,
  begin: Partial<Position> | null,
): AsyncGenerator<Page> {
  // What is changed from here on is for the next listing, wherever this one is.
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

const beginning = '1970-01-01 00:00:00';

/** What was written earlier may have been committed since. */
function earlier(at: string, milliseconds: number): string {
  const then = Date.parse(`${at.replace(' ', 'T')}Z`) - milliseconds;
  if (Number.isNaN(then)) throw new Trouble('cursor-expired', 'its cursor is no time');
  return new Date(then).toISOString().slice(0, 19).replace('T', ' ');
}

const cursorOf = (at: Position): Cursor => JSON.stringify(at);

/** A cursor of an earlier version, or of other settings, is worth no more than none. */
function positionIn(cursor: Cursor): Position {
  try {
    return position.parse(JSON.parse(cursor));
  } catch {
    throw new Trouble('cursor-expired', 'its cursor cannot be read');
  }
}
