import type { Db } from '../../shared/db/database';
import { mergeCopies, type MergeRule } from '../../shared/domain/merge';
import { type Copy, sameCopy } from '../../shared/domain/merge-copy';
import { copyDigest } from '../../shared/formats/parameter-digest';
import { openStoreAccess } from '../../shared/stores/store-access';
import { applyTemplate } from '../../shared/templates/apply-template';
import { createTestDatabase, type TestDatabase } from '../setup/database';

// A template is compared with kitchens in SQL. It must decide as the rule by which kitchens and the server are merged.

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

const copyOf = (fields: Copy['fields']): Copy => ({ isActive: true, fields });
const gone: Copy = { isActive: false, fields: { Name: 'one', TempMax: 1 } };

/** Null: there never was one. */
const copies: readonly (Copy | null)[] = [
  null,
  gone,
  copyOf({ Name: 'one', TempMax: 1 }),
  copyOf({ Name: 'one', TempMax: 2 }),
  copyOf({ Name: 'two', TempMax: 1 }),
  copyOf({ Name: 'two', TempMax: 2 }),
];
const heldCopies = [
  ...copies,
  copyOf({ Name: 'one' }),
  copyOf({ Name: 'three', TempMax: null, ProbeId: '7' }),
];

interface Situation {
  readonly id: string;
  readonly sent: Copy | null;
  readonly held: Copy | null;
  readonly wanted: Copy;
}

const situations: readonly Situation[] = copies.flatMap((sent, one) =>
  heldCopies.flatMap((held, two) =>
    copies.flatMap((wanted, three) =>
      wanted === null ? [] : [{ id: `${one}-${two}-${three}`, sent, held, wanted }],
    ),
  ),
);

/** The values of a kitchen stay wherever it has changed something. */
const kitchenWins: MergeRule<null> = {
  policy: null,
  fieldGroups: [],
  decideFields: () => 'one',
  decideDeletion: () => 'one',
};

function expectedCopy({ sent, held, wanted }: Situation): Copy | null {
  const merged = mergeCopies({ base: sent, one: held, other: wanted }, kitchenWins);
  if (merged.kind === 'fields') return { isActive: true, fields: merged.fields };
  if (merged.kind === 'waits') throw new Error('nothing waits');
  return merged.side === 'one' ? held : wanted;
}

/** A kitchen that follows a template, in all situations. */
async function kitchenInAll(db: Db): Promise<{ solutionId: number; templateId: number }> {
  const [account] = await db('account').insert({ name: 'Chain' }).returning<{ id: number }[]>('id');
  const [solution] = await db('solution')
    .insert({ account_id: account?.id, mail: 'a@example.org', name: 'A', secret_hash: 'x' })
    .returning<{ id: number }[]>('id');
  const [template] = await db('template')
    .insert({ account_id: account?.id, name: 'All', revision: 2 })
    .returning<{ id: number }[]>('id');
  const [solutionId, templateId] = [solution?.id ?? 0, template?.id ?? 0];
  await db('template_site').insert({ solution_id: solutionId, template_id: templateId, joined_by: 'x' });
  const version = (id: string, revision: number, { fields, isActive }: Copy) => ({
    ...{ template_id: templateId, class: 'Fridges', id, revision, by: 'x' },
    ...{ fields: JSON.stringify(fields), is_active: isActive },
  });
  await db('template_version').insert(
    situations.flatMap(({ id, sent, wanted }) => [
      ...(sent === null ? [] : [version(id, 1, sent)]),
      version(id, 2, wanted),
    ]),
  );
  await db('template_sent').insert(
    situations.flatMap(({ id, sent }) =>
      sent === null ? [] : [{ solution_id: solutionId, class: 'Fridges', id, revision: 1 }],
    ),
  );
  await db('param').insert(
    situations.flatMap(({ id, held }) =>
      held === null
        ? []
        : [
            {
              ...{ solution_id: solutionId, class: 'Fridges', id, updated_by: 'solution' },
              ...{ fields: JSON.stringify(held.fields), is_active: held.isActive, digest: copyDigest(held) },
            },
          ],
    ),
  );
  return { solutionId, templateId };
}

test('what goes out is what the three-way rule says, and a second time nothing goes out', async () => {
  const { db } = database;
  const { solutionId, templateId } = await kitchenInAll(db);
  const scope = { templateId, revision: 2, solutionIds: [solutionId], className: null, id: null };
  const apply = () =>
    openStoreAccess(db).transaction((stores) =>
      applyTemplate(stores, { scope, ownValues: 'keep', field: null, by: 'chef@test' }),
    );
  const [first] = await apply();
  const rows = await db('param')
    .where({ solution_id: solutionId })
    .select<{ id: string; fields: Copy['fields']; is_active: boolean; digest: Buffer }[]>();
  const held = new Map(rows.map((row) => [row.id, { isActive: row.is_active, fields: row.fields }]));
  const wrong = situations.filter((situation) => {
    const expected = expectedCopy(situation) ?? gone;
    return !sameCopy(held.get(situation.id) ?? gone, expected);
  });
  expect(wrong).toEqual([]);
  expect(first?.written).toBeGreaterThan(50);
  for (const { fields, is_active: isActive, digest } of rows)
    expect(digest).toEqual(copyDigest({ isActive, fields }));
  expect(await apply()).toEqual([{ solutionId, written: 0, skipped: 0 }]);
});
