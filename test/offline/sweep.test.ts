import { removeAbandonedOfflineFiles } from '../../api/backoffice/services/offline-files';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import { createTestFolder } from '../setup/folder';

test('what an API left that died while it took a file in is removed after a day, and nothing else', async () => {
  const files = createDiskFileStore(createTestFolder().path);
  const at = (hours: number) => `offline/${Date.now() - hours * 3_600_000}-left`;
  const [old, young, other] = [at(25), at(23), 'uploads/1/archive.zip'];
  for (const key of [old, young, other]) await files.write(key, Buffer.from('half a file'));
  await removeAbandonedOfflineFiles(files, 86_400_000);
  const left = await Promise.all([old, young, other].map((key) => files.stat(key)));
  expect(left.map((file) => file?.key ?? null)).toEqual([null, young, other]);
});
