import fc from 'fast-check';
import type { Policy } from '../../worker/pipeline/policies';
import { plainHandlers } from '../../worker/pipeline/policies';
import { createPair, type Pair } from './pair';
import { createRemote, type Remote, type RemoteOptions, scanning } from './remote';

type SideName = 'here' | 'there';

interface Edit {
  readonly do: 'add' | 'addFolder' | 'move' | 'rename' | 'edit' | 'remove';
  readonly side: SideName;
  /** Which item, and where to. */
  readonly at: number;
  readonly to: number;
  /** Few names, so that they clash. */
  readonly name: string;
}

interface Run {
  readonly do: 'run';
  readonly trouble: Trouble;
}

type Step = Edit | Run;

/** A failure during a run, on the other side. */
type Trouble =
  'none' | 'a lost answer' | 'a partial listing' | 'no moves' | 'another writer' | 'many mentions';

const kinds: Record<string, RemoteOptions> = {
  'tells every change': {},
  'cannot compare revisions': { capabilities: { writes: 'checked' } },
  'lists everything': { capabilities: scanning },
  'finds creations by their key': { capabilities: { creates: 'found' } },
  'keeps no keys': { capabilities: { creates: 'plain' } },
  'tells of a deleted folder alone': { capabilities: { deletions: 'tops' }, tellsTops: true },
};

/** All of them take some 20 s. */
const trees = 8_000;

describe('two trees, with any changes on either side and any failures', () => {
  test.each(Object.entries(kinds))(
    'become the same, and then nothing more is written (the other system %s)',
    async (_, kind) => {
      await fc.assert(
        fc.asyncProperty(
          steps(),
          policies(),
          fc.constantFrom<SideName>('here', 'there'),
          async (run, policy, newer) => {
            const handlers = plainHandlers(() => newer);
            const pair = createPair(createRemote('a'), createRemote('b', kind), { policy, handlers, belief });
            for (const step of run) await take(pair, step);
            await rest(pair);
            expect(pair.there.tree()).toEqual(pair.here.tree());
          },
        ),
        { numRuns: Math.ceil(trees / 8), seed: 7 },
      );
    },
  );

  test('become the same if both systems always list everything', async () => {
    const kind = { capabilities: scanning };
    await fc.assert(
      fc.asyncProperty(steps(), async (run) => {
        const pair = createPair(createRemote('a', kind), createRemote('b', kind), { belief });
        for (const step of run) await take(pair, step);
        await rest(pair);
        expect(pair.there.tree()).toEqual(pair.here.tree());
      }),
      { numRuns: Math.ceil(trees / 8), seed: 7 },
    );
  });

  test('lose no item that was edited and never deleted', async () => {
    await fc.assert(
      fc.asyncProperty(
        steps(['add', 'addFolder', 'edit', 'move', 'rename', 'run']),
        fc.constantFrom(...Object.values(kinds)),
        async (run, kind) => {
          const pair = createPair(createRemote('a'), createRemote('b', kind));
          for (const step of run) await take(pair, step, true);
          const before = [...entitiesOf(pair.here), ...entitiesOf(pair.there)];
          const changed = changedAlone(pair);
          await rest(pair);
          expect(pair.there.tree()).toEqual(pair.here.tree());
          const kept = new Map(entitiesOf(pair.here));
          for (const [id] of before) expect(kept.has(id)).toBe(true);
          for (const [id, value] of changed) expect(kept.get(id)).toBe(value);
        },
      ),
      { numRuns: Math.ceil(trees / 8), seed: 7 },
    );
  });
});

/** Deletions of random trees are most of all that there is: nobody is asked about them. */
const belief = { emptied: null, confirmUpTo: 200 };

/** A few runs in peace, until nothing is written and nothing waits; one more has nothing to write either. */
async function rest(pair: Pair): Promise<void> {
  setTrouble(pair.there, 'none');
  expect(await pair.settle()).not.toBeNull();
  expect(await pair.settle()).toBe(0);
}

async function take(pair: Pair, step: Step, hasOwnNames = false): Promise<void> {
  if (step.do !== 'run') {
    change(pair[step.side], step, hasOwnNames);
    return;
  }
  // Nothing can tell a creation whose answer was lost, and that was moved since, from something new.
  const isBlind = step.trouble === 'a lost answer' && pair.there.capabilities.creates === 'plain';
  setTrouble(pair.there, isBlind ? 'none' : step.trouble);
  await pair.run();
}

let edited = 0;

/** Changes that the server refuses are not made. */
function change(remote: Remote, { do: what, at, to, name }: Edit, hasOwnNames: boolean): void {
  const items = [...remote.rows.values()].filter(({ isLive }) => isLive);
  const folders = items.filter(({ isFolder }) => isFolder);
  const parent = [null, ...folders.map(({ key }) => key)][to % (folders.length + 1)] ?? null;
  const item = items[at % Math.max(1, items.length)];
  const isTaken = items.some(({ place }) => place?.parent === parent && place.name === name);
  if (what === 'add' || what === 'addFolder') {
    const isFolder = what === 'addFolder';
    // A document of its own name is nobody else's.
    const title = isFolder ? name : `${name}${edited}`;
    if (!isTaken)
      remote.add(hasOwnNames ? title : name, {
        parent,
        isFolder,
        fields: isFolder ? {} : { Id: ++edited, T: 0 },
      });
    return;
  }
  if (item === undefined) return;
  try {
    if (what === 'move') remote.moveTo(item.key, parent);
    if (what === 'rename') {
      const title = hasOwnNames && !item.isFolder ? `${name}${item.key}` : name;
      remote.moveTo(item.key, item.place?.parent ?? null, title);
    }
  } catch {
    return;
  }
  if (what === 'edit' && !item.isFolder) remote.edit(item.key, { T: ++edited });
  if (what === 'remove') remote.remove(item.key);
}

/** Each document's number, and what it holds. */
const entitiesOf = (remote: Remote): [unknown, unknown][] =>
  Object.values(remote.tree()).flatMap(({ Id, T }) => (Id === undefined ? [] : [[Id, T]]));

/** Documents of which one side alone was edited since both were last seen. */
function changedAlone({ here, there, links }: Pair): [unknown, unknown][] {
  return [...links.stored.values()].flatMap(({ ends }): [unknown, unknown][] => {
    if (ends.here === null || ends.there === null) return [];
    const ours = here.rows.get(ends.here.key)?.fields ?? {};
    const theirs = there.rows.get(ends.there.key)?.fields ?? {};
    const isOurs = ours['T'] !== ends.here.seen.fields['T'];
    const isTheirs = theirs['T'] !== ends.there.seen.fields['T'];
    if (isOurs === isTheirs) return [];
    return [[ours['Id'], isOurs ? ours['T'] : theirs['T']]];
  });
}

function setTrouble({ faults }: Remote, trouble: Trouble): void {
  Object.assign(faults, {
    losesAnswers: trouble === 'a lost answer' ? 1 : 0,
    listsOnly: trouble === 'a partial listing' ? 2 : null,
    refusesMoves: trouble === 'no moves',
    racing: trouble === 'another writer' ? 1 : 0,
    mentions: trouble === 'many mentions' ? 3 : 1,
  });
}

const policies = () => fc.constantFrom<Policy>('newest', 'here', 'there');

const all: Step['do'][] = ['add', 'addFolder', 'edit', 'move', 'rename', 'remove', 'run'];
const weights: Record<Step['do'], number> = {
  add: 2,
  addFolder: 2,
  move: 3,
  rename: 2,
  edit: 1,
  remove: 1,
  run: 2,
};

function steps(kept: readonly Step['do'][] = all): fc.Arbitrary<Step[]> {
  const trouble = fc.constantFrom<Trouble>(
    'none',
    'none',
    'a lost answer',
    'a partial listing',
    'no moves',
    'another writer',
    'many mentions',
  );
  const one = (name: Step['do']): fc.Arbitrary<Step> =>
    name === 'run'
      ? fc.record({ do: fc.constant(name), trouble })
      : fc.record({
          do: fc.constant(name),
          side: fc.constantFrom<SideName>('here', 'there'),
          at: fc.nat(9),
          to: fc.nat(9),
          name: fc.constantFrom('A', 'B', 'C', 'D'),
        });
  const weighted = kept.map((name) => ({ weight: weights[name], arbitrary: one(name) }));
  return fc.array(fc.oneof(...weighted), { minLength: 4, maxLength: 20 });
}
