import { randomUUID } from 'node:crypto';
import type { Fields } from '../../shared/domain/merge-copy';
import { loadTedious } from '../../worker/systems/sql-server/tedious';
import type { Stage } from './contract';
import { testOutside } from './outside';
import { openOn, personValues } from './sql-server';

/** A real SQL Server that tests may make tables in: `EPACK_TEST_SQLSERVER_URL`, `mssql://user:password@host:1433/database`. */
export interface RealSqlServer {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

export function realSqlServer(environment: NodeJS.ProcessEnv): RealSqlServer | null {
  const text = environment['EPACK_TEST_SQLSERVER_URL'];
  if (text === undefined || text === '') return null;
  const url = new URL(text);
  return {
    host: url.hostname,
    port: Number(url.port === '' ? '1433' : url.port),
    user: decodeURIComponent(url.username),
    password: decodeURIComponent(url.password),
    database: url.pathname.slice(1),
  };
}

/** A table of its own, tracked, and dropped by nobody: the database is one for tests. */
export async function realStage(real: RealSqlServer, config: object, end: object = {}): Promise<Stage> {
  const table = `Person_${randomUUID().slice(0, 8)}`;
  const quoted = `[dbo].[${table}]`;
  await run(
    real,
    `if not exists (select 1 from sys.change_tracking_databases where database_id = db_id())
alter database current set change_tracking = on (change_retention = 2 days, auto_cleanup = on)`,
  );
  await run(
    real,
    `create table ${quoted} (PersonID int identity primary key, rv rowversion, sync_key uniqueidentifier,
Name nvarchar(100), Vorname varchar(40), Geburtsdatum datetime, Betrag decimal(12,2), Aktiv bit, Notiz nvarchar(max),
[order] nchar(10));
create unique index [UQ_${table}] on ${quoted} (sync_key) where sync_key is not null;
alter table ${quoted} enable change_tracking`,
  );
  const access = { ...real };
  const system = await openOn({ access }, testOutside('fs'), {
    config: { host: real.host, ...config },
    end: { table: `dbo.${table}`, ...end },
  });
  return {
    system,
    isRemote: true,
    ...personValues,
    outsider: {
      async add(fields) {
        const names = Object.keys(fields).map((name) => `[${name}]`);
        const places = names.map((_, place) => `@p${place + 1}`);
        const text = `insert into ${quoted} (${names.join(', ')}) values (${places.join(', ')}); select scope_identity()`;
        return String((await run(real, text, fields))[0]);
      },
      async edit(key, fields) {
        const changes = Object.keys(fields).map((name, place) => `[${name}] = @p${place + 1}`);
        await run(real, `update ${quoted} set ${changes.join(', ')} where PersonID = ${Number(key)}`, fields);
      },
      async remove(key) {
        await run(real, `delete from ${quoted} where PersonID = ${Number(key)}`);
      },
      editLate: null,
    },
    server: null,
  };
}

/** Returns the first value of each row. */
function run(real: RealSqlServer, text: string, fields: Fields = {}): Promise<unknown[]> {
  const { Connection, Request, TYPES } = loadTedious();
  const { host, port, user, password, database } = real;
  const connection = new Connection({
    server: host,
    authentication: { type: 'default', options: { userName: user, password } },
    options: { port, database, encrypt: true, trustServerCertificate: true },
  });
  const values: unknown[] = [];
  return new Promise((resolve, reject) => {
    const end = (error: Error | null | undefined) => {
      connection.close();
      if (error === null || error === undefined) resolve(values);
      else reject(error);
    };
    const request = new Request(text, end);
    Object.values(fields).forEach((value, place) =>
      request.addParameter(`p${place + 1}`, TYPES.NVarChar, typeof value === 'object' ? null : String(value)),
    );
    request.on('row', ([first]) => values.push(first?.value));
    connection.on('error', () => undefined);
    connection.connect((error) => {
      if (error === undefined) connection.execSql(request);
      else end(error);
    });
  });
}
