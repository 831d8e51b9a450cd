import { z } from 'zod';
import type { Cursor, Page } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import { cursorOf, positionIn } from '../listing-position';
import { itemsOf, type OpenedTable, selectedOf } from './opened-table';
import type { UsedTable } from './table';

/** How changes since an earlier listing are found, if the server can list them. */
export interface ChangeSource {
  /** The position after which a whole listing that begins now may miss changes. Null: changes cannot be listed. */
  now(signal: AbortSignal): Promise<string | null>;
  /** Throws `cursor-expired` if the server no longer has changes from that position on, or cannot read the position. */
  since(position: string, signal: AbortSignal): AsyncIterable<ChangePage>;
}

export interface ChangePage {
  readonly items: Page['items'];
  /** Where a later listing goes on once these items are stored. */
  readonly position: string;
}

export const pageSize = 1_000;

/**
 * `at`: where the changes begin that are not listed yet; null: the next listing lists everything. `after`: a listing of
 * everything is in progress and goes on after that key.
 */
interface Position {
  readonly at: string | null;
  readonly after?: string | undefined;
}

const position = z.strictObject({ at: z.string().nullable(), after: z.string().optional() });

/** `source` null: the table is listed whole every time. */
export async function* listTable(
  opened: OpenedTable,
  source: ChangeSource | null,
  since: Cursor | null,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  signal.throwIfAborted();
  const from = since === null ? null : positionIn(position, since);
  if (from === null || from.after !== undefined || source === null) {
    // A table that is always listed whole begins again, unless a listing was in progress.
    const isUnderWay = from?.after !== undefined;
    yield* wholeListing(opened, source, isUnderWay ? from : null, signal);
    return;
  }
  if (from.at === null) throw new Trouble('cursor-expired', 'its changes cannot be listed');
  for await (const { items, position: at } of source.since(from.at, signal))
    yield { items, cursor: cursorOf({ at }), isWhole: false };
}

/** The order is by key, so that a row that is changed meanwhile cannot move to a page that was already read. */
async function* wholeListing(
  opened: OpenedTable,
  source: ChangeSource | null,
  from: Position | null,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  const at = from === null ? ((await source?.now(signal)) ?? null) : from.at;
  // If changes cannot be listed, there is no position to go on from: the next listing lists everything again.
  const mark = (place: Position): Cursor | null => (source !== null && at === null ? null : cursorOf(place));
  let after = from?.after ?? null;
  for (;;) {
    const table = await opened.used(signal);
    const rows = await pageBehind(opened, table, after, signal);
    const items = itemsOf(table, rows);
    const last = items.at(-1);
    if (last === undefined || rows.length < pageSize) {
      yield { items, cursor: mark({ at }), isWhole: true };
      return;
    }
    after = last.key;
    yield { items, cursor: mark({ at, after }), isWhole: false };
  }
}

function pageBehind(opened: OpenedTable, table: UsedTable, after: string | null, signal: AbortSignal) {
  const { dialect, quoted } = opened;
  const key = dialect.shownPlain(table.key);
  const where = after === null ? '' : ` where ${key} > ${dialect.parameter(1, table.key)}`;
  const text = `select ${selectedOf(opened, table)} from ${quoted} as t${where} order by ${key} ${firstRows(pageSize)}`;
  return opened.run('list', { text, values: after === null ? [] : [after] }, signal);
}

/** The syntax of the SQL standard, which both databases support. */
export const firstRows = (count: number): string => `offset 0 rows fetch next ${count} rows only`;
