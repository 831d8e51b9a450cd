import type { LogTable } from '../../../shared/catalog/log-tables';
import type { Db } from '../../../shared/db/database';
import { formatCsv, formatCsvRows } from '../../../shared/formats/csv-table';
import { formatLogValue, type LogValue } from '../../../shared/formats/log-value';
import type { InstructionFile } from './package';
import { tableFileOf } from './replacements';

/** Rows of a table that only the manager has. */
export interface ManagerRows {
  /** The columns that they have in addition to those of the table. */
  readonly columns: readonly string[];
  /** By the names of the columns. */
  pages(): AsyncIterable<readonly ReadonlyMap<string, string>[]>;
}

/** The instruction file of a whole log, `csv/<Table>-r.csv`. `managerRows` come after the solution's own rows. */
export const logReplacement = (
  db: Db,
  table: LogTable,
  solutionId: number,
  managerRows: ManagerRows | null = null,
): InstructionFile => ({
  name: tableFileOf(table),
  op: 'r',
  content: () => tableContent(db, table, solutionId, managerRows),
});

const pageSize = 5000;

type LogRow = Record<string, LogValue> & { id: string } & { extra: Record<string, string> | null };

async function* tableContent(
  db: Db,
  table: LogTable,
  solutionId: number,
  managerRows: ManagerRows | null,
): AsyncGenerator<string, number> {
  const undeclared = union(await undeclaredColumns(db, table, solutionId), managerRows?.columns ?? []);
  const declared = table.columns.map(({ column }) => column);
  const header = ['Id', ...table.columns.map(({ name }) => name), ...undeclared];
  yield formatCsv(header, []);
  let count = 0;
  for (let after = '-1'; ;) {
    const rows = await db(table.table)
      .where({ solution_id: solutionId })
      .andWhere('id', '>', after)
      .orderBy('id')
      .limit(pageSize)
      .select<LogRow[]>('id', ...declared, 'extra');
    const last = rows.at(-1);
    if (last === undefined) break;
    yield formatCsvRows(rows.map((row) => cellsOf(table, undeclared, row)));
    after = last.id;
    count += rows.length;
  }
  for await (const rows of managerRows?.pages() ?? []) {
    yield formatCsvRows(rows.map((row) => header.map((name) => row.get(name) ?? '')));
    count += rows.length;
  }
  return count;
}

/** Names of columns compare without case. */
function union(names: readonly string[], more: readonly string[]): string[] {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return [...names, ...more.filter((name) => !known.has(name.toLowerCase()))];
}

/** Undeclared columns that this solution sends. */
async function undeclaredColumns(db: Db, table: LogTable, solutionId: number): Promise<string[]> {
  const result = await db.raw<{ rows: { name: string }[] }>(
    `select distinct name from ${table.table}, jsonb_object_keys(extra) as name
     where solution_id = ? and extra is not null order by name`,
    [solutionId],
  );
  return result.rows.map(({ name }) => name);
}

const cellsOf = (table: LogTable, undeclared: readonly string[], row: LogRow): string[] => [
  row.id,
  ...table.columns.map((column) => formatLogValue(column, row[column.column] ?? null)),
  ...undeclared.map((name) => row.extra?.[name] ?? ''),
];
