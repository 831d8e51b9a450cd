import { mkdir, readdir, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createDiskFileStore, removeAbandonedParts } from '../../shared/files/disk-file-store';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { allOf } from './all-of';
import { itKeepsTheFileStoreContract } from './contract';

let folder: TestFolder;
let stores = 0;
beforeAll(() => (folder = createTestFolder()));
afterAll(() => folder.remove());

const newRoot = (): string => path.join(folder.path, `deep/store-${(stores += 1)}`);

itKeepsTheFileStoreContract(() => createDiskFileStore(newRoot()));

describe('on a disk', () => {
  test('half-written files of a killed process are removed after a day, and nothing else', async () => {
    const root = newRoot();
    const parts = path.join(root, '.parts');
    await mkdir(parts, { recursive: true });
    await writeFile(path.join(parts, 'old'), 'half');
    await writeFile(path.join(parts, 'new'), 'half');
    const twoDaysAgo = new Date(Date.now() - 48 * 3_600_000);
    await utimes(path.join(parts, 'old'), twoDaysAgo, twoDaysAgo);
    const store = createDiskFileStore(root);
    await store.write('a', Buffer.from('a'));
    await utimes(path.join(root, 'a'), twoDaysAgo, twoDaysAgo);
    await removeAbandonedParts(root);
    await expect(readdir(parts)).resolves.toEqual(['new']);
    await expect(allOf(store.list(''))).resolves.toEqual([{ key: 'a', bytes: 1 }]);
    await expect(store.remove('.parts')).rejects.toThrow(RangeError);
    // Where nothing was written yet there is nothing to sweep.
    await removeAbandonedParts(newRoot());
  });

  test('a full disk is reported with the error of the system', async () => {
    const root = newRoot();
    await mkdir(root, { recursive: true });
    // The kernel answers every write to /dev/full as a full disk does.
    await symlink('/dev/full', path.join(root, 'full'));
    const batch = createDiskFileStore(root).startBatch();
    await expect(batch.write('full', Buffer.from('x'))).rejects.toMatchObject({ code: 'ENOSPC' });
  });

  test('a store whose folder cannot be created says so, and works once it can', async () => {
    const root = newRoot();
    await mkdir(path.dirname(root), { recursive: true });
    await writeFile(root, 'in the way');
    const store = createDiskFileStore(path.join(root, 'below'));
    await expect(store.check()).rejects.toMatchObject({ code: 'ENOTDIR' });
    await expect(store.write('a', Buffer.from('a'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
