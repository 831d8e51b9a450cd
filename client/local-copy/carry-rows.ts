import { inOrder, type Op } from './carry-settings';
import type { DurableFiles } from './durable-files';
import type { FailedInstruction } from './sync-state';
import { headerLine, type RowAtHand, rewriteTable, rowOf, scanTable, type TableHeader } from './table-file';

/** One file of the instruction package, about one table. */
export interface RowInstructions {
  /** Name in the package. */
  readonly file: string;
  readonly op: Op;
  /** On the disk. A replacement may be large: it is not read into memory. */
  readonly path: string;
}

export interface TableToCarry {
  /** On the disk; it need not exist. */
  readonly path: string;
  readonly keyColumn: string;
  /** Rows above it have not been sent yet: a replacement leaves them alone. Null: it replaces all. */
  readonly highestSent: bigint | null;
}

/** Carries instructions out on the rows of one table, in one step. Doing it again on its own result changes nothing. */
export async function carryRows(
  files: DurableFiles,
  table: TableToCarry,
  instructions: readonly RowInstructions[],
): Promise<{ readonly carried: number; readonly failed: readonly FailedInstruction[] }> {
  const replacement = instructions.find(({ op }) => op === 'r');
  const told = await readTold(table, instructions);
  const unsent = replacement === undefined ? noRows() : await readUnsent(table);
  const result = { carried: 0, failed: [] as FailedInstruction[] };
  await files.write(table.path, nextTable(table, replacement, told, unsent, result));
  return result;
}

/** A row by the names of its columns. */
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

/** What was measured since the upload was built. */
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

async function* nextTable(
  table: TableToCarry,
  replacement: RowInstructions | undefined,
  told: Rows<ToldRow>,
  unsent: Rows<NamedRow>,
  result: { carried: number; failed: FailedInstruction[] },
): AsyncGenerator<Buffer> {
  let was: TableHeader = { columns: [], delimiter: ',' };
  let header = withColumns({ columns: [table.keyColumn], delimiter: ',' }, [
    ...unsent.columns,
    ...told.columns,
  ]);
  let isHeaderWritten = false;
  const refuse = (file: string, id: string) =>
    result.failed.push({ file, id, reason: 'The solution has another row of this Id.' });

  const replaced = (row: RowAtHand): Buffer => {
    const mine = unsent.byKey.get(row.key);
    unsent.byKey.delete(row.key);
    if (mine === undefined || agrees(named(was.columns, row.cells()), mine)) {
      result.carried += 1;
      return padded(row, was, header);
    }
    refuse(replacement?.file ?? '', row.key);
    return written(mine, header);
  };
  const changed = (row: RowAtHand): Buffer | null => {
    const change = told.byKey.get(row.key);
    if (change === undefined) return replacement === undefined ? padded(row, was, header) : replaced(row);
    told.byKey.delete(row.key);
    result.carried += 1;
    if (change.op === 'd') return null;
    const before = named(was.columns, row.cells());
    if (change.op === 'u') return written(new Map([...before, ...change.row]), header);
    if (!agrees(change.row, before)) {
      result.carried -= 1;
      refuse(change.file, row.key);
    }
    return padded(row, was, header);
  };

  const source = replacement?.path ?? table.path;
  const pieces = rewriteTable(source, table.keyColumn, {
    header: (found) => {
      was = found;
      header = withColumns(found, [...unsent.columns, ...told.columns]);
      return header;
    },
    row: changed,
    brokenRow: (raw) => Buffer.from(raw),
  });
  for await (const piece of pieces) {
    isHeaderWritten = true;
    yield Buffer.isBuffer(piece) ? piece : headerLine(piece);
  }
  if (!isHeaderWritten) yield headerLine(header);
  for (const row of unsent.byKey.values()) yield Buffer.concat([written(row, header), lineEnd]);
  for (const { op, row } of told.byKey.values()) {
    result.carried += 1;
    if (op !== 'd') yield Buffer.concat([written(row, header), lineEnd]);
  }
}

const lineEnd = Buffer.from('\n');

/** Names compare without case. */
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

/** Does `row` say nothing else than `told`, as far as `told` goes? */
function agrees(told: NamedRow, row: NamedRow): boolean {
  return [...told].every(([column, cell]) => (row.get(column) ?? '') === cell);
}

function written(row: NamedRow, { columns, delimiter }: TableHeader): Buffer {
  return rowOf(
    columns.map((name) => row.get(name.toLowerCase()) ?? ''),
    delimiter,
  );
}

/** A row as it is, with room for the columns that the table has gained. */
function padded(row: RowAtHand, was: TableHeader, header: TableHeader): Buffer {
  if (was.columns.length === header.columns.length) return Buffer.from(row.raw());
  return written(named(was.columns, row.cells()), header);
}
