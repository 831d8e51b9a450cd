import type { ColumnType } from '../../shared/catalog/column';
import { logTables } from '../../shared/catalog/log-tables';
import { createTestDatabase, type TestDatabase } from '../setup/database';

let database: TestDatabase;
beforeAll(async () => (database = await createTestDatabase()));
afterAll(() => database.drop());

const typeInPostgres: Record<ColumnType, string> = {
  text: 'text',
  decimal: 'double precision',
  integer: 'bigint',
  boolean: 'boolean',
  time: 'timestamp with time zone',
  date: 'date',
};

test.each(logTables.map((table) => [table.name, table] as const))(
  'the database has the columns that the catalogue declares for %s',
  async (_name, table) => {
    const { rows } = await database.db.raw<{ rows: { column_name: string; data_type: string }[] }>(
      `select column_name, data_type from information_schema.columns
       where table_schema = 'public' and table_name = ? order by ordinal_position`,
      [table.table],
    );
    const kept = Object.fromEntries(rows.map(({ column_name, data_type }) => [column_name, data_type]));
    const declared = table.columns.map(({ column, type }) => [column, typeInPostgres[type]]);
    expect(kept).toEqual({
      solution_id: 'integer',
      id: 'bigint',
      ...Object.fromEntries(declared),
      received_at: 'timestamp with time zone',
      extra: 'jsonb',
    });
  },
);
