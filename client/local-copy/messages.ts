import { csvFile, type LocalCopy } from './local-copy';
import { headerLine, type RowAtHand, rewriteTable, rowOf, scanTable, type TableHeader } from './table-file';

/** The manager's messages to this solution. */
export interface ManagerMessage {
  /** Below zero. */
  readonly id: string;
  /** `message`, `analysis` or `probe-alert`. */
  readonly kind: string;
  readonly subject: string;
  readonly body: string;
  /** RFC 3339; empty: nobody has read it. */
  readonly readAt: string;
}

/** The latest first. */
export async function managerMessages(copy: LocalCopy): Promise<readonly ManagerMessage[]> {
  const rows: { key: string; cells: string[] }[] = [];
  const header = await scanTable(tableFile(copy), 'Id', (row) => {
    if (isManagers(row)) rows.push({ key: row.key, cells: row.cells() });
  });
  if (header === null) return [];
  const at = (cells: readonly string[], name: string) => cells[cellOf(header, name)] ?? '';
  return rows
    .map(({ key, cells }) => ({
      id: key,
      kind: at(cells, 'Kind'),
      subject: at(cells, 'Subject'),
      body: at(cells, 'Body'),
      readAt: at(cells, 'ReadAt'),
    }))
    .sort((one, other) => (BigInt(one.id) < BigInt(other.id) ? -1 : 1));
}

/**
 * Records that somebody at the device has read messages of the manager; the next sync on `messagerie` sends the
 * receipts.
 * @param ids default: all unread messages. @returns those that were unread.
 */
export function readMessages(
  copy: LocalCopy,
  now: Date,
  ids?: readonly string[],
): Promise<readonly string[]> {
  return copy.exclusively(async () => {
    const unread = (await managerMessages(copy)).filter(({ readAt }) => readAt === '').map(({ id }) => id);
    const news = new Set(ids === undefined ? unread : unread.filter((id) => ids.includes(id)));
    if (news.size === 0) return [];
    // The receipts are recorded first: an extra receipt only says that the message has arrived.
    await copy.changeState((state) => {
      const { messagerie } = state.channels;
      const receipts = [...new Set([...messagerie.owed.receipts, ...news])];
      const owed = { ...messagerie.owed, receipts };
      return { ...state, channels: { ...state.channels, messagerie: { ...messagerie, owed } } };
    });
    await copy.files.write(tableFile(copy), withReadAt(copy, news, now.toISOString()));
    return [...news];
  });
}

/** Ids of the manager's messages are below zero, and the solution's own are not; −1 is not an id. */
const isManagers = ({ key }: RowAtHand) => /^-[1-9]\d{0,17}$/.test(key) && key !== '-1';

const tableFile = (copy: LocalCopy) => csvFile(copy.dir, 'Tbmessagerie');

const cellOf = ({ columns }: TableHeader, name: string) =>
  columns.findIndex((column) => column.toLowerCase() === name.toLowerCase());

async function* withReadAt(
  copy: LocalCopy,
  ids: ReadonlySet<string>,
  readAt: string,
): AsyncGenerator<Buffer> {
  let header: TableHeader = { columns: [], delimiter: ',' };
  const pieces = rewriteTable(tableFile(copy), 'Id', {
    header: (was) => {
      header = cellOf(was, 'ReadAt') < 0 ? { ...was, columns: [...was.columns, 'ReadAt'] } : was;
      return header;
    },
    row: (row) => {
      if (!ids.has(row.key)) return Buffer.from(row.raw());
      const cells = row.cells();
      const at = cellOf(header, 'ReadAt');
      return rowOf(
        header.columns.map((_, place) => (place === at ? readAt : (cells[place] ?? ''))),
        header.delimiter,
      );
    },
    brokenRow: (raw) => Buffer.from(raw),
  });
  for await (const piece of pieces) yield Buffer.isBuffer(piece) ? piece : headerLine(piece);
}
