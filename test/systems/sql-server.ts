import type { Fields } from '../../shared/domain/merge-copy';
import type { RemoteSystem } from '../../worker/systems/remote-system';
import { createSqlServerConnector } from '../../worker/systems/sql-server/sql-server';
import type { Stage } from './contract';
import { type SqlServerFake, startSqlServerFake } from './fakes/sql-server-fake';
import type { FakeTable, Row, TableWish } from './fakes/sql-server-tables';
import type { Cell } from './fakes/sql-server-values';
import type { TdsServerOptions } from './fakes/tds-server';
import { type TestOutside, testOutside } from './outside';

export const personFields = ['Name', 'Vorname', 'Geburtsdatum', 'Betrag', 'Aktiv', 'Notiz', 'order'];

/** As FundraisingStudio has it, and a column whose name is a word of the language. */
export const personTable: TableWish = {
  name: 'dbo.Person',
  key: 'PersonID',
  columns: [
    { name: 'PersonID', type: 'int', isIdentity: true },
    { name: 'rv', type: 'timestamp' },
    { name: 'sync_key', type: 'uniqueidentifier' },
    { name: 'Name', type: 'nvarchar(100)' },
    { name: 'Vorname', type: 'varchar(40)' },
    { name: 'Geburtsdatum', type: 'datetime' },
    { name: 'Betrag', type: 'decimal(12,2)' },
    { name: 'Aktiv', type: 'bit' },
    { name: 'Notiz', type: 'nvarchar(max)' },
    { name: 'order', type: 'nchar(10)' },
  ],
  unique: [{ name: 'UQ_Person_sync_key', columns: ['sync_key'], isConstraint: false, isFiltered: true }],
};

export const personEnd = { table: 'dbo.Person', key: 'PersonID', revision: 'rv', syncKey: 'sync_key' };

export interface SqlServerWish {
  readonly table?: Partial<TableWish>;
  readonly config?: object;
  readonly end?: object;
  readonly fields?: readonly string[];
  readonly tls?: TdsServerOptions['tls'];
}

export interface OpenedSqlServer {
  readonly fake: SqlServerFake;
  readonly table: FakeTable;
  readonly system: RemoteSystem;
  readonly outside: TestOutside;
}

/** Fakes that tests have started, to be closed after each. */
export interface SqlServerFakes {
  open(wish?: SqlServerWish): Promise<OpenedSqlServer>;
  stage(wish?: SqlServerWish): Promise<Stage>;
  close(): Promise<void>;
}

export function sqlServerFakes(): SqlServerFakes {
  const open: { close(): Promise<void> }[] = [];

  async function openFake(wish: SqlServerWish = {}): Promise<OpenedSqlServer> {
    const fake = await startSqlServerFake(wish.tls ?? null);
    open.push(fake);
    const table = fake.make({ ...personTable, ...wish.table });
    const outside = testOutside('fs');
    const system = await openOn(fake, outside, wish);
    open.push(system);
    return { fake, table, system, outside };
  }

  return {
    open: openFake,
    async stage(wish = {}) {
      const { fake, table, system } = await openFake(wish);
      return {
        system,
        isRemote: true,
        ...personValues,
        outsider: outsiderOf(fake, table),
        server: serverOf(fake),
      };
    },
    async close() {
      await Promise.all(
        open
          .splice(0)
          .reverse()
          .map((one) => one.close()),
      );
    },
  };
}

export async function openOn(
  { access }: Pick<SqlServerFake, 'access'>,
  outside: TestOutside,
  { config = {}, end = {}, fields = personFields }: SqlServerWish = {},
): Promise<RemoteSystem> {
  const { port, database, user, password } = access;
  return createSqlServerConnector().open(
    {
      config: { host: '127.0.0.1', port, database, auth: { user, password }, ...config },
      end: { ...personEnd, ...end },
      fields,
      overlapMinutes: 15,
      secrets: [],
    },
    outside,
  );
}

export const personValues = {
  sample: (number: number): Fields => ({
    Name: `Ø'Möller "${number}" – 😀`,
    Vorname: 'Zoë',
    Geburtsdatum: `1980-02-0${number}T00:00:00`,
    Betrag: 12.5,
    Aktiv: true,
    Notiz: `Zeile 1\nZeile ${number} & <b>`,
    order: `A${number}`,
  }),
  change: (number: number): Fields => ({
    Name: `Changed ${number}`,
    Geburtsdatum: `1990-12-1${number}T00:00:00`,
  }),
};

/** Fields as a row of the fake has them. */
export const rowOf = (fields: Fields): Row =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]): [string, Cell] => {
      if (typeof value === 'number') return [name, String(value)];
      return [name, typeof value === 'object' ? null : value];
    }),
  );

const outsiderOf = (fake: SqlServerFake, table: FakeTable): Stage['outsider'] => ({
  add: async (fields) => fake.add(table, rowOf(fields)),
  edit: async (key, fields) => fake.edit(table, key, rowOf(fields)),
  remove: async (key) => fake.remove(table, key),
  // Neither a version nor a rowversion is listed while a transaction below it is not over.
  editLate: null,
});

const isWrite = (text: string) => text.startsWith('set nocount on');
const isData = (text: string) => text.includes('[Person]') && !text.includes('sys.');
const isListing = (text: string) => isData(text) && text.includes('fetch next 1000');

/** A database reports by a number what HTTP reports by a status. */
function serverOf({ server }: SqlServerFake): Stage['server'] {
  const fault = (status: number, headers: Readonly<Record<string, string>>) => {
    const seconds = headers['retry-after'] ?? '10';
    const busy = `The service is currently busy. Retry the request after ${seconds} seconds.`;
    const errors: Readonly<Record<number, { number: number; message: string }>> = {
      429: { number: 40501, message: busy },
      500: {
        number: 596,
        message: 'Cannot continue the execution because the session is in the kill state.',
      },
      502: { number: 40197, message: 'The service has encountered an error processing your request.' },
      504: { number: 1222, message: 'Lock request time out period exceeded.' },
      423: { number: 40613, message: "Database 'dadi' is not currently available." },
      408: { number: 9002, message: "The transaction log for database 'dadi' is full." },
      302: { number: 3701, message: 'It leads elsewhere.' },
      400: { number: 547, message: 'The INSERT statement conflicted with the CHECK constraint "CK_x".' },
    };
    return errors[status];
  };
  return {
    calls: () => server.statements.length,
    loseAnswer: () => server.faults.push({ fits: isWrite, losesAnswer: true }),
    answer(status, headers = {}) {
      const error = fault(status, headers);
      server.faults.push({ fits: isData, ...(error === undefined ? { isBare: true } : { error }) });
    },
    breakAnswer: () => server.faults.push({ fits: isData, breaksAnswer: true }),
    breakListing: () => server.faults.push({ fits: isListing, breaksAnswer: true }),
    // Nothing of what the connector reads is a time of the server.
    setClock: () => undefined,
    beforeWrite: (before) => server.faults.push({ fits: isWrite, before }),
  };
}
