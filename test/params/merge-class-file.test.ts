import { readFile } from 'node:fs/promises';
import Papa from 'papaparse';
import type { Fields } from '../../shared/domain/merge-copy';
import { createParamStore } from '../../shared/stores/parameters/param-store';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { realData } from '../setup/real-data';
import { by, conflictsOf, decideConflict, put, remove, stored } from './edits';
import { declared, type Kitchen, openKitchen, type Sent, xmlOf } from './kitchen';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const fridges = declared('Fridges');
const cold: Fields = { Name: 'Chambre froide 1', TempMin: 0, TempMax: 4 };
const past = '2020-01-01 00:00:00';
/** Within the two minutes that a right clock may be out: later than any edit of the test. */
const soon = (): string => new Date(Date.now() + 60_000).toISOString();
const far = '2099-01-01 00:00:00';

describe('a class that both sides edit', () => {
  test('a new entity of the solution is taken, and is unchanged when it is sent again', async () => {
    const kitchen = await openKitchen(database.db, fridges);
    const first = await kitchen.syncAndConfirm([
      { id: '1', fields: cold },
      { id: '2', fields: { Name: 'B' } },
    ]);
    expect(first).toMatchObject({ counts: { inserted: 2, unchanged: 0 }, told: [] });
    const second = await kitchen.syncAndConfirm([
      { id: '1', fields: cold },
      { id: '2', fields: { Name: 'B' } },
    ]);
    expect(second).toMatchObject({ counts: { inserted: 0, unchanged: 2 }, told: [] });
    expect(await stored(database.db, kitchen, '1')).toMatchObject({
      fields: cold,
      isActive: true,
      version: 1,
      updatedBy: 'solution',
    });
  });

  test('a change on the solution alone is taken', async () => {
    const kitchen = await agreedOn(cold);
    const outcome = await kitchen.sync([{ id: '1', fields: { ...cold, TempMax: 5 } }]);
    expect(outcome).toMatchObject({ counts: { updated: 1 }, told: [] });
    expect(await stored(database.db, kitchen, '1')).toMatchObject({
      fields: { ...cold, TempMax: 5 },
      version: 2,
    });
  });

  test('a change or a new entity on the manager alone becomes u or i, with the server key and the time of the edit', async () => {
    const kitchen = await agreedOn(cold);
    await put(database.db, kitchen, '1', { TempMax: 6 });
    await put(database.db, kitchen, '9', { Name: 'New' });
    const { told } = await kitchen.syncAndConfirm([{ id: '1', fields: cold }]);
    expect(told).toMatchObject([
      { file: 'xml/Fridges-i.xml', id: '9', isActive: true, fields: { Name: 'New' } },
      { file: 'xml/Fridges-u.xml', id: '1', isActive: true, fields: { ...cold, TempMax: 6 } },
    ]);
    expect(told[0]?.idServer).toBe((await stored(database.db, kitchen, '9'))?.idServer);
    expect(told[0]?.ts).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
    const again = await kitchen.sync([
      { id: '1', fields: { ...cold, TempMax: 6 } },
      { id: '9', fields: { Name: 'New' } },
    ]);
    expect(again).toMatchObject({ counts: { unchanged: 2 }, told: [] });
  });

  test('changes of different fields on both sides are merged, and both sides get the result', async () => {
    const kitchen = await agreedOn(cold);
    await put(database.db, kitchen, '1', { Name: 'Chambre 1' });
    const { counts, told } = await kitchen.syncAndConfirm([{ id: '1', fields: { ...cold, TempMax: 5 } }]);
    expect(counts).toMatchObject({ updated: 1, conflicts: 0 });
    const result = { Name: 'Chambre 1', TempMin: 0, TempMax: 5 };
    expect(told).toMatchObject([{ file: 'xml/Fridges-u.xml', fields: result }]);
    expect((await stored(database.db, kitchen, '1'))?.fields).toEqual(result);
    expect(await kitchen.sync([{ id: '1', fields: result }])).toMatchObject({
      counts: { unchanged: 1 },
      told: [],
    });
  });

  test('an entity that is unchanged on both sides causes nothing', async () => {
    const kitchen = await agreedOn(cold);
    expect(await kitchen.sync([{ id: '1', fields: cold, ts: far }])).toMatchObject({
      counts: { unchanged: 1 },
      told: [],
    });
  });

  test.each([
    ['newest', 'later', 9],
    ['newest', 'earlier', 6],
    ['manager', 'later', 6],
    ['solution', 'earlier', 9],
  ] as const)(
    'with policy %s, a field that both sides changed, the solution %s, becomes TempMax %p on both sides',
    async (policy, when, winner) => {
      const ts = when === 'later' ? soon() : past;
      const kitchen = await agreedOn(cold, declared('Fridges', { conflictPolicy: policy }));
      await put(database.db, kitchen, '1', { TempMax: 6 });
      const { counts, told } = await kitchen.syncAndConfirm([
        { id: '1', ts, fields: { ...cold, TempMax: 9, TempMin: 1 } },
      ]);
      expect(counts).toMatchObject({ conflicts: 1, updated: 0 });
      const result = { ...cold, TempMin: 1, TempMax: winner };
      expect((await stored(database.db, kitchen, '1'))?.fields).toEqual(result);
      expect(told.map(({ fields }) => fields)).toEqual(winner === 9 ? [] : [result]);
      expect(await conflictsOf(database.db, kitchen)).toMatchObject([
        {
          state: 'resolved',
          resolution: winner === 9 ? 'solution' : 'manager',
          fields: ['TempMax'],
          base: cold,
          manager: { fields: { TempMax: 6 } },
          solution: { fields: { TempMax: 9 } },
        },
      ]);
      expect(await kitchen.sync([{ id: '1', fields: result }])).toMatchObject({
        counts: { unchanged: 1 },
        told: [],
      });
    },
  );

  test.each([
    ['no Ts', '', 0],
    ['a Ts that is no time', 'gestern', 0],
    ['a Ts in the future', far, 0],
    ['a clock that is three minutes ahead', past, 180],
    ['a clock that is a year ahead', past, 365 * 86_400],
    ['a clock that nobody measured', past, null],
  ])(
    'with policy newest, someone has to decide about a field that both changed if %s',
    async (_, ts, skewSeconds) => {
      const kitchen = await agreedOn(cold);
      await put(database.db, kitchen, '1', { TempMax: 6 });
      const sent = [{ id: '1', ts, fields: { ...cold, TempMax: 9, TempMin: 1 } }];
      const { counts, told } = await kitchen.syncAndConfirm(sent, { skewSeconds });
      expect([counts.conflicts, told]).toEqual([1, []]);
      expect((await stored(database.db, kitchen, '1'))?.fields).toEqual({ ...cold, TempMax: 6 });
      expect(await conflictsOf(database.db, kitchen)).toMatchObject([{ state: 'open', fields: ['TempMax'] }]);
    },
  );

  test('the manager wins if both changes are of the same second', async () => {
    const kitchen = await agreedOn(cold);
    const { updatedAt } = await put(database.db, kitchen, '1', { TempMax: 6 });
    await database
      .db('param')
      .where({ solution_id: kitchen.solutionId })
      .update({ edited_at: new Date('2026-11-20T06:31:00Z') });
    expect(updatedAt).toBeInstanceOf(Date);
    await kitchen.sync([{ id: '1', ts: '2026-11-20 07:31:00', fields: { ...cold, TempMax: 9 } }]);
    expect((await stored(database.db, kitchen, '1'))?.fields).toEqual({ ...cold, TempMax: 6 });
  });

  test('an entity that is deleted on the solution and unchanged on the manager is deleted there, with a d', async () => {
    const kitchen = await agreedOn(cold);
    const { counts, told } = await kitchen.sync([{ id: '1', isActive: false }]);
    expect(counts).toMatchObject({ deleted: 1 });
    expect(told).toMatchObject([{ file: 'xml/Fridges-d.xml', id: '1', isActive: false }]);
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ isActive: false, fields: cold });
  });

  test('a solution that keeps deleted entities with their mark causes no further work', async () => {
    const kitchen = await agreedOn(cold);
    await kitchen.syncAndConfirm([{ id: '1', isActive: false }]);
    expect(await kitchen.sync([{ id: '1', isActive: false }])).toMatchObject({
      counts: { unchanged: 1 },
      told: [],
    });
  });

  test('an entity that is unchanged on the solution and deleted on the manager becomes d', async () => {
    const kitchen = await agreedOn(cold);
    await remove(database.db, kitchen, '1');
    const { counts, told } = await kitchen.syncAndConfirm([{ id: '1', fields: cold }]);
    expect(counts).toMatchObject({ unchanged: 1 });
    expect(told).toMatchObject([{ file: 'xml/Fridges-d.xml', id: '1', isActive: false }]);
    expect((await kitchen.sync(null)).told).toEqual([]);
  });

  test.each([
    ['newest', true],
    ['manager', true],
    ['solution', false],
  ] as const)(
    'deleted on the solution and changed on the manager, with policy %s, an entity stays: %p',
    async (policy, lives) => {
      const kitchen = await agreedOn(cold, declared('Fridges', { conflictPolicy: policy }));
      await put(database.db, kitchen, '1', { TempMax: 6 });
      const { counts, told } = await kitchen.syncAndConfirm([{ id: '1', isActive: false, ts: far }]);
      expect(counts).toMatchObject({ conflicts: 1, deleted: 0 });
      expect(await stored(database.db, kitchen, '1')).toMatchObject({ isActive: lives, isDue: false });
      expect(told).toMatchObject(
        lives ? [{ file: 'xml/Fridges-u.xml', fields: { TempMax: 6 } }] : [{ file: 'xml/Fridges-d.xml' }],
      );
    },
  );

  test.each([
    ['newest', true],
    ['manager', false],
    ['solution', true],
  ] as const)(
    'changed on the solution and deleted on the manager, with policy %s, an entity stays: %p',
    async (policy, lives) => {
      const kitchen = await agreedOn(cold, declared('Fridges', { conflictPolicy: policy }));
      await remove(database.db, kitchen, '1');
      const { counts, told } = await kitchen.syncAndConfirm([
        { id: '1', ts: past, fields: { ...cold, TempMax: 5 } },
      ]);
      expect(counts).toMatchObject({ conflicts: 1 });
      expect(await stored(database.db, kitchen, '1')).toMatchObject({ isActive: lives, isDue: false });
      expect(told.map(({ file }) => file)).toEqual(lives ? [] : ['xml/Fridges-d.xml']);
    },
  );

  test('an entity that is absent from the file is not deleted', async () => {
    const kitchen = await agreedOn(cold);
    expect(await kitchen.sync([])).toMatchObject({ counts: { deleted: 0 }, told: [] });
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ isActive: true });
  });

  test('a deleted entity that was never known causes nothing', async () => {
    const kitchen = await openKitchen(database.db, fridges);
    const first = await kitchen.sync([{ id: '5', isActive: false }]);
    expect(first).toMatchObject({ counts: { inserted: 0, deleted: 0, unchanged: 1 }, told: [] });
  });

  test('every field except idServer and Ts is content', async () => {
    const kitchen = await agreedOn(cold);
    const text = xmlOf(fridges, [{ id: '1', fields: cold, ts: far }]).replace(
      '<idServer/>',
      '<idServer>999</idServer>',
    );
    expect(await kitchen.sync(Buffer.from(text))).toMatchObject({ counts: { unchanged: 1 }, told: [] });
  });

  test('fields that the class does not declare are sent back unchanged', async () => {
    const fields: Fields = {
      Name: 'A',
      Zone: ' 04.0 ',
      Steps: { xml: '<Steps a="1"><Step>x &amp; y</Step></Steps>' },
      Empty: null,
    };
    const kitchen = await agreedOn(fields);
    await put(database.db, kitchen, '1', { Name: 'B' });
    const { told } = await kitchen.sync([{ id: '1', fields }]);
    expect(told).toMatchObject([{ fields: { ...fields, Name: 'B' } }]);
  });

  test('the history shows every version, who made it and in which sync', async () => {
    const kitchen = await agreedOn(cold);
    await put(database.db, kitchen, '1', { TempMax: 6 });
    const { syncId } = await kitchen.sync([{ id: '1', fields: { ...cold, Name: 'C' } }]);
    await remove(database.db, kitchen, '1');
    const key = { solutionId: kitchen.solutionId, className: 'Fridges', id: '1' };
    const history = await createParamStore(database.db).history(key, { limit: 10, after: null });
    expect(history.items).toMatchObject([
      { version: 4, isActive: false, by: by, syncId: null },
      { version: 3, by: 'solution', syncId, fields: { Name: 'C', TempMax: 6 } },
      { version: 2, by: by, fields: { TempMax: 6 } },
      { version: 1, by: 'solution' },
    ]);
  });
});

describe('a manual conflict', () => {
  const manual = declared('Fridges', { conflictPolicy: 'manual' });

  test('is parked: both copies stay as they are over several syncs', async () => {
    const kitchen = await parked();
    for (let sync = 0; sync < 2; sync++) {
      const outcome = await kitchen.syncAndConfirm([{ id: '1', fields: { ...cold, TempMax: 9 } }]);
      expect(outcome).toMatchObject({ counts: { conflicts: 1 }, told: [] });
    }
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ isHeld: true, fields: { TempMax: 6 } });
    expect(await conflictsOf(database.db, kitchen)).toHaveLength(1);
  });

  test.each([
    ['manager', { TempMax: 6, Name: 'S' }, true],
    ['solution', { TempMax: 9, Name: 'S' }, false],
    [{ fields: { TempMax: 7 } }, { TempMax: 7, Name: 'S' }, true],
  ] as const)(
    'that is decided for %p gives both sides the chosen copy',
    async (choice, result, isSentToSolution) => {
      const kitchen = await parked();
      const sent = { ...cold, TempMax: 9, Name: 'S' };
      await kitchen.syncAndConfirm([{ id: '1', fields: sent }]);
      const [open] = await conflictsOf(database.db, kitchen);
      const decided = await decideConflict(database.db, open?.id, choice);
      expect(decided).toMatchObject({ state: 'decided', decidedBy: by });
      const { told } = await kitchen.syncAndConfirm([{ id: '1', fields: sent }]);
      expect(told.map(({ fields }) => fields)).toEqual(isSentToSolution ? [{ ...cold, ...result }] : []);
      expect(await stored(database.db, kitchen, '1')).toMatchObject({
        isHeld: false,
        isDue: false,
        fields: { ...cold, ...result },
      });
      expect(await kitchen.sync([{ id: '1', fields: { ...cold, ...result } }])).toMatchObject({
        counts: { unchanged: 1 },
        told: [],
      });
      await expect(decideConflict(database.db, open?.id, 'manager')).rejects.toMatchObject({
        code: 'already-decided',
      });
    },
  );

  test('of a deletion and a change can be decided for either', async () => {
    for (const [choice, lives] of [
      ['manager', true],
      ['solution', false],
    ] as const) {
      const kitchen = await parked();
      await kitchen.syncAndConfirm([{ id: '1', isActive: false }]);
      const [open] = await conflictsOf(database.db, kitchen);
      expect(open).toMatchObject({ fields: [], state: 'open' });
      await decideConflict(database.db, open?.id, choice);
      const { told } = await kitchen.syncAndConfirm([{ id: '1', isActive: false }]);
      expect(told).toMatchObject([{ file: lives ? 'xml/Fridges-u.xml' : 'xml/Fridges-d.xml' }]);
      expect(await stored(database.db, kitchen, '1')).toMatchObject({ isActive: lives, isDue: false });
    }
  });

  test('ends by itself if the sides agree before anyone decides', async () => {
    const kitchen = await parked();
    await kitchen.syncAndConfirm([{ id: '1', fields: { ...cold, TempMax: 9 } }]);
    const outcome = await kitchen.syncAndConfirm([{ id: '1', fields: cold }]);
    expect(outcome).toMatchObject({
      counts: { conflicts: 0, unchanged: 1 },
      told: [{ fields: { TempMax: 6 } }],
    });
    expect(await conflictsOf(database.db, kitchen)).toMatchObject([{ state: 'superseded' }]);
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ isHeld: false });
  });

  test('shows the current copy of the manager, and the latest copy of the solution', async () => {
    const kitchen = await parked();
    await kitchen.syncAndConfirm([{ id: '1', fields: { ...cold, TempMax: 9 } }]);
    await put(database.db, kitchen, '1', { TempMax: 5 });
    await kitchen.syncAndConfirm([{ id: '1', fields: { ...cold, TempMax: 8 } }]);
    expect(await conflictsOf(database.db, kitchen)).toMatchObject([
      { state: 'open', manager: { fields: { TempMax: 5 } }, solution: { fields: { TempMax: 8 } } },
    ]);
  });

  async function parked(): Promise<Kitchen> {
    const kitchen = await agreedOn(cold, manual);
    await put(database.db, kitchen, '1', { TempMax: 6 });
    return kitchen;
  }
});

describe('the direction of a class', () => {
  test('the file of a class that only the manager edits is ignored', async () => {
    const kitchen = await openKitchen(database.db, declared('Company'));
    await put(database.db, kitchen, '1', { Key: 'Name', Value: 'A' });
    const { counts, told } = await kitchen.syncAndConfirm([
      { id: '1', fields: { Key: 'Name', Value: 'B' } },
      { id: '2' },
    ]);
    expect(Object.values(counts).every((count) => count === 0)).toBe(true);
    expect(told).toMatchObject([{ file: 'xml/Company-i.xml', fields: { Value: 'A' } }]);
    expect(await stored(database.db, kitchen, '2')).toBeNull();
  });

  test('the file of a class that only the solution edits replaces the copy of the manager, and absence never deletes', async () => {
    const kitchen = await openKitchen(database.db, declared('OptionsUI'));
    await kitchen.syncAndConfirm([
      { id: '1', fields: { Key: 'a', Value: '1' } },
      { id: '2', fields: { Key: 'b' } },
    ]);
    await put(database.db, kitchen, '1', { Value: 'edited' });
    const { told } = await kitchen.syncAndConfirm([{ id: '1', fields: { Key: 'a', Value: '1' }, ts: past }]);
    expect(told).toEqual([]);
    expect((await stored(database.db, kitchen, '1'))?.fields).toEqual({ Key: 'a', Value: '1' });
    expect(await stored(database.db, kitchen, '2')).toMatchObject({ isActive: true });
    expect(await conflictsOf(database.db, kitchen)).toEqual([]);
  });
});

describe('what cannot be taken', () => {
  test('a malformed file is refused as a whole, and none of it is applied', async () => {
    const kitchen = await agreedOn(cold);
    const text = xmlOf(fridges, [
      { id: '1', fields: { Name: 'X' } },
      { id: '2', fields: { Name: 'Y' } },
    ]);
    const { counts, rejected } = await kitchen.sync(Buffer.from(text.slice(0, -10)));
    expect(counts).toMatchObject({ rejected: 1, updated: 0, inserted: 0 });
    expect(rejected).toMatchObject([
      { kind: 'file', code: 'malformed-xml', file: 'xml/Fridges.xml', subject: 'Fridges', line: 17 },
    ]);
    expect(await stored(database.db, kitchen, '1')).toMatchObject({ fields: cold });
    expect(await stored(database.db, kitchen, '2')).toBeNull();
  });

  test('a bad entity is rejected alone, with its raw text and its reason', async () => {
    const kitchen = await openKitchen(database.db, fridges);
    const { counts, rejected } = await kitchen.sync([
      { id: '1', fields: cold },
      { id: '2', fields: { Name: 'B', TempMax: 'hot' } },
      { id: 'a b', fields: {} },
      { id: '3', fields: { Name: 'first' } },
      { id: '3', fields: { Name: 'last' } },
    ]);
    expect(counts).toMatchObject({ inserted: 2, rejected: 3 });
    expect(rejected.map(({ kind, code, rowId, line }) => [kind, code, rowId, line])).toEqual([
      ['entity', 'bad-value', '2', 12],
      ['entity', 'bad-id', 'a b', 20],
      ['entity', 'duplicate-id', '3', 26],
    ]);
    expect(rejected[0]?.reason).toBe('TempMax: not a number');
    expect(rejected[0]?.raw).toContain('<TempMax>hot</TempMax>');
    expect((await stored(database.db, kitchen, '3'))?.fields).toEqual({ Name: 'last' });
  });
});

describe('the work', () => {
  test('for a class of 10,000 entities grows only with the number of changes', async () => {
    const kitchen = await openKitchen(database.db, declared('ProductsStockIn'));
    const all = Array.from({ length: 10_000 }, (_, index): Sent => ({
      id: String(index),
      fields: { Name: `Produit ${index}` },
    }));
    expect((await kitchen.syncAndConfirm(all)).counts).toMatchObject({ inserted: 10_000 });
    for (let index = 0; index < 5; index++)
      await put(database.db, kitchen, String(index * 7), { Name: 'edited' });
    const changed = all.map((entity, index) =>
      index % 2_000 === 1 ? { ...entity, fields: { Name: 'changed' } } : entity,
    );
    const before = await transactionNow();
    const statements = countStatements();
    const { counts, told } = await kitchen.sync(changed);
    const issued = statements();
    expect(counts).toMatchObject({ updated: 5, unchanged: 9_995 });
    expect(told).toHaveLength(5);
    // A look-up on digests per thousand, a handful for each batch with changes, the package.
    expect(issued).toBeGreaterThan(10);
    expect(issued).toBeLessThan(50);
    // 5 changes with their versions, 5 instructions.
    expect(await rowsWrittenSince(before)).toBe(15);
  });

  async function transactionNow(): Promise<string> {
    const result = await database.db.raw<{ rows: { now: string }[] }>(
      `select cast(pg_current_xact_id() as text) as now`,
    );
    return result.rows[0]?.now ?? '';
  }

  /** Rows of parameters that transactions begun later have written. */
  async function rowsWrittenSince(transaction: string): Promise<number> {
    const tables = ['param', 'param_version', 'instruction', 'conflict', 'approval'];
    const counts = tables.map(
      (table) =>
        `select count(*) as written from ${table}
         where cast(cast(xmin as text) as bigint) > cast(:transaction as bigint)`,
    );
    const result = await database.db.raw<{ rows: { written: number }[] }>(
      `select cast(sum(written) as int) as written from (${counts.join(' union all ')}) as counted`,
      { transaction },
    );
    return result.rows[0]?.written ?? 0;
  }

  function countStatements(): () => number {
    let statements = 0;
    const count = () => (statements += 1);
    database.db.on('query', count);
    return () => {
      database.db.off('query', count);
      return statements;
    };
  }
});

describe('real settings of a butcher', () => {
  const products = realData('parameters', 'produits.csv');
  const rooms = realData('parameters', 'enceintes.csv');
  const whenThere = products === null || rooms === null ? test.skip : test;

  whenThere.each([
    ['utf-8', (text: string) => Buffer.from(text)],
    ['utf-16', (text: string) => Buffer.from(`\ufeff${text}`, 'utf16le')],
    [
      'windows-1252',
      (text: string) =>
        Buffer.from(
          text
            .replaceAll('œ', '\x9c')
            .replaceAll('Œ', '\x8c')
            .replaceAll('€', '\x80')
            .replaceAll('’', '\x92'),
          'latin1',
        ),
    ],
  ])('arrive in %s with their accents right', async (encoding, encode) => {
    const rows = await csv(products ?? '');
    const kitchen = await openKitchen(database.db, declared('ProductsStockIn'));
    const sent = rows.map((row): Sent => ({ id: row['id'] ?? '', fields: productFields(row) }));
    const text = xmlOf(kitchen.parameterClass, sent).replace('encoding="utf-8"', `encoding="${encoding}"`);
    const { counts, rejected } = await kitchen.sync(encode(text));
    expect(rejected).toEqual([]);
    expect(counts).toMatchObject({ inserted: 363 });
    const page = await createParamStore(database.db).list(
      { solutionId: kitchen.solutionId, className: 'ProductsStockIn' },
      { limit: 500, after: null },
    );
    const byId = new Map(page.items.map(({ id, fields }) => [id, fields]));
    for (const { id, fields } of sent) expect(byId.get(id)).toEqual(fields);
    expect(page.items.some(({ fields }) => fields['Espece'] === 'Bœuf')).toBe(true);
  });

  whenThere('its cold rooms arrive with their limits', async () => {
    const kitchen = await openKitchen(database.db, fridges);
    const types: Record<string, string> = {
      chambre_froide: 'positive',
      vitrine: 'display',
      laboratoire: 'positive',
    };
    const sent = (await csv(rooms ?? '')).map((row): Sent => ({
      id: row['id'] ?? '',
      fields: {
        Name: row['nom'] ?? '',
        Type: types[row['type'] ?? ''] ?? 'positive',
        TempMin: row['seuil_temp_min'] ?? '',
        TempMax: (row['seuil_temp_max'] ?? '').replace('.', ','),
        ProbeId: row['sonde_zigbee_id'] ?? '',
        AlertDelayMinutes: row['delai_alerte_minutes'] ?? '',
        HumMax: row['seuil_hum_max'] ?? '',
      },
    }));
    expect(await kitchen.sync(sent)).toMatchObject({ counts: { inserted: 4 }, rejected: [] });
    expect(await stored(database.db, kitchen, '4')).toMatchObject({
      fields: { Name: 'laboratoire', TempMin: 10, TempMax: 15, AlertDelayMinutes: 5, HumMax: '80.0' },
    });
  });

  async function csv(path: string): Promise<Record<string, string>[]> {
    return Papa.parse<Record<string, string>>(await readFile(path, 'utf8'), {
      header: true,
      skipEmptyLines: true,
    }).data;
  }

  function productFields(row: Record<string, string>): Fields {
    return {
      Name: row['nom'] ?? '',
      Family: row['categorie'] ?? '',
      ShelfLifeDays: Number(row['dlc_jours']),
      Conservation: row['temperature_conservation'] ?? '',
      Espece: row['espece'] ?? '',
      Coupe: row['coupe_niveau'] ?? '',
    };
  }
});

async function agreedOn(fields: Fields, parameterClass = fridges): Promise<Kitchen> {
  const kitchen = await openKitchen(database.db, parameterClass);
  await kitchen.syncAndConfirm([{ id: '1', fields }]);
  return kitchen;
}
