import type { Side } from '../../worker/pipeline/sides';
import { approvedBy } from './approvals';
import { createPair, verdicts } from './pair';
import { createRecords, createRemote, scanning } from './remote';

test('a hundred mentions of one item are one sync', async () => {
  const pair = createPair();
  pair.here.add('F', { fields: { Max: 4 } });
  pair.here.faults.mentions = 100;
  const outcome = await pair.run();
  expect(outcome.entries).toHaveLength(1);
  expect(verdicts(outcome)).toEqual({ created: 1 });
  expect(pair.there.calls).toHaveLength(1);
});

test('a lost response creates nothing twice', async () => {
  const pair = createPair();
  pair.here.add('F', { fields: { Max: 4 } });
  pair.there.faults.losesAnswers = 1;
  expect(verdicts(await pair.run())).toEqual({ failed: 1 });
  await pair.run();
  await pair.run();
  expect(pair.there.tree()).toEqual({ F: { Max: 4 } });
  expect(pair.links.stored.size).toBe(1);
});

test('a lost response creates nothing twice without a key either, because the item is found by its place', async () => {
  const pair = createPair(undefined, createRemote('b', { capabilities: { creates: 'plain' } }));
  pair.here.add('F', { fields: { Max: 4 } });
  pair.there.faults.losesAnswers = 1;
  await pair.run();
  await pair.run();
  expect(pair.there.tree()).toEqual({ F: { Max: 4 } });
});

test.each(['conditional', 'checked'] as const)(
  'a write by someone else in between is not lost (%s)',
  async (writes) => {
    const pair = createPair(undefined, createRemote('b', { capabilities: { writes } }));
    const key = pair.here.add('F', { fields: { Max: 4 } });
    await pair.run();
    pair.here.edit(key, { Max: 5 });
    pair.there.faults.racing = 2;
    expect(verdicts(await pair.run())).toEqual({ updated: 1 });
    expect(pair.there.tree()).toEqual({ F: { Max: 5 } });
  },
);

test('an item that is always changed in between fails after several attempts, and is tried again later', async () => {
  const pair = createPair();
  const key = pair.here.add('F', { fields: { Max: 4 } });
  await pair.run();
  pair.here.edit(key, { Max: 5 });
  pair.there.faults.racing = 50;
  expect(verdicts(await pair.run())).toEqual({ failed: 1 });
  pair.there.faults.racing = 0;
  await pair.run();
  expect(pair.there.tree()).toEqual({ F: { Max: 5 } });
});

describe('a second write within one second of the server’s clock', () => {
  const written = async (side: Side, revision: 'second' | 'hash') => {
    const options = { capabilities: { changes: 'timestamp', deletions: 'none' }, revision } as const;
    const pair = createPair(createRecords('a', options), createRecords('b', options));
    const key = pair.here.add('', { fields: { N: 'x' } });
    await pair.settle();
    const own = side === 'here' ? key : pair.other(key);
    pair[side].clock = 2000;
    pair[side].edit(own, { N: 'y' });
    await pair.run();
    pair[side].edit(own, { N: 'z' });
    await pair.settle();
    return { pair, own };
  };

  test.each(['here', 'there'] as const)('%s is found if the revision shows every change', async (side) => {
    const { pair } = await written(side, 'hash');
    for (const system of [pair.here, pair.there]) expect(system.records()).toEqual([{ N: 'z' }]);
  });

  test.each(['here', 'there'] as const)(
    '%s is never overwritten if the revision is that second; the next write includes it',
    async (side) => {
      const { pair, own } = await written(side, 'second');
      expect(pair[side].records()).toEqual([{ N: 'z' }]);
      pair[side].clock = 2001;
      pair[side].edit(own, { M: 1 });
      await pair.settle();
      for (const system of [pair.here, pair.there]) expect(system.records()).toEqual([{ N: 'z', M: 1 }]);
    },
  );
});

test.each(['keyed', 'found', 'plain'] as const)(
  'two workers that process the same new record at the same time create one record (%s)',
  async (creates) => {
    const pair = createPair(
      createRecords('a', { capabilities: { creates } }),
      createRecords('b', { capabilities: { creates } }),
    );
    const key = pair.here.add('', { fields: { N: 'x' } });
    await Promise.allSettled([pair.look('here', key), pair.look('here', key)]);
    expect(await pair.settle()).not.toBeNull();
    for (const system of [pair.here, pair.there]) expect(system.records()).toEqual([{ N: 'x' }]);
    expect(pair.links.stored.size).toBe(1);
  },
);

test.each([
  ['lists everything', scanning],
  ['tells what changed', {}],
] as const)(
  'later runs process what is above the hard limit of a run, if a system %s',
  async (_, capabilities) => {
    const entries = { kind: 'hard' as const, allowed: () => 3 };
    const pair = createPair(createRecords('a', { capabilities }), createRecords('b', { capabilities }));
    for (let number = 0; number < 10; number++) pair.here.add('', { fields: { N: number } });
    const made: number[] = [];
    for (let run = 0; run < 5; run++) {
      await pair.run({ entries });
      made.push(pair.there.records().length);
    }
    expect(made).toEqual([3, 6, 9, 10, 10]);
  },
);

test('a failure of one entry does not affect others', async () => {
  const pair = createPair();
  for (const name of ['F', 'G', 'H']) pair.here.add(name);
  pair.there.faults.losesAnswers = 1;
  expect(verdicts(await pair.run())).toEqual({ failed: 1, created: 2 });
  expect(pair.problems).toMatchObject([{ kind: 'failed' }]);
});

test('ten changes among ten thousand items cost as much as ten changes', async () => {
  const pair = createPair(createRecords('a'), createRecords('b'));
  const keys = Array.from({ length: 10_000 }, (_, index) => pair.here.add('', { fields: { Number: index } }));
  await pair.run();
  await pair.run();
  pair.there.forgetCalls();
  for (const key of keys.slice(0, 10)) pair.here.edit(key, { Number: -1 });
  const outcome = await pair.run();
  expect(outcome.entries).toHaveLength(10);
  expect(pair.there.calls).toHaveLength(10);
  expect((await pair.run()).entries.every(({ operations }) => operations.length === 0)).toBe(true);
});

describe('a plan', () => {
  test('shows what the run will do, and writes nothing', async () => {
    const pair = createPair();
    const { here, there } = pair;
    const folder = here.add('A', { isFolder: true });
    const file = here.add('F', { parent: folder, fields: { Max: 4 } });
    await pair.run();
    await pair.run();
    const inner = here.add('New', { isFolder: true, parent: folder });
    here.moveTo(file, inner);
    here.edit(file, { Max: 5 });
    const gone = there.add('Gone');
    await pair.run({ readable: ['there'] });
    there.remove(gone);
    there.forgetCalls();
    const before = there.tree();
    const planned = await pair.plan();
    expect(there.calls).toEqual([]);
    expect(there.tree()).toEqual(before);
    const done = await pair.run();
    expect(planned.entries.map(doneTo)).toEqual(done.entries.map(doneTo));
    expect(doneTo(done.entries[0])).toBeDefined();
    expect(there.tree()).toMatchObject({ 'A/New/F': { Max: 5 } });
  });

  test('is carried out if it was approved, and another plan is not', async () => {
    const pair = createPair();
    for (let number = 0; number < 4; number++) pair.here.add(`F${number}`);
    await pair.run();
    await pair.run();
    for (const path of ['F0', 'F1', 'F2']) pair.here.remove(pair.here.keyOf(path));
    const deletions = {
      kind: 'soft' as const,
      count: 1,
      share: 0.5,
      emptiedFrom: null,
      total: () => Promise.resolve(4),
      recent: () => Promise.resolve(0),
    };
    const { approvals } = await pair.run({ deletions });
    expect(approvals).toMatchObject([{ kind: 'deletions', entries: [{}, {}, {}] }]);
    expect(Object.keys(pair.there.tree())).toHaveLength(4);
    const again = await pair.run({ deletions });
    expect(again.approvals[0]?.digest).toBe(approvals[0]?.digest);
    const approved = new Set(again.approvals[0]?.signatures);
    pair.there.edit(pair.there.keyOf('F0'), { Max: 1 });
    await pair.run({ deletions, isApproved: approvedBy(approved) });
    await pair.run({ deletions, isApproved: approvedBy(approved) });
    expect(Object.keys(pair.there.tree())).toEqual(['F0', 'F3']);
  });

  const doneTo = (entry: { verdict: unknown; operations: unknown; mention: { key: string } } | undefined) =>
    entry === undefined ? undefined : [entry.mention.key, entry.verdict, entry.operations];
});
