import { createCipheriv } from 'node:crypto';
import { createS3FileStore } from '../../shared/files/s3-file-store';
import type { S3Settings } from '../../shared/files/s3-settings';
import { allOf } from '../files/all-of';
import { partBytesOf } from '../files/s3-leftovers';
import { eventually } from '../queue/eventually';
import { describeWithS3, environmentOf } from '../setup/s3-server';
import { answerTo, call, open, type SolutionClient, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { reach2, signIn } from '../v4/on-server';
import { createProcesses, type Processes, type RunningProcess } from './on-processes';

const megabyte = 2 ** 20;
const tus = { 'Tus-Resumable': '1.0.0' };
const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(8 * megabyte),
);
const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2), 'notes.bin': noise });

describeWithS3('an API that is killed while it sends a part to the object store', (s3) => {
  let bucket: S3Settings;
  let processes: Processes;
  let api: RunningProcess;
  beforeAll(async () => {
    bucket = await s3().newBucket();
    processes = await createProcesses({
      environment: environmentOf(bucket),
    });
    // The channel of an upload whose process died is free after ten seconds.
    api = await processes.startApi({ EPACK_UPLOAD_IDLE_SECONDS: '5' });
    await processes.startWorker();
  });
  afterAll(() => processes.end());

  /** Sends the beginning of a body, and kills the API when the first part of it is stored. */
  async function killInTheMiddle(
    client: SolutionClient,
    {
      method,
      at,
      headers,
      key,
    }: { method: string; at: string; headers: Record<string, string>; key: string },
  ): Promise<void> {
    const sent = open(`${client.base}/${at}`, method, {
      ...client.authorized,
      ...headers,
      'Content-Length': String(archive.length),
    });
    const answer = answerTo(sent).catch(() => null);
    sent.write(archive.subarray(0, 7 * megabyte));
    await eventually('a part is stored', async () => (await partBytesOf(bucket, key)) > 0);
    await api.kill();
    expect(await answer).toBeNull();
    api = await processes.startApi();
    await eventually('the API is ready', async () => (await call(`${processes.url}/readyz`)).status === 200);
  }

  const rowsOf = (id: number) => processes.db('tbfridge').where({ solution_id: id });

  test('leaves no upload that anybody sees; the channel becomes free, and the upload is accepted once', async () => {
    const client = await signIn(processes);
    await killInTheMiddle(client, {
      method: 'POST',
      at: 'datas',
      headers: { 'Content-Type': 'application/zip' },
      key: 'uploads/',
    });
    await expect(allOf(createS3FileStore(bucket).list('uploads'))).resolves.toEqual([]);
    await eventually('the channel is free', async () => (await client.statut()).text === '"0"');
    expect((await client.postBare(archive)).status).toBe(200);
    await reach2(client);
    await expect(rowsOf(client.id)).resolves.toHaveLength(2);
  });

  test('keeps every part of a resumable upload, which goes on and is accepted once', async () => {
    const client = await signIn(processes);
    const created = await client.send('uploads', {
      method: 'POST',
      headers: { ...tus, 'Upload-Length': String(archive.length) },
    });
    const id = textOf(created.headers.location).split('/').at(-1) ?? '';
    const patch = { ...tus, 'Content-Type': 'application/offset+octet-stream' };
    await killInTheMiddle(client, {
      method: 'PATCH',
      at: `uploads/${id}`,
      headers: { ...patch, 'Upload-Offset': '0' },
      key: `tus/${id}`,
    });
    let offset = 0;
    // The lock of the API that was killed holds for some seconds; who asks before is cut off.
    await eventually('the upload can go on', async () => {
      const head = await client.send(`uploads/${id}`, { method: 'HEAD', headers: tus }).catch(() => null);
      offset = Number(head?.headers['upload-offset'] ?? 0);
      return head?.status === 200;
    });
    expect(offset).toBeGreaterThanOrEqual(5 * megabyte);
    const done = await client.send(`uploads/${id}`, {
      method: 'PATCH',
      headers: { ...patch, 'Upload-Offset': String(offset) },
      body: archive.subarray(offset),
    });
    expect(done.status).toBe(200);
    await reach2(client);
    await expect(rowsOf(client.id)).resolves.toHaveLength(2);
  });
});
