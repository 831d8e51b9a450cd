import type { ClassLimit } from '../../shared/catalog/parameter-classes';
import { createApprovalStore } from '../../shared/stores/parameters/approval-store';
import { createParamStore } from '../../shared/stores/parameters/param-store';
import { applyApprovals } from '../../worker/solution-sync/params/apply-approvals';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { approvalsOf, by, put, stored } from './edits';
import { declared, type Kitchen, openKitchen, type Sent } from './kitchen';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const limit = (kind: ClassLimit['kind']): ClassLimit => ({ kind, count: 2, share: 0.1 });
const five = (name: string): Sent[] =>
  ['1', '2', '3', '4', '5'].map((id) => ({ id, fields: { Name: `${name} ${id}` } }));

describe('changes above a soft limit', () => {
  test('wait for an approval over several syncs; those below it are made', async () => {
    const kitchen = await kitchenOfFive('soft');
    for (let sync = 0; sync < 2; sync++) {
      const { counts, told } = await kitchen.syncAndConfirm(five('new'));
      expect(counts).toMatchObject({ updated: sync === 0 ? 2 : 0, held: 3 });
      expect(told).toEqual([]);
    }
    expect(await names(kitchen)).toEqual(['new 1', 'new 2', 'old 3', 'old 4', 'old 5']);
    expect(await approvalsOf(database.db, kitchen)).toMatchObject([
      { kind: 'changes', state: 'open', plan: [{ id: '3', version: 1, sent: { isActive: true } }, {}, {}] },
    ]);
  });

  test('are made by a worker once they are approved, in the name of the person who approved them', async () => {
    const kitchen = await held();
    expect(await decide(kitchen, 'approve')).toMatchObject({ applied: 3, released: 0 });
    expect(await names(kitchen)).toEqual(['new 1', 'new 2', 'new 3', 'new 4', 'new 5']);
    expect(await stored(database.db, kitchen, '3')).toMatchObject({ isHeld: false, updatedBy: by });
    const outcome = await kitchen.syncAndConfirm(five('new'));
    expect(outcome).toMatchObject({ counts: { unchanged: 5, held: 0 }, told: [] });
  });

  test('that are rejected are taken back on the solution', async () => {
    const kitchen = await held();
    expect(await decide(kitchen, 'reject')).toMatchObject({ applied: 3, state: 'rejected' });
    const { told } = await kitchen.syncAndConfirm(five('new'));
    expect(told.map(({ file, fields }) => [file, fields['Name']])).toEqual(
      ['3', '4', '5'].map((id) => ['xml/Fridges-u.xml', `old ${id}`]),
    );
  });

  test('that are new are added once they are approved, or deleted on the solution once they are rejected', async () => {
    for (const decision of ['approve', 'reject'] as const) {
      const kitchen = await openKitchen(database.db, declared('Fridges', { maxChanges: limit('soft') }));
      expect((await kitchen.syncAndConfirm(five('new'))).counts).toMatchObject({ inserted: 2, held: 3 });
      await decide(kitchen, decision);
      const { told } = await kitchen.syncAndConfirm(five('new'));
      expect(told.map(({ file }) => file)).toEqual(
        Array(decision === 'approve' ? 0 : 3).fill('xml/Fridges-d.xml'),
      );
      const isThere = (await stored(database.db, kitchen, '5'))?.isActive;
      expect(isThere).toBe(decision === 'approve');
    }
  });

  test('of entities that the manager edits meanwhile are planned again, whatever was approved', async () => {
    const kitchen = await held();
    await put(database.db, kitchen, '3', { TempMax: 4 });
    expect(await decide(kitchen, 'approve')).toMatchObject({ applied: 2, released: 1 });
    expect(await stored(database.db, kitchen, '3')).toMatchObject({
      fields: { Name: 'old 3' },
      isHeld: false,
    });
    const { counts } = await kitchen.syncAndConfirm(five('new'));
    expect(counts).toMatchObject({ updated: 1, held: 0 });
    expect(await stored(database.db, kitchen, '3')).toMatchObject({ fields: { Name: 'new 3', TempMax: 4 } });
  });

  test('that the solution takes back no longer wait', async () => {
    const kitchen = await held();
    const sent = five('new').map((entity, index) => (index < 2 ? entity : (five('old')[index] ?? entity)));
    expect((await kitchen.syncAndConfirm(sent)).counts).toMatchObject({ unchanged: 5, held: 0 });
    expect(await approvalsOf(database.db, kitchen)).toMatchObject([{ state: 'superseded' }]);
  });

  test('are made by the next sync if it runs before a worker', async () => {
    const kitchen = await held();
    const [open] = await approvalsOf(database.db, kitchen);
    await createApprovalStore(database.db).decide(open?.id ?? '', 'approve', by);
    expect((await kitchen.syncAndConfirm(five('new'))).counts).toMatchObject({ unchanged: 5, held: 0 });
    expect(await applyApprovals(database.db)).toBe(0);
    expect(await approvalsOf(database.db, kitchen)).toMatchObject([{ state: 'approved', applied: 3 }]);
  });

  test('that two workers carry out at the same time are made once', async () => {
    const kitchen = await held();
    const [open] = await approvalsOf(database.db, kitchen);
    await createApprovalStore(database.db).decide(open?.id ?? '', 'approve', by);
    await Promise.all([applyApprovals(database.db), applyApprovals(database.db)]);
    const key = { solutionId: kitchen.solutionId, className: 'Fridges', id: '3' };
    const history = await createParamStore(database.db).history(key, { limit: 10, after: null });
    expect(history.items.map(({ version }) => version)).toEqual([2, 1]);
  });
});

describe('above a hard limit', () => {
  test('changes are skipped, and kept in quarantine', async () => {
    const kitchen = await kitchenOfFive('hard');
    const { counts, rejected } = await kitchen.syncAndConfirm(five('new'));
    expect(counts).toMatchObject({ updated: 2, held: 0, rejected: 3 });
    expect(rejected.map(({ rowId, code }) => [rowId, code])).toEqual(
      ['3', '4', '5'].map((id) => [id, 'above-limit']),
    );
    expect(rejected[0]?.raw).toContain('<Name>new 3</Name>');
    expect((await kitchen.syncAndConfirm(five('new'))).counts).toMatchObject({ updated: 2, rejected: 1 });
  });

  test('deletions are skipped', async () => {
    const kitchen = await kitchenOfFive('soft', { maxDeletes: limit('hard') });
    const { counts, told } = await kitchen.syncAndConfirm(
      five('old').map(({ id }) => ({ id, isActive: false })),
    );
    expect(counts).toMatchObject({ deleted: 0, held: 0, rejected: 5 });
    expect(told).toEqual([]);
    expect(await names(kitchen)).toHaveLength(5);
  });
});

describe('a field that goes back and forth', () => {
  test('puts its entity in quarantine the third time within an hour, and releases it after that', async () => {
    const kitchen = await openKitchen(database.db, declared('Fridges'));
    const send = (TempMax: number, ts = '2099-01-01 00:00:00') =>
      kitchen.syncAndConfirm([{ id: '1', fields: { TempMax }, ts }]);
    await send(4);
    for (const TempMax of [3, 4, 3]) expect((await send(TempMax)).counts.updated).toBe(1);
    const { counts, rejected, told } = await send(4);
    expect(counts).toMatchObject({ updated: 0, rejected: 1 });
    expect(rejected).toMatchObject([{ kind: 'entity', code: 'flip-flop', rowId: '1' }]);
    expect(told).toEqual([]);
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ fields: { TempMax: 3 }, isHeld: true });
    await database.db.raw(`update param_version set at = at - interval '61 minutes'`);
    expect((await send(4)).counts).toMatchObject({ updated: 1, rejected: 0 });
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ fields: { TempMax: 4 }, isHeld: false });
  });
});

describe('a plan', () => {
  test('shows what a sync would do, and writes nothing', async () => {
    const kitchen = await openKitchen(database.db, declared('Fridges'));
    await kitchen.syncAndConfirm(five('old'));
    await put(database.db, kitchen, '2', { TempMax: 4 });
    const sent = [
      ...five('new').slice(0, 2),
      { id: '5', isActive: false },
      { id: '9', fields: { Name: 'x' } },
    ];
    const planned: unknown[] = [];
    const { told } = await kitchen.sync(sent, {
      onPlanned: (entries) => {
        planned.push(
          ...entries.map(({ mention, verdict, operations }) => [mention.key, verdict, operations]),
        );
      },
    });
    // New entities come first, because the number of the others must be known before any of them is changed.
    expect(planned).toEqual([
      ['9', 'created', [{ side: 'here', op: 'create' }]],
      ['1', 'updated', [{ side: 'here', op: 'update' }]],
      [
        '2',
        'updated',
        [
          { side: 'here', op: 'update' },
          { side: 'there', op: 'update' },
        ],
      ],
      ['5', 'deleted', [{ side: 'here', op: 'delete' }]],
    ]);
    expect(await names(kitchen)).toEqual(['old 1', 'old 2', 'old 3', 'old 4', 'old 5']);
    expect(told.map(({ id }) => id)).toEqual(['2']);
  });
});

async function kitchenOfFive(kind: ClassLimit['kind'], particulars = {}): Promise<Kitchen> {
  const unlimited = declared('Fridges');
  const kitchen = await openKitchen(
    database.db,
    declared('Fridges', { maxChanges: limit(kind), ...particulars }),
  );
  await kitchen.syncAndConfirm(five('old'), { parameterClass: unlimited });
  return kitchen;
}

async function held(): Promise<Kitchen> {
  const kitchen = await kitchenOfFive('soft');
  await kitchen.syncAndConfirm(five('new'));
  return kitchen;
}

async function names({ solutionId }: Kitchen): Promise<unknown[]> {
  const key = { solutionId, className: 'Fridges' };
  const { items } = await createParamStore(database.db).list(key, { limit: 50, after: null });
  return items.filter(({ isActive }) => isActive).map(({ fields }) => fields['Name']);
}

async function decide(kitchen: Kitchen, decision: 'approve' | 'reject') {
  const [latest] = await approvalsOf(database.db, kitchen);
  const store = createApprovalStore(database.db);
  await store.decide(latest?.id ?? '', decision, by);
  await applyApprovals(database.db);
  return store.find(latest?.id ?? '');
}
