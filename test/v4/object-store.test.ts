import { createCipheriv, createHash } from 'node:crypto';
import sharp from 'sharp';
import { buffer } from 'node:stream/consumers';
import { openResumableStore } from '../../api/v4/upload-open-store';
import { restoreBackup, writeBackup } from '../../commands/backup-commands';
import { readConfig } from '../../shared/config/config';
import type { FileStore } from '../../shared/files/file-store';
import { createS3FileStore, removeAbandonedS3Parts } from '../../shared/files/s3-file-store';
import type { S3Settings } from '../../shared/files/s3-settings';
import { removeExpiredFiles } from '../../worker/upkeep/retention';
import { allOf } from '../files/all-of';
import { leftovers, partBytesOf } from '../files/s3-leftovers';
import { metricsToken } from '../ops/scrape';
import { eventually } from '../queue/eventually';
import { createTestDatabase } from '../setup/database';
import { createTestFolder } from '../setup/folder';
import { describeWithS3, environmentOf } from '../setup/s3-server';
import { startTestServer, type TestServer } from '../setup/server';
import { type Answer, answerTo, call, open, type SolutionClient, textOf } from '../setup/solution-client';
import { fridgeLog, unzip, zipOf } from './archive';
import { expectProblem, fullSync, reach2, signIn, storedFiles, syncTo2 } from './on-server';

const megabyte = 2 ** 20;
const tus = { 'Tus-Resumable': '1.0.0' };

/** Bytes that do not shrink, always the same for the same seed. */
const random = (bytes: number, seed: string): Buffer =>
  createCipheriv('aes-128-ctr', createHash('md5').update(seed).digest(), Buffer.alloc(16)).update(
    Buffer.alloc(bytes),
  );

describeWithS3('a server whose files are in an object store', (s3) => {
  let bucket: S3Settings;
  let server: TestServer;
  let files: FileStore;
  beforeAll(async () => {
    bucket = await s3().newBucket();
    files = createS3FileStore(bucket);
    server = await startTestServer({
      ...environmentOf(bucket),
      EPACK_METRICS_TOKEN: metricsToken,
      EPACK_UPLOAD_IDLE_SECONDS: '20',
    });
    await server.startWorker();
  });
  afterAll(() => server.stop());

  const keysBelow = async (prefix: string) => (await allOf(files.list(prefix))).map(({ key }) => key).sort();
  const contentOf = async (key: string) => buffer(await files.read(key));

  test('takes an upload, processes it, and hands the package out, whole or from any byte', async () => {
    const client = await signIn(server);
    const archive = zipOf({
      'csv/Tbfridge.csv': fridgeLog(1, 2),
      'notes.bin': random(6 * megabyte, 'notes'),
    });
    const sync = await syncTo2(client, archive);
    expect((await contentOf(`uploads/${sync}/archive.zip`)).equals(archive)).toBe(true);
    const whole = await client.download();
    expect([...unzip(whole.body).keys()].length).toBeGreaterThan(0);
    const { body, status } = await client.download({ Range: 'bytes=10-' });
    expect([status, body.equals(whole.body.subarray(10))]).toEqual([206, true]);
    expect((await client.confirm()).status).toBe(200);
    await expect(server.db('tbfridge').where({ solution_id: client.id })).resolves.toHaveLength(2);
    await expect(storedFiles(server)).resolves.toEqual([]);
  });

  test('keeps photos with their thumbnails, and hands them out', async () => {
    const client = await signIn(server, 'photos');
    const photo = await sharp({ create: { width: 900, height: 600, channels: 3, background: '#a33' } })
      .jpeg()
      .toBuffer();
    await fullSync(client, zipOf({ 'photos/frigo.jpg': photo }));
    await expect(keysBelow(`photos/${client.id}`)).resolves.toHaveLength(1);
    await expect(keysBelow(`thumbnails/${client.id}`)).resolves.toHaveLength(1);
    const answer = await client.send('files/frigo.jpg');
    expect([answer.status, answer.body.equals(photo)]).toEqual([200, true]);
  });

  test('exports how long the calls to the object store take', async () => {
    const metrics = await call(`${server.url}/metrics`, {
      headers: { Authorization: `Bearer ${metricsToken}` },
    });
    expect(metrics.text).toMatch(
      /epack_file_store_call_seconds_count\{operation="PutObject",outcome="ok"\} \d/,
    );
  });

  test('is backed up, and restored onto a disk and into another bucket, byte by byte', async () => {
    const folder = createTestFolder();
    const { file, manifest } = await writeBackup(
      { ...server.config, databaseUrl: server.databaseUrl },
      folder.path,
    );
    expect(manifest.files).toMatchObject({ missing: 0 });
    expect(manifest.files.count).toBeGreaterThan(5);
    const kinds = [
      { name: 'disk', environment: {} },
      { name: 's3', environment: environmentOf(await s3().newBucket()) },
    ];
    for (const { name, environment } of kinds) {
      const database = await createTestDatabase();
      const config = readConfig({
        DATABASE_URL: database.url,
        EPACK_DATA_DIR: `${folder.path}/${name}`,
        ...environment,
      });
      const restored = await restoreBackup(config, file);
      expect(restored.manifest.files).toEqual(manifest.files);
      await database.drop();
    }
    folder.remove();
  });

  test('removes what was kept long enough', async () => {
    const client = await signIn(server);
    const sync = await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) }));
    await server
      .db('sync')
      .where({ id: sync })
      .update({ received_at: new Date('2026-01-01T00:00:00Z') });
    await removeExpiredFiles({ db: server.db, files, retentionDays: 30 });
    await expect(keysBelow(`uploads/${sync}`)).resolves.toEqual([]);
    await expect(keysBelow(`packages/${sync}`)).resolves.toEqual([]);
  });

  describe('when the object store is away', () => {
    const readiness = () => call(`${server.url}/readyz`);

    test('an upload in progress gets 503, its channel is free again, and the next one is accepted', async () => {
      const client = await signIn(server);
      const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1), 'notes.bin': random(8 * megabyte, 'big') });
      const sent = open(`${client.base}/datas`, 'POST', {
        ...client.authorized,
        'Content-Type': 'application/zip',
        'Content-Length': String(archive.length),
      });
      const answer = answerTo(sent);
      sent.write(archive.subarray(0, 7 * megabyte));
      await eventually('a part of it is there', async () => (await partBytesOf(bucket, 'uploads/')) > 0);
      await s3().kill();
      sent.end(archive.subarray(7 * megabyte));
      const refused = await answer;
      expectProblem(refused, 503, 'unavailable');
      expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
      expect((await client.statut()).text).toBe('"0"');
      expect((await readiness()).status).toBe(503);
      expectProblem(await client.postBare(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) })), 503, 'unavailable');
      await s3().start();
      await eventually('the server is ready', async () => (await readiness()).status === 200);
      await syncTo2(client, archive);
      await expect(server.db('tbfridge').where({ solution_id: client.id })).resolves.toHaveLength(1);
    });

    test('an accepted upload waits until it is back, and no attempt at it counts', async () => {
      const client = await signIn(server);
      await server.stopWorker();
      const posted = await client.postForm(
        zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2, 3), 'a.bin': random(9_000, 'a') }),
      );
      await s3().kill();
      await server.startWorker();
      const job = () =>
        server
          .db<{ sync_id: string; state: string; attempts: number; fence: number }>('job')
          .where({ sync_id: textOf(posted.json['sync']) })
          .first();
      await eventually('the worker has tried', async () => Number((await job())?.fence) > 0);
      await s3().start();
      await server
        .db('job')
        .where({ sync_id: textOf(posted.json['sync']) })
        .update({ run_after: new Date() });
      await reach2(client);
      await expect(server.db('tbfridge').where({ solution_id: client.id })).resolves.toHaveLength(3);
    });
  });

  describe('resumable uploads', () => {
    const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2), 'notes.bin': random(11 * megabyte, 'tus') });

    async function begin(client: SolutionClient, bytes = archive.length) {
      const created = await client.send('uploads', {
        method: 'POST',
        headers: { ...tus, 'Upload-Length': String(bytes) },
      });
      expect(created.status).toBe(201);
      const id = textOf(created.headers.location).split('/').at(-1) ?? '';
      const at = `uploads/${id}`;
      return {
        id,
        at,
        offset: async () =>
          Number((await client.send(at, { method: 'HEAD', headers: tus })).headers['upload-offset']),
        patch: (body: Buffer, offset: number): Promise<Answer> =>
          client.send(at, { method: 'PATCH', headers: { ...tus, ...patchHeaders(offset) }, body }),
        end: () => client.send(at, { method: 'DELETE', headers: tus }),
      };
    }

    test('grow by requests of any size, and are the same archive at the end', async () => {
      const client = await signIn(server);
      const upload = await begin(client);
      for (const end of [1, 1_000_000, 6 * megabyte, 6 * megabyte + 1, 11 * megabyte]) {
        const at = await upload.offset();
        expect((await upload.patch(archive.subarray(at, end), at)).headers['upload-offset']).toBe(
          String(end),
        );
        await expect(upload.offset()).resolves.toBe(end);
      }
      await expect(keysBelow('tus')).resolves.toEqual(expect.not.arrayContaining([`tus/${upload.id}`]));
      const at = await upload.offset();
      expectProblem(await upload.patch(archive.subarray(5), 5), 409, 'offset-mismatch');
      const done = await upload.patch(archive.subarray(at), at);
      expect(done.status).toBe(200);
      expect((await contentOf(`tus/${upload.id}`)).equals(archive)).toBe(true);
      await expect(upload.offset()).resolves.toBe(archive.length);
      expect((await upload.patch(Buffer.alloc(0), archive.length)).text).toBe(done.text);
      expectProblem(await upload.end(), 400, 'bad-request');
      await reach2(client);
      await expect(leftovers(bucket, `tus/${upload.id}`)).resolves.toEqual([]);
    });

    test('keep what came before a connection was cut', async () => {
      const client = await signIn(server);
      const upload = await begin(client);
      const sent = open(`${client.base}/${upload.at}`, 'PATCH', {
        ...client.authorized,
        ...tus,
        ...patchHeaders(0),
        'Content-Length': String(archive.length),
      });
      const answer = answerTo(sent);
      sent.write(archive.subarray(0, 6 * megabyte + 5));
      const key = `tus/${upload.id}`;
      await eventually('a part of it is there', async () => (await partBytesOf(bucket, key)) > 0);
      sent.destroy();
      await expect(answer).rejects.toThrow();
      // The next request waits until the one that broke has stored what it had.
      let status = 409;
      while (status === 409) {
        const at = await upload.offset();
        expect(at).toBeGreaterThanOrEqual(5 * megabyte);
        ({ status } = await upload.patch(archive.subarray(at), at));
      }
      expect(status).toBe(200);
      expect((await contentOf(key)).equals(archive)).toBe(true);
      await reach2(client);
    });

    test('lose no acknowledged byte when the object store is killed', async () => {
      const client = await signIn(server);
      const upload = await begin(client);
      await upload.patch(archive.subarray(0, 7 * megabyte), 0);
      await s3().kill();
      const rest = archive.subarray(7 * megabyte);
      expectProblem(await upload.patch(rest, 7 * megabyte), 503, 'unavailable');
      await s3().start();
      await expect(upload.offset()).resolves.toBe(7 * megabyte);
      expect((await upload.patch(rest, 7 * megabyte)).status).toBe(200);
      await reach2(client);
    });

    test('leave nothing when they are ended, refused, or empty', async () => {
      const client = await signIn(server);
      const [ended, refused, empty] = [
        await begin(client),
        await begin(client, 6 * megabyte),
        await begin(client, 1),
      ];
      await ended.patch(archive.subarray(0, 6 * megabyte), 0);
      expect((await ended.end()).status).toBe(204);
      expectProblem(await refused.patch(random(6 * megabyte, 'no zip'), 0), 415, 'not-a-zip');
      await empty.end();
      const none = await client.send('uploads', {
        method: 'POST',
        headers: { ...tus, 'Upload-Length': '0' },
      });
      expectProblem(none, 415, 'not-a-zip');
      const left = [...(await keysBelow('tus')), ...(await leftovers(bucket, 'tus/'))];
      for (const { id } of [ended, refused, empty])
        expect(left.filter((key) => key.includes(id))).toEqual([]);
    });

    test('are listed with the time at which they began, for those that are given up', async () => {
      const client = await signIn(server);
      const upload = await begin(client);
      const store = openResumableStore(files, server.config.filesDir);
      expect(await store.ids()).toContain(upload.id);
      expect(Date.now() - Number(await store.begunAt(upload.id))).toBeLessThan(60_000);
      await expect(store.begunAt('1-synchro-none')).resolves.toBeNull();
      // What is two days old is removed with its parts. This one is not.
      await upload.patch(archive.subarray(0, 6 * megabyte), 0);
      await removeAbandonedS3Parts(bucket);
      await expect(upload.offset()).resolves.toBe(6 * megabyte);
      await store.data.remove(upload.id);
      await expect(leftovers(bucket, `tus/${upload.id}`)).resolves.toEqual([]);
    });
  });
});

const patchHeaders = (offset: number) => ({
  'Content-Type': 'application/offset+octet-stream',
  'Upload-Offset': String(offset),
});
