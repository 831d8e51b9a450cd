import fc from 'fast-check';
import type { ParameterClass } from '../../shared/catalog/parameter-classes';
import { canonicalText, type Copy, type Fields } from '../../shared/domain/merge-copy';
import { createParamStore } from '../../shared/stores/parameters/param-store';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { keyOf, put, remove, stored } from './edits';
import { declared, type Kitchen, openKitchen, type Sent, type SyncOutcome } from './kitchen';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** The fate of a package. */
type Fate = 'confirmed' | 'never arrived' | 'carried out, never confirmed' | 'one instruction failed';

type Step =
  | {
      readonly do: 'edit';
      readonly side: 'manager' | 'solution';
      readonly id: string;
      readonly fields: Fields;
    }
  | { readonly do: 'delete'; readonly side: 'manager' | 'solution'; readonly id: string }
  | { readonly do: 'sync'; readonly fate: Fate; readonly all: boolean };

/** A solution that does what it is told: `d` makes it forget, `r` replaces all. */
interface Device {
  readonly copies: Map<string, Copy>;
  readonly sent: () => Sent[];
  readonly carryOut: (outcome: SyncOutcome, butFor: string | null) => void;
}

describe('with any edits on either side, and with packages that are lost or confirmed', () => {
  test('both sides have the same entities in the end, and no instruction is left', async () => {
    await fc.assert(
      fc.asyncProperty(steps(['manager', 'solution']), policies(), async (run, policy) => {
        const { kitchen, device } = await play(run, declared('Fridges', { conflictPolicy: policy }));
        await settle(kitchen, device);
        expect(await managerCopies(kitchen)).toEqual(liveCopies(device.copies));
      }),
      { numRuns: 60 },
    );
  });

  test('an edit of the manager is never undone when the solution sends it back', async () => {
    await fc.assert(
      fc.asyncProperty(steps(['manager']), async (run) => {
        const expected = modelOf(run);
        const { kitchen, device } = await play(run, declared('Fridges', { conflictPolicy: 'solution' }));
        await settle(kitchen, device);
        expect(await managerCopies(kitchen)).toEqual(liveCopies(expected));
        expect(liveCopies(device.copies)).toEqual(liveCopies(expected));
      }),
      { numRuns: 40 },
    );
  });

  test('an edit that only the solution made always wins', async () => {
    await fc.assert(
      fc.asyncProperty(steps(['solution']), async (run) => {
        const expected = modelOf(run);
        const { kitchen, device } = await play(run, declared('Fridges', { conflictPolicy: 'manager' }));
        await settle(kitchen, device);
        expect(await managerCopies(kitchen)).toEqual(liveCopies(expected));
      }),
      { numRuns: 40 },
    );
  });
});

async function play(run: readonly Step[], parameterClass: ParameterClass) {
  const kitchen = await openKitchen(database.db, parameterClass);
  const device = newDevice();
  for (const step of run) await take(kitchen, device, step);
  return { kitchen, device };
}

async function take(kitchen: Kitchen, device: Device, step: Step): Promise<void> {
  if (step.do === 'sync') return sync(kitchen, device, step);
  if (step.side === 'solution') {
    edit(device.copies, step);
    return;
  }
  if (step.do === 'edit') await put(database.db, kitchen, step.id, step.fields);
  else if ((await stored(database.db, kitchen, step.id))?.isActive === true)
    await remove(database.db, kitchen, step.id);
}

async function sync(
  kitchen: Kitchen,
  device: Device,
  { fate, all }: { fate: Fate; all: boolean },
): Promise<void> {
  const outcome = await kitchen.sync(device.sent(), { all });
  const [first] = outcome.told;
  switch (fate) {
    case 'never arrived':
      return;
    case 'carried out, never confirmed': {
      device.carryOut(outcome, null);
      return;
    }
    case 'one instruction failed': {
      const failing = all ? undefined : first;
      device.carryOut(outcome, failing?.id ?? null);
      return kitchen.confirm(
        outcome,
        failing === undefined ? [] : [{ file: failing.file, id: failing.id, reason: 'no' }],
      );
    }
    case 'confirmed':
      device.carryOut(outcome, null);
      return kitchen.confirm(outcome);
  }
}

/** A few syncs in peace; after them, one more has nothing to say. */
async function settle(kitchen: Kitchen, device: Device): Promise<void> {
  // A field that goes back and forth is quarantined for an hour.
  await database.db.raw(
    `update param_version v set at = v.at - interval '2 hours'
     from param p where p.id_server = v.id_server and p.solution_id = ?`,
    [kitchen.solutionId],
  );
  // An instruction that failed too often waits for an edit; staff see it and try again.
  for (const { id, isActive, failures } of await listed(kitchen)) {
    if (failures > 0 && isActive) await put(database.db, kitchen, id, {});
  }
  for (let syncs = 0; syncs < 3; syncs++) await sync(kitchen, device, { fate: 'confirmed', all: false });
  const quiet = await kitchen.sync(device.sent());
  expect(quiet.told).toEqual([]);
  expect(quiet.counts).toMatchObject({ inserted: 0, updated: 0, deleted: 0, conflicts: 0, held: 0 });
}

function newDevice(): Device {
  const copies = new Map<string, Copy>();
  return {
    copies,
    sent: () => [...copies].map(([id, copy]) => ({ id, ...copy })),
    carryOut: ({ files, told }, butFor) => {
      if (files.some((name) => name.endsWith('-r.xml'))) copies.clear();
      for (const { id, isActive, fields } of told) {
        if (id === butFor) continue;
        if (isActive) copies.set(id, { isActive, fields });
        else copies.delete(id);
      }
    },
  };
}

/** One copy alone, through the same edits. */
function modelOf(run: readonly Step[]): Map<string, Copy> {
  const copies = new Map<string, Copy>();
  for (const step of run) if (step.do !== 'sync') edit(copies, step);
  return copies;
}

function edit(copies: Map<string, Copy>, step: Exclude<Step, { do: 'sync' }>): void {
  const copy = copies.get(step.id);
  if (step.do === 'delete') {
    if (copy?.isActive === true) copies.set(step.id, { isActive: false, fields: {} });
    return;
  }
  const before = copy?.isActive === true ? copy.fields : {};
  copies.set(step.id, { isActive: true, fields: { ...before, ...step.fields } });
}

async function listed(kitchen: Kitchen) {
  const key = keyOf(kitchen, '');
  return (await createParamStore(database.db).list(key, { limit: 50, after: null })).items;
}

async function managerCopies(kitchen: Kitchen): Promise<Record<string, string>> {
  return liveCopies(
    new Map((await listed(kitchen)).map(({ id, isActive, fields }) => [id, { isActive, fields }])),
  );
}

function liveCopies(copies: ReadonlyMap<string, Copy>): Record<string, string> {
  const live = [...copies]
    .filter(([, copy]) => copy.isActive)
    .map(([id, copy]) => [id, canonicalText(copy)] as const);
  return Object.fromEntries(live);
}

function steps(sides: readonly ('manager' | 'solution')[]): fc.Arbitrary<Step[]> {
  const id = fc.constantFrom('1', '2');
  const side = fc.constantFrom(...sides);
  const fields = fc.record(
    { TempMin: fc.integer({ min: 0, max: 2 }), TempMax: fc.integer({ min: 3, max: 5 }) },
    { requiredKeys: [] },
  );
  const fate = fc.constantFrom<Fate>(
    'confirmed',
    'never arrived',
    'carried out, never confirmed',
    'one instruction failed',
  );
  const run: fc.Arbitrary<Step[]> = fc.array(
    fc.oneof(
      { weight: 4, arbitrary: fc.record({ do: fc.constant('edit' as const), side, id, fields }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), side, id }) },
      {
        weight: 3,
        arbitrary: fc.record({
          do: fc.constant('sync' as const),
          fate,
          all: fc.oneof(
            { weight: 5, arbitrary: fc.constant(false) },
            { weight: 1, arbitrary: fc.constant(true) },
          ),
        }),
      },
    ),
    { maxLength: 12, size: 'max' },
  );
  return run.map(otherThanDeleted);
}

/** A deleted entity that is sent again unchanged stays deleted, so here it always comes with other content. */
function otherThanDeleted(run: readonly Step[]): Step[] {
  const deletions = new Map<string, number>();
  return run.map((step) => {
    if (step.do === 'delete') deletions.set(step.id, (deletions.get(step.id) ?? 0) + 1);
    const before = step.do === 'edit' ? deletions.get(step.id) : undefined;
    if (step.do !== 'edit' || before === undefined) return step;
    return { ...step, fields: { ...step.fields, Again: String(before) } };
  });
}

function policies() {
  return fc.constantFrom('newest' as const, 'manager' as const, 'solution' as const);
}
