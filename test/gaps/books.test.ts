import { inTransaction } from '../../shared/db/database';
import { createLogBookStore } from '../../shared/stores/logs/log-book-store';
import { createLogLock } from '../../shared/stores/logs/log-lock';
import { checkAllBooks } from '../../worker/upkeep/check-books';
import { createLogDatabase, type LogDatabase } from '../logs/log-database';

// For each log: every id up to the highest is stored, refused, discarded, declared absent, removed or missing.

let log: LogDatabase;
beforeAll(async () => {
  log = await createLogDatabase();
});
afterAll(() => log.drop());

const oil = (...ids: readonly (number | string)[]) =>
  ['Id,MeasuredAt,OilName', ...ids.map((id) => `${id},2026-11-20T07:31:00Z,A`), ''].join('\n');

interface MarkRow {
  solution_id: number;
  table_name: string;
  book: Record<string, unknown> | null;
  is_balanced: boolean;
}

async function check(solutionId: number): Promise<MarkRow> {
  await checkAllBooks(log.db);
  const row = await log
    .db<MarkRow>('log_mark')
    .where({ solution_id: solutionId, table_name: 'tboil' })
    .first();
  if (row === undefined) throw new Error('no mark');
  return row;
}

const none = { count: '0', ranges: [] };

test('the books of a log with gaps and absent ids balance', async () => {
  const solutionId = await log.addSolution();
  await log.load('Tboil', oil(3, 4, 5, 9, 12), { solutionId });
  await log.db.raw(
    `update log_mark set received = received + '{[6,9)}', absent = '{[6,9)}' where solution_id = ?`,
    [solutionId],
  );
  expect(await check(solutionId)).toMatchObject({
    is_balanced: true,
    book: {
      highestId: '12',
      stored: '5',
      absent: '3',
      missing: '2',
      removed: '0',
      lost: none,
      unknown: none,
    },
  });
});

test('a row that was deleted behind the back of the server is named, until it is stored again', async () => {
  const solutionId = await log.addSolution();
  await log.load('Tboil', oil(1, 2, 3, 4, 5, 6), { solutionId });
  await log.db('tboil').where({ solution_id: solutionId }).whereIn('id', [2, 3, 6]).delete();
  expect(await check(solutionId)).toMatchObject({
    is_balanced: false,
    book: {
      stored: '3',
      lost: {
        count: '3',
        ranges: [
          ['2', '3'],
          ['6', '6'],
        ],
      },
    },
  });
  await log.load('Tboil', oil(1, 2, 3, 4, 5, 6), { solutionId });
  expect(await log.db('job').where({ kind: 'logs.check-changed-books' })).toHaveLength(1);
  expect(await check(solutionId)).toMatchObject({ is_balanced: true, book: { stored: '6', lost: none } });
});

test('a row that no upload brought is named, even if another row is gone in its place', async () => {
  const solutionId = await log.addSolution();
  await log.load('Tboil', oil(1, 2, 5), { solutionId });
  await log.db('tboil').where({ solution_id: solutionId, id: 2 }).update({ id: 4 });
  expect(await check(solutionId)).toMatchObject({
    is_balanced: false,
    book: { lost: { count: '1', ranges: [['2', '2']] }, unknown: { count: '1', ranges: [['4', '4']] } },
  });
});

test('the books are complete if there are more rows than one portion', async () => {
  const solutionId = await log.addSolution();
  await log.load('Tboil', oil(...Array.from({ length: 120_000 }, (_, place) => place + 1)), { solutionId });
  await log.db('tboil').where({ solution_id: solutionId }).whereIn('id', [50_000, 50_001, 120_000]).delete();
  expect(await check(solutionId)).toMatchObject({
    is_balanced: false,
    book: { highestId: '120000', stored: '119997', lost: { count: '3' } },
  });
});

test('the books of an older log begin with its stored rows', async () => {
  const solutionId = await log.addSolution();
  await log.load('Tboil', oil(1, 2, 3, 4), { solutionId });
  await log.db('tboil').where({ solution_id: solutionId, id: 2 }).delete();
  await log.db('log_mark').where({ solution_id: solutionId }).update({ is_book_open: false });
  expect(await check(solutionId)).toMatchObject({ is_balanced: true, book: { stored: '3', removed: '1' } });
  await log.db('tboil').where({ solution_id: solutionId, id: 3 }).delete();
  expect(await check(solutionId)).toMatchObject({ book: { lost: { count: '1', ranges: [['3', '3']] } } });
});

test('ids that a solution gives again after an approved replacement are stored, not removed', async () => {
  const solutionId = await log.addSolution();
  await log.load('Tboil', oil(1, 2, 3, 4), { solutionId });
  await log.db('tboil').where({ solution_id: solutionId }).whereIn('id', [3, 4]).delete();
  await log.db.raw(
    `update log_mark set highest_id = 2, removed = '{[3,5)}', received = '{[1,3)}' where solution_id = ?`,
    [solutionId],
  );
  await log.load('Tboil', oil(3), { solutionId });
  expect(await check(solutionId)).toMatchObject({ is_balanced: true, book: { highestId: '3', stored: '3' } });
});

test('the highest id there can be is in no doubt', async () => {
  const solutionId = await log.addSolution();
  await log.load('Tboil', oil('9223372036854775807'), { solutionId });
  expect(await check(solutionId)).toMatchObject({ is_balanced: true, book: { lost: none, unknown: none } });
});

describe('losses that staff accept', () => {
  const accept = (solutionId: number) =>
    inTransaction(log.db, async ({ db }) => {
      await createLogLock(db).take(solutionId, 'tboil');
      return createLogBookStore(db).acceptDoubt({ solutionId, table: 'tboil' });
    });

  test('count as absent, and the next check is content', async () => {
    const solutionId = await log.addSolution();
    await log.load('Tboil', oil(1, 2, 3, 4, 5, 6), { solutionId });
    await log.db('tboil').where({ solution_id: solutionId }).whereIn('id', [2, 3, 6]).delete();
    await check(solutionId);
    expect(await accept(solutionId)).toEqual({ lost: '3', unknown: '0' });
    expect(await check(solutionId)).toMatchObject({
      is_balanced: true,
      book: { highestId: '6', stored: '3', absent: '3', missing: '0', lost: none },
    });
    expect(await accept(solutionId)).toEqual({ lost: '0', unknown: '0' });
  });

  test('include only rows that the check has found gone and that are still gone', async () => {
    const solutionId = await log.addSolution();
    await log.load('Tboil', oil(1, 2, 3, 4), { solutionId });
    await log.db('tboil').where({ solution_id: solutionId }).whereIn('id', [1, 2]).delete();
    await check(solutionId);
    await log.load('Tboil', oil(2), { solutionId });
    await log.db('tboil').where({ solution_id: solutionId, id: 4 }).delete();
    expect(await accept(solutionId)).toEqual({ lost: '1', unknown: '0' });
    expect(await check(solutionId)).toMatchObject({
      is_balanced: false,
      book: { absent: '1', lost: { count: '1', ranges: [['4', '4']] } },
    });
  });

  test('are still stored if the solution still has them', async () => {
    const solutionId = await log.addSolution();
    await log.load('Tboil', oil(1, 2, 3), { solutionId });
    await log.db('tboil').where({ solution_id: solutionId, id: 2 }).delete();
    await check(solutionId);
    await accept(solutionId);
    expect(await log.load('Tboil', oil(2), { solutionId })).toMatchObject({ inserted: 1 });
    expect(await check(solutionId)).toMatchObject({ is_balanced: true, book: { stored: '3', absent: '0' } });
  });

  test('may be in more than a thousand ranges, and rows that no upload brought are accepted as they are', async () => {
    const solutionId = await log.addSolution();
    await log.load('Tboil', oil(...Array.from({ length: 6_000 }, (_, place) => place + 1)), { solutionId });
    await log.db.raw('delete from tboil where solution_id = ? and id % 2 = 0', [solutionId]);
    await log.db('tboil').insert({ solution_id: solutionId, id: 7_000 });
    await check(solutionId);
    expect(await accept(solutionId)).toEqual({ lost: '3000', unknown: '1' });
    expect(await check(solutionId)).toMatchObject({
      is_balanced: true,
      book: { stored: '3001', absent: '3000', unknown: none },
    });
  });
});
