import type { Fields } from '../../shared/domain/merge-copy';
import { createParamStore } from '../../shared/stores/parameters/param-store';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { conflictsOf, decideConflict, keyOf, put, stored } from './edits';
import { declared, type Kitchen, openKitchen } from './kitchen';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const manual = declared('Fridges', { conflictPolicy: 'manual' });
const cold: Fields = { Name: 'Chambre froide 1', TempMin: 0, TempMax: 4 };

describe('a conflict that someone decides while its entity changes', () => {
  test('leaves the same copy on both sides, and loses no version of it', async () => {
    for (let turn = 0; turn < 12; turn++) {
      const kitchen = await disputed();
      const choice = turn % 2 === 0 ? 'solution' : 'manager';
      const [sync, decision, edited] = await Promise.allSettled([
        // The solution has changed it once more, and is being processed.
        kitchen.sync([{ id: '1', fields: { ...cold, TempMax: 8, Name: 'S' } }]),
        decide(kitchen, choice),
        put(database.db, kitchen, '1', { TempMin: 1 }),
      ]);
      expect(sync).toMatchObject({ status: 'fulfilled' });
      expect(edited).toMatchObject({ status: 'fulfilled' });
      if (decision.status === 'rejected') expect(decision.reason).toMatchObject({ code: 'already-decided' });
      if (sync.status === 'fulfilled') await kitchen.confirm(sync.value);
      const told = sync.status === 'fulfilled' ? sync.value.told : [];
      const held = told.at(-1)?.fields ?? { ...cold, TempMax: 8, Name: 'S' };
      const agreed = await untilAgreed(kitchen, held);
      expect(await stored(database.db, kitchen, '1')).toMatchObject({
        fields: agreed,
        isHeld: false,
        isDue: false,
      });
      // The edit of staff was of a field that nobody else touched: whatever came first, it is in the result.
      expect(agreed['TempMin']).toBe(1);
      await expectWholeHistory(kitchen);
    }
  });

  test('is decided once, however many people try at the same time', async () => {
    const kitchen = await disputed();
    const decisions = await Promise.allSettled(
      (['manager', 'solution', 'manager', 'solution'] as const).map((choice) => decide(kitchen, choice)),
    );
    expect(decisions.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of decisions)
      if (one.status === 'rejected') expect(one.reason).toMatchObject({ code: 'already-decided' });
  });

  /** A conflict about TempMax: 6 on the manager, 9 on the solution. */
  async function disputed(): Promise<Kitchen> {
    const kitchen = await openKitchen(database.db, manual);
    await kitchen.syncAndConfirm([{ id: '1', fields: cold }]);
    await put(database.db, kitchen, '1', { TempMax: 6 });
    await kitchen.syncAndConfirm([{ id: '1', fields: { ...cold, TempMax: 9 } }]);
    return kitchen;
  }

  async function decide(kitchen: Kitchen, choice: 'manager' | 'solution') {
    const [open] = await conflictsOf(database.db, kitchen);
    return decideConflict(database.db, open?.id, choice);
  }

  /** Syncs, and decisions about what is open still, until nothing moves. Answers the solution's copy. */
  async function untilAgreed(kitchen: Kitchen, sent: Fields): Promise<Fields> {
    let fields = sent;
    for (let sync = 0; sync < 6; sync++) {
      const [latest] = await conflictsOf(database.db, kitchen);
      if (latest?.state === 'open') await decide(kitchen, 'manager');
      const { told } = await kitchen.syncAndConfirm([{ id: '1', fields }]);
      if (told.length === 0 && (await conflictsOf(database.db, kitchen))[0]?.state !== 'open') return fields;
      fields = told.at(-1)?.fields ?? fields;
    }
    throw new Error('the two sides do not come to an end');
  }

  async function expectWholeHistory(kitchen: Kitchen): Promise<void> {
    const param = await stored(database.db, kitchen, '1');
    const history = await createParamStore(database.db).history(keyOf(kitchen, '1'), {
      limit: 50,
      after: null,
    });
    const versions = history.items.map(({ version }) => version);
    expect(versions).toEqual(
      Array.from({ length: param?.version ?? 0 }, (_, place) => (param?.version ?? 0) - place),
    );
    expect(history.items[0]?.fields).toEqual(param?.fields);
  }
});
