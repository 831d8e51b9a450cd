import { Readable } from 'node:stream';
import { findLogTable, type LogTable } from '../../shared/catalog/log-tables';
import { inTransaction } from '../../shared/db/database';
import type { LogCounts } from '../../shared/domain/report';
import { loadLogFile } from '../../worker/solution-sync/logs/load-log-file';
import type { Rejected } from '../../worker/solution-sync/package/rejections';
import { createTestDatabase, type TestDatabase } from '../setup/database';

/** A database with one solution, and log files loaded into it. */
export interface LogDatabase extends TestDatabase {
  readonly solutionId: number;
  addSolution(): Promise<number>;
  /** Loads and commits. */
  load(table: string, csv: Csv, options?: LoadOptions): Promise<Loaded>;
  rows(table: string, columns: string, solutionId?: number): Promise<Record<string, unknown>[]>;
  highestId(table: string): Promise<string | null>;
  /** As if staff had accepted Ids up to this one. */
  acceptIdsUpTo(table: string, id: bigint, solutionId?: number): Promise<void>;
  empty(...tables: string[]): Promise<void>;
}

/** Text, bytes, or the pieces in which they arrive. */
export type Csv = string | Buffer | Iterable<Buffer>;

export interface LoadOptions {
  readonly solutionId?: number;
  readonly timezone?: string;
}

export interface Loaded extends LogCounts {
  readonly rejections: readonly Rejected[];
}

export async function createLogDatabase(): Promise<LogDatabase> {
  const database = await createTestDatabase();
  const { db } = database;
  const solutionId = await addSolution();

  return { ...database, solutionId, addSolution, load, rows, highestId, acceptIdsUpTo, empty };

  async function addSolution(): Promise<number> {
    const { rows: added } = await db.raw<{ rows: { id: number }[] }>(
      `with kitchen as (insert into account (name) values (gen_random_uuid()::text) returning id)
       insert into solution (account_id, mail, name, secret_hash)
       select id, gen_random_uuid()::text, 'Kitchen', '-' from kitchen returning id`,
    );
    return only(added).id;
  }

  async function load(name: string, csv: Csv, options: LoadOptions = {}): Promise<Loaded> {
    const rejections: Rejected[] = [];
    const input = {
      solutionId,
      timezone: 'Europe/Paris',
      ...options,
      table: logTable(name),
      file: { name: `csv/${name}.csv`, open: () => Promise.resolve(Readable.from(piecesOf(csv))) },
    };
    const counts = await inTransaction(db, (transaction) =>
      loadLogFile(transaction, input, (rejected) => {
        rejections.push(rejected);
        return Promise.resolve();
      }),
    );
    return { ...counts, rejections };
  }

  async function rows(table: string, columns: string, of = solutionId): Promise<Record<string, unknown>[]> {
    const { rows: found } = await db.raw<{ rows: Record<string, unknown>[] }>(
      `select ${columns} from ${logTable(table).table} where solution_id = ? order by id`,
      [of],
    );
    return found;
  }

  async function highestId(table: string): Promise<string | null> {
    const mark = await db<{ solution_id: number; table_name: string; highest_id: string }>('log_mark')
      .where({ solution_id: solutionId, table_name: logTable(table).table })
      .first('highest_id');
    return mark?.highest_id ?? null;
  }

  async function acceptIdsUpTo(table: string, id: bigint, of = solutionId): Promise<void> {
    await db.raw(
      `insert into log_mark (solution_id, table_name, highest_id, accepted_id) values (:of, :table, -1, :id)
       on conflict (solution_id, table_name) do update set accepted_id = excluded.accepted_id`,
      { of, table: logTable(table).table, id: String(id) },
    );
  }

  async function empty(...tables: string[]): Promise<void> {
    await db.raw(
      `truncate log_mark, log_arrival, log_span, ${tables.map((table) => logTable(table).table).join(', ')}`,
    );
  }
}

export function logTable(name: string): LogTable {
  const table = findLogTable(name);
  if (table === undefined) throw new Error(`no log table ${name}`);
  return table;
}

export function only<T>(values: readonly T[]): T {
  const [value] = values;
  if (value === undefined || values.length !== 1) throw new Error(`expected one, found ${values.length}`);
  return value;
}

function piecesOf(csv: Csv): Iterable<Buffer> {
  if (typeof csv === 'string') return [Buffer.from(csv)];
  return Buffer.isBuffer(csv) ? [csv] : csv;
}
