import { createBinaryCopy } from '../../shared/db/copy';
import { type Db, inTransaction, openDatabase } from '../../shared/db/database';
import { prepared } from '../../shared/db/prepared';
import { createTestDatabase, type TestDatabase } from '../setup/database';

let database: TestDatabase;
const pools: { preparing?: Db; plain?: Db } = {};
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.raw(
    'create table counted (n int primary key, other int references counted deferrable initially deferred)',
  );
  const options = { url: database.url, maxConnections: 1, applicationName: 'test' };
  pools.preparing = openDatabase(options);
  pools.plain = openDatabase({ ...options, isPreparing: false });
});
afterAll(async () => {
  await Promise.all(Object.values(pools).map((pool) => pool.destroy()));
  await database.drop();
});
beforeEach(() => database.db.raw('truncate counted'));

const add = prepared<unknown, { n: number }>('add', 'insert into counted (n) values (:n)');
const addOther = prepared<unknown, { n: number; other: number }>(
  'add_other',
  'insert into counted (n, other) values (:n, :other)',
);
/** As any other connection sees it. */
const counted = () => database.db('counted').orderBy('n').pluck<number[]>('n');

describe.each(['preparing', 'plain'] as const)('a transaction of a pool that is %s', (name) => {
  // One connection: each transaction is on the one that the last has left.
  const pool = (): Db => {
    const found = pools[name];
    if (found === undefined) throw new Error('the pools are open only inside tests');
    return found;
  };
  afterEach(async () => {
    expect((await pool().raw<{ rows: { one: number }[] }>('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('commits what its statements did, and undoes it if the work fails', async () => {
    expect(await inTransaction(pool(), ({ db }) => add(db, { n: 1 }))).toEqual([]);
    const failed = inTransaction(pool(), async ({ db }) => {
      await add(db, { n: 2 });
      await db('counted').insert({ n: 3 });
      throw new Error('not that');
    });
    await expect(failed).rejects.toThrow('not that');
    expect(await counted()).toEqual([1]);
  });

  test('without a statement has its result, or its error', async () => {
    expect(await inTransaction(pool(), () => Promise.resolve('nothing'))).toBe('nothing');
    await expect(inTransaction(pool(), () => Promise.reject(new Error('not that')))).rejects.toThrow(
      'not that',
    );
  });

  test('is committed together with its last statement', async () => {
    await inTransaction(pool(), async ({ db, commitWithNext }) => {
      await add(db, { n: 1 });
      commitWithNext();
      await add(db, { n: 2 });
      expect(await counted()).toEqual([1, 2]);
    });
    expect(await counted()).toEqual([1, 2]);
  });

  test('that is one statement is begun and committed with it', async () => {
    await inTransaction(pool(), async ({ db, commitWithNext }) => {
      commitWithNext();
      await db('counted').insert({ n: 1 });
    });
    expect(await counted()).toEqual([1]);
  });

  test('leaves nothing if the last statement fails', async () => {
    const failed = inTransaction(pool(), async ({ db, commitWithNext }) => {
      await add(db, { n: 1 });
      commitWithNext();
      await add(db, { n: 1 });
    });
    await expect(failed).rejects.toMatchObject({ code: '23505' });
    expect(await counted()).toEqual([]);
  });

  test('leaves nothing if the commit itself fails', async () => {
    const failed = inTransaction(pool(), async ({ db, commitWithNext }) => {
      await add(db, { n: 1 });
      commitWithNext();
      await addOther(db, { n: 2, other: 99 });
    });
    await expect(failed).rejects.toMatchObject({ code: '23503' });
    expect(await counted()).toEqual([]);
  });

  test('fails with the error of its first statement', async () => {
    await expect(inTransaction(pool(), ({ db }) => db.raw('select nonsense'))).rejects.toMatchObject({
      code: '42703',
    });
    await expect(inTransaction(pool(), ({ db }) => addOther(db, { n: 1, other: 9 }))).rejects.toMatchObject({
      code: '23503',
    });
    expect(await counted()).toEqual([]);
  });

  test('may begin with rows, or with a savepoint', async () => {
    await inTransaction(pool(), async ({ client }) => {
      const copy = createBinaryCopy(client, 'counted', ['n']);
      await copy.write(Buffer.from([0, 1, 0, 0, 0, 4, 0, 0, 0, 1]));
      await copy.finish();
    });
    await inTransaction(pool(), async ({ db }) => {
      const inner = db.transaction(async (trx) => {
        await add(trx, { n: 2 });
        throw new Error('not that');
      });
      await expect(inner).rejects.toThrow('not that');
      await add(db, { n: 3 });
    });
    expect(await counted()).toEqual([1, 3]);
  });

  test('of a connection that is lost fails, and the pool opens another one', async () => {
    const lost = inTransaction(pool(), async ({ db, commitWithNext }) => {
      await add(db, { n: 1 });
      const { rows } = await db.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
      await database.db.raw('select pg_terminate_backend(?)', [rows[0]?.pid ?? 0]);
      commitWithNext();
      await add(db, { n: 2 });
    });
    await expect(lost).rejects.toThrow();
    expect(await counted()).toEqual([]);
  });
});
