import { createBeliefStore } from '../../shared/stores/parameters/belief-store';
import { classDigest } from '../../shared/formats/class-digest';
import { copyDigest } from '../../shared/formats/parameter-digest';
import type { Fields } from '../../shared/domain/merge-copy';
import { declared, type Kitchen, openKitchen, type Sent } from '../params/kitchen';
import { createTestDatabase, type TestDatabase } from '../setup/database';

let database: TestDatabase;
let kitchen: Kitchen;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  kitchen = await openKitchen(database.db, declared('Fridges'));
});
afterAll(() => database.drop());

async function after(syncId: string) {
  const found = await createBeliefStore(database.db).afterPackage(kitchen.solutionId, syncId, ['Fridges']);
  return found.get('Fridges');
}

const digestOf = (...held: readonly [id: string, fields: Fields][]) =>
  classDigest(new Map(held.map(([id, fields]) => [id, copyDigest({ isActive: true, fields })])));

const noteCount = async (): Promise<number> => {
  const notes = await database
    .db<{ solution_id: number }>('param_belief')
    .where({ solution_id: kitchen.solutionId });
  return notes.length;
};

/** As the backoffice stores it: the manager's copy alone. */
const edit = (id: string, fields: Fields) =>
  database.db.raw(
    `update param set fields = :fields, digest = :digest, version = version + 1
     where solution_id = :solutionId and id = :id`,
    {
      fields: JSON.stringify(fields),
      digest: copyDigest({ isActive: true, fields }),
      solutionId: kitchen.solutionId,
      id,
    },
  );

const cave: Sent = { id: '1', fields: { Name: 'Cave' } };
const cour: Sent = { id: '2', fields: { Name: 'Cour' } };

describe('what a solution is believed to hold', () => {
  test('is what it sent, and what its package contains', async () => {
    const first = await kitchen.syncAndConfirm([cave, cour]);
    expect(await after(first.syncId)).toEqual(digestOf(['1', { Name: 'Cave' }], ['2', { Name: 'Cour' }]));
    await edit('2', { Name: 'Cour basse' });
    const second = await kitchen.sync([cave, cour]);
    const told = digestOf(['1', { Name: 'Cave' }], ['2', { Name: 'Cour basse' }]);
    expect(await after(second.syncId)).toEqual(told);
    await kitchen.confirm(second);
    expect(await after(second.syncId)).toEqual(told);
  });

  test('excludes what it deleted, and what it was told to delete', async () => {
    await kitchen.syncAndConfirm([cave, cour]);
    const { syncId } = await kitchen.syncAndConfirm([{ ...cave, isActive: false }, cour]);
    expect(await after(syncId)).toEqual(digestOf(['2', { Name: 'Cour' }]));
    await database
      .db('param')
      .where({ solution_id: kitchen.solutionId, id: '2' })
      .update({ is_active: false });
    const told = await kitchen.sync([cour]);
    expect(told.told.map(({ file }) => file)).toEqual(['xml/Fridges-d.xml']);
    expect(await after(told.syncId)).toEqual(digestOf());
  });

  test('is the whole of a replacement', async () => {
    await kitchen.syncAndConfirm([cave, cour]);
    const { syncId } = await kitchen.sync([{ id: '1', fields: { Name: 'Cave voûtée' } }], { all: true });
    expect(await after(syncId)).toEqual(digestOf(['1', { Name: 'Cave voûtée' }], ['2', { Name: 'Cour' }]));
  });

  test('is not known while somebody must decide, or while a replacement has failed in part', async () => {
    const { syncId } = await kitchen.sync([cave, cour], { all: true });
    await kitchen.confirm({ syncId }, [{ file: 'xml/Fridges-r.xml', id: '1', reason: 'no room' }]);
    expect(await after(syncId)).toBeUndefined();
    const next = await kitchen.syncAndConfirm([cave, cour]);
    expect(await after(next.syncId)).toEqual(digestOf(['1', { Name: 'Cave' }], ['2', { Name: 'Cour' }]));
    await database.db('param').where({ solution_id: kitchen.solutionId, id: '2' }).update({ held: true });
    expect(await after(next.syncId)).toBeUndefined();
  });

  test('is unknown for a class of which nothing was ever sent', async () => {
    const { syncId } = await kitchen.syncAndConfirm(null);
    expect(await after(syncId)).toBeUndefined();
  });

  test('needs one row for each class, whatever its size: a change adds a row, and the next reading joins them', async () => {
    const many = Array.from({ length: 2_000 }, (_, place): Sent => ({
      id: String(place),
      fields: { Name: 'a' },
    }));
    const { syncId } = await kitchen.syncAndConfirm(many);
    await after(syncId);
    expect(await noteCount()).toBe(1);
    await kitchen.syncAndConfirm(many);
    expect(await noteCount()).toBe(1);
    await edit('5', { Name: 'only the manager’s copy' });
    expect(await noteCount()).toBe(1);
    await kitchen.sync([{ id: '7', fields: { Name: 'b' } }]);
    expect(await noteCount()).toBe(2);
    const changed = many.map(({ id }): [string, Fields] => [id, { Name: id === '7' ? 'b' : 'a' }]);
    expect(await after(syncId)).toEqual(digestOf(...changed));
    expect(await noteCount()).toBe(1);
  });

  test('goes with its solution', async () => {
    await kitchen.syncAndConfirm([cave]);
    await database.db('solution').where({ id: kitchen.solutionId }).delete();
    expect(await noteCount()).toBe(0);
  });
});
