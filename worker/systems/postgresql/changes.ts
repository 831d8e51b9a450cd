import { z } from 'zod';
import { Trouble } from '../../pipeline/trouble';
import { type ChangeSource, firstRows, pageSize } from '../sql/listing';
import { itemsOf, type OpenedTable, selectedOf } from '../sql/opened-table';
import type { SqlRow } from '../sql/driver';
import type { UsedTable } from '../sql/table';

/**
 * Changes by a column with the time of the last change. A listing begins some time before the end of the previous one,
 * because a transaction that began earlier may have been committed since. A column of another type does not increase
 * reliably: then changes cannot be listed.
 */
export function createTimedChanges(opened: OpenedTable, overlapMinutes: number): ChangeSource {
  const { dialect, quoted } = opened;

  async function newest(time: string, signal: AbortSignal): Promise<string> {
    const text = `select max(${time}) from ${quoted} as t`;
    const [row] = await opened.run('list', { text, values: [] }, signal);
    return String(row?.[0] ?? beginning);
  }

  /** Behind a row in the order of time and key, or from a time on. */
  async function rowsFrom(table: UsedTable, time: string, from: From, signal: AbortSignal) {
    const key = dialect.shownPlain(table.key);
    const where =
      from.key === null
        ? `${time} >= $1::${table.revision?.type ?? 'timestamptz'} - make_interval(mins => $2::int)`
        : `(${time}, ${key}) > ($1, $2)`;
    const text = `select ${selectedOf(opened, table)}, ${time} from ${quoted} as t where ${where} order by ${time}, ${key} ${firstRows(pageSize)}`;
    return opened.run('list', { text, values: [from.time, from.key ?? String(overlapMinutes)] }, signal);
  }

  return {
    async now(signal) {
      const table = await opened.used(signal);
      const time = timeOf(opened, table);
      return time === null ? null : newest(time, signal);
    },
    async *since(position, signal) {
      const table = await opened.used(signal);
      const time = timeOf(opened, table);
      if (time === null || !timeText.safeParse(position).success)
        throw new Trouble('cursor-expired', 'its cursor is no time');
      let from: From = { time: position, key: null };
      let last = position;
      for (;;) {
        const rows = await rowsFrom(table, time, from, signal);
        const items = itemsOf(table, rows);
        from = { time: timeIn(rows) ?? from.time, key: items.at(-1)?.key ?? null };
        if (isLater(from.time, last)) last = from.time;
        yield { items, position: last };
        if (rows.length < pageSize || from.key === null) return;
      }
    },
  };
}

interface From {
  readonly time: string;
  /** Null: from that time on, and some time before it. */
  readonly key: string | null;
}

const beginning = '1970-01-01 00:00:00+00';
const timeText = z.string().regex(/^\d{4,}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?(\+00)?$/);

/** Null: the revision is not a time. */
const timeOf = ({ dialect }: OpenedTable, { revision }: UsedTable): string | null =>
  revision?.kind === 'datetime' ? dialect.shownPlain(revision) : null;

const timeIn = (rows: readonly SqlRow[]): string | null => {
  const time = rows.at(-1)?.at(-1);
  return typeof time === 'string' ? time : null;
};

/** Both as the server wrote them: their fractions may have different numbers of digits. */
const isLater = (one: string, other: string): boolean => comparable(one) > comparable(other);

const comparable = (time: string): string => {
  const [, whole = '', fraction = ''] = /^([^.+]*)(?:\.(\d+))?/.exec(time) ?? [];
  return `${whole}.${fraction.padEnd(6, '0')}`;
};
