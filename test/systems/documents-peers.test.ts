import { readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { noise } from './document-contract';
import { type FolderPair, openFolderPair } from './folder-pair';

// The situations that the tests of rclone bisync, mutagen, Unison and the OneDrive client of abraunegg are about.

let open: FolderPair | null = null;
afterEach(async () => {
  await open?.end();
  open = null;
});

/** Two folders that hold the same. */
async function equal(files: Readonly<Record<string, string>>, settings: object = {}): Promise<FolderPair> {
  open = await openFolderPair(settings);
  for (const [path, bytes] of Object.entries(files)) await open.here.write(path, bytes);
  await open.rest();
  return open;
}

async function expectEqual({ trees }: FolderPair, tree: Readonly<Record<string, string>>): Promise<void> {
  expect(await trees()).toEqual({ here: tree, there: tree });
}

describe('rclone bisync', () => {
  test('changes: new, newer and deleted files of each side reach the other', async () => {
    const pair = await equal({ file1: '1', file2: '2', file3: '3', file4: '4' });
    await pair.here.write('file1', 'newer here');
    await pair.there.write('file2', 'newer there');
    await pair.here.remove('file3');
    await pair.there.remove('file4');
    await pair.here.write('file5', 'new here');
    await pair.there.write('file6', 'new there');
    await pair.rest();
    await expectEqual(pair, {
      file1: 'newer here',
      file2: 'newer there',
      file5: 'new here',
      file6: 'new there',
    });
  });

  test('all_changed: a side can change the time or the bytes of every file', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 8 }, (_, number) => [`file${number}`, `${number}`]),
    );
    const pair = await equal(files);
    for (const path of Object.keys(files)) await utimes(join(pair.here.path, path), 1_000_000, 1_000_000);
    await pair.rest();
    await expectEqual(pair, files);
    const changed = Object.fromEntries(Object.keys(files).map((path) => [path, `changed ${path}`]));
    for (const [path, bytes] of Object.entries(changed)) await pair.there.write(path, bytes);
    await pair.rest();
    await expectEqual(pair, changed);
  });

  test('max_delete: a side that was emptied does not empty the other one without an approval', async () => {
    const pair = await equal(
      Object.fromEntries(Array.from({ length: 12 }, (_, number) => [`file${number}`, 'x'])),
    );
    for (const path of Object.keys((await pair.trees()).here)) await pair.here.remove(path);
    await pair.run();
    await pair.run();
    expect(await pair.here.tree()).toEqual({});
    expect(Object.keys(await pair.there.tree())).toHaveLength(12);
    expect(await pair.pair.rows('select kind from pair_approval')).toEqual([{ kind: 'deletions' }]);
  });

  test('volatile and concurrent: a file that is written while it is copied arrives with its last content', async () => {
    const pair = await equal({ 'A/volatile.bin': 'first' });
    const path = join(pair.here.path, 'A/volatile.bin');
    const writing = (async () => {
      for (let time = 0; time < 20; time++) {
        await writeFile(path, noise(400_000, String(time)));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    })();
    await pair.run();
    await pair.run();
    await writing;
    await writeFile(path, 'the last word');
    await pair.rest();
    await expectEqual(pair, { 'A/': '', 'A/volatile.bin': 'the last word' });
  });

  test('resolve: the losing content becomes a conflict copy, and a second conflict makes a second copy', async () => {
    const pair = await equal({ 'file.txt': 'one' });
    for (const time of [1, 2]) {
      await pair.here.write('file.txt', `here ${time}`);
      await pair.there.write('file.txt', `there ${time}`);
      await pair.rest();
    }
    const { here, there } = await pair.trees();
    expect(here).toEqual(there);
    expect(here['file.txt']).toBe('here 2');
    expect(Object.values(here).sort()).toEqual(['here 2', 'there 1', 'there 2']);
  });

  test('rmdirs and createemptysrcdirs: empty folders are created and deleted as well', async () => {
    const pair = await equal({});
    await pair.here.makeFolder('A/B/C');
    await pair.rest();
    await expectEqual(pair, { 'A/': '', 'A/B/': '', 'A/B/C/': '' });
    await pair.there.remove('A/B');
    await pair.rest();
    await expectEqual(pair, { 'A/': '' });
  });

  test('equal: files that both sides created with the same content are no conflict, whatever their times', async () => {
    const pair = await equal({});
    await pair.here.write('A/file.txt', 'the same');
    await pair.there.write('A/file.txt', 'the same');
    await utimes(join(pair.there.path, 'A/file.txt'), 1, 1);
    await pair.run();
    await pair.rest();
    await expectEqual(pair, { 'A/': '', 'A/file.txt': 'the same' });
    await pair.here.write('A/file.txt', 'changed alike');
    await pair.there.write('A/file.txt', 'changed alike');
    await pair.rest();
    await expectEqual(pair, { 'A/': '', 'A/file.txt': 'changed alike' });
  });

  test('normalization: a name in two Unicode forms is one file if the contents are equal', async () => {
    const pair = await equal({});
    const name = 'Übergröße é.txt';
    await pair.here.write(`Ä/${name}`.normalize('NFC'), 'one');
    await pair.there.write(`Ä/${name}`.normalize('NFD'), 'one');
    await pair.rest();
    const { here, there } = await pair.trees();
    expect(Object.keys(here)).toEqual(['Ä/', `Ä/${name}`].map((path) => path.normalize('NFC')));
    expect(Object.values(there)).toEqual(['', 'one']);
    await pair.there.write(`Ä/${name}`.normalize('NFD'), 'two');
    await pair.rest();
    expect(Object.values((await pair.trees()).here)).toEqual(['', 'two']);
  });

  test('normalization: both files are kept if the contents differ', async () => {
    const pair = await equal({});
    await pair.here.write('é.txt'.normalize('NFC'), 'one');
    await pair.there.write('é.txt'.normalize('NFD'), 'two');
    await pair.rest();
    const { here, there } = await pair.trees();
    expect(Object.values(here).sort()).toEqual(['one', 'two']);
    expect(there).toEqual(here);
  });

  test('nomodtime and backupdir: a new time alone is no change, and a copied file keeps its time', async () => {
    const pair = await equal({});
    await pair.here.write('file.txt', 'one');
    await utimes(join(pair.here.path, 'file.txt'), 1_500_000_000, 1_500_000_000);
    await pair.rest();
    expect((await stat(join(pair.there.path, 'file.txt'))).mtime).toEqual(new Date(1_500_000_000_000));
  });
});

describe('mutagen and Unison', () => {
  test('a side that deleted does not win over a side that changed', async () => {
    const pair = await equal({ 'A/file.txt': 'one' });
    await pair.here.remove('A');
    await pair.there.write('A/file.txt', 'changed');
    await pair.rest();
    await expectEqual(pair, { 'A/': '', 'A/file.txt': 'changed' });
  });

  test('a file here and a folder of its name there are both kept', async () => {
    const pair = await equal({});
    await pair.here.write('X', 'a file');
    await pair.there.write('X/inner.txt', 'in a folder');
    await pair.rest();
    const { here, there } = await pair.trees();
    expect(here).toEqual(there);
    expect(Object.values(here).sort()).toEqual(['', 'a file', 'in a folder']);
  });

  test('a file that became a folder and a folder that became a file are the same on both sides', async () => {
    const pair = await equal({ X: 'a file', 'Y/inner.txt': 'in a folder' });
    await pair.here.remove('X');
    await pair.here.write('X/new.txt', 'new');
    await pair.there.remove('Y');
    await pair.there.write('Y', 'now a file');
    await pair.rest();
    await expectEqual(pair, { 'X/': '', 'X/new.txt': 'new', Y: 'now a file' });
  });

  test('moves 1-3: a file is moved and changed at once, moved on both sides, and moved into a new folder', async () => {
    const pair = await equal({ 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' });
    await pair.here.move('a.txt', 'A/a.txt');
    await pair.there.write('a.txt', 'a, changed there');
    await pair.here.move('b.txt', 'b here.txt');
    await pair.there.move('b.txt', 'b there.txt');
    await pair.there.move('c.txt', 'C/deep/c.txt');
    await pair.rest();
    await expectEqual(pair, {
      'A/': '',
      'A/a.txt': 'a, changed there',
      'C/': '',
      'C/deep/': '',
      'C/deep/c.txt': 'c',
      'b here.txt': 'b',
    });
  });

  test('names that were swapped or rotated are the same on both sides', async () => {
    const pair = await equal({ a: 'A', b: 'B', 'F/x': 'X', 'G/y': 'Y' });
    const { here } = pair;
    await here.move('a', 'tmp');
    await here.move('b', 'a');
    await here.move('tmp', 'b');
    await here.move('F', 'tmp');
    await here.move('G', 'F');
    await here.move('tmp', 'G');
    await pair.rest();
    await expectEqual(pair, { 'F/': '', 'F/y': 'Y', 'G/': '', 'G/x': 'X', a: 'B', b: 'A' });
  });
});

describe('the OneDrive client of abraunegg', () => {
  test('0032 to 0035: a rename is a move on the other side, never a deletion and a creation', async () => {
    const pair = await equal({ 'A/one.txt': 'one', 'A/B/two.txt': 'two' });
    await pair.here.move('A', 'Z');
    expect(await pair.run()).toEqual({ moved: 1 });
    await pair.there.move('Z/B/two.txt', 'two.txt');
    expect(await pair.run()).toEqual({ moved: 1 });
    await expectEqual(pair, { 'Z/': '', 'Z/B/': '', 'Z/one.txt': 'one', 'two.txt': 'two' });
  });

  test('0038: a file is deleted and created again under the same name', async () => {
    const pair = await equal({ 'A/file.txt': 'one' });
    await pair.here.remove('A');
    await pair.here.write('A/file.txt', 'made again');
    await pair.rest();
    await expectEqual(pair, { 'A/': '', 'A/file.txt': 'made again' });
  });

  test('0040: a folder is renamed, and a folder in it is deleted', async () => {
    const pair = await equal({ 'A/B/C/deep.txt': 'deep', 'A/B/two.txt': 'two', 'A/one.txt': 'one' });
    await pair.here.move('A', 'Z');
    await pair.here.remove('Z/B/C');
    await pair.here.move('Z/B', 'Z/Y');
    await pair.rest();
    await expectEqual(pair, { 'Z/': '', 'Z/Y/': '', 'Z/Y/two.txt': 'two', 'Z/one.txt': 'one' });
  });

  test('0056: a file is created and deleted between two runs', async () => {
    const pair = await equal({ 'A/one.txt': 'one' });
    await pair.here.write('A/gone.txt', 'gone');
    await pair.here.remove('A/gone.txt');
    expect(await pair.run()).toEqual({});
    await expectEqual(pair, { 'A/': '', 'A/one.txt': 'one' });
  });

  test('0063: the folder is renamed on either side while a file in it is copied', async () => {
    const pair = await equal({ 'A/one.txt': 'one', 'B/one.txt': 'one' });
    for (const folder of ['A', 'B']) await pair.here.write(`${folder}/large.bin`, noise(8_000_000, folder));
    const running = pair.run();
    await untilCopying(pair.there.path);
    await pair.here.move('A', 'A2');
    await pair.there.move('B', 'B2');
    await running;
    await pair.rest();
    const { here, there } = await pair.trees();
    expect(Object.keys(here).sort()).toEqual(
      ['A2/', 'A2/large.bin', 'A2/one.txt', 'B2/', 'B2/large.bin', 'B2/one.txt'].sort(),
    );
    expect(there).toEqual(here);
  });

  test('a rename that changes only the case reaches the other side', async () => {
    const pair = await equal({ 'akten/readme.txt': 'one' });
    await pair.here.move('akten/readme.txt', 'akten/README.txt');
    await pair.there.move('akten', 'Akten');
    await pair.rest();
    await expectEqual(pair, { 'Akten/': '', 'Akten/README.txt': 'one' });
  });
});

test('names that are valid text are copied, and files with other bytes in their names stay where they are', async () => {
  const pair = await equal({});
  const names = Array.from({ length: 255 }, (_, at) => Buffer.from([0x78, at + 1])).filter(
    (name) => !name.includes(0x2f),
  );
  const root = Buffer.from(`${pair.here.path}/`);
  for (const name of names) await writeFile(Buffer.concat([root, name]), name);
  await pair.rest();
  const isText = (name: Buffer) => Buffer.from(name.toString()).equals(name);
  const there = await readdir(pair.there.path, { encoding: 'buffer' });
  expect(there.map((name) => name.toString('hex')).sort()).toEqual(
    names
      .filter(isText)
      .map((name) => name.toString('hex'))
      .sort(),
  );
  expect(await readdir(pair.here.path)).toHaveLength(names.length);
  expect(await readFile(join(pair.there.path, 'x\n'))).toEqual(Buffer.from('x\n'));
});

/** Something is being written there that has no name yet. */
async function untilCopying(folder: string): Promise<void> {
  for (let looks = 0; looks < 2_000; looks++) {
    const names = await readdir(folder, { recursive: true });
    if (names.some((name) => name.includes('.~epack-'))) return;
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
