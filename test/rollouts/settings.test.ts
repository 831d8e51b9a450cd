import { advanceRollouts } from '../../worker/rollouts/advance-rollouts';
import type { SolutionEdit } from '../../shared/domain/rollout';
import { put, stored } from '../params/edits';
import { declared, type Kitchen, openKitchen } from '../params/kitchen';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { chief, openDesk } from './desk';

let database: TestDatabase;
let desk: ReturnType<typeof openDesk>;
beforeAll(async () => {
  database = await createTestDatabase();
  desk = openDesk(database.db);
});
afterAll(() => database.drop());

const cave = { id: '1', fields: { Name: 'Cave', Type: 'positive', TempMax: 4 } };
const advance = () => advanceRollouts(database.db);
const fridge = (kitchen: Kitchen, id = '1') => stored(database.db, kitchen, id);
const idsOf = (kitchens: readonly Kitchen[]) => kitchens.map(({ solutionId }) => solutionId);

async function kitchensWith(count: number, ...sent: readonly (typeof cave)[]): Promise<Kitchen[]> {
  const kitchens: Kitchen[] = [];
  for (let index = 0; index < count; index++) {
    const kitchen = await openKitchen(database.db, declared('Fridges'));
    await kitchen.syncAndConfirm(sent);
    kitchens.push(kitchen);
  }
  return kitchens;
}

const warmer = (kitchens: readonly Kitchen[]) => ({
  target: { ids: idsOf(kitchens) },
  change: {
    kind: 'settings' as const,
    edits: [{ className: 'Fridges', where: { Type: 'positive' }, fields: { TempMax: 5 } }],
  },
});

test('nothing is sent before the approval; each wave follows when all of the last have confirmed', async () => {
  const kitchens = await kitchensWith(3, cave, {
    ...cave,
    id: '2',
    fields: { ...cave.fields, Type: 'negative' },
  });
  const { id } = await desk.plan(warmer(kitchens));
  await advance();
  expect(await desk.states(id)).toEqual(['waiting', 'waiting', 'waiting']);
  await desk.approve(id);
  for (const [place, kitchen] of kitchens.entries()) {
    await advance();
    expect((await desk.states(id))[place]).toBe('sent');
    const { told } = await kitchen.syncAndConfirm([]);
    expect(told).toMatchObject([{ id: '1', fields: { TempMax: 5, Name: 'Cave' } }]);
  }
  await advance();
  expect(await desk.state(id)).toBe('done 3');
  expect(await desk.states(id)).toEqual(['confirmed', 'confirmed', 'confirmed']);
});

test('a solution that cannot carry it out stops the rollout; who resumes it accepts that', async () => {
  const [first, second] = await kitchensWith(2, cave);
  if (first === undefined || second === undefined) throw new Error('no kitchens');
  const { id } = await desk.plan(warmer([first, second]));
  await desk.approve(id);
  await advance();
  const outcome = await first.sync([]);
  await first.confirm(outcome, [{ file: 'xml/Fridges-u.xml', id: '1', reason: 'disk full' }]);
  await advance();
  expect(await desk.state(id)).toBe('stopped 1');
  expect(await desk.states(id)).toEqual(['failed refused', 'waiting']);
  await desk.rollouts.resume(chief, id);
  await advance();
  expect(await desk.states(id)).toEqual(['failed refused', 'sent']);
  // The instruction was in the next package again.
  await first.syncAndConfirm([]);
  await second.syncAndConfirm([]);
  await advance();
  expect(await desk.states(id)).toEqual(['confirmed', 'confirmed']);
});

test('the merge decides as always: other fields of the kitchen stay, a conflict is a failure until it is decided', async () => {
  const [merged, disputed] = await kitchensWith(2, cave);
  if (merged === undefined || disputed === undefined) throw new Error('no kitchens');
  const { id } = await desk.plan({ ...warmer([merged, disputed]), wavePercents: [] });
  await desk.approve(id);
  await advance();
  await merged.syncAndConfirm([{ ...cave, fields: { ...cave.fields, Name: 'Cellar' } }]);
  const manual = { parameterClass: declared('Fridges', { conflictPolicy: 'manual' }) };
  await disputed.syncAndConfirm([{ ...cave, fields: { ...cave.fields, TempMax: 7 } }], manual);
  await advance();
  expect(await desk.states(id)).toEqual(['confirmed', 'failed decision-waits']);
  expect(await fridge(merged)).toMatchObject({ fields: { Name: 'Cellar', TempMax: 5 } });
});

test('an edit by hand after the wave is not overwritten, and shown as such', async () => {
  const [kitchen] = await kitchensWith(1, cave);
  if (kitchen === undefined) throw new Error('no kitchen');
  const { id } = await desk.plan(warmer([kitchen]));
  await desk.approve(id);
  await advance();
  await put(database.db, kitchen, '1', { TempMax: 3 });
  await kitchen.syncAndConfirm([]);
  await advance();
  expect(await desk.states(id)).toEqual(['skipped edited-since']);
  expect(await fridge(kitchen)).toMatchObject({ fields: { TempMax: 3 } });
  expect(await desk.state(id)).toBe('done 1');
});

test('each solution may have edits of its own; a field that is no longer as expected stays', async () => {
  const [one, other] = await kitchensWith(2, cave);
  if (one === undefined || other === undefined) throw new Error('no kitchens');
  await put(database.db, other, '1', { TempMax: 3 });
  const edit = (kitchen: Kitchen, id: string, particulars: Partial<SolutionEdit>): SolutionEdit => ({
    ...{ solutionId: kitchen.solutionId, className: 'Fridges', id },
    ...{ fields: { Name: 'Cellar', TempMax: 5 }, expected: { TempMax: 4 } },
    ...particulars,
  });
  const edits = [
    edit(one, '1', {}),
    edit(one, '9', { expected: null }),
    edit(other, '1', {}),
    edit(other, '8', { fields: null, expected: null }),
  ];
  const { id } = await desk.plan({
    target: 'of-the-edits',
    change: { kind: 'edits', edits },
    wavePercents: [],
  });
  await desk.approve(id);
  await advance();
  expect(await fridge(one)).toMatchObject({ fields: { Name: 'Cellar', TempMax: 5 } });
  expect(await fridge(one, '9')).toMatchObject({ isActive: true, fields: { Name: 'Cellar', TempMax: 5 } });
  expect(await fridge(other)).toMatchObject({ fields: { Name: 'Cellar', TempMax: 3 } });
  for (const kitchen of [one, other]) await kitchen.syncAndConfirm([]);
  await advance();
  expect(await desk.states(id)).toEqual(['confirmed', 'confirmed']);
});
