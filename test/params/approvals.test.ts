import { createApprovalStore } from '../../shared/stores/parameters/approval-store';
import { applyApprovals } from '../../worker/solution-sync/params/apply-approvals';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { approvalsOf, by, put, remove, stored } from './edits';
import { declared, type Kitchen, openKitchen, type Sent, xmlOf } from './kitchen';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const twenty = Array.from({ length: 20 }, (_, index): Sent => ({
  id: String(index + 10),
  fields: { Name: `F${index}` },
}));
const deleted = (count: number): Sent[] =>
  twenty.map((entity, index) => (index < count ? { id: entity.id, isActive: false } : entity));

describe('deletions', () => {
  test.each([
    ['ten of twenty', 10, 20],
    ['eleven of forty', 11, 40],
  ])('of %s are carried out', async (_, count, size) => {
    const kitchen = await openKitchen(database.db, declared('Fridges'));
    const all = Array.from({ length: size }, (__, index): Sent => ({
      id: String(index),
      fields: { Name: 'F' },
    }));
    await kitchen.syncAndConfirm(all);
    const { counts, told } = await kitchen.sync(
      all.map((one, index) => (index < count ? { id: one.id, isActive: false } : one)),
    );
    expect(counts).toMatchObject({ deleted: count, held: 0 });
    expect(told).toHaveLength(count);
  });

  test('of eleven of twenty entities wait for an approval; the sync does everything else', async () => {
    const kitchen = await kitchenOfTwenty();
    const upload = [
      ...deleted(11).slice(0, 19),
      { id: '29', fields: { Name: 'changed' } },
      { id: '99', fields: {} },
    ];
    const { counts, told } = await kitchen.syncAndConfirm(upload);
    expect(counts).toMatchObject({ deleted: 0, held: 11, updated: 1, inserted: 1 });
    expect(told).toEqual([]);
    expect(await stored(database.db, kitchen, '10')).toMatchObject({ isActive: true, isHeld: true });
    expect(await approvalsOf(database.db, kitchen)).toMatchObject([
      { state: 'open', kind: 'deletes', className: 'Fridges' },
    ]);
    expect((await approvalsOf(database.db, kitchen))[0]?.plan).toHaveLength(11);
  });

  test('are counted against what the manager had before: if all are deleted and as many are new, all count as deleted', async () => {
    const kitchen = await kitchenOfTwenty();
    const news = twenty.map(({ id }): Sent => ({ id: `n${id}`, fields: { Name: 'n' } }));
    expect((await kitchen.sync([...deleted(20), ...news])).counts).toMatchObject({ held: 20, inserted: 20 });
  });

  test('that wait cause one request for an approval, however many syncs follow', async () => {
    const kitchen = await held();
    await kitchen.syncAndConfirm(deleted(15));
    await kitchen.syncAndConfirm([]);
    expect(await approvalsOf(database.db, kitchen)).toMatchObject([{ state: 'open' }]);
  });

  test('that become more cause a new request', async () => {
    const kitchen = await held();
    await kitchen.syncAndConfirm(deleted(16));
    const approvals = await approvalsOf(database.db, kitchen);
    expect(approvals.map(({ state, plan }) => [state, plan.length])).toEqual([
      ['open', 16],
      ['superseded', 15],
    ]);
  });

  test('that the solution takes back no longer wait; the few others are carried out', async () => {
    const kitchen = await held();
    const { counts } = await kitchen.syncAndConfirm(deleted(3));
    expect(counts).toMatchObject({ deleted: 3, held: 0 });
    expect(await approvalsOf(database.db, kitchen)).toMatchObject([{ state: 'superseded' }]);
    expect(await stored(database.db, kitchen, '14')).toMatchObject({ isActive: true, isHeld: false });
    expect(await kitchen.sync(deleted(3))).toMatchObject({ counts: { unchanged: 20 }, told: [] });
  });

  test('that are approved are carried out at once, and the solution is told', async () => {
    const kitchen = await held();
    expect(await decide(kitchen, 'approve')).toMatchObject({
      applied: 15,
      released: 0,
      state: 'approved',
      decidedBy: by,
    });
    expect(await stored(database.db, kitchen, '10')).toMatchObject({ isActive: false, isHeld: false });
    const { counts, told } = await kitchen.syncAndConfirm(deleted(15));
    expect(counts).toMatchObject({ unchanged: 20 });
    expect(told.map(({ file }) => file)).toEqual(Array(15).fill('xml/Fridges-d.xml'));
    expect((await kitchen.sync(deleted(15))).told).toEqual([]);
  });

  test('that are approved do not include entities that changed since: these are planned again', async () => {
    const kitchen = await held();
    await put(database.db, kitchen, '10', { Name: 'still needed' });
    await remove(database.db, kitchen, '11');
    expect(await decide(kitchen, 'approve')).toMatchObject({ applied: 13, released: 2 });
    const { counts } = await kitchen.syncAndConfirm(deleted(15));
    expect(counts).toMatchObject({ conflicts: 1, held: 0 });
    expect(await stored(database.db, kitchen, '10')).toMatchObject({ isActive: true, isHeld: false });
    expect(await stored(database.db, kitchen, '11')).toMatchObject({ isActive: false, isHeld: false });
  });

  test('that are rejected leave the entities on both sides', async () => {
    const kitchen = await held();
    expect(await decide(kitchen, 'reject')).toMatchObject({ applied: 15, state: 'rejected' });
    const { counts, told } = await kitchen.syncAndConfirm(deleted(15));
    expect(counts).toMatchObject({ unchanged: 20, held: 0 });
    expect(told).toHaveLength(15);
    expect(told[0]).toMatchObject({
      file: 'xml/Fridges-u.xml',
      id: '10',
      isActive: true,
      fields: { Name: 'F0' },
    });
    expect(await kitchen.sync(twenty)).toMatchObject({ counts: { unchanged: 20 }, told: [] });
  });

  test('can be decided only once', async () => {
    const kitchen = await held();
    await decide(kitchen, 'approve');
    await expect(decide(kitchen, 'reject')).rejects.toMatchObject({ code: 'already-decided' });
    await expect(createApprovalStore(database.db).decide('0', 'approve', by)).rejects.toMatchObject({
      code: 'not-found',
    });
  });
});

describe('an upload that replaces everything', () => {
  const replaceFromSolution = true;

  test('wins over every edit of the manager, and deletes what it does not contain once that is approved', async () => {
    const kitchen = await kitchenOfTwenty();
    await put(database.db, kitchen, '10', { Name: 'edited' });
    await put(database.db, kitchen, '77', { Name: 'of the manager alone' });
    const { counts, told } = await kitchen.syncAndConfirm(twenty.slice(0, 18), { replaceFromSolution });
    expect(counts).toMatchObject({ updated: 1, held: 3, deleted: 0, unchanged: 17, conflicts: 0 });
    expect(told).toEqual([]);
    expect(await stored(database.db, kitchen, '77')).toMatchObject({ isActive: true });
    await decide(kitchen, 'approve');
    expect(await stored(database.db, kitchen, '10')).toMatchObject({ fields: { Name: 'F0' } });
    expect(await stored(database.db, kitchen, '77')).toMatchObject({ isActive: false, isDue: false });
  });

  test('does so for a class that only the manager edits as well', async () => {
    const kitchen = await openKitchen(database.db, declared('Company'));
    await put(database.db, kitchen, '1', { Value: 'manager' });
    await kitchen.syncAndConfirm([{ id: '1', fields: { Value: 'solution' } }], { replaceFromSolution });
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ fields: { Value: 'solution' } });
  });

  test('does not delete what it contains but could not be read', async () => {
    const kitchen = await kitchenOfTwenty();
    const text = xmlOf(kitchen.parameterClass, twenty)
      .replace('<IsActive>true</IsActive>', '<IsActive>perhaps</IsActive>')
      .replace('<Name>F1</Name>', '<TempMax>hot</TempMax>');
    const { counts } = await kitchen.sync(Buffer.from(text), { replaceFromSolution });
    expect(counts).toMatchObject({ rejected: 2, deleted: 0, unchanged: 18 });
    expect(await stored(database.db, kitchen, '10')).toMatchObject({ isActive: true });
  });

  test('keeps what it does not contain if the deletion is rejected, and the solution gets it again', async () => {
    for (const decision of ['approve', 'reject'] as const) {
      const kitchen = await kitchenOfTwenty();
      const { counts } = await kitchen.syncAndConfirm(twenty.slice(0, 2), { replaceFromSolution });
      expect(counts).toMatchObject({ held: 18, deleted: 0 });
      expect(await approvalsOf(database.db, kitchen)).toMatchObject([{ kind: 'replace', state: 'open' }]);
      await decide(kitchen, decision);
      const { told } = await kitchen.syncAndConfirm(twenty.slice(0, 2));
      expect(told.map(({ file }) => file)).toEqual(
        Array(decision === 'approve' ? 0 : 18).fill('xml/Fridges-i.xml'),
      );
      expect(await stored(database.db, kitchen, '20')).toMatchObject({
        isActive: decision === 'reject',
        isDue: false,
      });
    }
  });
});

async function kitchenOfTwenty(): Promise<Kitchen> {
  const kitchen = await openKitchen(database.db, declared('Fridges'));
  await kitchen.syncAndConfirm(twenty);
  return kitchen;
}

async function held(): Promise<Kitchen> {
  const kitchen = await kitchenOfTwenty();
  await kitchen.syncAndConfirm(deleted(15));
  return kitchen;
}

/** Someone decides, and a worker carries it out. */
async function decide(kitchen: Kitchen, decision: 'approve' | 'reject') {
  const [latest] = await approvalsOf(database.db, kitchen);
  const store = createApprovalStore(database.db);
  await store.decide(latest?.id ?? '', decision, by);
  await applyApprovals(database.db);
  return store.find(latest?.id ?? '');
}
