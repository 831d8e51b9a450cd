import type { Fields } from '../../shared/domain/merge-copy';
import { createParamStore } from '../../shared/stores/parameters/param-store';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { by, conflictsOf, keyOf, paramsOf, put, remove, stored } from './edits';
import { declared, type Kitchen, openKitchen } from './kitchen';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const fridges = declared('Fridges');
const cold: Fields = { Name: 'Chambre froide 1', TempMin: 0, TempMax: 4 };
const sent = [{ id: '1', fields: cold }];

describe('several changes of one entity before a package', () => {
  test('i and u become one i with the latest values', async () => {
    const kitchen = await openKitchen(database.db, fridges);
    await edit(kitchen, '7', { Name: 'A' });
    await edit(kitchen, '7', { Name: 'B' });
    expect((await kitchen.sync(null)).told).toMatchObject([
      { file: 'xml/Fridges-i.xml', id: '7', fields: { Name: 'B' } },
    ]);
  });

  test('i and d cancel each other', async () => {
    const kitchen = await openKitchen(database.db, fridges);
    await edit(kitchen, '7', { Name: 'A' });
    await remove(database.db, kitchen, '7');
    expect((await kitchen.sync(null)).told).toEqual([]);
  });

  test('u and d become d', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { Name: 'B' });
    await remove(database.db, kitchen, '1');
    expect((await kitchen.sync(sent)).told).toMatchObject([{ file: 'xml/Fridges-d.xml', id: '1' }]);
  });

  test('a u that is taken back leaves no instruction', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { Name: 'B' });
    await edit(kitchen, '1', { Name: 'Chambre froide 1' });
    expect((await kitchen.sync(sent)).told).toEqual([]);
  });

  test('d and a new creation become u with the latest values', async () => {
    const kitchen = await agreed();
    await remove(database.db, kitchen, '1');
    await edit(kitchen, '1', { Name: 'B' });
    expect((await kitchen.sync(sent)).told).toMatchObject([
      { file: 'xml/Fridges-u.xml', fields: { Name: 'B' } },
    ]);
  });
});

describe('a confirmation', () => {
  test('stores what was sent as the copy of the solution; later changes of the manager stay due', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { TempMax: 5 });
    const first = await kitchen.sync(sent);
    await edit(kitchen, '1', { TempMax: 6 });
    await kitchen.confirm(first);
    const second = await kitchen.sync([{ id: '1', fields: { ...cold, TempMax: 5 } }]);
    expect(second).toMatchObject({
      counts: { unchanged: 1, conflicts: 0 },
      told: [{ fields: { TempMax: 6 } }],
    });
  });

  test('may be sent twice', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { TempMax: 5 });
    const outcome = await kitchen.sync(sent);
    await kitchen.confirm(outcome);
    const once = await stored(database.db, kitchen, '1');
    await kitchen.confirm(outcome, [{ file: 'xml/Fridges-u.xml', id: '1', reason: 'late' }]);
    expect(await stored(database.db, kitchen, '1')).toEqual(once);
  });

  test('leaves a failed instruction due, with its reason; after five failures it is parked until the next edit', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { TempMax: 5 });
    await edit(kitchen, '2', { Name: 'fine' });
    for (let failures = 1; failures <= 5; failures++) {
      const outcome = await kitchen.sync(sent);
      expect(outcome.told.map(({ id }) => id)).toContain('1');
      await kitchen.confirm(outcome, [{ file: 'XML\\fridges-U.xml', id: '1', reason: 'disk full' }]);
      expect(await stored(database.db, kitchen, '1')).toMatchObject({
        failures,
        failureReason: 'disk full',
        isDue: true,
      });
      expect(await stored(database.db, kitchen, '2')).toMatchObject({ isDue: false });
    }
    expect((await kitchen.sync(sent)).told).toEqual([]);
    await edit(kitchen, '1', { TempMax: 6 });
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ failures: 0, failureReason: null });
    expect((await kitchen.syncAndConfirm(sent)).told).toMatchObject([{ fields: { TempMax: 6 } }]);
  });

  test('of a failure does not count against a later change of the manager', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { TempMax: 5 });
    const outcome = await kitchen.sync(sent);
    await edit(kitchen, '1', { TempMax: 6 });
    await kitchen.confirm(outcome, [{ file: 'xml/Fridges-u.xml', id: '1', reason: 'no' }]);
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ failures: 0, isDue: true });
  });

  test('can report a whole file as failed', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '7', { Name: 'A' });
    await edit(kitchen, '8', { Name: 'B' });
    const outcome = await kitchen.sync(null);
    await kitchen.confirm(outcome, [{ file: 'xml/Fridges-i.xml', id: '', reason: 'unreadable' }]);
    expect((await kitchen.sync(null)).told.map(({ id }) => id)).toEqual(['7', '8']);
  });
});

describe('a package that was never confirmed', () => {
  test('but was carried out leaves nothing to do, because the solution shows its content', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { TempMax: 5 });
    await edit(kitchen, '7', { Name: 'New' });
    await kitchen.sync(sent);
    const shown = [
      { id: '1', fields: { ...cold, TempMax: 5 } },
      { id: '7', fields: { Name: 'New' } },
    ];
    expect(await kitchen.syncAndConfirm(shown)).toMatchObject({
      counts: { unchanged: 2, conflicts: 0 },
      told: [],
    });
    expect(await kitchen.sync(shown)).toMatchObject({ told: [] });
  });

  test('and was not carried out is sent again', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { TempMax: 5 });
    await kitchen.sync(sent);
    expect((await kitchen.syncAndConfirm(sent)).told).toMatchObject([{ fields: { TempMax: 5 } }]);
  });

  test('but was carried out before another edit causes no conflict with our own write', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { TempMax: 5 });
    await kitchen.sync(sent);
    await edit(kitchen, '1', { TempMax: 6 });
    const outcome = await kitchen.syncAndConfirm([
      { id: '1', fields: { ...cold, TempMax: 5 }, ts: '2099-01-01 00:00:00' },
    ]);
    expect(outcome).toMatchObject({ counts: { conflicts: 0 }, told: [{ fields: { TempMax: 6 } }] });
    expect(await conflictsOf(database.db, kitchen)).toEqual([]);
  });

  test('but was carried out before the manager took the edit back causes an instruction to take it back', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { TempMax: 5 });
    await kitchen.sync(sent);
    await edit(kitchen, '1', { TempMax: 4 });
    const outcome = await kitchen.syncAndConfirm([{ id: '1', fields: { ...cold, TempMax: 5 } }]);
    expect(outcome.told).toMatchObject([{ fields: { TempMax: 4 } }]);
    expect((await stored(database.db, kitchen, '1'))?.fields).toEqual(cold);
  });

  test('and contained a new entity that the manager deleted since causes an instruction to delete it', async () => {
    const kitchen = await openKitchen(database.db, fridges);
    await edit(kitchen, '7', { Name: 'A' });
    await kitchen.sync(null);
    await remove(database.db, kitchen, '7');
    const shown = await kitchen.syncAndConfirm([{ id: '7', fields: { Name: 'A' } }]);
    expect(shown.told).toMatchObject([{ file: 'xml/Fridges-d.xml', id: '7' }]);
    expect(await stored(database.db, kitchen, '7')).toMatchObject({ isActive: false, isDue: false });
  });

  test('for a class that the solution never sends causes each possible entity to be sent again or deleted', async () => {
    const kitchen = await openKitchen(database.db, declared('Company'));
    await edit(kitchen, '1', { Value: 'A' });
    await edit(kitchen, '2', { Value: 'B' });
    await kitchen.sync(null);
    await remove(database.db, kitchen, '1');
    const { told } = await kitchen.syncAndConfirm(null);
    expect(told.map(({ file, id }) => [file, id])).toEqual([
      ['xml/Company-i.xml', '2'],
      ['xml/Company-d.xml', '1'],
    ]);
    expect((await kitchen.sync(null)).told).toEqual([]);
  });
});

describe('everything as r', () => {
  test('contains every entity, whatever is due, and an empty class as well', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '2', { Name: 'B' });
    await edit(kitchen, '3', { Name: 'gone' });
    await remove(database.db, kitchen, '3');
    const outcome = await kitchen.sync(sent, { all: true });
    expect(outcome.files).toEqual(['xml/Fridges-r.xml']);
    expect(outcome.told.map(({ id }) => id)).toEqual(['1', '2']);
    await kitchen.confirm(outcome);
    expect((await kitchen.sync(null)).told).toEqual([]);
    const empty = await openKitchen(database.db, fridges);
    expect(await empty.sync(null, { all: true })).toMatchObject({ files: ['xml/Fridges-r.xml'], told: [] });
  });

  test('makes the solution delete what the manager deleted', async () => {
    const kitchen = await agreed();
    await remove(database.db, kitchen, '1');
    await kitchen.syncAndConfirm(sent, { all: true });
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ isActive: false, isDue: false });
  });

  test('leaves a parked conflict as it is, on both sides', async () => {
    const manual = declared('Fridges', { conflictPolicy: 'manual' });
    const kitchen = await openKitchen(database.db, manual);
    await kitchen.syncAndConfirm(sent);
    await edit(kitchen, '1', { TempMax: 6 });
    const theirs = [{ id: '1', fields: { ...cold, TempMax: 9 } }];
    const { told } = await kitchen.syncAndConfirm(theirs, { all: true });
    expect(told).toMatchObject([{ id: '1', fields: { TempMax: 9 } }]);
    expect(await kitchen.syncAndConfirm(theirs)).toMatchObject({ counts: { conflicts: 1 }, told: [] });
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ fields: { TempMax: 6 }, isHeld: true });
  });

  test('that failed leaves its entities due', async () => {
    const kitchen = await agreed();
    const outcome = await kitchen.sync(null, { all: true });
    await kitchen.confirm(outcome, [{ file: 'xml/Fridges-r.xml', id: '', reason: 'no' }]);
    expect((await kitchen.sync(null)).told).toMatchObject([{ file: 'xml/Fridges-u.xml', id: '1' }]);
  });
});

describe('an edit in the backoffice', () => {
  test('is refused if it names another version than the current one', async () => {
    const kitchen = await agreed();
    const store = paramsOf(database.db);
    const key = keyOf(kitchen, '1');
    await expect(store.put(key, { fields: { Name: 'B' }, by, ifVersion: 7 })).rejects.toMatchObject({
      code: 'stale',
      members: { version: 1 },
    });
    expect(await store.put(key, { fields: { Name: 'B' }, by, ifVersion: 1 })).toMatchObject({
      isNew: false,
      param: { version: 2, fields: { ...cold, Name: 'B' } },
    });
    await expect(store.delete(key, { by, ifVersion: 1 })).rejects.toMatchObject({ code: 'stale' });
    await expect(store.put(keyOf(kitchen, 'x'), { fields: {}, by, ifVersion: 1 })).rejects.toMatchObject({
      code: 'stale',
    });
    await expect(store.delete(keyOf(kitchen, 'x'), { by, ifVersion: null })).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('that changes nothing creates no version', async () => {
    const kitchen = await agreed();
    expect(await edit(kitchen, '1', { TempMax: 4 })).toMatchObject({ version: 1, updatedBy: 'solution' });
  });

  test('can clear a field, which is sent to the solution', async () => {
    const kitchen = await agreed();
    await edit(kitchen, '1', { Name: null });
    expect((await kitchen.sync(sent)).told).toMatchObject([
      { fields: { Name: null, TempMin: 0, TempMax: 4 } },
    ]);
  });

  test('of a deleted entity creates it again', async () => {
    const kitchen = await agreed();
    await remove(database.db, kitchen, '1');
    await kitchen.syncAndConfirm(sent);
    const { isNew, param } = await paramsOf(database.db).put(keyOf(kitchen, '1'), {
      fields: { Name: 'B' },
      by,
      ifVersion: null,
    });
    expect({ isNew, fields: param.fields }).toEqual({ isNew: true, fields: { Name: 'B' } });
    expect((await kitchen.sync(null)).told).toMatchObject([
      { file: 'xml/Fridges-i.xml', fields: { Name: 'B' } },
    ]);
  });

  test('and another one at the same time are both kept, one after the other', async () => {
    const kitchen = await openKitchen(database.db, fridges);
    await Promise.all([edit(kitchen, '5', { TempMin: 1 }), edit(kitchen, '5', { TempMax: 2 })]);
    expect(await stored(database.db, kitchen, '5')).toMatchObject({
      version: 2,
      fields: { TempMin: 1, TempMax: 2 },
    });
  });

  test('is made in a list of the class that has pages and is sorted by id', async () => {
    const kitchen = await openKitchen(database.db, fridges);
    for (const id of ['b', 'c', 'a']) await edit(kitchen, id, { Name: id });
    const store = createParamStore(database.db);
    const first = await store.list(keyOf(kitchen, ''), { limit: 2, after: null });
    const second = await store.list(keyOf(kitchen, ''), { limit: 2, after: first.next });
    expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(['a', 'b', 'c']);
    expect(second.next).toBeNull();
  });
});

const edit = (kitchen: Kitchen, id: string, fields: Fields) => put(database.db, kitchen, id, fields);

async function agreed(): Promise<Kitchen> {
  const kitchen = await openKitchen(database.db, fridges);
  await kitchen.syncAndConfirm(sent);
  return kitchen;
}
