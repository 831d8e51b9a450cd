import { applyApprovals } from '../../worker/solution-sync/params/apply-approvals';
import { createApprovalStore } from '../../shared/stores/parameters/approval-store';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { approvalsOf, by, put, remove, stored } from './edits';
import { declared, type Kitchen, openKitchen, type Sent } from './kitchen';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const rooms = (count: number, TempMax: number): Sent[] =>
  Array.from({ length: count }, (_, index) => ({
    id: String(100 + index),
    fields: { Name: `Chambre froide ${index}`, TempMax },
  }));

async function kitchenOf(sent: readonly Sent[]): Promise<Kitchen> {
  const kitchen = await openKitchen(database.db, declared('Fridges'));
  await kitchen.syncAndConfirm(sent);
  return kitchen;
}

const limitOf = async (kitchen: Kitchen, id: string) =>
  (await stored(database.db, kitchen, id))?.fields['TempMax'];

async function decide(kitchen: Kitchen, decision: 'approve' | 'reject'): Promise<void> {
  const [open] = (await approvalsOf(database.db, kitchen)).filter(({ state }) => state === 'open');
  await createApprovalStore(database.db).decide(open?.id ?? '', decision, by);
  await applyApprovals(database.db);
}

describe('an upload that would change more than half of a class of more than ten', () => {
  test('waits for an approval as a whole; new entities are taken', async () => {
    const kitchen = await kitchenOf(rooms(12, 3));
    const blank = [...rooms(12, 8), { id: '999', fields: { Name: 'new', TempMax: 8 } }];
    const { counts, told } = await kitchen.syncAndConfirm(blank);
    expect([counts, told]).toMatchObject([{ held: 12, updated: 0, inserted: 1 }, []]);
    expect(await limitOf(kitchen, '100')).toBe(3);
    expect(await limitOf(kitchen, '999')).toBe(8);
    expect(await approvalsOf(database.db, kitchen)).toMatchObject([
      { state: 'open', kind: 'changes', reason: 'many-changes' },
    ]);
  });

  test.each([
    ['six of twelve', 12, 6, 0],
    ['seven of twelve', 12, 7, 7],
    ['six of eleven', 11, 6, 6],
    ['ten of ten', 10, 10, 0],
  ])('waits only then: with %s (%p entities, %p changes), %p wait', async (_, size, changed, held) => {
    const kitchen = await kitchenOf(rooms(size, 3));
    const sent = [...rooms(size, 8).slice(0, changed), ...rooms(size, 3).slice(changed)];
    expect((await kitchen.sync(sent)).counts).toMatchObject({
      held,
      updated: changed - (held > 0 ? changed : 0),
    });
  });

  test('replaces the copies of the manager once approved; once rejected, the solution gets the earlier copies', async () => {
    for (const decision of ['approve', 'reject'] as const) {
      const kitchen = await kitchenOf(rooms(12, 3));
      await kitchen.syncAndConfirm(rooms(12, 8));
      await decide(kitchen, decision);
      const { counts, told } = await kitchen.syncAndConfirm(rooms(12, 8));
      expect(counts).toMatchObject({ unchanged: 12, held: 0 });
      expect(told.map(({ fields }) => fields['TempMax'])).toEqual(
        decision === 'approve' ? [] : Array(12).fill(3),
      );
      expect(await limitOf(kitchen, '105')).toBe(decision === 'approve' ? 8 : 3);
    }
  });

  test('does not hold up a later change of another entity', async () => {
    const kitchen = await kitchenOf(rooms(12, 3));
    await kitchen.syncAndConfirm([...rooms(12, 8).slice(0, 7), ...rooms(12, 3).slice(7)]);
    const next = [...rooms(12, 8).slice(0, 7), ...rooms(12, 3).slice(7, 11), ...rooms(12, 5).slice(11)];
    expect((await kitchen.syncAndConfirm(next)).counts).toMatchObject({ held: 7, updated: 1 });
    expect(await limitOf(kitchen, '111')).toBe(5);
  });

  test('does not count instructions that the solution carried out, even if the confirmation was lost', async () => {
    const kitchen = await kitchenOf(rooms(12, 3));
    for (const { id } of rooms(12, 3)) await put(database.db, kitchen, id, { TempMax: 4 });
    await kitchen.sync(rooms(12, 3));
    expect((await kitchen.sync(rooms(12, 4))).counts).toMatchObject({ held: 0, unchanged: 12 });
  });

  test('waits in the same way if there are more changes than memory can hold', async () => {
    const kitchen = await kitchenOf(rooms(6_000, 3));
    const { counts } = await kitchen.sync([...rooms(6_000, 8), { id: '9', fields: { Name: 'new' } }]);
    expect(counts).toMatchObject({ held: 6_000, updated: 0, inserted: 1, unchanged: 0 });
  });

  test('is taken at once if staff asked for it', async () => {
    const kitchen = await kitchenOf(rooms(12, 3));
    const { counts } = await kitchen.sync(rooms(12, 8), { replaceFromSolution: true });
    expect(counts).toMatchObject({ held: 0, updated: 12 });
  });

  test('leaves the solution its own copies until someone decides, even if its class is about to be sent again', async () => {
    const kitchen = await kitchenOf(rooms(12, 3));
    const { told } = await kitchen.syncAndConfirm(rooms(12, 8), { all: true });
    expect(told.map(({ fields }) => fields['TempMax'])).toEqual(Array(12).fill(8));
    await decide(kitchen, 'reject');
    expect((await kitchen.sync(rooms(12, 8))).told).toHaveLength(12);
  });
});

describe.each(['first-upload', 'resend', 'drift'] as const)(
  'an upload that is not trusted: %s',
  (holdsAll) => {
    test('every change and every deletion waits, in later syncs too, and new entities are taken', async () => {
      const kitchen = await kitchenOf(rooms(4, 3));
      const sent: Sent[] = [
        ...rooms(1, 8),
        { id: '101', isActive: false },
        ...rooms(4, 3).slice(2),
        { id: '999', fields: { Name: 'new' } },
      ];
      const { counts, told } = await kitchen.syncAndConfirm(sent, { holdsAll });
      expect([counts, told]).toMatchObject([
        { held: 2, updated: 0, deleted: 0, inserted: 1, unchanged: 2 },
        [],
      ]);
      expect(await approvalsOf(database.db, kitchen)).toMatchObject([
        {
          kind: 'changes',
          reason: holdsAll,
          plan: [{ id: '100' }, { id: '101', sent: { isActive: false } }],
        },
      ]);
      const again = await kitchen.syncAndConfirm([
        ...sent.slice(0, 3),
        { id: '103', fields: { TempMax: 5 } },
      ]);
      expect(again.counts).toMatchObject({ held: 2, updated: 1, deleted: 0 });
      await decide(kitchen, 'approve');
      expect(await limitOf(kitchen, '100')).toBe(8);
      expect(await stored(database.db, kitchen, '101')).toMatchObject({ isActive: false });
    });
  },
);

describe('everything on the solution is being replaced', () => {
  test('its uploads change nothing, and its content is replaced', async () => {
    const kitchen = await kitchenOf(rooms(3, 3));
    const sent: Sent[] = [...rooms(1, 8), { id: '101', isActive: false }, { id: '999', fields: {} }];
    const { counts, told } = await kitchen.syncAndConfirm(sent, { isReplaced: true, all: true });
    expect(counts).toMatchObject({ inserted: 0, updated: 0, deleted: 0, held: 0, unchanged: 3 });
    expect(told.map(({ id, fields }) => [id, fields['TempMax']])).toEqual([
      ['100', 3],
      ['101', 3],
      ['102', 3],
    ]);
    expect(await stored(database.db, kitchen, '999')).toBeNull();
    expect((await kitchen.sync(rooms(3, 3))).counts).toMatchObject({ unchanged: 3 });
  });
});

describe('an entity whose deletion the solution confirmed', () => {
  const [room, other] = [rooms(1, 3), rooms(1, 5)];

  test.each(['manager', 'solution'])(
    'is deleted again if it was deleted on the %s and is sent again unchanged',
    async (side) => {
      const kitchen = await kitchenOf(room);
      if (side === 'manager') await remove(database.db, kitchen, '100');
      await kitchen.syncAndConfirm(side === 'manager' ? room : [{ id: '100', isActive: false }]);
      for (let sync = 0; sync < 2; sync++) {
        const { counts, told, cameBack } = await kitchen.sync(room);
        expect([counts, cameBack]).toMatchObject([{ inserted: 0, conflicts: 0, unchanged: 1 }, []]);
        expect(told).toMatchObject([{ file: 'xml/Fridges-d.xml', id: '100' }]);
        expect(await stored(database.db, kitchen, '100')).toMatchObject({ isActive: false });
      }
      await kitchen.syncAndConfirm(room);
      expect((await kitchen.sync([])).told).toEqual([]);
    },
  );

  test('is new if it is sent with other content, and staff see that it came back', async () => {
    const kitchen = await kitchenOf(room);
    await remove(database.db, kitchen, '100');
    await kitchen.syncAndConfirm(room);
    const { counts, told, cameBack } = await kitchen.syncAndConfirm(other);
    expect([counts, told, cameBack]).toMatchObject([{ inserted: 1 }, [], ['100']]);
    const param = await stored(database.db, kitchen, '100');
    expect(param).toMatchObject({ isActive: true, fields: { TempMax: 5 } });
    expect(param?.returnedAt).toBeInstanceOf(Date);
  });

  test('is sent to the solution as staff made it if they create it again', async () => {
    const kitchen = await kitchenOf(room);
    await remove(database.db, kitchen, '100');
    await kitchen.syncAndConfirm(room);
    await put(database.db, kitchen, '100', { Name: 'anew', TempMax: 2 });
    const { counts, told } = await kitchen.sync(room);
    expect(counts.conflicts).toBe(0);
    expect(told).toMatchObject([{ id: '100', fields: { Name: 'anew', TempMax: 2 } }]);
  });
});
