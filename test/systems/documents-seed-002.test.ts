import { chmod, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type FolderPair, openFolderPair } from './folder-pair';

// The steps of ELO Sync, as its authors describe them, on two real folders: what they say, and where they are wrong.

let open: FolderPair | null = null;
afterEach(async () => {
  await open?.end();
  open = null;
});

async function equal(files: Readonly<Record<string, string>>, settings: object = {}): Promise<FolderPair> {
  open = await openFolderPair(settings);
  for (const [path, bytes] of Object.entries(files)) await open.here.write(path, bytes);
  await open.rest();
  return open;
}

interface Event {
  readonly verdict: string;
  readonly path: string;
}

/** The later events, in their order. */
async function eventsOf({ pair }: FolderPair, after = 0): Promise<Event[]> {
  return pair.rows<Event>(
    `select verdict, coalesce(after -> 'here' -> 'place' ->> 'name', before -> 'here' -> 'place' ->> 'name',
        after -> 'there' -> 'place' ->> 'name', before -> 'there' -> 'place' ->> 'name') as path
     from link_event where kind = 'sync' and jsonb_array_length(operations) > 0 and id > ${after} order by id`,
  );
}

async function lastEvent({ pair }: FolderPair): Promise<number> {
  const [row] = await pair.rows<{ id: string }>('select coalesce(max(id), 0) as id from link_event');
  return Number(row?.id);
}

describe('the source', () => {
  test('lists both systems from the top down', async () => {
    const pair = await equal({});
    await pair.here.write('A/B/C/deep.txt', 'deep');
    await pair.there.write('X/Y/deep too.txt', 'deep');
    await pair.run();
    const made = (await eventsOf(pair)).map(({ path }) => path);
    const inOrder = (names: readonly string[]) => made.filter((name) => names.includes(name));
    expect(inOrder(['A', 'B', 'C', 'deep.txt'])).toEqual(['A', 'B', 'C', 'deep.txt']);
    expect(inOrder(['X', 'Y', 'deep too.txt'])).toEqual(['X', 'Y', 'deep too.txt']);
  });

  test('processes many entries at a time without losing any', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 40 }, (_, number) => [`F${number}`, `content ${number}`]),
    );
    const { trees } = await equal(files);
    expect(await trees()).toEqual({ here: files, there: files });
  });
});

test('the executor keeps the order of the stages: all changes, then the deletions, the deepest first', async () => {
  const pair = await equal({ 'A/B/one.txt': 'one', 'C/two.txt': 'two' });
  const before = await lastEvent(pair);
  await pair.here.remove('A');
  await pair.here.write('C/two.txt', 'changed');
  await pair.there.write('new.txt', 'new');
  await pair.run();
  const done = await eventsOf(pair, before);
  expect(
    done
      .slice(0, 2)
      .map(({ path }) => path)
      .sort(),
  ).toEqual(['new.txt', 'two.txt']);
  expect(done.slice(2)).toEqual([
    { verdict: 'deleted', path: 'one.txt' },
    { verdict: 'deleted', path: 'B' },
    { verdict: 'deleted', path: 'A' },
  ]);
});

test('the automatic mapping joins items with the same relative path, and copies nothing if the contents are equal', async () => {
  const pair = await equal({});
  for (const folder of [pair.here, pair.there])
    await folder.write('Akten/Vertrag.v2.pdf', 'the same version');
  const before = await stat(join(pair.there.path, 'Akten/Vertrag.v2.pdf'));
  expect(await pair.run()).not.toHaveProperty('created');
  const after = await stat(join(pair.there.path, 'Akten/Vertrag.v2.pdf'));
  expect([after.ino, after.mtimeMs]).toEqual([before.ino, before.mtimeMs]);
  expect(await pair.pair.rows(`select count(*)::int as links from link where state = 'active'`)).toEqual([
    { links: 2 },
  ]);
});

test('linked entries: the contents of a folder wait for it, and are processed with it', async () => {
  const pair = await equal({ 'A/one.txt': 'one' });
  await pair.there.move('A', 'B');
  await pair.here.write('A/two.txt', 'two');
  await pair.rest();
  const tree = { 'B/': '', 'B/one.txt': 'one', 'B/two.txt': 'two' };
  expect(await pair.trees()).toEqual({ here: tree, there: tree });
});

test('duplicates: an item that both sides and 100 people mention is synchronised once', async () => {
  const pair = await equal({ 'plan.txt': 'one' });
  const before = await lastEvent(pair);
  await pair.here.write('plan.txt', 'two');
  const keys = await pair.pair.rows<{ side: string; key: string }>('select side, key from link_end');
  for (let time = 0; time < 100; time++)
    for (const { side, key } of keys)
      await pair.pair.rows(
        `insert into link_job (pair_id, side, key, source) values (${pair.pair.pairId}, '${side}', '${key}', 'api')
         on conflict (pair_id, side, key) where state in ('new', 'waiting', 'held', 'failed') do nothing`,
      );
  await pair.run();
  expect(await eventsOf(pair, before)).toEqual([{ verdict: 'updated', path: 'plan.txt' }]);
});

test('the classification compares each side with its last known state to find new, changed, moved and deleted items', async () => {
  const pair = await equal({ 'changed.txt': 'c', 'moved.txt': 'm', 'deleted.txt': 'd', 'same.txt': 's' });
  await pair.here.write('new.txt', 'n');
  await pair.here.write('changed.txt', 'c2');
  await pair.there.move('moved.txt', 'A/moved.txt');
  await pair.there.remove('deleted.txt');
  expect(await pair.run()).toEqual({ created: 2, updated: 1, moved: 1, deleted: 1 });
});

test('the prototype leaves out the time, the mode and the owner', async () => {
  const pair = await equal({ 'plan.txt': 'one' });
  const before = await lastEvent(pair);
  await utimes(join(pair.here.path, 'plan.txt'), 1, 1);
  await chmod(join(pair.here.path, 'plan.txt'), 0o600);
  await pair.run();
  expect(await eventsOf(pair, before)).toEqual([]);
});

test('deletions come last, so that an item that leaves a folder is not deleted with it', async () => {
  const pair = await equal({ 'A/one.txt': 'one', 'A/B/two.txt': 'two', 'C/three.txt': 'three' });
  await pair.here.move('A/B/two.txt', 'C/two.txt');
  await pair.there.move('A/one.txt', 'C/one.txt');
  await pair.there.remove('A');
  await pair.rest();
  const tree = { 'C/': '', 'C/one.txt': 'one', 'C/three.txt': 'three', 'C/two.txt': 'two' };
  expect(await pair.trees()).toEqual({ here: tree, there: tree });
});

describe('the example, in which F1 is moved from A to B on one system and A is deleted on the other', () => {
  const example = { 'A/F1.txt': 'F1', 'B/F2.txt': 'F2' };
  const wanted = { 'B/': '', 'B/F1.txt': 'F1', 'B/F2.txt': 'F2' };

  test('ends with F1 in B on both systems, and without A', async () => {
    const pair = await equal(example);
    await pair.here.move('A/F1.txt', 'B/F1.txt');
    await pair.there.remove('A');
    await pair.rest();
    expect(await pair.trees()).toEqual({ here: wanted, there: wanted });
  });

  test('ends in the same way if one system does both', async () => {
    const pair = await equal(example);
    await pair.here.move('A/F1.txt', 'B/F1.txt');
    await pair.here.remove('A');
    expect(await pair.run()).toEqual({ moved: 1, deleted: 1 });
    expect(await pair.trees()).toEqual({ here: wanted, there: wanted });
  });

  test('keeps the folder as long as the move fails and F1 is in it', async () => {
    const pair = await equal(example);
    await pair.here.move('A/F1.txt', 'B/F1.txt');
    await pair.here.remove('A');
    // Nothing can be put where B is.
    await pair.there.move('B', 'B away');
    await pair.there.write('B', 'a file in the way');
    await pair.run();
    expect(Object.values(await pair.there.tree())).toContain('F1');
    await pair.there.remove('B');
    await pair.there.move('B away', 'B');
    await pair.rest();
    const { here, there } = await pair.trees();
    expect(there).toEqual(here);
    expect(Object.values(here)).toContain('F1');
    expect(Object.values(here)).toContain('F2');
  });

  test('ends in the same way with nested folders in A', async () => {
    const pair = await equal({ 'A/I/J/F1.txt': 'F1', 'A/I/K/F3.txt': 'F3', 'B/F2.txt': 'F2' });
    await pair.here.move('A/I/J/F1.txt', 'B/F1.txt');
    await pair.there.remove('A');
    await pair.rest();
    expect(await pair.trees()).toEqual({ here: wanted, there: wanted });
  });

  test('ends in the same way if A is created again', async () => {
    const pair = await equal(example);
    await pair.here.move('A/F1.txt', 'B/F1.txt');
    await pair.there.remove('A');
    await pair.there.write('A/F4.txt', 'F4');
    await pair.rest();
    const tree = { 'A/': '', 'A/F4.txt': 'F4', ...wanted };
    expect(await pair.trees()).toEqual({ here: tree, there: tree });
  });
});
