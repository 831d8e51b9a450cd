import type { Fields } from '../../shared/domain/merge-copy';
import { plainHandlers } from '../../worker/pipeline/policies';
import { createPair, type Pair, verdicts } from './pair';
import { createRecords, type RemoteOptions, scanning } from './remote';

const trimmed = (fields: Fields): Fields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? value.trim() : value]),
  );
const without =
  (ignored: string) =>
  (fields: Fields): Fields => ({ ...fields, [ignored]: null });

const calls = ({ here, there }: Pair) => ({ here: made(here.counts), there: made(there.counts) });
const made = (counts: Record<string, number>) =>
  Object.fromEntries(Object.entries(counts).filter(([call, count]) => count > 0 && call !== 'list'));
const forget = ({ here, there }: Pair) => {
  here.forgetCalls();
  there.forgetCalls();
};

describe('a server that changes what it is sent', () => {
  const kinds: RemoteOptions[] = (['counter', 'hash'] as const).flatMap((revision) =>
    [{}, scanning].map((capabilities) => ({ revision, capabilities, normalise: trimmed })),
  );

  test.each(kinds)('is written to once, and only the state of its side differs (%j)', async (kind) => {
    const pair = createPair(createRecords('a'), createRecords('b', kind));
    pair.here.add('', { fields: { N: ' Anna ' } });
    expect(await pair.settle()).not.toBeNull();
    expect(await pair.settle()).toBe(0);
    expect([pair.here.records(), pair.there.records()]).toEqual([[{ N: ' Anna ' }], [{ N: 'Anna' }]]);
  });

  test.each(['sent', 'nothing'] as const)(
    'is read again after a write if its response shows %s',
    async (answers) => {
      const kind = { normalise: trimmed, echoes: true, capabilities: { answers } };
      const pair = createPair(createRecords('a'), createRecords('b', kind));
      pair.here.add('', { fields: { N: ' Anna ' } });
      await pair.settle();
      expect(pair.here.records()).toEqual([{ N: ' Anna ' }]);
    },
  );

  test('and that ignores a field causes no removal on the other side', async () => {
    const pair = createPair(createRecords('a'), createRecords('b', { normalise: without('Title') }));
    const key = pair.here.add('', { fields: { N: 'Anna', Title: 'Frau' } });
    expect(await pair.settle()).not.toBeNull();
    pair.there.edit(pair.other(key), { N: 'Anne' });
    await pair.settle();
    expect(pair.here.records()).toEqual([{ N: 'Anne', Title: 'Frau' }]);
  });
});

describe('calls', () => {
  test('for a new record are one, and none when it comes back', async () => {
    const pair = createPair(createRecords('a'), createRecords('b'));
    pair.here.add('', { fields: { N: 1 } });
    await pair.run();
    expect(calls(pair)).toEqual({ here: {}, there: { create: 1 } });
    forget(pair);
    await pair.run();
    expect(calls(pair)).toEqual({ here: {}, there: {} });
  });

  test('for a change are two, and none when it comes back or when the same value is written again', async () => {
    const pair = createPair(createRecords('a'), createRecords('b'));
    const key = pair.here.add('', { fields: { N: 1 } });
    await pair.settle();
    forget(pair);
    pair.here.edit(key, { N: 2 });
    await pair.run();
    expect(calls(pair)).toEqual({ here: {}, there: { fetch: 1, update: 1 } });
    forget(pair);
    await pair.run();
    expect(calls(pair)).toEqual({ here: {}, there: {} });
    pair.here.edit(key, { N: 2 });
    expect(verdicts(await pair.run())).toEqual({ unchanged: 1 });
    expect(pair.there.calls).toEqual([]);
  });

  test('for a hundred mentions and for entries that are listed again are as many as for one', async () => {
    const kind = { capabilities: { changes: 'timestamp', deletions: 'none' }, overlap: 600 } as const;
    const pair = createPair(createRecords('a', kind), createRecords('b'));
    pair.here.add('', { fields: { N: 'first' } });
    await pair.settle();
    pair.here.add('', { fields: { N: 'late' }, at: 700 });
    pair.here.faults.mentions = 100;
    forget(pair);
    await pair.run();
    expect(calls(pair).there).toEqual({ create: 1 });
    forget(pair);
    await pair.run();
    expect(calls(pair)).toEqual({ here: {}, there: {} });
  });

  test('for a hundred unchanged records are none, and nothing is saved', async () => {
    const pair = createPair(
      createRecords('a', { capabilities: scanning }),
      createRecords('b', { capabilities: scanning }),
    );
    for (let number = 0; number < 100; number++) pair.here.add('', { fields: { N: number } });
    await pair.settle();
    const saved = pair.links.counts['finish'];
    forget(pair);
    expect((await pair.run()).entries).toEqual([]);
    expect(calls(pair)).toEqual({ here: {}, there: {} });
    expect(pair.links.counts['finish']).toBe(saved);
  });

  test('for a dispute that waits for a decision are none, and undisputed fields are synchronised', async () => {
    const pair = createPair(createRecords('a'), createRecords('b'), { policy: 'manual' });
    const key = pair.here.add('', { fields: { A: 1, B: 1 } });
    await pair.settle();
    pair.here.edit(key, { A: 2, B: 5 });
    pair.there.edit(pair.other(key), { A: 3 });
    expect(verdicts(await pair.run())).toEqual({ conflict: 1 });
    expect(pair.there.records()).toEqual([{ A: 3, B: 5 }]);
    await pair.run();
    forget(pair);
    await pair.run();
    expect(calls(pair)).toEqual({ here: {}, there: {} });
    await pair.run({ isDecided: () => true, decided: () => 'here' });
    expect(pair.there.records()).toEqual([{ A: 2, B: 5 }]);
  });

  test('for a key that is written back are one more, or none if that side gets an update as well', async () => {
    const writeBack = {
      here: ({ item }: { item: { key: string; revision: string } | null }) => ({
        Key: item?.key ?? null,
        Revision: item?.revision ?? null,
      }),
      there: null,
    };
    const pair = createPair(createRecords('a'), createRecords('b'), { writeBack, prototype: ['N', 'M'] });
    const key = pair.here.add('', { fields: { N: 'x' } });
    await pair.run();
    expect(calls(pair)).toEqual({ here: { update: 1 }, there: { create: 1 } });
    expect(pair.here.records()).toEqual([{ N: 'x', Key: 'b1', Revision: 'v1' }]);
    expect(await pair.settle()).toBe(0);
    forget(pair);
    pair.here.edit(key, { N: 'y' });
    pair.there.edit('b1', { M: 'z' });
    await pair.run();
    expect(calls(pair)).toEqual({ here: { update: 1 }, there: { update: 1 } });
    expect(pair.here.records()).toMatchObject([{ N: 'y', M: 'z', Revision: 'v3' }]);
  });
});

describe('two that could be the same', () => {
  test.each([
    [1, 2],
    [2, 1],
  ])('with the same name are not joined, whichever comes first (%i, %i)', async (...born) => {
    const pair = createPair(createRecords('a'), createRecords('b'), { matchFields: ['N'] });
    pair.here.add('', { fields: { N: 'Maier', Born: 1 } });
    for (const year of born) pair.there.add('', { fields: { N: 'Maier', Born: year } });
    expect(verdicts(await pair.run())).toEqual({ conflict: 3 });
    await pair.run();
    expect(pair.here.calls).toEqual([]);
    expect(pair.there.calls).toEqual([]);
  });

  test('wait as a single different candidate if someone must look at joined records', async () => {
    const rules = { matchFields: ['N'], initial: 'manual' as const };
    const pair = createPair(createRecords('a'), createRecords('b'), rules);
    pair.here.add('', { fields: { N: 'Maier', Born: 1 } });
    pair.there.add('', { fields: { N: 'Maier', Born: 2 } });
    expect(verdicts(await pair.run())).toEqual({ conflict: 1 });
    expect(pair.links.stored.size).toBe(0);
  });
});

describe('records that are linked to each other', () => {
  test('are created in the order of their links, in one run', async () => {
    const pair = createPair(createRecords('a'), createRecords('b'), { linkFields: ['Boss'] });
    const keys = Array.from({ length: 12 }, (_, number) => pair.here.add('', { fields: { N: number } }));
    keys.forEach((key, index) => {
      pair.here.edit(key, { Boss: keys[index + 1] ?? null });
    });
    await pair.run();
    expect(pair.there.records()).toHaveLength(12);
    expect(calls(pair)).toMatchObject({ here: {} });
  });

  test('in a circle are created first, and linked afterwards', async () => {
    const pair = createPair(createRecords('a'), createRecords('b'), { linkFields: ['Friend'] });
    const one = pair.here.add('', { fields: { N: 1 } });
    const two = pair.here.add('', { fields: { N: 2, Friend: one } });
    pair.here.edit(one, { Friend: two });
    expect(await pair.settle()).not.toBeNull();
    const friends = [pair.other(one), pair.other(two)];
    expect(pair.there.records().map(({ Friend }) => Friend)).toEqual([...friends].reverse());
  });
});

test('a late mention of a deleted record creates nothing', async () => {
  const pair = createPair(createRecords('a'), createRecords('b'));
  const key = pair.here.add('', { fields: { N: 'x' } });
  await pair.settle();
  const late = [...(await pair.here.fetch([key], new AbortController().signal)).values()];
  pair.here.remove(key);
  await pair.settle();
  const list = pair.here.list.bind(pair.here);
  pair.here.list = async function* (since, signal) {
    yield { items: late, cursor: null, isWhole: false };
    yield* list(since, signal);
  };
  await pair.run();
  expect(pair.there.records()).toEqual([]);
});

test('only changed fields are written, so an edit of another field by someone else is not lost', async () => {
  const there = createRecords('b', { capabilities: { writes: 'checked' } });
  const pair = createPair(createRecords('a'), there);
  const key = pair.here.add('', { fields: { A: 1 } });
  await pair.settle();
  const patches: Fields[] = [];
  const update = there.update.bind(there);
  there.update = (one, patch, expected, signal) => {
    patches.push(patch.fields);
    return update(one, patch, expected, signal);
  };
  pair.here.edit(key, { A: 2, B: 3 });
  await pair.run();
  expect(patches).toEqual([{ A: 2, B: 3 }]);
});

test('each group of fields has its own winner', async () => {
  const pair = createPair(createRecords('a'), createRecords('b'), {
    policy: 'manual',
    fieldGroups: [
      { fields: ['Name', 'Title'], policy: 'here' },
      { fields: ['Phone'], policy: 'there' },
    ],
    handlers: plainHandlers(() => 'here'),
  });
  const key = pair.here.add('', { fields: { Name: 'A', Phone: '1' } });
  await pair.settle();
  pair.here.edit(key, { Name: 'B', Phone: '2' });
  pair.there.edit(pair.other(key), { Name: 'C', Title: 'Dr.', Phone: '3' });
  await pair.settle();
  for (const system of [pair.here, pair.there])
    expect(system.records()).toMatchObject([{ Name: 'B', Phone: '3' }]);
});
