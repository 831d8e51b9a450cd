import { z } from 'zod';
import type { Cursor, Page } from '../../pipeline/system';
import { beginning, cursorOf, earlier, positionIn } from '../listing-position';
import type { Condition } from './api';
import type { Row } from './rows';

/** Rows of one entity type, up to a number, ordered by an attribute and then by their ids. */
export type ListRows = (wish: {
  readonly where: readonly Condition[];
  readonly orderBy: 'id' | 'modifiedAt';
  readonly order: 'asc' | 'desc';
  readonly most: number;
}) => Promise<readonly Row[]>;

export interface ListingSettings {
  readonly listRows: ListRows;
  readonly overlapMs: number;
  readonly pageOf: (rows: readonly Row[]) => Page['items'];
}

/** "Max size should not exceed 200." */
export const pageSize = 200;

/**
 * `at`: the newest change that was listed, by the server's clock. `after`: a listing of everything is in progress and
 * goes on after that id; `at` is then the newest change before it began.
 */
interface Position {
  readonly at: string;
  readonly after?: string | undefined;
}

const position = z.strictObject({ at: z.string(), after: z.string().optional() });

export function listPages(settings: ListingSettings, since: Cursor | null): AsyncGenerator<Page> {
  if (since === null) return wholeListing(settings, null);
  const from = positionIn(position, since);
  return from.after === undefined ? changes(settings, from.at) : wholeListing(settings, from);
}

/** The order is by id, so that a record that is changed meanwhile cannot move to a page that was already read. */
async function* wholeListing(settings: ListingSettings, from: Position | null): AsyncGenerator<Page> {
  const at = from?.at ?? (await newestChange(settings));
  let after = from?.after ?? '';
  for (;;) {
    const where: Condition[] = after === '' ? [] : [{ type: 'greaterThan', attribute: 'id', value: after }];
    const rows = await settings.listRows({ where, orderBy: 'id', order: 'asc', most: pageSize });
    const items = settings.pageOf(rows);
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageSize) {
      yield { items, cursor: cursorOf({ at }), isWhole: true };
      return;
    }
    after = last.id;
    yield { items, cursor: cursorOf({ at, after }), isWhole: false };
  }
}

async function newestChange({ listRows }: ListingSettings): Promise<string> {
  const [newest] = await listRows({ where: [], orderBy: 'modifiedAt', order: 'desc', most: 1 });
  return newest === undefined ? beginning : changedAt(newest);
}

/** It begins some time before the cursor, because an earlier write may have been committed since. */
async function* changes(settings: ListingSettings, at: string): AsyncGenerator<Page> {
  const from = earlier(at, settings.overlapMs);
  let where: Condition[] = [{ type: 'greaterThanOrEquals', attribute: 'modifiedAt', value: from }];
  let newest = at;
  for (;;) {
    const rows = await settings.listRows({ where, orderBy: 'modifiedAt', order: 'asc', most: pageSize });
    const last = rows.at(-1);
    if (last !== undefined && changedAt(last) > newest) newest = changedAt(last);
    yield { items: settings.pageOf(rows), cursor: cursorOf({ at: newest }), isWhole: false };
    if (last === undefined || rows.length < pageSize) return;
    where = [behind(last)];
  }
}

/** Many rows may have the same second. */
function behind(row: Row): Condition {
  const at = changedAt(row);
  return {
    type: 'or',
    all: [
      { type: 'greaterThan', attribute: 'modifiedAt', value: at },
      {
        type: 'and',
        all: [
          { type: 'equals', attribute: 'modifiedAt', value: at },
          { type: 'greaterThan', attribute: 'id', value: row.id },
        ],
      },
    ],
  };
}

function changedAt(row: Row): string {
  const at = row['modifiedAt'] ?? row['createdAt'];
  return typeof at === 'string' ? at : beginning;
}
