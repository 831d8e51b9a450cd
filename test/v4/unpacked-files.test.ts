import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import type { FileStore } from '../../shared/files/file-store';
import { createJobStore } from '../../shared/stores/jobs/job-store';
import { noteReadings } from '../../worker/alerts/note-readings';
import { processSync } from '../../worker/solution-sync/process-sync';
import { removeExpiredFiles } from '../../worker/upkeep/retention';
import { textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from './archive';
import { fullSync, onServer, signIn, storedFiles, syncTo2 } from './on-server';

const server = onServer();
const store = (): FileStore => createDiskFileStore(server().config.filesDir);
const ids = Array.from({ length: 3_000 }, (_, index) => index + 1);
/** Too large to stay in the archive. */
const upload = zipOf({
  'csv/Tbfridge.csv': fridgeLog(...ids),
  'notes.txt': 'nobody reads this'.repeat(5_000),
});
const filesOf = async (sync: string) => (await storedFiles(server())).filter((name) => name.includes(sync));

afterEach(() => server().stopWorker());

test('files that nothing reads are not unpacked, and unpacked files are removed once the sync is processed', async () => {
  const client = await signIn(server());
  const sync = textOf((await client.postForm(upload)).json['sync']);
  expect(await filesOf(sync)).toEqual([
    `uploads/${sync}/archive.zip`,
    `uploads/${sync}/unpacked/csv/Tbfridge.csv`,
  ]);
  await server().startWorker();
  await client.statut('?wait=20&not=1');
  await server().stopWorker();
  expect((await filesOf(sync)).filter((name) => name.includes('/unpacked/'))).toEqual([]);
  expect(await readdir(path.join(server().config.filesDir, 'uploads', sync))).toEqual(['archive.zip']);
});

test('small files stay in the archive, from which the worker reads them', async () => {
  await server().startWorker();
  const client = await signIn(server());
  const small = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) });
  const sync = textOf((await client.postForm(small)).json['sync']);
  expect(await filesOf(sync)).toContain(`uploads/${sync}/archive.zip`);
  expect((await filesOf(sync)).filter((name) => name.includes('/unpacked/'))).toEqual([]);
  await client.statut('?wait=20&not=1');
  expect((await client.sync()).json['report']).toMatchObject({ logs: { Tbfridge: { inserted: 2 } } });
});

test('a sync whose unpacked files cannot be removed is still finished, and retention removes them', async () => {
  const client = await signIn(server());
  const sync = textOf((await client.postForm(upload)).json['sync']);
  const [waiting] = await server()
    .db<{ id: string; sync_id: string }>('job')
    .where({ sync_id: sync })
    .select('id');
  const job = await createJobStore(server().db).claim(waiting?.id ?? '', 60);
  if (job?.sync === undefined || job.sync === null) throw new Error('There is no job of the sync.');
  const busy: FileStore = { ...store(), remove: () => Promise.reject(new Error('EBUSY')) };
  await processSync(
    { db: server().db, files: busy, quotas: server().config.quotas, language: 'en', noteReadings },
    { ...job, ...job.sync },
  );
  expect(await filesOf(sync)).toContain(`uploads/${sync}/unpacked/csv/Tbfridge.csv`);
  expect((await client.sync()).json).toMatchObject({ statut: '2', report: { outcome: 'processed' } });
  expect((await client.confirm()).status).toBe(200);
  await server()
    .db('sync')
    .where({ id: sync })
    .update({ received_at: server().db.raw(`now() - interval '31 days'`) });
  await removeExpiredFiles({ db: server().db, files: store(), retentionDays: 30 });
  expect(await filesOf(sync)).toEqual([]);
});

test('an upload without its unpacked files is processed again from the archive', async () => {
  await server().startWorker();
  const client = await signIn(server());
  await fullSync(client, upload);
  await syncTo2(client, upload);
  expect((await client.sync()).json['report']).toMatchObject({ logs: { Tbfridge: { duplicates: 3_000 } } });
});
