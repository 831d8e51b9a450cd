import { createKill } from './kill';
import { createPair, keepBoth, type Pair } from './pair';
import { createRecords, createRemote, type Remote, type RemoteOptions, scanning } from './remote';

/** Something is done on both sides of two that were equal. */
interface Scene {
  readonly build: () => Promise<Pair>;
  readonly shown: (remote: Remote) => unknown;
}

const trees = (here: RemoteOptions, there: RemoteOptions): Scene => ({
  shown: (remote) => remote.tree(),
  build: async () => {
    const pair = createPair(createRemote('a', here), createRemote('b', there));
    const [a, b] = [pair.here.add('A', { isFolder: true }), pair.here.add('B', { isFolder: true })];
    const moved = pair.here.add('F1', { parent: a, fields: { T: 1 } });
    pair.here.add('F2', { parent: a, fields: { T: 2 } });
    const edited = pair.here.add('G', { fields: { T: 3 } });
    await pair.settle();
    pair.here.moveTo(moved, b);
    pair.here.remove(a);
    pair.here.add('N1', { parent: pair.here.add('N', { isFolder: true }), fields: { T: 4 } });
    pair.there.edit(pair.other(edited), { U: 1 });
    pair.here.edit(edited, { T: 9 });
    pair.there.add('M', { fields: { T: 5 } });
    return pair;
  },
});

const records = (options: RemoteOptions, matchFields: readonly string[] = []): Scene => ({
  shown: (remote) => remote.records(),
  build: async () => {
    const pair = createPair(createRecords('a', options), createRecords('b', options), { matchFields });
    const add = (number: number) => pair.here.add('', { fields: { N: `n${number}`, M: 0 } });
    const [first, second, third] = [add(1), add(2), add(3)];
    await pair.settle();
    pair.here.edit(first, { M: 1 });
    pair.there.edit(pair.other(first), { O: 1 });
    pair.here.remove(second);
    pair.there.remove(pair.other(third));
    pair.here.add('', { fields: { N: 'new here' } });
    pair.there.add('', { fields: { N: 'new there' } });
    return pair;
  },
});

const plain = { creates: 'plain' } as const;

/** A handler that must not be asked twice about one dispute. */
const merged: Scene = {
  shown: (remote) => remote.records(),
  build: async () => {
    const pair = createPair(createRecords('a'), createRecords('b'), {
      policy: 'merge',
      handlers: {
        merge: (_, disputed) => ({
          values: { Note: disputed.map(({ one, other }) => JSON.stringify([one, other])).join() },
        }),
      },
    });
    const key = pair.here.add('', { fields: { Note: '0' } });
    await pair.settle();
    pair.here.edit(key, { Note: 'h' });
    pair.there.edit(pair.other(key), { Note: 't' });
    return pair;
  },
};

const toldBack = (options: RemoteOptions): Scene => ({
  shown: (remote) => remote.records(),
  build: async () => {
    const writeBack = {
      here: ({ item }: { item: { key: string } | null }) => ({ Number: item?.key ?? null }),
      there: null,
    };
    const pair = createPair(createRecords('a', options), createRecords('b', options), {
      writeBack,
      prototype: ['N'],
    });
    pair.here.add('', { fields: { N: 'x' } });
    return pair;
  },
});

/** The content that loses stays beside the other one. */
const keptTwice = (creates: 'keyed' | 'found' | 'plain'): Scene => ({
  shown: (remote) => remote.files(),
  build: async () => {
    const options: RemoteOptions = { capabilities: { content: { maxBytes: null }, creates } };
    const fieldGroups = [
      { fields: ['content'], policy: 'keep-both' as const, handler: keepBoth('here', '2026-11-30') },
    ];
    const pair = createPair(createRemote('a', options), createRemote('b', options), { fieldGroups });
    const key = pair.here.add('plan.txt', { bytes: 'one' });
    await pair.settle();
    pair.here.write(key, 'ours');
    pair.there.write(pair.other(key), 'theirs');
    return pair;
  },
});

const scenes: Record<string, Scene> = {
  'trees that tell every change and keep keys': trees({}, {}),
  'trees that list everything and keep no keys': trees(
    { capabilities: { ...scanning, ...plain, writes: 'checked' } },
    { capabilities: { ...scanning, ...plain, writes: 'checked' } },
  ),
  'trees that find creations by their key': trees(
    { capabilities: { creates: 'found' } },
    { capabilities: { creates: 'found' } },
  ),
  'records that keep keys': records({}),
  'records that are found by their match fields': records({ capabilities: plain }, ['N']),
  'records that are found by nothing but what was sent': records({ capabilities: plain }),
  'records that are found by their key': records({ capabilities: { creates: 'found' } }),
  'a value that a handler made of both': merged,
  'a key that is written back': toldBack({}),
  'a key that is written back, of a creation that is found': toldBack({ capabilities: { creates: 'found' } }),
  'two contents that are both kept, with keys': keptTwice('keyed'),
  'two contents that are both kept, found by their keys': keptTwice('found'),
  'two contents that are both kept, found by their places': keptTwice('plain'),
};

test.each(Object.entries(scenes))(
  'a run that is killed before or after any step has the same result as a run that is not killed: %s',
  async (_, { build, shown }) => {
    const stateOf = (pair: Pair) => [shown(pair.here), shown(pair.there)];
    const quiet = await build();
    expect(await quiet.settle()).not.toBeNull();
    const wanted = stateOf(quiet);
    const counting = createKill();
    const counted = await build();
    counted.killWith(counting);
    await counted.run();
    for (let at = 1; at <= counting.step; at++) {
      for (const when of ['before', 'after'] as const) {
        const pair = await build();
        const before = pair.progress;
        const kill = createKill(at, when);
        pair.killWith(kill);
        await pair.run().catch(() => undefined);
        pair.progress = before;
        pair.killWith(createKill());
        const rested = await pair.settle();
        expect({
          died: `${when} ${kill.log.at(-1) ?? ''}`,
          rested: rested !== null,
          end: stateOf(pair),
        }).toEqual({
          died: `${when} ${kill.log.at(-1) ?? ''}`,
          rested: true,
          end: wanted,
        });
      }
    }
    expect(counting.step).toBeGreaterThan(3);
  },
);

test.each(['found', 'plain'] as const)(
  'a run that is killed while it settles the work of an earlier run still writes the key back: creations are %s',
  async (creates) => {
    const { build, shown } = toldBack({ capabilities: { creates } });
    const quiet = await build();
    expect(await quiet.settle()).not.toBeNull();
    const wanted = [shown(quiet.here), shown(quiet.there)];
    for (let first = 1; first <= 12; first++) {
      for (let second = 1; second <= 12; second++) {
        const pair = await build();
        const before = pair.progress;
        const deaths = [createKill(first, 'after'), createKill(second, 'before')];
        for (const death of deaths) {
          pair.killWith(death);
          await pair.run().catch(() => undefined);
          pair.progress = before;
        }
        pair.killWith(createKill());
        await pair.settle();
        const died = deaths.map(({ log }) => log.at(-1));
        expect({ died, end: [shown(pair.here), shown(pair.there)] }).toEqual({ died, end: wanted });
      }
    }
  },
);
