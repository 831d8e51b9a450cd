import { randomUUID } from 'node:crypto';
import type { Fields } from '../../shared/domain/merge-copy';
import { copyDigest } from '../../shared/formats/parameter-digest';
import { coalesce } from '../../worker/systems/solution/coalesce';
import { createManagerSystem } from '../../worker/systems/solution/manager';
import { createSolutionSystem, type SentEntity } from '../../worker/systems/solution/solution';
import { describeSystem, plainStage } from '../systems/contract';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { put } from './edits';
import { declared, openKitchen } from './kitchen';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describeSystem('the manager', async () => {
  const { solutionId } = await openKitchen(database.db, declared('Fridges'));
  const { system } = createManagerSystem({
    db: database.db,
    key: { solutionId, className: 'Fridges' },
    syncId: randomUUID(),
    by: 'someone@kitchen.test',
    solution: { sentOf: () => undefined, lacks: () => false },
    hasSent: false,
  });
  return plainStage(system);
});

describe('a solution as a system', () => {
  test('lists the entities that differ from its last known state, and only counts the others', async () => {
    const kitchen = await openKitchen(database.db, declared('Fridges'));
    const known = [sent('1', { Name: 'A' }), sent('2', { Name: 'B' })];
    await kitchen.syncAndConfirm(known.map(({ id, copy }) => ({ id, fields: copy.fields })));
    let unchanged = 0;
    const solution = createSolutionSystem({
      db: database.db,
      key: { solutionId: kitchen.solutionId, className: 'Fridges' },
      syncId: randomUUID(),
      batches: () => [[...known.slice(0, 1), sent('2', { Name: 'C' }), sent('3', { Name: 'D' })]],
      total: null,
      withManager: false,
      hasSent: false,
      absentIds: null,
      onUnchanged: (count) => (unchanged += count),
    });
    const listed: string[] = [];
    for await (const { items } of solution.list(null, new AbortController().signal))
      listed.push(...items.map(({ key }) => key));
    expect(listed).toEqual(['2', '3']);
    expect(unchanged).toBe(1);
    expect(solution.sentOf('3')?.copy.fields).toEqual({ Name: 'D' });
  });

  test('defers each write: the package contains it, and the confirmation acknowledges it', async () => {
    const kitchen = await openKitchen(database.db, declared('Fridges'));
    await kitchen.syncAndConfirm([{ id: '1', fields: { Name: 'A' } }]);
    await put(database.db, kitchen, '1', { Name: 'M' });
    const { counts, told } = await kitchen.syncAndConfirm([{ id: '1', fields: { Name: 'A', TempMax: 4 } }]);
    expect(counts).toMatchObject({ updated: 1, conflicts: 0 });
    expect(told).toMatchObject([{ file: 'xml/Fridges-u.xml', fields: { Name: 'M', TempMax: 4 } }]);
    expect((await kitchen.sync([{ id: '1', fields: { Name: 'M', TempMax: 4 } }])).told).toEqual([]);
  });

  const sent = (id: string, fields: Fields): SentEntity => {
    const copy = { isActive: true, fields };
    return { id, ts: null, copy, digest: copyDigest(copy), line: null, raw: null };
  };
});

describe('calls of one tick', () => {
  test('are one run, and each gets its own result', async () => {
    const runs: number[][] = [];
    const double = coalesce((asks: readonly number[]) => {
      runs.push([...asks]);
      return Promise.resolve(asks.map((ask) => ask * 2));
    });
    expect(await Promise.all([double(1), double(2), Promise.resolve().then(() => double(3))])).toEqual([
      2, 4, 6,
    ]);
    expect(await double(4)).toBe(8);
    expect(runs).toEqual([[1, 2, 3], [4]]);
  });

  test('fail together', async () => {
    const fail = coalesce(() => Promise.reject(new Error('gone')));
    expect(await Promise.allSettled([fail(1), fail(2)])).toMatchObject([
      { status: 'rejected', reason: { message: 'gone' } },
      { status: 'rejected' },
    ]);
  });
});
