import fc from 'fast-check';
import type { Policy } from '../../worker/pipeline/middlewares/resolve-conflicts';
import type { Capabilities } from '../../worker/pipeline/system';
import { createMemorySystem, type MemorySystem } from './memory-system';
import { createPair, type Pair } from './pair';

type SideName = 'here' | 'there';

type Step =
  | { readonly do: 'add' | 'addFolder'; readonly side: SideName; readonly at: number }
  | {
      readonly do: 'edit';
      readonly side: SideName;
      readonly at: number;
      readonly field: string;
      readonly value: number;
    }
  | { readonly do: 'move'; readonly side: SideName; readonly at: number; readonly to: number }
  | { readonly do: 'remove'; readonly side: SideName; readonly at: number }
  | { readonly do: 'run'; readonly trouble: Trouble };

/** What goes wrong in a run, on the other side. */
type Trouble =
  'none' | 'a lost answer' | 'a partial listing' | 'no moves' | 'another writer' | 'many mentions';

const kinds: Partial<Capabilities>[] = [
  {},
  { conditionalWrite: false },
  { changes: 'scan', tombstones: false },
  { idempotentCreate: false },
];

describe('two trees, whatever is done on which side and whatever goes wrong on the way', () => {
  test('are the same in the end, and then nothing is left to do', async () => {
    await fc.assert(
      fc.asyncProperty(steps(), fc.constantFrom(...kinds), policies(), async (run, kind, policy) => {
        const pair = createPair(createMemorySystem('a'), createMemorySystem('b', kind), { policy });
        for (const step of run) await take(pair, step);
        await settle(pair);
        expect(pair.there.tree()).toEqual(pair.here.tree());
      }),
      { numRuns: 400 },
    );
  });

  test('nothing is lost that was edited and never deleted', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps(['add', 'addFolder', 'edit', 'move', 'run']),
        fc.constantFrom(...kinds),
        async (run, kind) => {
          const pair = createPair(createMemorySystem('a'), createMemorySystem('b', kind));
          for (const step of run) await take(pair, step);
          const names = new Set([...namesOf(pair.here), ...namesOf(pair.there)]);
          await settle(pair);
          expect(new Set(namesOf(pair.here))).toEqual(names);
          expect(pair.there.tree()).toEqual(pair.here.tree());
        },
      ),
      { numRuns: 200 },
    );
  });
});

/** A few runs in peace; after them, one more has nothing to write. */
async function settle(pair: Pair): Promise<void> {
  setTrouble(pair.there, 'none');
  for (let runs = 0; runs < 8; runs++) await pair.run();
  const { entries } = await pair.run();
  expect(entries.filter(({ operations }) => operations.length > 0)).toEqual([]);
}

async function take(pair: Pair, step: Step): Promise<void> {
  if (step.do === 'run') {
    // Nothing can tell a creation whose answer was lost, and that was moved since, from something new.
    const isBlind = step.trouble === 'a lost answer' && !pair.there.capabilities.idempotentCreate;
    setTrouble(pair.there, isBlind ? 'none' : step.trouble);
    await pair.run();
    return;
  }
  const system = pair[step.side];
  const paths = Object.keys(system.tree());
  switch (step.do) {
    case 'add':
    case 'addFolder': {
      const isFolder = step.do === 'addFolder';
      const folders = foldersOf(system);
      const parent = folders[step.at % (folders.length + 1)] ?? null;
      system.add(newName(isFolder), { parent: isFolder ? null : parent, isFolder });
      return;
    }
    default: {
      const path = paths[step.at % Math.max(paths.length, 1)];
      if (path === undefined) return;
      const key = system.keyOf(path);
      if (step.do === 'edit') system.edit(key, { [step.field]: step.value });
      if (step.do === 'remove') system.remove(key);
      if (step.do === 'move' && !isFolderPath(path)) {
        const folders = foldersOf(system);
        system.moveTo(key, folders[step.to % (folders.length + 1)] ?? null);
      }
    }
  }
}

function setTrouble({ faults }: MemorySystem, trouble: Trouble): void {
  Object.assign(faults, {
    losesAnswers: trouble === 'a lost answer' ? 1 : 0,
    listsOnly: trouble === 'a partial listing' ? 2 : null,
    refusesMoves: trouble === 'no moves',
    racing: trouble === 'another writer' ? 1 : 0,
    mentions: trouble === 'many mentions' ? 3 : 1,
  });
}

let named = 0;
const newName = (isFolder: boolean) => `${isFolder ? 'D' : 'f'}${++named}`;
const isFolderPath = (path: string) => path.split('/').at(-1)?.startsWith('D') === true;
const foldersOf = (system: MemorySystem) =>
  Object.keys(system.tree())
    .filter(isFolderPath)
    .map((path) => system.keyOf(path));
const namesOf = (system: MemorySystem) =>
  Object.keys(system.tree()).map((path) => path.split('/').at(-1) ?? '');

const policies = () => fc.constantFrom<Policy>('newest', 'here', 'there');

function steps(
  kept: readonly Step['do'][] = ['add', 'addFolder', 'edit', 'move', 'remove', 'run'],
): fc.Arbitrary<Step[]> {
  const side = fc.constantFrom<SideName>('here', 'there');
  const at = fc.nat(9);
  const arbitraries: Record<Step['do'], fc.WeightedArbitrary<Step>> = {
    add: { weight: 3, arbitrary: fc.record({ do: fc.constant('add' as const), side, at }) },
    addFolder: { weight: 2, arbitrary: fc.record({ do: fc.constant('addFolder' as const), side, at }) },
    edit: {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('edit' as const),
        side,
        at,
        field: fc.constantFrom('X', 'Y'),
        value: fc.nat(2),
      }),
    },
    move: { weight: 3, arbitrary: fc.record({ do: fc.constant('move' as const), side, at, to: fc.nat(5) }) },
    remove: { weight: 2, arbitrary: fc.record({ do: fc.constant('remove' as const), side, at }) },
    run: {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('run' as const),
        trouble: fc.constantFrom<Trouble>(
          'none',
          'a lost answer',
          'a partial listing',
          'no moves',
          'another writer',
          'many mentions',
        ),
      }),
    },
  };
  return fc.array(fc.oneof(...kept.map((name) => arbitraries[name])), { minLength: 3, maxLength: 20 });
}
