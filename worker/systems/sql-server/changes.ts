import { Trouble } from '../../pipeline/trouble';
import { type Item, tombstone } from '../../pipeline/system';
import type { SqlRow } from '../sql/driver';
import { type ChangeSource, firstRows, pageSize } from '../sql/listing';
import { itemOf, itemsOf, type OpenedTable, revisionText, selectedOf, textOf } from '../sql/opened-table';
import type { UsedTable } from '../sql/table';
import { fieldValueOf } from '../sql/values';
import { parameterOf, quote, shownIn } from './columns';

/**
 * Changes by Change Tracking: it has versions of the database, which increase as transactions are committed, and
 * deletions. It forgets old changes after some time: a listing from before that has to list everything, and concludes
 * nothing from missing rows.
 */
export function createTrackedChanges(opened: OpenedTable): ChangeSource {
  const { quoted, use } = opened;

  async function versions(
    signal: AbortSignal,
  ): Promise<{ readonly current: bigint; readonly oldest: bigint }> {
    const text = `select convert(nvarchar(20), change_tracking_current_version()), convert(nvarchar(20), change_tracking_min_valid_version(object_id(@p1)))`;
    const [row] = await opened.run('list', { text, values: [quoted] }, signal);
    const [current = null, oldest = null] = row ?? [];
    if (current === null || oldest === null)
      throw new Trouble(
        'fields',
        `the changes of ${use.table} are not tracked, or our user may not see them: enable CHANGE_TRACKING for database and table and grant VIEW CHANGE TRACKING, or set "changes: rowversion"`,
      );
    return { current: BigInt(String(current)), oldest: BigInt(String(oldest)) };
  }

  /** A version from before a restore is unknown, like one that was cleaned up. */
  async function checked(since: bigint, signal: AbortSignal): Promise<bigint> {
    const { current, oldest } = await versions(signal);
    if (since < oldest || since > current)
      throw new Trouble('cursor-expired', `its changes since version ${since} are not known any more`);
    return current;
  }

  function changedBehind(table: UsedTable, since: bigint, after: string | null, signal: AbortSignal) {
    const key = `c.${quote(table.key.name)}`;
    const where = after === null ? '' : ` where ${key} > ${parameterOf(2, table.key)}`;
    const text = `declare @since bigint = cast(@p1 as bigint);
select c.SYS_CHANGE_OPERATION, ${shownIn('c', table.key)}, ${selectedOf(opened, table)} from changetable(changes ${quoted}, @since) as c left join ${quoted} as t on t.${quote(table.key.name)} = ${key}${where} order by ${key} ${firstRows(pageSize)}`;
    return opened.run('list', { text, values: [String(since), ...(after === null ? [] : [after])] }, signal);
  }

  return {
    now: async (signal) => String((await versions(signal)).current),
    async *since(position, signal) {
      const place = placeIn(position);
      const next = place.next ?? (await checked(place.since, signal));
      let { after } = place;
      for (;;) {
        const table = await opened.used(signal);
        const rows = await changedBehind(table, place.since, after, signal);
        const items = rows.map((row) => changedItem(table, row));
        after = items.at(-1)?.key ?? after;
        const isLast = rows.length < pageSize;
        // Changes that were cleaned up during the listing are missing in it.
        if (isLast) await checked(place.since, signal);
        yield {
          items,
          position: isLast ? String(next) : JSON.stringify([String(place.since), String(next), after]),
        };
        if (isLast) return;
      }
    },
  };
}

interface Place {
  readonly since: bigint;
  /** Where the next listing begins after this one; null: this one is at its beginning. */
  readonly next: bigint | null;
  readonly after: string | null;
}

function placeIn(position: string): Place {
  if (/^\d{1,19}$/.test(position)) return { since: BigInt(position), next: null, after: null };
  const [, since, next, after] = /^\["(\d{1,19})","(\d{1,19})",(".*")\]$/s.exec(position) ?? [];
  if (since === undefined || next === undefined || after === undefined) throw unreadable();
  return { since: BigInt(since), next: BigInt(next), after: String(JSON.parse(after)) };
}

const unreadable = () => new Trouble('cursor-expired', 'its cursor cannot be read');

/** A deleted row has no columns; a row that was deleted after its change has none either. */
function changedItem(table: UsedTable, [, key = null, ...row]: SqlRow): Item {
  return itemOf(table, row) ?? tombstone(textOf(fieldValueOf(table.key, key)));
}

/**
 * Changes by a rowversion: each write takes the next number of the database. Writes of open transactions are left for
 * the next listing, with all later ones. It has no deletions.
 */
export function createVersionedChanges(opened: OpenedTable): ChangeSource {
  const { quoted } = opened;
  const now = async (signal: AbortSignal): Promise<string> => {
    const text = 'select convert(varchar(18), min_active_rowversion(), 1)';
    const [row] = await opened.run('list', { text, values: [] }, signal);
    return revisionText(row?.[0] ?? null).toLowerCase();
  };
  return {
    now,
    async *since(position, signal) {
      if (!/^0x[0-9a-f]{16}$/.test(position)) throw unreadable();
      const until = await now(signal);
      if (position > until)
        throw new Trouble('cursor-expired', 'its database is not the one that was listed');
      let from = position;
      for (;;) {
        const table = await opened.used(signal);
        const revision = table.revision;
        if (revision === null) throw new Trouble('fields', `${opened.use.table} has no revision to go by`);
        const plain = `t.${quote(revision.name)}`;
        const where = `${plain} >= ${parameterOf(1, revision)} and ${plain} < ${parameterOf(2, revision)}`;
        const text = `select ${selectedOf(opened, table)} from ${quoted} as t where ${where} order by ${plain} ${firstRows(pageSize)}`;
        const rows = await opened.run('list', { text, values: [from, until] }, signal);
        const items = itemsOf(table, rows);
        const last = items.at(-1);
        const isLast = rows.length < pageSize || last === undefined;
        from = isLast ? until : behind(last.revision);
        yield { items, position: from };
        if (isLast) return;
      }
    },
  };
}

const behind = (revision: string): string => `0x${(BigInt(revision) + 1n).toString(16).padStart(16, '0')}`;
