import { problemOf } from '../../api/http/problem';
import { dropConnections, inTransaction, openDatabase, poolUse, type Db } from '../../shared/db/database';
import { isDatabaseAway, isDatabaseBusy } from '../../shared/db/database-away';
import { eventually } from '../queue/eventually';
import { openProxy } from '../queue/proxy';
import { createTestDatabase, type TestDatabase } from '../setup/database';

let database: TestDatabase;
let db: Db;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());
afterEach(() => db.destroy());

const open = (statementPatienceMs?: number, url = database.url): Db =>
  openDatabase({
    url,
    maxConnections: 2,
    applicationName: 'epack-pool-test',
    ...(statementPatienceMs === undefined ? {} : { statementPatienceMs }),
  });

const backendOf = async (on: Db): Promise<number> => {
  const { rows } = await on.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
  return rows[0]?.pid ?? 0;
};

const sleepers = async (): Promise<number> => {
  const { rows } = await database.db.raw<{ rows: unknown[] }>(
    `select from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'`,
  );
  return rows.length;
};

const failureOf = (work: PromiseLike<unknown>): Promise<unknown> =>
  Promise.resolve(work).then(
    () => null,
    (error: unknown) => error,
  );

describe('dropping the connections', () => {
  test('makes running statements fail as if PostgreSQL had stopped, and the next statement uses another connection', async () => {
    db = open();
    const idle = await backendOf(db);
    const sleeping = failureOf(db.raw('select pg_sleep(3600)'));
    await eventually('it sleeps', async () => (await sleepers()) === 1);
    const inTurn = failureOf(
      inTransaction(db, async ({ db: trx }) => {
        await backendOf(trx);
        dropConnections(db);
        await backendOf(trx);
      }),
    );
    expect(isDatabaseAway(await sleeping)).toBe(true);
    expect(isDatabaseAway(await inTurn)).toBe(true);
    expect(await backendOf(db)).not.toBe(idle);
    expect(poolUse(db)).toMatchObject({ used: 0, waiting: 0 });
  });

  test('of idle connections is not noticed', async () => {
    db = open();
    const before = await backendOf(db);
    dropConnections(db);
    expect(await backendOf(db)).not.toBe(before);
  });
});

describe('a statement without an end', () => {
  test('fails as if PostgreSQL had stopped, and its connection is not used again', async () => {
    db = open(300);
    const before = await backendOf(db);
    expect(isDatabaseAway(await failureOf(db.raw('select pg_sleep(3600)')))).toBe(true);
    expect(await backendOf(db)).not.toBe(before);
  });

  test('fails its transaction at once, and leaves the other connections alone', async () => {
    db = open(300);
    await inTransaction(db, async ({ db: trx }) => {
      const mine = await backendOf(trx);
      const failed = inTransaction(db, ({ db: other }) =>
        other.raw('select pg_sleep(3600)').then(() => null),
      );
      expect(isDatabaseAway(await failureOf(failed))).toBe(true);
      expect(await backendOf(trx)).toBe(mine);
    });
  });

  test('may take any time if no limit is set', async () => {
    db = open();
    expect(await failureOf(db.raw('select pg_sleep(0.5)'))).toBeNull();
  });
});

describe('a server that does not reply', () => {
  test('makes the first caller wait and the next ones not, until it replies again', async () => {
    const proxy = await openProxy(database.url);
    db = open(undefined, proxy.url);
    await backendOf(db);
    dropConnections(db);
    proxy.freeze();
    const first = await failureOf(backendOf(db));
    expect(isDatabaseAway(first)).toBe(true);
    expect(isDatabaseBusy(first)).toBe(false);
    const many = await Promise.all(Array.from({ length: 20 }, () => failureOf(backendOf(db))));
    for (const error of many) expect(error).toMatchObject({ message: 'The database does not reply' });
    proxy.thaw();
    await eventually('callers connect again', async () => (await failureOf(backendOf(db))) === null);
    await db.destroy();
    await proxy.close();
  });

  test('is something else than connections that are all in use', async () => {
    db = open();
    const held = await Promise.all([db.transaction(), db.transaction()]);
    const error = await failureOf(backendOf(db));
    expect(isDatabaseBusy(error)).toBe(true);
    expect(problemOf(error)).toMatchObject({
      status: 503,
      headers: { 'Retry-After': '5' },
      body: expect.stringContaining('All connections to the database are in use.') as string,
    });
    await Promise.all(held.map((one) => one.rollback()));
    expect(await failureOf(backendOf(db))).toBeNull();
  });
});

test('PostgreSQL looks itself whether a connection is still there', async () => {
  db = open();
  const { rows } = await db.raw<{ rows: { idle: string }[] }>(
    `select current_setting('tcp_keepalives_idle') as idle`,
  );
  expect(rows[0]?.idle).toBe(new URL(database.url).hostname === '' ? '0' : '10');
});

test('an error that quotes data of a solution does not count as an outage of PostgreSQL', async () => {
  db = open();
  const said = await failureOf(db.raw(`select cast(? as integer)`, ['Connection terminated unexpectedly']));
  expect(String(said)).toContain('Connection terminated unexpectedly');
  expect(isDatabaseAway(said)).toBe(false);
});
