import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { FileStore } from '../../shared/files/file-store';
import { allOf } from './all-of';

/** The contract of every file store. `openStore` gives an empty one. */
export function itKeepsTheFileStoreContract(openStore: () => FileStore): void {
  let store: FileStore;
  beforeEach(() => (store = openStore()));

  const textOf = async (key: string): Promise<string> => (await buffer(await store.read(key))).toString();
  const keysBelow = async (prefix: string): Promise<string[]> =>
    (await allOf(store.list(prefix))).map(({ key }) => key).sort();

  describe('writing and reading', () => {
    test('bytes, streams and generators come back as they went in', async () => {
      const large = randomBytes(3_000_000);
      const chunks = async function* () {
        for (let at = 0; at < large.length; at += 100_000)
          yield await Promise.resolve(large.subarray(at, at + 100_000));
      };
      await expect(store.write('a/bytes', large)).resolves.toEqual({ key: 'a/bytes', bytes: 3_000_000 });
      await expect(store.write('a/stream', Readable.from(chunks()))).resolves.toMatchObject({
        bytes: 3_000_000,
      });
      await expect(store.write('a/chunks', chunks())).resolves.toMatchObject({ bytes: 3_000_000 });
      await expect(store.write('a/empty', Buffer.alloc(0))).resolves.toEqual({ key: 'a/empty', bytes: 0 });
      for (const key of ['a/bytes', 'a/stream', 'a/chunks']) {
        expect((await buffer(await store.read(key))).equals(large)).toBe(true);
      }
      await expect(textOf('a/empty')).resolves.toBe('');
    });

    test('a range is inclusive, and ends where the object ends', async () => {
      await store.write('digits', Buffer.from('0123456789'));
      const range = async (start: number, end: number) =>
        (await buffer(await store.read('digits', { start, end }))).toString();
      await expect(range(2, 5)).resolves.toBe('2345');
      await expect(range(0, 0)).resolves.toBe('0');
      await expect(range(7, 1_000)).resolves.toBe('789');
      await expect(range(5, 4)).rejects.toThrow(RangeError);
    });

    test('a second write replaces the first, longer or not', async () => {
      await store.write('a', Buffer.from('a long text'));
      await store.write('a', Buffer.from('short'));
      await expect(textOf('a')).resolves.toBe('short');
      await expect(store.stat('a')).resolves.toEqual({ key: 'a', bytes: 5 });
    });

    test('two writers of one object: it is the one’s or the other’s, never a mixture', async () => {
      const contents = Array.from({ length: 6 }, (_, i) => Buffer.alloc(300_000, i));
      await Promise.all(
        contents.map((content) =>
          store.write('contested', Readable.from([content.subarray(0, 9), content.subarray(9)])),
        ),
      );
      const winner = await buffer(await store.read('contested'));
      expect(contents.some((content) => content.equals(winner))).toBe(true);
    });

    test('one who reads while it is replaced reads the old object to its end', async () => {
      await store.write('a', Buffer.alloc(1_000_000, 'o'));
      const reading = (await store.read('a'))[Symbol.asyncIterator]();
      const first = (await reading.next()) as { value: Buffer };
      await store.write('a', Buffer.alloc(1_000_000, 'n'));
      let text = first.value.toString();
      for (let step = await reading.next(); step.done !== true; step = await reading.next())
        text += String(step.value);
      expect(text).toBe('o'.repeat(1_000_000));
    });

    test('a content that fails leaves nothing, and the old object as it was', async () => {
      const broken = function* () {
        yield Buffer.from('half');
        throw new Error('the network is gone');
      };
      await store.write('kept', Buffer.from('before'));
      await expect(store.write('new', Readable.from(broken()))).rejects.toThrow('the network is gone');
      await expect(store.write('kept', Readable.from(broken()))).rejects.toThrow('the network is gone');
      await expect(store.stat('new')).resolves.toBeNull();
      await expect(textOf('kept')).resolves.toBe('before');
      await expect(keysBelow('')).resolves.toEqual(['kept']);
    });

    test('a missing object cannot be read, and a folder is not an object', async () => {
      await store.write('folder/a', Buffer.from('a'));
      for (const key of ['absent', 'folder', 'folder/b', 'folder/a/b']) {
        await expect(store.read(key)).rejects.toMatchObject({ code: 'not-found' });
        await expect(store.stat(key)).resolves.toBeNull();
      }
    });

    test('many objects at once, in one new folder', async () => {
      const keys = Array.from({ length: 40 }, (_, i) => `new/${i % 4}/${i}`);
      await Promise.all(keys.map((key) => store.write(key, Buffer.from(key))));
      await expect(keysBelow('new')).resolves.toEqual([...keys].sort());
    });
  });

  describe('a batch', () => {
    test('is there when it is committed', async () => {
      const batch = store.startBatch();
      const keys = Array.from({ length: 30 }, (_, i) => `sync/${i % 3}/${i}`);
      await Promise.all(keys.map((key) => batch.write(key, Buffer.from(key))));
      await batch.commit();
      await expect(keysBelow('sync')).resolves.toEqual([...keys].sort());
      await expect(textOf('sync/2/29')).resolves.toBe('sync/2/29');
    });

    test('of nothing is committed at once', async () => {
      await expect(store.startBatch().commit()).resolves.toBeUndefined();
    });

    test('that fails is cleaned away with its prefix', async () => {
      const batch = store.startBatch();
      await batch.write('sync/a', Buffer.from('a'));
      const broken = function* () {
        yield Buffer.from('half');
        throw new Error('bad CRC');
      };
      await expect(batch.write('sync/b', Readable.from(broken()))).rejects.toThrow('bad CRC');
      await store.remove('sync');
      await expect(keysBelow('')).resolves.toEqual([]);
    });
  });

  test('an existing object is made durable; a missing one cannot be', async () => {
    await store.write('a/b', Buffer.from('b'));
    await expect(store.makeDurable('a/b')).resolves.toBeUndefined();
    await expect(store.makeDurable('a/c')).rejects.toThrow();
  });

  describe('listing and removing', () => {
    beforeEach(async () => {
      for (const key of ['one/a', 'one/b/c', 'one/.hidden', 'onetwo/a', 'two'])
        await store.write(key, Buffer.from(key));
    });

    test('a prefix is a folder, and does not match others with the same beginning', async () => {
      await expect(keysBelow('one')).resolves.toEqual(['one/.hidden', 'one/a', 'one/b/c']);
      await expect(keysBelow('')).resolves.toEqual(['one/.hidden', 'one/a', 'one/b/c', 'onetwo/a', 'two']);
      await expect(keysBelow('three')).resolves.toEqual([]);
    });

    test('sizes are returned', async () => {
      await expect(allOf(store.list('one/b'))).resolves.toEqual([{ key: 'one/b/c', bytes: 7 }]);
    });

    test('a prefix is removed with everything below it, or a single object; removed objects stay removed', async () => {
      await store.remove('one');
      await store.remove('two');
      await store.remove('never/there');
      await store.remove('one');
      await expect(keysBelow('')).resolves.toEqual(['onetwo/a']);
    });
  });

  describe('keys', () => {
    const unsafe = [
      '../a',
      'a/../../b',
      'a/..',
      '..',
      '.',
      './a',
      '/etc/passwd',
      '//a',
      'a//b',
      'a/',
      'a\0b',
    ];

    test.each(unsafe)('%j is refused by every verb', async (key) => {
      await expect(store.write(key, Buffer.from('x'))).rejects.toThrow(RangeError);
      await expect(store.startBatch().write(key, Buffer.from('x'))).rejects.toThrow(RangeError);
      await expect(store.read(key)).rejects.toThrow(RangeError);
      await expect(store.stat(key)).rejects.toThrow(RangeError);
      await expect(store.makeDurable(key)).rejects.toThrow(RangeError);
      await expect(store.remove(key)).rejects.toThrow(RangeError);
      await expect(Promise.resolve().then(() => allOf(store.list(key)))).rejects.toThrow(RangeError);
    });

    test('no verb removes everything', async () => {
      await store.write('a', Buffer.from('a'));
      await expect(store.remove('')).rejects.toThrow(RangeError);
      await expect(keysBelow('')).resolves.toEqual(['a']);
    });

    test('names of any script, and with "\\", are names', async () => {
      for (const key of ['photos/été 1.jpg', 'photos/冷蔵庫.jpg', 'photos/a\\b', 'photos/...']) {
        await store.write(key, Buffer.from(key));
        await expect(textOf(key)).resolves.toBe(key);
      }
    });
  });

  test('a store that can be written says so', async () => {
    await expect(store.check()).resolves.toBeUndefined();
    await expect(keysBelow('')).resolves.toEqual([]);
  });
}
