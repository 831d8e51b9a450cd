import { createOverviewService } from '../../api/backoffice/services/overview';
import { createPairBoardService } from '../../api/backoffice/services/pair-board';
import { estimateOf } from '../../api/backoffice/services/plan-estimate';
import { type Caller, commandLineCaller } from '../../shared/domain/staff';
import { openStoreAccess } from '../../shared/stores/store-access';
import { startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen } from '../backoffice/fixtures';
import { pageVisitor } from '../backoffice/page-visitor';

// The list of pairs and the overview.

let backoffice: TestBackoffice;
let account = '';
let pairId = 0;
beforeAll(async () => {
  backoffice = await startBackoffice();
  ({ account } = await newKitchen(backoffice));
  for (const name of ['crm', 'shop'])
    await backoffice.admin.call('POST', '/api/systems', {
      name,
      kind: 'espocrm',
      config: { url: 'https://crm.example', auth: { apiKey: '${CRM_KEY}' } },
      account,
    });
  await backoffice.admin.call('POST', '/api/pairs', {
    name: 'contacts',
    mode: 'run',
    here: { system: 'crm', entity: 'Contact' },
    there: { system: 'shop', entity: 'Contact' },
    fields: [{ here: 'lastName', there: 'lastName' }],
  });
  [pairId = 0] = (await backoffice.db('pair').pluck('id')) as number[];
});
afterAll(() => backoffice.stop());
beforeEach(async () => {
  const { db } = backoffice;
  for (const table of ['link_conflict', 'link_job', 'pair_approval', 'pair_run']) await db(table).delete();
  await db('pair').update({
    paused_at: null,
    paused_reason: null,
    check_at: null,
    whole_at: null,
    mode: 'run',
  });
  await db('remote_system').update({ state: 'up', paused_at: null, paused_reason: null, not_before: null });
});

const board = () => createPairBoardService(openStoreAccess(backoffice.db));
const ago = (minutes: number) => backoffice.db.raw(`now() - make_interval(mins => ${minutes})`);
const job = (key: string, state: string, columns: object = {}) =>
  backoffice.db('link_job').insert({
    pair_id: pairId,
    side: 'here',
    key,
    source: 'listing',
    state,
    ...(['done', 'skipped', 'given-up'].includes(state) ? { ended_at: ago(0) } : {}),
    ...columns,
  });
const stranger: Caller = { ...commandLineCaller, accounts: [999_999] };

test('a pair is listed with what is open, failed, given up and waits, and its last run', async () => {
  await job('1', 'new', { created_at: ago(30), run_after: ago(30) });
  await job('2', 'failed', { run_after: backoffice.db.raw(`now() + interval '1 hour'`) });
  await job('3', 'given-up');
  await job('4', 'done');
  await backoffice
    .db('link_conflict')
    .insert({ pair_id: pairId, side: 'here', key: '5', kind: 'fields', fields: '{}', looked_at: '{}' });
  await backoffice
    .db('pair_approval')
    .insert({ pair_id: pairId, kind: 'deletions', digest: 'd', entities: 1 });
  await backoffice
    .db('pair_run')
    .insert({ pair_id: pairId, kind: 'check', failure: 'the listing is not whole' });
  await backoffice.db('pair_run').insert({ pair_id: pairId, kind: 'hints' });
  const { items } = await board().pairs(commandLineCaller, { limit: 10, after: null });
  expect(items).toMatchObject([
    {
      pair: { name: 'contacts' },
      figures: {
        open: 2,
        failed: 1,
        givenUp: 1,
        conflicts: 1,
        approvals: 1,
        lastRun: { kind: 'check', failure: 'the listing is not whole' },
      },
    },
  ]);
  expect(items[0]?.figures.lag).toBeGreaterThanOrEqual(1_800);
  expect(await board().pairs(stranger, { limit: 10, after: null })).toEqual({ items: [], next: null });
});

test('what waits for someone in pairs is counted beside that of kitchens', async () => {
  const overview = createOverviewService({ stores: openStoreAccess(backoffice.db).stores });
  const before = await overview.waiting(commandLineCaller);
  await backoffice
    .db('link_conflict')
    .insert({ pair_id: pairId, side: 'here', key: '5', kind: 'fields', fields: '{}', looked_at: '{}' });
  await backoffice
    .db('pair_approval')
    .insert({ pair_id: pairId, kind: 'deletions', digest: 'd', entities: 1 });
  const after = await overview.waiting(commandLineCaller);
  expect(after.conflicts).toBe(before.conflicts + 1);
  expect(after.approvals).toBe(before.approvals + 1);
  expect(await overview.waiting(stranger)).toMatchObject({ conflicts: 0, approvals: 0 });
});

test('if all is well, nothing is shown', async () => {
  await job('1', 'new', { created_at: ago(30), run_after: ago(30) });
  expect(await board().troubles(commandLineCaller)).toEqual({ systems: [], pairs: [] });
});

test('paused and throttled systems, paused and late pairs, and records that were given up are reported', async () => {
  const { db } = backoffice;
  await db('remote_system')
    .where({ name: 'crm' })
    .update({ state: 'paused', paused_at: ago(5), paused_reason: 'unauthorized' });
  await db('remote_system')
    .where({ name: 'shop' })
    .update({ state: 'throttled', not_before: db.raw(`now() + interval '1 minute'`) });
  await job('3', 'given-up');
  await db('pair').update({ check_at: ago(90) });
  expect(await board().troubles(commandLineCaller)).toMatchObject({
    systems: [
      { name: 'crm', state: 'paused', reason: 'unauthorized' },
      { name: 'shop', state: 'throttled' },
    ],
    pairs: [{ name: 'contacts', givenUp: 1, pausedAt: null, dueSince: expect.any(Date) as Date }],
  });
  expect(await board().troubles(stranger)).toEqual({ systems: [], pairs: [] });
  await db('pair').update({ paused_at: ago(1), paused_reason: 'fields' });
  expect((await board().troubles(commandLineCaller)).pairs).toMatchObject([
    { reason: 'fields', dueSince: null },
  ]);
  const { text } = await pageVisitor(backoffice, backoffice.admin).look('/', 'fr');
  expect(text).toContain('Systèmes et paires qui attendent quelqu’un');
  expect(text).toContain('Il manque au système un champ');
});

test('a throttle that is over, and a pair that is off, need nobody', async () => {
  const { db } = backoffice;
  await db('remote_system')
    .where({ name: 'shop' })
    .update({ state: 'throttled', not_before: ago(1) });
  await db('pair').update({ mode: 'off', check_at: ago(600) });
  expect(await board().troubles(commandLineCaller)).toEqual({ systems: [], pairs: [] });
});

test('the duration of a plan is computed from the slower system', () => {
  const calls = { here: 100, there: 60 };
  const configs = { here: { limits: { atOnce: 8 } }, there: { limits: { atOnce: 2, perSecond: 2 } } };
  expect(estimateOf({ calls }, configs)).toEqual({
    here: { calls: 100, perSecond: null, seconds: 3.125 },
    there: { calls: 60, perSecond: 2, seconds: 30 },
    seconds: 30,
  });
  expect(estimateOf({ calls }, { here: null, there: {} }).seconds).toBe(6.25);
});
