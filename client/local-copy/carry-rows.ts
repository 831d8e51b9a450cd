import { inOrder, type Op } from './carry-settings';
import type { DurableFiles } from './durable-files';
import type { FailedInstruction } from './sync-state';
import { headerLine, type RowAtHand, rewriteTable, rowOf, scanTable, type TableHeader } from './table-file';

/** One file of the instruction package, about one table. */
export interface RowInstructions {
  /** Name in the package. */
  readonly file: string;
  readonly op: Op;
  /** The path on the disk. A replacement may be large, so it is not read into memory. */
  readonly path: string;
}

export interface TableToCarry {
  /** The path on the disk; the file need not exist. */
  readonly path: string;
  readonly keyColumn: string;
  /** Rows above this id have not been sent yet: a replacement keeps them. Null: it replaces all rows. */
  readonly highestSent: bigint | null;
}

/** Applies instructions to the rows of one table, in one step. Applying them again to the result changes nothing. */
export async function carryRows(
  files: DurableFiles,
  table: TableToCarry,
  instructions: readonly RowInstructions[],
): Promise<{ readonly carried: number; readonly failed: readonly FailedInstruction[] }> {
  const replacement = instructions.find(({ op }) => op === 'r') ?? null;
  const carrier = createCarrier(
    table.keyColumn,
    replacement,
    await readTold(table, instructions),
    replacement === null ? noRows() : await readUnsent(table),
  );
  await files.write(table.path, nextTable(table, replacement?.path ?? table.path, carrier));
  return carrier.result;
}

/** A row by the names of its columns, in lower case: case does not count in names. */
type NamedRow = ReadonlyMap<string, string>;

interface ToldRow {
  readonly file: string;
  readonly op: Op;
  readonly row: NamedRow;
}

interface Rows<T> {
  readonly columns: readonly string[];
  readonly byKey: Map<string, T>;
}

/** The device fills this column: a repeated message of the manager does not contain it. */
const ownColumns = ['readat'];

const noRows = (): Rows<NamedRow> => ({ columns: [], byKey: new Map() });

async function readTold(
  table: TableToCarry,
  instructions: readonly RowInstructions[],
): Promise<Rows<ToldRow>> {
  const columns: string[] = [];
  const byKey = new Map<string, ToldRow>();
  for (const { file, op, path } of inOrder(instructions)) {
    if (op === 'r') continue;
    const rows = await readRows(path, table.keyColumn, () => true);
    columns.push(...rows.columns);
    for (const [key, row] of rows.byKey) byKey.set(key, { file, op, row });
  }
  return { columns, byKey };
}

/** Rows that were added since the upload was built. */
async function readUnsent({ path, keyColumn, highestSent }: TableToCarry): Promise<Rows<NamedRow>> {
  if (highestSent === null) return noRows();
  return readRows(path, keyColumn, (key) => /^\d+$/.test(key) && BigInt(key) > highestSent);
}

async function readRows(
  path: string,
  keyColumn: string,
  isWanted: (key: string) => boolean,
): Promise<Rows<NamedRow>> {
  const found: { key: string; cells: string[] }[] = [];
  const header = await scanTable(path, keyColumn, (row) => {
    if (isWanted(row.key)) found.push({ key: row.key, cells: row.cells() });
  });
  const columns = header?.columns ?? [];
  return { columns, byKey: new Map(found.map(({ key, cells }) => [key, named(columns, cells)])) };
}

/** Takes the rows of a table one by one, and returns their replacements. */
interface Carrier {
  readonly result: { carried: number; failed: FailedInstruction[] };
  /** Must be called before the rows; null: there is no table yet. */
  header(was: TableHeader | null): TableHeader;
  row(row: RowAtHand): Buffer | null;
  /** New rows, which were not in the table. */
  newRows(): Generator<Buffer>;
}

function createCarrier(
  keyColumn: string,
  replacement: RowInstructions | null,
  told: Rows<ToldRow>,
  unsent: Rows<NamedRow>,
): Carrier {
  const result: Carrier['result'] = { carried: 0, failed: [] };
  let was: TableHeader = { columns: [keyColumn], delimiter: ',' };
  let header = was;
  const refuse = (file: string, id: string) =>
    result.failed.push({ file, id, reason: 'The solution has another row of this Id.' });

  const replaced = (row: RowAtHand, { file }: RowInstructions): Buffer => {
    const mine = unsent.byKey.get(row.key);
    unsent.byKey.delete(row.key);
    if (mine !== undefined && !agrees(named(was.columns, row.cells()), mine)) {
      refuse(file, row.key);
      return written(mine, header);
    }
    result.carried += 1;
    return asItIs(row, was, header);
  };
  const changed = (row: RowAtHand, { file, op, row: told }: ToldRow): Buffer | null => {
    const before = named(was.columns, row.cells());
    const isOwn = (name: string) => ownColumns.includes(name) && (before.get(name) ?? '') !== '';
    const wanted = new Map([...told].filter(([name]) => !isOwn(name)));
    if (op === 'i' && !agrees(wanted, before)) {
      refuse(file, row.key);
      return asItIs(row, was, header);
    }
    result.carried += 1;
    return op === 'd' ? null : written(new Map([...before, ...wanted]), header);
  };
  return {
    result,
    header: (found) => {
      was = found ?? was;
      header = withColumns(was, [...unsent.columns, ...told.columns]);
      return header;
    },
    row: (row) => {
      const change = told.byKey.get(row.key);
      told.byKey.delete(row.key);
      if (change !== undefined) return changed(row, change);
      return replacement === null ? asItIs(row, was, header) : replaced(row, replacement);
    },
    newRows: function* () {
      for (const row of unsent.byKey.values()) yield written(row, header);
      for (const { op, row } of told.byKey.values()) {
        result.carried += 1;
        if (op !== 'd') yield written(row, header);
      }
    },
  };
}

async function* nextTable(table: TableToCarry, source: string, carrier: Carrier): AsyncGenerator<Buffer> {
  let isBegun = false;
  const pieces = rewriteTable(source, table.keyColumn, {
    header: (was) => carrier.header(was),
    row: (row) => carrier.row(row),
    brokenRow: (raw) => Buffer.from(raw),
  });
  for await (const piece of pieces) {
    isBegun = true;
    yield Buffer.isBuffer(piece) ? piece : headerLine(piece);
  }
  if (!isBegun) yield headerLine(carrier.header(null));
  for (const row of carrier.newRows()) yield Buffer.concat([row, lineEnd]);
}

const lineEnd = Buffer.from('\n');

function named(columns: readonly string[], cells: readonly string[]): NamedRow {
  return new Map(columns.map((name, place) => [name.toLowerCase(), cells[place] ?? '']));
}

function withColumns(header: TableHeader, more: readonly string[]): TableHeader {
  const columns = [...header.columns];
  const known = new Set(columns.map((name) => name.toLowerCase()));
  for (const name of more) {
    if (known.has(name.toLowerCase())) continue;
    known.add(name.toLowerCase());
    columns.push(name);
  }
  return { columns, delimiter: header.delimiter };
}

/** True: `row` equals `told` in all columns of `told`. */
function agrees(told: NamedRow, row: NamedRow): boolean {
  return [...told].every(([column, cell]) => (row.get(column) ?? '') === cell);
}

function written(row: NamedRow, { columns, delimiter }: TableHeader): Buffer {
  return rowOf(
    columns.map((name) => row.get(name.toLowerCase()) ?? ''),
    delimiter,
  );
}

/** The unchanged row, with empty cells for the new columns of the table. */
function asItIs(row: RowAtHand, was: TableHeader, header: TableHeader): Buffer {
  if (was.columns.length === header.columns.length) return Buffer.from(row.raw());
  return written(named(was.columns, row.cells()), header);
}
