import { createTemplateRolloutService } from '../../api/backoffice/services/template-rollouts';
import { createTemplateSiteService } from '../../api/backoffice/services/template-sites';
import { usualRolloutRules } from '../../shared/domain/rollout';
import { openStoreAccess } from '../../shared/stores/store-access';
import { advanceRollouts } from '../../worker/rollouts/advance-rollouts';
import { put, stored } from '../params/edits';
import { declared, type Kitchen, openKitchen } from '../params/kitchen';
import { chief, openDesk } from '../rollouts/desk';
import { createTestDatabase, type TestDatabase } from '../setup/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const walkIn = { id: '1', fields: { Name: 'Cave', TempMax: 4 } };

/** Kitchens that have received `walkIn` from a template, which has another limit and a second cold room since. */
async function openChain(count: number) {
  const { db } = database;
  const kitchens: Kitchen[] = [];
  for (let index = 0; index < count; index++) {
    const kitchen = await openKitchen(db, declared('Fridges'));
    await kitchen.syncAndConfirm([walkIn]);
    kitchens.push(kitchen);
  }
  const solutionIds = kitchens.map(({ solutionId }) => solutionId);
  const { rows } = await db.raw<{ rows: { id: number }[] }>(
    `with a as (insert into account (name) values (cast(gen_random_uuid() as text)) returning id)
     insert into template (account_id, name, revision) select id, 'Bistros', 2 from a returning id`,
  );
  const id = rows[0]?.id ?? 0;
  await db.raw(
    `update solution set account_id = (select account_id from template where id = :id) where id = any(:solutionIds)`,
    { id, solutionIds },
  );
  await db.raw(
    `insert into template_version (template_id, class, id, revision, fields, is_active, by) values
       (:id, 'Fridges', '1', 1, '{"Name":"Cave","TempMax":4}', true, 'x'),
       (:id, 'Fridges', '1', 2, '{"Name":"Cave","TempMax":3}', true, 'x'),
       (:id, 'Fridges', '2', 2, '{"Name":"Froid","TempMax":2}', true, 'x')`,
    { id },
  );
  await db.raw(
    `insert into template_site (solution_id, template_id, joined_by) select unnest(cast(:solutionIds as int[])), :id, 'x'`,
    { id, solutionIds },
  );
  await db.raw(
    `insert into template_sent (solution_id, class, id, revision)
     select unnest(cast(:solutionIds as int[])), 'Fridges', '1', 1`,
    { solutionIds },
  );
  const access = openStoreAccess(db);
  const desk = openDesk(db);
  const sites = createTemplateSiteService(access);
  return {
    id,
    desk,
    sites,
    kitchens,
    /** A plan whose approval has been given. */
    async plan(wavePercents: readonly number[]) {
      const plan = { wavePercents, rules: usualRolloutRules };
      const rollout = await createTemplateRolloutService(access).plan(chief, id, plan);
      await desk.approve(rollout.id);
      return rollout.id;
    },
    /** The kitchens of a rollout in the order of their turn. */
    async inOrder(rolloutId: string): Promise<Kitchen[]> {
      const members = await db('rollout_solution').where({ rollout_id: rolloutId }).orderBy('place');
      return members.flatMap((member: { solution_id: number }) =>
        kitchens.filter(({ solutionId }) => solutionId === member.solution_id),
      );
    },
    /** How many kitchens the template would still change. */
    async pending() {
      return (await sites.totals(chief, id)).sitesToChange;
    },
  };
}

const advance = () => advanceRollouts(database.db);
const fridge = (kitchen: Kitchen | undefined, id = '1') => {
  if (kitchen === undefined) throw new Error('no kitchen');
  return stored(database.db, kitchen, id);
};

test('each wave counts as received when it is sent, and what a rollout did not send stays pending', async () => {
  const chain = await openChain(3);
  const rollout = await chain.plan([5, 25]);
  expect(await chain.pending()).toBe(3);
  await advance();
  expect(await chain.pending()).toBe(2);
  const [first, second] = await chain.inOrder(rollout);
  const { told = [] } = (await first?.syncAndConfirm([walkIn])) ?? {};
  expect([...told].sort((one, other) => one.id.localeCompare(other.id))).toMatchObject([
    { id: '1', fields: { TempMax: 3 } },
    { id: '2', fields: { Name: 'Froid', TempMax: 2 } },
  ]);
  await chain.desk.rollouts.cancel(chief, rollout);
  await advance();
  expect(await chain.pending()).toBe(2);
  expect(await fridge(second)).toMatchObject({ fields: { TempMax: 4 } });
});

test('what a kitchen changed or added without a network before its wave stays its own', async () => {
  const chain = await openChain(2);
  const rollout = await chain.plan([5]);
  await advance();
  const [first, second] = await chain.inOrder(rollout);
  await second?.syncAndConfirm([
    { id: '1', fields: { Name: 'Cave', TempMax: 7 } },
    { id: '2', fields: { Name: 'Froid', TempMax: 6 } },
  ]);
  await first?.syncAndConfirm([walkIn]);
  await advance();
  expect(await fridge(second)).toMatchObject({ fields: { Name: 'Cave', TempMax: 7 } });
  expect(await fridge(second, '2')).toMatchObject({ fields: { Name: 'Froid', TempMax: 6 } });
  expect(await chain.sites.totals(chief, chain.id)).toMatchObject({ sitesToChange: 0, sitesThatDeviate: 1 });
});

test('a kitchen that leaves the template before its wave is skipped', async () => {
  const chain = await openChain(2);
  const rollout = await chain.plan([5]);
  await advance();
  const [first, second] = await chain.inOrder(rollout);
  await chain.sites.leave(chief, chain.id, second?.solutionId ?? 0);
  await first?.syncAndConfirm([walkIn]);
  await advance();
  expect(await chain.desk.states(rollout)).toEqual(['confirmed', 'skipped left-template']);
  expect(await fridge(second)).toMatchObject({ fields: { TempMax: 4 } });
});

test('a deleted template sends nothing more', async () => {
  const chain = await openChain(1);
  const rollout = await chain.plan([]);
  await database.db('template').where({ id: chain.id }).delete();
  await advance();
  expect(await chain.desk.states(rollout)).toEqual(['skipped left-template']);
});

test('an edit by hand between the plan and the wave stays, and a plan without changes is refused', async () => {
  const chain = await openChain(1);
  const rollout = await chain.plan([]);
  const [kitchen] = chain.kitchens;
  if (kitchen === undefined) throw new Error('no kitchen');
  await put(database.db, kitchen, '1', { TempMax: 9 });
  await advance();
  expect(await fridge(kitchen)).toMatchObject({ fields: { Name: 'Cave', TempMax: 9 } });
  expect(await chain.desk.states(rollout)).toEqual(['sent']);
  await expect(chain.plan([])).rejects.toMatchObject({ code: 'invalid-fields' });
});
