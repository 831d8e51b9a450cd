import { createLogMarkStore } from '../../shared/stores/logs/log-mark-store';
import { createLogDatabase, type LogDatabase } from '../logs/log-database';

let database: LogDatabase;
let solutionId: number;

beforeAll(async () => {
  database = await createLogDatabase();
});
beforeEach(async () => {
  solutionId = await database.addSolution();
});
afterAll(() => database.drop());

const load = (...rows: readonly (number | bigint | string)[]) =>
  database.load(
    'Tboil',
    `Id,OilName\n${rows.map((row) => (typeof row === 'string' ? row : `${row},a`)).join('\n')}\n`,
    {
      solutionId,
    },
  );
const upTo = (last: number, first = 1) =>
  Array.from({ length: last - first + 1 }, (_, place) => first + place);

async function gaps(): Promise<string[]> {
  const found = (await createLogMarkStore(database.db).gaps(solutionId)).get('tboil');
  return found?.ranges.map(([first, last]) => `${first}-${last}`) ?? [];
}

async function ranges(): Promise<{ received: string; count: number }> {
  const result = await database.db.raw<{ rows: { received: string; count: number }[] }>(
    `select received::text, (select count(*)::int from unnest(received)) as count from log_mark where solution_id = ?`,
    [solutionId],
  );
  return result.rows[0] ?? { received: '', count: 0 };
}

describe('the received ids of a log', () => {
  test('are one range if nothing is missing, in any number of files', async () => {
    await load(...upTo(500));
    await load(...upTo(900, 501));
    await load(...upTo(900, 880));
    expect(await ranges()).toEqual({ received: '{[1,901)}', count: 1 });
    expect(await gaps()).toEqual([]);
  });

  test('have gaps between the received ids, but none below the first', async () => {
    await load(10, 11, 14, 15, 20);
    expect(await gaps()).toEqual(['12-13', '16-19']);
    await load(31);
    expect(await gaps()).toEqual(['12-13', '16-19', '21-30']);
  });

  test('have no gap after the missing ids arrived late, in any order', async () => {
    await load(1, 2, 9);
    await load(8, 3, 5, 4);
    expect(await gaps()).toEqual(['6-7']);
    await load(7, 6, 6, 1);
    expect(await ranges()).toEqual({ received: '{[1,10)}', count: 1 });
  });

  test('covers rows in quarantine, above the highest id and below it', async () => {
    const { rejected } = await load(1, '2,a,too many', 3, 6);
    expect(rejected).toBe(1);
    expect(await gaps()).toEqual(['4-5']);
    await load('4,a,too many', '5,"', 6);
    expect(await gaps()).toEqual([]);
  });

  test('does not lose its gaps to the same rows again', async () => {
    await load(1, 2, 5);
    await load(1, 2, 5);
    await load('5,other');
    expect(await gaps()).toEqual(['3-4']);
  });

  test('knows ids of 63 bits, and of more than 32', async () => {
    const edge = 2n ** 32n;
    await database.acceptIdsUpTo('Tboil', 2n ** 63n - 1n, solutionId);
    await load(
      edge - 2n,
      edge - 1n,
      edge,
      edge + 1n,
      9223372036854775805n,
      9223372036854775806n,
      9223372036854775807n,
    );
    expect(await gaps()).toEqual([`${edge + 2n}-9223372036854775804`]);
    await load(9223372036854775807n, edge + 2n);
    expect(await gaps()).toEqual([`${edge + 3n}-9223372036854775804`]);
  });

  test('stay a few ranges if every second id is missing: the lowest gaps are forgotten', async () => {
    await load(...upTo(3000).map((place) => place * 2));
    const { count } = await ranges();
    expect(count).toBe(1000);
    expect((await gaps())[0]).toBe('4003-4003');
    await load(...upTo(4000, 3001).map((place) => place * 2));
    expect((await ranges()).count).toBe(1000);
  });

  test('counts all that is missing and names the first hundred ranges', async () => {
    await load(...upTo(200).map((place) => place * 3));
    const found = (await createLogMarkStore(database.db).gaps(solutionId)).get('tboil');
    expect(found?.missing).toBe('398');
    expect(found?.ranges).toHaveLength(100);
    expect(found?.ranges[99]).toEqual(['301', '302']);
  });

  test('include ids that the solution says it never had, but only within its gaps', async () => {
    await load(5, 6, 9, 20);
    await createLogMarkStore(database.db).closeGaps(solutionId, 'tboil', [
      ['0', '7'],
      ['10', '12'],
      ['19', '9000'],
    ]);
    expect(await gaps()).toEqual(['8-8', '13-18']);
    expect((await ranges()).received).toBe('{[5,8),[9,13),[19,21)}');
  });
});
