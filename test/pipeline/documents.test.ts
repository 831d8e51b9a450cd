import { Trouble } from '../../worker/pipeline/trouble';
import { createPair, keepBoth, verdicts } from './pair';
import { anyName, createRemote, type RemoteOptions, scanning } from './remote';

const files: RemoteOptions = { capabilities: { content: { maxBytes: null } } };
const withFiles = (particulars: Parameters<typeof createPair>[2] = {}, there: RemoteOptions = files) =>
  createPair(createRemote('a', files), createRemote('b', there), particulars);

describe('the content of a file', () => {
  test('is copied to the other side, its change is copied back, and an unchanged content is not written', async () => {
    const pair = withFiles();
    const key = pair.here.add('plan.txt', { bytes: 'one' });
    await pair.settle();
    expect(pair.there.files()).toEqual({ 'plan.txt': 'one' });
    pair.there.write(pair.other(key), 'two');
    await pair.settle();
    expect(pair.here.files()).toEqual({ 'plan.txt': 'two' });
    expect(await pair.settle()).toBe(0);
  });

  test('that both sides changed is decided by the policy of `content`', async () => {
    const fieldGroups = [{ fields: ['content'], policy: 'there' as const }];
    const pair = withFiles({ fieldGroups });
    const key = pair.here.add('plan.txt', { bytes: 'one' });
    await pair.settle();
    pair.here.write(key, 'ours');
    pair.there.write(pair.other(key), 'theirs');
    const { entries } = await pair.run();
    expect(entries.find(({ conflict }) => conflict !== null)?.conflict).toMatchObject({
      fields: ['content'],
      resolution: 'there',
    });
    expect(pair.here.files()).toEqual({ 'plan.txt': 'theirs' });
  });

  describe('that both sides changed, with the policy keep-both', () => {
    const fieldGroups = [
      { fields: ['content'], policy: 'keep-both' as const, handler: keepBoth('here', '2026-11-30') },
    ];
    const clashing = async (there: RemoteOptions = files) => {
      const pair = withFiles({ fieldGroups }, there);
      const key = pair.here.add('plan.txt', { bytes: 'one', parent: pair.here.add('A', { isFolder: true }) });
      await pair.settle();
      pair.here.write(key, 'ours');
      pair.there.write(pair.other(key), 'theirs');
      return pair;
    };
    const both = { 'A/': '', 'A/plan.txt': 'ours', 'A/plan (conflict 2026-11-30).txt': 'theirs' };

    test('the losing content becomes a conflict copy on both sides', async () => {
      const pair = await clashing();
      const planned = await pair.plan();
      const { entries } = await pair.run();
      expect(verdicts({ entries })).toEqual({ updated: 1 });
      expect(entries.find(({ conflict }) => conflict !== null)?.conflict).toEqual({
        kind: 'fields',
        fields: ['content'],
        resolution: 'here',
      });
      expect(verdicts(planned)).toEqual({ updated: 1 });
      expect(await pair.settle()).not.toBeNull();
      expect([pair.here.files(), pair.there.files()]).toEqual([both, both]);
      expect(await pair.settle()).toBe(0);
    });

    test('the conflict copy gets another name if its name is taken', async () => {
      const pair = await clashing();
      pair.there.add('plan (conflict 2026-11-30).txt', { bytes: 'older', parent: pair.there.keyOf('A') });
      expect(await pair.settle()).not.toBeNull();
      const all = {
        ...both,
        'A/plan (conflict 2026-11-30).txt': 'older',
        'A/plan (conflict 2026-11-30) (2).txt': 'theirs',
      };
      expect([pair.here.files(), pair.there.files()]).toEqual([all, all]);
    });

    test.each([
      ['found by its key', 'found'],
      ['found by its place alone', 'plain'],
    ] as const)(
      'one conflict copy is created if the response to the creation is lost and the copy can be %s',
      async (_, creates) => {
        const pair = await clashing({ capabilities: { content: { maxBytes: null }, creates } });
        pair.there.faults.losesAnswers = 1;
        expect(verdicts(await pair.run())).toEqual({ failed: 1 });
        expect(await pair.settle()).not.toBeNull();
        expect([pair.here.files(), pair.there.files()]).toEqual([both, both]);
      },
    );

    test('nothing is overwritten while the conflict copy cannot be stored', async () => {
      const pair = await clashing();
      pair.there.faults.onCall = (call) => {
        if (call === 'create') throw new Trouble('unavailable', '507');
      };
      await pair.run();
      expect(pair.there.files()).toEqual({ 'A/': '', 'A/plan.txt': 'theirs' });
      pair.there.faults.onCall = () => undefined;
      await pair.settle();
      expect(pair.there.files()).toEqual(both);
    });
  });

  test('a limit on the size of each file skips only the large file', async () => {
    const size = {
      limit: null,
      each: { kind: 'hard' as const, size: 5 },
      sizeOf: ({ mention }: { mention: { content?: { size: number } | null } }) => mention.content?.size ?? 0,
    };
    const pair = withFiles({ size });
    pair.here.add('large', { bytes: '123456' });
    for (const name of ['a', 'b', 'c']) pair.here.add(name, { bytes: '12345' });
    expect(verdicts(await pair.run())).toEqual({ created: 3, skipped: 1 });
  });
});

describe('names', () => {
  const tree = (rules: Partial<typeof anyName>): RemoteOptions => ({
    capabilities: { tree: { ...anyName, ...rules } },
  });

  test.each([{}, scanning])('in another Unicode form count as the same name (%j)', async (capabilities) => {
    const there = tree({ form: 'NFD' });
    const pair = createPair(
      createRemote('a'),
      createRemote('b', { capabilities: { ...there.capabilities, ...capabilities } }),
    );
    pair.here.add('é'.normalize('NFC'), { fields: { T: 1 } });
    expect(await pair.settle()).not.toBeNull();
    expect(await pair.settle()).toBe(0);
    expect(Object.keys(pair.there.tree())).toEqual(['é'.normalize('NFD')]);
  });

  test('that one system cannot write are adapted there, and stay unchanged here', async () => {
    const fitting = (name: string) => (name.includes(':') ? name.replaceAll(':', '_') : null);
    const pair = createPair(createRemote('a'), createRemote('b', tree({ fitting })));
    pair.here.add('a:b', { fields: { T: 1 } });
    expect(await pair.settle()).not.toBeNull();
    expect([Object.keys(pair.here.tree()), Object.keys(pair.there.tree())]).toEqual([['a:b'], ['a_b']]);
  });

  test('that differ only in case are the same name for a system that ignores case, so the second gets a number', async () => {
    const pair = createPair(createRemote('a'), createRemote('b', tree({ isCaseBlind: true })));
    pair.here.add('readme', { fields: { T: 1 } });
    pair.here.add('README', { fields: { T: 2 } });
    expect(await pair.settle()).not.toBeNull();
    expect(pair.there.tree()).toEqual(pair.here.tree());
    expect(Object.keys(pair.here.tree())).toHaveLength(2);
  });

  test('that differ only in case on the two sides are matched with each other', async () => {
    const pair = createPair(createRemote('a'), createRemote('b', tree({ isCaseBlind: true })));
    pair.here.add('Readme', { fields: { T: 1 } });
    pair.there.add('README', { fields: { T: 1 } });
    expect(await pair.settle()).not.toBeNull();
    expect([Object.keys(pair.here.tree()), Object.keys(pair.there.tree())]).toEqual([['Readme'], ['README']]);
  });

  test('that were swapped are swapped on the other side, and a plan shows this', async () => {
    const pair = createPair();
    const [x, y] = [pair.here.add('X', { fields: { T: 1 } }), pair.here.add('Y', { fields: { T: 2 } })];
    await pair.settle();
    pair.here.moveTo(x, null, 'tmp');
    pair.here.moveTo(y, null, 'X');
    pair.here.moveTo(x, null, 'Y');
    const planned = verdicts(await pair.plan());
    expect(Object.keys(pair.there.tree())).toEqual(['X', 'Y']);
    expect(verdicts(await pair.run())).toEqual(planned);
    expect(await pair.settle()).not.toBeNull();
    expect(pair.there.tree()).toEqual({ X: { T: 2 }, Y: { T: 1 } });
  });

  test.each([
    ['a folder here and a file there', { isFolder: true }, {}],
    ['two new files', { fields: { T: 1 } }, { fields: { T: 2 } }],
  ])('that are already taken: %s', async (_, ours, theirs) => {
    const pair = createPair();
    pair.here.add('X', ours);
    pair.there.add('X', theirs);
    expect(await pair.settle()).not.toBeNull();
    expect(pair.there.tree()).toEqual(pair.here.tree());
  });

  describe('that someone has to decide about, if the settings say so', () => {
    const fitting = (name: string) => (name.includes(':') ? name.replaceAll(':', '_') : null);

    test('a name that a system cannot write waits as a conflict of the name, and the other items are synchronised', async () => {
      const namePolicies = { clash: 'suffix', bad: 'manual' } as const;
      const pair = createPair(createRemote('a'), createRemote('b', tree({ fitting })), { namePolicies });
      const key = pair.here.add('a:b', { fields: { T: 1 } });
      pair.here.add('c', { fields: { T: 2 } });
      const { entries } = await pair.run();
      expect(verdicts({ entries })).toEqual({ conflict: 1, created: 1 });
      expect(entries.find(({ verdict }) => verdict === 'conflict')?.conflict).toEqual({
        kind: 'name',
        fields: ['place'],
        resolution: null,
      });
      expect(Object.keys(pair.there.tree())).toEqual(['c']);
      // Someone gives it another name, or decides that it is fitted.
      await pair.run({ decided: (entry) => (entry.mention.key === key ? 'here' : null) });
      expect(Object.keys(pair.there.tree())).toEqual(['a_b', 'c']);
      expect(await pair.settle()).not.toBeNull();
      expect(Object.keys(pair.here.tree())).toEqual(['a:b', 'c']);
    });

    test('a taken name waits as a conflict that shows the other item, and a swap is no conflict', async () => {
      const namePolicies = { clash: 'manual', bad: 'fit' } as const;
      const pair = createPair(createRemote('a'), createRemote('b', tree({ isCaseBlind: true })), {
        namePolicies,
      });
      pair.here.add('readme', { fields: { T: 1 } });
      const second = pair.here.add('README', { fields: { T: 2 } });
      const { entries } = await pair.run();
      expect(verdicts({ entries })).toEqual({ conflict: 1, created: 1 });
      const parked = entries.find(({ verdict }) => verdict === 'conflict');
      expect(parked?.conflict).toEqual({
        kind: 'name',
        fields: ['place'],
        resolution: null,
        candidates: { here: [], there: [pair.there.keyOf('readme')] },
      });
      expect(Object.keys(pair.there.tree())).toEqual(['readme']);
      pair.here.moveTo(second, null, 'other');
      expect(await pair.settle()).not.toBeNull();
      pair.here.moveTo(second, null, 'tmp');
      pair.here.moveTo(pair.here.keyOf('readme'), null, 'other');
      pair.here.moveTo(second, null, 'readme');
      expect(await pair.settle()).not.toBeNull();
      expect(pair.there.tree()).toEqual({ readme: { T: 2 }, other: { T: 1 } });
    });
  });

  test('that both sides changed are decided by the policy or by a person', async () => {
    const moved = async (policy: 'here' | 'manual') => {
      const pair = createPair(undefined, undefined, { fieldGroups: [{ fields: ['place'], policy }] });
      const key = pair.here.add('F', { fields: { T: 1 } });
      await pair.settle();
      pair.here.moveTo(key, null, 'G');
      pair.there.moveTo(pair.other(key), null, 'H');
      const { entries } = await pair.run();
      return [entries.find(({ conflict }) => conflict !== null)?.conflict, Object.keys(pair.there.tree())];
    };
    const conflict = { kind: 'place', fields: ['place'] };
    expect(await moved('here')).toEqual([{ ...conflict, resolution: 'here' }, ['G']]);
    expect(await moved('manual')).toEqual([{ ...conflict, resolution: null }, ['H']]);
  });

  test('that became the same by two renames leave both items', async () => {
    const pair = createPair();
    const [x, y] = [pair.here.add('X', { fields: { T: 1 } }), pair.here.add('Y', { fields: { T: 2 } })];
    await pair.settle();
    pair.here.moveTo(x, null, 'Z');
    pair.there.moveTo(pair.other(y), null, 'Z');
    expect(await pair.settle()).not.toBeNull();
    expect(pair.there.tree()).toEqual(pair.here.tree());
    expect(Object.keys(pair.here.tree())).toEqual(['Z', 'Z (2)']);
  });

  test('of a file that is deleted and created again belong to a new file', async () => {
    const pair = createPair();
    const key = pair.here.add('F', { fields: { T: 1 } });
    await pair.settle();
    pair.here.remove(key);
    pair.here.add('F', { fields: { T: 2 } });
    expect(await pair.settle()).not.toBeNull();
    expect(pair.there.tree()).toEqual({ F: { T: 2 } });
  });
});

describe('folders', () => {
  test('that were moved into each other do not move for ever', async () => {
    const pair = createPair();
    const [a, b] = [pair.here.add('A', { isFolder: true }), pair.here.add('B', { isFolder: true })];
    pair.here.add('F', { parent: a, fields: { T: 1 } });
    await pair.settle();
    pair.here.moveTo(a, b);
    pair.there.moveTo(pair.other(b), pair.other(a));
    expect(await pair.settle()).not.toBeNull();
    expect(pair.there.tree()).toEqual(pair.here.tree());
    expect(Object.keys(pair.here.tree())).toHaveLength(3);
  });

  test('are deleted with their contents on the other side if only their own deletion is reported', async () => {
    const here = createRemote('a', { capabilities: { deletions: 'tops' }, tellsTops: true });
    const pair = createPair(here);
    const folder = here.add('A', { isFolder: true });
    const inner = here.add('B', { isFolder: true, parent: folder });
    for (const name of ['F', 'G']) here.add(name, { parent: inner });
    await pair.settle();
    here.remove(folder);
    expect(await pair.settle()).not.toBeNull();
    expect(pair.there.tree()).toEqual({});
  });

  test('that cannot be created cause no calls for their contents in any run', async () => {
    const pair = createPair();
    const folder = pair.here.add('A', { isFolder: true });
    for (let number = 0; number < 100; number++) pair.here.add(`F${number}`, { parent: folder });
    pair.there.faults.onCall = (call, key) => {
      if (call === 'create' && key === folder) throw new Error('403');
    };
    expect(verdicts(await pair.run())).toEqual({ failed: 1, waiting: 100 });
    pair.here.forgetCalls();
    pair.there.forgetCalls();
    await pair.run();
    expect(pair.here.counts['fetch']).toBe(1);
    expect(pair.there.counts['create']).toBe(1);
  });
});
