import { runStatement } from './sql-server-statements';
import {
  type Change,
  type FakeDatabase,
  type FakeTable,
  type Row,
  type TableWish,
  transact,
} from './sql-server-tables';
import type { Cell } from './sql-server-values';
import { startTdsServer, type TdsServer, type TdsServerOptions } from './tds-server';

/**
 * A SQL Server in memory that speaks TDS over a socket, so that `tedious` itself talks to it. Facts: Microsoft's
 * documentation of Transact-SQL, Change Tracking, rowversion and the data types; MS-TDS.
 */
export interface SqlServerFake {
  readonly server: TdsServer;
  readonly access: {
    readonly port: number;
    readonly user: string;
    readonly password: string;
    readonly database: string;
  };
  readonly database: FakeDatabase;
  make(wish: TableWish): FakeTable;
  /** Someone else, each time in a transaction of its own. Returns the key. */
  add(table: FakeTable, values: Row): string;
  edit(table: FakeTable, key: string, values: Row): void;
  remove(table: FakeTable, key: string): void;
  /** Begins a change; what is returned commits it. */
  begin(table: FakeTable, key: string, values: Row): () => void;
  /** Change Tracking has cleaned up: what happened until now is not known any more. */
  cleanUp(table: FakeTable): void;
  changeOf(table: FakeTable, key: string): Change | undefined;
  close(): Promise<void>;
}

const access = { user: 'epack', password: 'Kennwort-4711', database: 'dadi' };

export async function startSqlServerFake(tls: TdsServerOptions['tls'] = null): Promise<SqlServerFake> {
  const database: FakeDatabase = { tables: new Map(), rowversion: 2000n, version: 10n, activeFrom: null };
  const server = await startTdsServer({
    ...access,
    tls,
    handle: (statement) => runStatement(database, statement),
  });
  const rowOf = (table: FakeTable, key: string): Row => {
    const row = table.rows.get(key);
    if (row === undefined) throw new Error(`there is no row ${key}`);
    return row;
  };
  return {
    server,
    access: { ...access, port: server.port },
    database,
    make(wish) {
      const table: FakeTable = {
        wish,
        rows: new Map(),
        identity: 0n,
        changes: new Map(),
        oldestVersion: 1n,
        columns: [...wish.columns],
        rights: { SELECT: true, INSERT: true, UPDATE: true, DELETE: true },
      };
      database.tables.set(wish.name, table);
      return table;
    },
    add: (table, values) => {
      const row = transact(database, table, null, (writer) => writer.insert(values));
      return String(row[table.wish.key] satisfies Cell | undefined);
    },
    edit: (table, key, values) =>
      void transact(database, table, null, (writer) => writer.update(rowOf(table, key), values)),
    remove: (table, key) => transact(database, table, null, (writer) => writer.remove(rowOf(table, key))),
    begin(table, key, values) {
      database.activeFrom = database.rowversion + 1n;
      const reserved = (database.rowversion += 1n);
      return () => {
        transact(database, table, null, (writer) => {
          const row = writer.update(rowOf(table, key), values);
          for (const { name, type } of table.columns) if (type === 'timestamp') row[name] = reserved;
        });
        database.activeFrom = null;
      };
    },
    cleanUp(table) {
      database.version += 1n;
      table.oldestVersion = database.version;
      for (const [key, { version }] of table.changes)
        if (version < database.version) table.changes.delete(key);
    },
    changeOf: (table, key) => table.changes.get(key),
    close: () => server.close(),
  };
}
