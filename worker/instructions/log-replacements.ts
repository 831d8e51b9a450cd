import { type LogTable, logTablesOf } from '../../shared/catalog/log-tables';
import type { Db } from '../../shared/db/database';
import type { Channel } from '../../shared/domain/channel';
import { formatCsv, formatCsvRows } from '../../shared/formats/csv-table';
import { formatLogValue, type LogValue } from '../../shared/formats/log-value';
import type { InstructionFile } from './package';

interface Receiver {
  readonly solutionId: number;
  readonly channel: Channel;
}

/** Every log of the channel, whole: `csv/<Table>-r.csv`. */
export function* logReplacements(db: Db, receiver: Receiver): Generator<InstructionFile> {
  for (const table of logTablesOf(receiver.channel)) {
    yield {
      name: `csv/${table.name}-r.csv`,
      op: 'r',
      content: () => tableContent(db, table, receiver.solutionId),
    };
  }
}

const pageSize = 5000;

type LogRow = Record<string, LogValue> & { id: string } & { extra: Record<string, string> | null };

async function* tableContent(db: Db, table: LogTable, solutionId: number): AsyncGenerator<string, number> {
  const undeclared = await undeclaredColumns(db, table, solutionId);
  const declared = table.columns.map(({ column }) => column);
  yield formatCsv(['Id', ...table.columns.map(({ name }) => name), ...undeclared], []);
  let count = 0;
  for (let after = '-1'; ;) {
    const rows = await db(table.table)
      .where({ solution_id: solutionId })
      .andWhere('id', '>', after)
      .orderBy('id')
      .limit(pageSize)
      .select<LogRow[]>('id', ...declared, 'extra');
    const last = rows.at(-1);
    if (last === undefined) return count;
    yield formatCsvRows(rows.map((row) => cellsOf(table, undeclared, row)));
    after = last.id;
    count += rows.length;
  }
}

/** Names that this solution sends and that the table does not declare. */
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
