import { buffer } from 'node:stream/consumers';
import { moveSummary, moveTo } from '../../commands/file-commands';
import { moveFiles } from '../../commands/files/move';
import { type Config, readConfig } from '../../shared/config/config';
import type { FileStore } from '../../shared/files/file-store';
import { openFileStore } from '../../shared/files/open-file-store';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { describeWithS3, environmentOf } from '../setup/s3-server';
import { allOf } from './all-of';

describeWithS3('epack files move', (s3) => {
  let folder: TestFolder;
  let config: Config;
  let disk: FileStore;
  let bucket: FileStore;
  beforeEach(async () => {
    folder = createTestFolder();
    const environment = environmentOf(await s3().newBucket());
    config = readConfig({ ...environment, EPACK_DATA_DIR: folder.path, EPACK_FILE_STORE: 'disk' });
    disk = await openFileStore(config);
    bucket = await openFileStore({ ...config, fileStore: 's3' });
    for (const [key, text] of Object.entries(stored)) await disk.write(key, Buffer.from(text));
  });
  afterEach(() => folder.remove());

  const stored = {
    'uploads/one/archive.zip': 'an archive',
    'packages/one/1.zip': 'a package',
    'photos/7/é.jpg': 'a photo',
    'tus/7-synchro-whole': 'whole',
    'tus/7-synchro-whole.json': '{"size":5}',
    'tus/7-synchro-growing': 'gro',
    'tus/7-synchro-growing.json': '{"size":7}',
  };
  const whole = Object.fromEntries(Object.entries(stored).filter(([key]) => !key.includes('growing')));

  const contentOf = async (store: FileStore) => {
    const found: Record<string, string> = {};
    for (const { key } of await allOf(store.list('')))
      found[key] = (await buffer(await store.read(key))).toString();
    return found;
  };

  test('moves an installation to an object store and back, without the uploads that still grow', async () => {
    const moved = await moveTo(config, { to: 's3' });
    expect(moved).toMatchObject({ copied: 5, there: 0, unfinished: 2, others: 0 });
    expect(moveSummary(moved, { to: 's3' }).join(' ')).toMatch(
      /^5 files of \d+ bytes .* 2 files of resumable/,
    );
    await expect(contentOf(bucket)).resolves.toEqual(whole);
    await expect(contentOf(disk)).resolves.toEqual(stored);
    const back = createTestFolder();
    const onS3 = readConfig({
      ...environmentOf(config.s3 ?? (await s3().newBucket())),
      EPACK_DATA_DIR: back.path,
    });
    await expect(moveTo(onS3, { to: 'disk' })).resolves.toMatchObject({ copied: 5, unfinished: 0 });
    await expect(contentOf(await openFileStore({ ...onS3, fileStore: 'disk' }))).resolves.toEqual(whole);
    back.remove();
  });

  test('a run that was interrupted is continued, and a run that has nothing to do copies nothing', async () => {
    let writes = 0;
    const failing: FileStore = {
      ...bucket,
      write: (key, content) =>
        (writes += 1) > 2 ? Promise.reject(new Error('killed')) : bucket.write(key, content),
    };
    const once = { verifies: false, removesOthers: false };
    await expect(moveFiles({ from: disk, to: failing, ...once })).rejects.toThrow('killed');
    await expect(moveTo(config, { to: 's3' })).resolves.toMatchObject({ copied: 3, there: 2 });
    await expect(moveTo(config, { to: 's3' })).resolves.toMatchObject({ copied: 0, there: 5 });
    await disk.write('photos/7/new.jpg', Buffer.from('came meanwhile'));
    await expect(moveTo(config, { to: 's3' })).resolves.toMatchObject({ copied: 1, there: 5 });
    await expect(contentOf(bucket)).resolves.toEqual({ ...whole, 'photos/7/new.jpg': 'came meanwhile' });
  });

  test('--verify finds a file of the same size with another content, and copies it again', async () => {
    await moveTo(config, { to: 's3' });
    await bucket.write('photos/7/é.jpg', Buffer.from('A photo'));
    await expect(moveTo(config, { to: 's3' })).resolves.toMatchObject({ copied: 0 });
    await expect(moveTo(config, { to: 's3', verify: true })).resolves.toMatchObject({ copied: 1, there: 4 });
    await expect(contentOf(bucket)).resolves.toEqual(whole);
  });

  test('a copy that is read back with another content is removed again, and the run fails', async () => {
    const damaging: FileStore = {
      ...bucket,
      write: (key) => bucket.write(key, Buffer.from('something else')),
    };
    const move = moveFiles({ from: disk, to: damaging, verifies: false, removesOthers: false });
    await expect(move).rejects.toThrow(/was read back with another content/);
    await expect(contentOf(bucket)).resolves.toEqual({});
  });

  test('what retention has removed meanwhile is only removed from the other store on request', async () => {
    await moveTo(config, { to: 's3' });
    await disk.remove('uploads/one');
    await expect(moveTo(config, { to: 's3' })).resolves.toMatchObject({ others: 1 });
    expect(Object.keys(await contentOf(bucket))).toContain('uploads/one/archive.zip');
    await expect(moveTo(config, { to: 's3', removeOthers: true })).resolves.toMatchObject({ others: 1 });
    expect(Object.keys(await contentOf(bucket))).not.toContain('uploads/one/archive.zip');
  });

  test('nothing is removed from the store that the server uses, or because the source is empty', async () => {
    await moveTo(config, { to: 's3' });
    const inUse: Config = { ...config, fileStore: 's3' };
    await expect(moveTo(inUse, { to: 's3', removeOthers: true })).rejects.toThrow(
      /The server uses this store/,
    );
    const empty = createTestFolder();
    const wrong = readConfig({
      ...environmentOf(config.s3 ?? (await s3().newBucket())),
      EPACK_FILE_STORE: 'disk',
      EPACK_DATA_DIR: empty.path,
    });
    await expect(moveTo(wrong, { to: 's3', removeOthers: true })).rejects.toThrow(/There is no file to move/);
    await expect(contentOf(bucket)).resolves.toEqual(whole);
    empty.remove();
  });

  test('says what is missing where no object store is configured', async () => {
    const none = readConfig({ EPACK_DATA_DIR: folder.path });
    await expect(moveTo(none, { to: 's3' })).rejects.toThrow('set EPACK_S3_BUCKET');
  });
});
