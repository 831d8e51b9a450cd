import { isUnfinished } from '../../worker/pipeline/entry';
import { Trouble } from '../../worker/pipeline/trouble';
import { createPair, type Pair, verdicts } from './pair';
import { createRemote, scanning } from './remote';

describe('if F1 is moved from A to B on one side and A is deleted on the other', () => {
  test('F1 is in B on both sides, and A is gone from both', async () => {
    const pair = await agreedTree();
    pair.here.moveTo(pair.here.keyOf('A/F1'), pair.here.keyOf('B'));
    pair.there.remove(pair.there.keyOf('A'));
    await settle(pair);
    for (const system of [pair.here, pair.there])
      expect(system.tree()).toEqual({ 'B/': {}, 'B/F1': { Text: 'one' } });
  });

  test('F1 is in B and A is gone even if F1 is still in the folder that the other side deletes', async () => {
    const pair = await agreedTree();
    pair.there.moveTo(pair.there.keyOf('A/F1'), pair.there.keyOf('B'));
    pair.here.remove(pair.here.keyOf('A'));
    await settle(pair);
    for (const system of [pair.here, pair.there])
      expect(system.tree()).toEqual({ 'B/': {}, 'B/F1': { Text: 'one' } });
  });

  test('A stays while the move fails, and is deleted once it succeeds', async () => {
    const pair = await agreedTree();
    const { here, there } = pair;
    here.moveTo(here.keyOf('A/F1'), here.keyOf('B'));
    here.remove(here.keyOf('A'));
    there.faults.refusesMoves = true;
    const outcome = await pair.run();
    expect(verdicts(outcome)).toEqual({ failed: 1, held: 1 });
    expect(there.tree()).toEqual({ 'A/': {}, 'A/F1': { Text: 'one' }, 'B/': {} });
    expect(there.calls.filter((call) => call.startsWith('delete'))).toEqual([]);
    there.faults.refusesMoves = false;
    await settle(pair);
    expect(there.tree()).toEqual({ 'B/': {}, 'B/F1': { Text: 'one' } });
  });

  test.each([
    ['here', 'there'],
    ['there', 'here'],
  ] as const)('A stays if %s moved F1 and %s says that it is locked (423)', async (mover, locked) => {
    const pair = await agreedTree();
    pair[mover].moveTo(pair[mover].keyOf('A/F1'), pair[mover].keyOf('B'));
    pair[mover].remove(pair[mover].keyOf('A'));
    pair[locked].faults.onCall = (call) => {
      if (call === 'move') throw new Trouble('unavailable', '423 locked');
    };
    for (let run = 0; run < 2; run++) expect(verdicts(await pair.run())).toEqual({ failed: 1, held: 1 });
    expect(pair[locked].tree()).toEqual({ 'A/': {}, 'A/F1': { Text: 'one' }, 'B/': {} });
    pair[locked].faults.onCall = () => undefined;
    await settle(pair);
    for (const system of [pair.here, pair.there])
      expect(system.tree()).toEqual({ 'B/': {}, 'B/F1': { Text: 'one' } });
  });

  test('A stays while the move waits for an approval', async () => {
    const pair = await agreedTree();
    const { here, there } = pair;
    here.moveTo(here.keyOf('A/F1'), here.keyOf('B'));
    here.remove(here.keyOf('A'));
    const outcome = await pair.run({ entries: { kind: 'soft', allowed: () => 0 } });
    expect(verdicts(outcome)).toEqual({ held: 2 });
    expect(there.tree()).toEqual({ 'A/': {}, 'A/F1': { Text: 'one' }, 'B/': {} });
    await settle(pair);
    expect(there.tree()).toEqual(here.tree());
  });
});

describe('a deleted folder', () => {
  test('is deleted after its contents, the deepest first', async () => {
    const pair = createPair();
    const { here, there } = pair;
    const outer = here.add('Outer', { isFolder: true });
    const inner = here.add('Inner', { isFolder: true, parent: outer });
    here.add('F', { parent: inner });
    await settle(pair);
    here.remove(outer);
    const calls = await settle(pair);
    expect(there.tree()).toEqual({});
    expect(calls.filter((call) => call.startsWith('delete'))).toHaveLength(3);
    expect(pair.links.stored.size).toBe(0);
  });

  test('that contains a new item is created again', async () => {
    const pair = await agreedTree();
    const { here, there } = pair;
    here.add('F2', { parent: here.keyOf('A'), fields: { Text: 'new' } });
    there.remove(there.keyOf('A'));
    await settle(pair);
    for (const system of [here, there])
      expect(system.tree()).toEqual({ 'A/': {}, 'A/F2': { Text: 'new' }, 'B/': {} });
  });

  test('that contains a changed item is created again with it', async () => {
    const pair = await agreedTree();
    const { here, there } = pair;
    here.edit(here.keyOf('A/F1'), { Text: 'changed' });
    there.remove(there.keyOf('A'));
    await settle(pair);
    for (const system of [here, there])
      expect(system.tree()).toEqual({ 'A/': {}, 'A/F1': { Text: 'changed' }, 'B/': {} });
  });
});

describe('if keys are paths, a rename is a deletion and a creation', () => {
  const renamed = async () => {
    const pair = createPair(
      undefined,
      createRemote('b', { capabilities: { ...scanning, creates: 'plain' } }),
    );
    const { there } = pair;
    const key = there.add('F', { fields: { T: 1 } });
    await settle(pair);
    const fields = there.rows.get(key)?.fields ?? {};
    there.remove(key);
    there.add('G', { fields });
    return pair;
  };

  test('the run ends, and the other side has only the new name', async () => {
    const pair = await renamed();
    await settle(pair);
    for (const system of [pair.here, pair.there]) expect(system.tree()).toEqual({ G: { T: 1 } });
  });

  test('a change of the other side in the meantime is kept under the old name', async () => {
    const pair = await renamed();
    pair.here.edit(pair.here.keyOf('F'), { T: 2 });
    await settle(pair);
    for (const system of [pair.here, pair.there]) expect(system.tree()).toEqual({ F: { T: 2 }, G: { T: 1 } });
  });
});

describe('a listing', () => {
  test.each([true, false])('that breaks off (error: %s) deletes nothing', async (listingThrows) => {
    const there = createRemote('b', { capabilities: scanning });
    const pair = createPair(createRemote('a'), there);
    for (let number = 0; number < 6; number++) there.add(`F${number}`);
    await settle(pair);
    there.faults.listsOnly = 2;
    there.faults.listingThrows = listingThrows;
    expect(verdicts(await pair.run())).toEqual({});
    expect(pair.problems).toMatchObject([{ kind: 'partial-listing', side: 'there' }]);
    expect(Object.keys(pair.here.tree())).toHaveLength(6);
  });

  test('that is complete deletes the items that are not in it, if the system does not report deletions', async () => {
    const there = createRemote('b', { capabilities: scanning });
    const pair = createPair(createRemote('a'), there);
    there.add('F1');
    there.add('F2');
    await settle(pair);
    there.remove(there.keyOf('F1'));
    await settle(pair);
    expect(Object.keys(pair.here.tree())).toEqual(['F2']);
  });
});

/** A with F1, and B, on both sides. */
async function agreedTree(): Promise<Pair> {
  const pair = createPair();
  const { here } = pair;
  const folder = here.add('A', { isFolder: true });
  here.add('B', { isFolder: true });
  here.add('F1', { parent: folder, fields: { Text: 'one' } });
  await settle(pair);
  expect(pair.there.tree()).toEqual(here.tree());
  pair.there.forgetCalls();
  return pair;
}

/** Runs until nothing is left to do. Calls that wrote there, in their order. */
async function settle(pair: Pair): Promise<string[]> {
  const calls: string[] = [];
  for (let runs = 0; runs < 12; runs++) {
    pair.there.forgetCalls();
    const { entries } = await pair.run();
    calls.push(...pair.there.calls);
    const isQuiet = !entries.some((entry) => entry.operations.length > 0 || isUnfinished(entry));
    if (isQuiet) return calls;
  }
  throw new Error('it never came to rest');
}
