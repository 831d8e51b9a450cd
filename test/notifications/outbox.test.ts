import { createNotificationStore } from '../../shared/stores/notifications/notification-store';
import { createNotificationTargetStore } from '../../shared/stores/notifications/notification-target-store';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { fail, newAccount, newQueuedSync, newTarget, outboxOf } from './scene';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('a failed sync', () => {
  test('is recorded for the targets of its account and those of every account, once each', async () => {
    const { db } = database;
    const [own, other] = [await newAccount(db), await newAccount(db)];
    const mine = await newTarget(db, { accountId: own.accountId });
    const everyones = await newTarget(db, {});
    const others = await newTarget(db, { accountId: other.accountId });
    const sync = await newQueuedSync(db, own.solutionId);
    await fail(db, sync);
    await fail(db, sync);
    const told = {
      event: 'sync-failed',
      state: 'waiting',
      facts: { sync, channel: 'synchro', reason: 'It could not be processed in 5 attempts.' },
    };
    expect(await outboxOf(db, mine)).toMatchObject([told]);
    expect(await outboxOf(db, everyones)).toMatchObject([told]);
    expect(await outboxOf(db, others)).toEqual([]);
    await createNotificationTargetStore(db).remove(everyones);
  });

  test('is not recorded if its transaction is rolled back', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId });
    const sync = await newQueuedSync(db, solutionId);
    const transaction = await db.transaction();
    await fail(transaction, sync);
    expect(await outboxOf(transaction, target)).toHaveLength(1);
    await transaction.rollback();
    expect(await outboxOf(db, target)).toEqual([]);
  });

  test('is not recorded for targets of other events, or paused ones', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const another = await newTarget(db, { accountId, events: ['approval-waiting', 'solution-stale'] });
    const paused = await newTarget(db, { accountId });
    await createNotificationTargetStore(db).update(paused, { isPaused: true });
    await fail(db, await newQueuedSync(db, solutionId));
    expect(await outboxOf(db, another)).toEqual([]);
    expect(await outboxOf(db, paused)).toEqual([]);
  });
});

describe('a change that waits for an approval', () => {
  test('has the details of the event', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId });
    const sync = await newQueuedSync(db, solutionId);
    const plan = JSON.stringify([
      { id: '1', version: 1 },
      { id: '2', version: 1 },
    ]);
    await db('approval').insert({
      solution_id: solutionId,
      sync_id: sync,
      channel: 'synchro',
      class: 'Fridges',
      kind: 'deletes',
      plan,
    });
    expect(await outboxOf(db, target)).toMatchObject([
      { event: 'approval-waiting', facts: { className: 'Fridges', kind: 'deletes', entities: 2, sync } },
    ]);
  });
});

describe('a probe alert', () => {
  const alertOf = (solution_id: number, probe_id: string) => ({
    solution_id,
    probe_id,
    kind: 'high',
    fridge_name: 'Chambre froide 1',
    limit_value: 4,
    delay_minutes: 30,
    since: '2026-11-20T07:00:00Z',
    opened_at: '2026-11-20T07:30:00Z',
  });

  test('is recorded when it opens, but not if it was over before it was found', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId });
    await db('probe_alert').insert(alertOf(solutionId, 'A'));
    await db('probe_alert').insert({ ...alertOf(solutionId, 'B'), closed_at: '2026-11-20T08:00:00Z' });
    expect(await outboxOf(db, target)).toMatchObject([
      { event: 'probe-alert', facts: { probe: 'A', kind: 'high', fridge: 'Chambre froide 1', limit: 4 } },
    ]);
  });
});

describe('a solution that has fallen silent', () => {
  const finishedAgo = (solutionId: number, hours: number) =>
    database.db.raw(
      `update channel_status set finished_at = now() - make_interval(hours => ?) where solution_id = ? and channel = 'synchro'`,
      [hours, solutionId],
    );
  const round = () => createNotificationStore(database.db).addStale();

  test('is recorded after the hours of each target, once, and again after its next silence', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const patient = await newTarget(db, { accountId, staleHours: 48 });
    const impatient = await newTarget(db, { accountId, staleHours: 12 });
    await finishedAgo(solutionId, 24);
    await Promise.all([round(), round()]);
    await round();
    expect(await outboxOf(db, patient)).toEqual([]);
    expect(await outboxOf(db, impatient)).toMatchObject([{ event: 'solution-stale', facts: { hours: 12 } }]);
    await finishedAgo(solutionId, 13);
    await round();
    expect(await outboxOf(db, impatient)).toHaveLength(2);
  });

  test('counts from its creation if it never synchronised', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId });
    await round();
    expect(await outboxOf(db, target)).toEqual([]);
    await db('solution')
      .where({ id: solutionId })
      .update({ created_at: db.raw(`now() - interval '25 hours'`) });
    await round();
    expect(await outboxOf(db, target)).toMatchObject([{ facts: { hours: 24, lastSyncAt: null } }]);
  });

  test('is not recorded while it is blocked', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId });
    await finishedAgo(solutionId, 100);
    await db('solution').where({ id: solutionId }).update({ blocked_at: db.fn.now() });
    await round();
    expect(await outboxOf(db, target)).toEqual([]);
  });
});
