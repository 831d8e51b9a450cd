import { binaryCopyRows, createBinaryCopy } from '../../shared/db/copy';
import { inTransaction } from '../../shared/db/database';
import { eventually } from '../queue/eventually';
import { createTestDatabase, type TestDatabase } from '../setup/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.db.raw('create table counted (n int primary key)');
});
afterAll(() => database.drop());
beforeEach(() => database.db.raw('truncate counted'));

/** One row of one int, in PostgreSQL's binary COPY format. */
const row = (n: number) => Buffer.from([0, 1, 0, 0, 0, 4, 0, 0, 0, n]);
const wideRow = (n: number) => {
  const bytes = row(0);
  bytes.writeInt32BE(n, 6);
  return bytes;
};
const counted = async () => (await database.db<{ n: number }>('counted').orderBy('n')).map(({ n }) => n);

test('rows go in, and other statements run between two turns', async () => {
  await inTransaction(database.db, async ({ db, client }) => {
    const copy = createBinaryCopy(client, 'counted', ['n']);
    await copy.finish();
    await copy.write(Buffer.concat([row(1), row(2)]));
    await copy.write(row(3));
    await copy.finish();
    expect(await db('counted').count()).toEqual([{ count: '3' }]);
    await copy.write(row(4));
    await copy.finish();
    const rows = await binaryCopyRows(client, 'select n from counted order by n desc');
    expect(rows).toEqual(Buffer.concat([row(4), row(3), row(2), row(1)]));
    expect(await binaryCopyRows(client, 'select n from counted where false')).toEqual(Buffer.alloc(0));
  });
  expect(await counted()).toEqual([1, 2, 3, 4]);
});

test('the buffer of written rows may be used again', async () => {
  await inTransaction(database.db, async ({ client }) => {
    const copy = createBinaryCopy(client, 'counted', ['n']);
    const memory = Buffer.alloc(10);
    for (let n = 0; n < 100; n++) {
      row(n).copy(memory);
      await copy.write(memory);
    }
    await copy.finish();
  });
  expect(await counted()).toHaveLength(100);
});

test('a few rows and then many keep their order', async () => {
  const many = Array.from({ length: 9_000 }, (_, index) => index + 2);
  await database.db.raw('create table arrived (place serial, n int)');
  await inTransaction(database.db, async ({ client }) => {
    const copy = createBinaryCopy(client, 'arrived', ['n']);
    await copy.write(row(1));
    await copy.write(Buffer.concat(many.map((n) => wideRow(n))));
    await copy.finish();
    await copy.write(row(0));
    await copy.finish();
  });
  const arrived = await database.db<{ n: number }>('arrived').orderBy('place');
  expect(arrived.map(({ n }) => n)).toEqual([1, ...many, 0]);
});

test('a refused statement of a few rows is an error, and the connection takes the next statement', async () => {
  const refused = inTransaction(database.db, async ({ db, client }) => {
    await db.raw('savepoint before');
    const copy = createBinaryCopy(client, 'no_such_table', ['n']);
    await copy.write(row(1));
    await expect(copy.finish()).rejects.toMatchObject({ code: '42P01' });
    await db.raw('rollback to savepoint before');
    const right = createBinaryCopy(client, 'counted', ['n']);
    await right.write(row(7));
    await right.finish();
  });
  await refused;
  expect(await counted()).toEqual([7]);
});

test('a refusal of PostgreSQL makes the transaction fail, not the connection or the process', async () => {
  const refused = inTransaction(database.db, async ({ client }) => {
    const copy = createBinaryCopy(client, 'counted', ['n']);
    try {
      await copy.write(Buffer.concat([row(1), row(1)]));
      await copy.finish();
    } catch (error) {
      await copy.abort(error instanceof Error ? error : new Error());
      throw error;
    }
  });
  await expect(refused).rejects.toThrow('duplicate key');
  expect(await counted()).toEqual([]);
});

test('a refusal while rows are still being written is noticed, and giving up after it is safe', async () => {
  const refused = inTransaction(database.db, async ({ client }) => {
    const copy = createBinaryCopy(client, 'counted', ['n']);
    try {
      for (;;) await copy.write(Buffer.alloc(100_000, 0xee));
    } catch (error) {
      await copy.abort(error instanceof Error ? error : new Error());
      throw error;
    }
  });
  await expect(refused).rejects.toThrow();
  expect(await counted()).toEqual([]);
});

test('giving up leaves nothing, and the connection free', async () => {
  const givenUp = inTransaction(database.db, async ({ client }) => {
    const copy = createBinaryCopy(client, 'counted', ['n']);
    await copy.write(row(1));
    await copy.abort(new Error('no more'));
    await copy.abort(new Error('no more'));
    throw new Error('given up');
  });
  await expect(givenUp).rejects.toThrow('given up');
  expect(await counted()).toEqual([]);
});

test('a connection that is lost in the middle is an error like any other', async () => {
  const lost = inTransaction(database.db, async ({ db, client }) => {
    const { rows } = await db.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
    const copy = createBinaryCopy(client, 'counted', ['n']);
    try {
      await copy.write(row(1));
      await database.db.raw('select pg_terminate_backend(?)', [rows[0]?.pid ?? 0]);
      for (;;) await copy.write(Buffer.alloc(100_000));
    } catch (error) {
      await copy.abort(error instanceof Error ? error : new Error());
      throw error;
    }
  });
  await expect(lost).rejects.toThrow();
  expect(await counted()).toEqual([]);
});

test('a refusal between two writes makes the next write fail', async () => {
  const refused = inTransaction(database.db, async ({ db, client }) => {
    const { rows } = await db.raw<{ rows: { pid: number }[] }>('select pg_backend_pid() as pid');
    const copy = createBinaryCopy(client, 'counted', ['n']);
    await copy.write(Buffer.alloc(100_000, 0xee));
    await eventually('it is refused', async () => {
      const session = await database
        .db('pg_stat_activity')
        .where({ pid: rows[0]?.pid ?? 0 })
        .first<{ state: string } | undefined>('state');
      return session?.state === 'idle in transaction (aborted)';
    });
    await copy.write(row(2));
  });
  await expect(refused).rejects.toMatchObject({ code: '22P04' });
});
