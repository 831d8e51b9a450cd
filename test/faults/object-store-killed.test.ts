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
import { createProcesses, type Processes } from './on-processes';

const megabyte = 2 ** 20;
const tus = { 'Tus-Resumable': '1.0.0' };
const noise = createCipheriv('aes-128-ctr', Buffer.alloc(16), Buffer.alloc(16)).update(
  Buffer.alloc(8 * megabyte),
);
const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2), 'notes.bin': noise });

type Client = SolutionClient & { readonly id: number };

describeWithS3('an API that is killed while it sends parts of two uploads to the object store', (s3) => {
  let bucket: S3Settings;
  let processes: Processes;
  let posting: Client;
  let resuming: Client;
  let upload: string;
  // It is killed once: while one test waits, the lease that the other one waits for runs out as well.
  beforeAll(async () => {
    bucket = await s3().newBucket();
    processes = await createProcesses({ environment: environmentOf(bucket) });
    // The channel of an upload whose process died is free after ten seconds.
    const api = await processes.startApi({ EPACK_UPLOAD_IDLE_SECONDS: '5' });
    await processes.startWorker();
    posting = await signIn(processes);
    resuming = await signIn(processes);
    const answers = [await beginToPost(), await beginToResume()];
    await api.kill();
    expect(await Promise.all(answers.map(({ answer }) => answer))).toEqual([null, null]);
    await processes.startApi();
    await eventually('the API is ready', async () => (await call(`${processes.url}/readyz`)).status === 200);
  });
  afterAll(() => processes.end());

  const beginToPost = () =>
    sendTheBeginning(posting, 'POST datas', { 'Content-Type': 'application/zip' }, 'uploads/');

  async function beginToResume() {
    const created = await resuming.send('uploads', {
      method: 'POST',
      headers: { ...tus, 'Upload-Length': String(archive.length) },
    });
    const id = textOf(created.headers.location).split('/').at(-1) ?? '';
    upload = `uploads/${id}`;
    return sendTheBeginning(resuming, `PATCH ${upload}`, patchFrom(0), `tus/${id}`);
  }

  /** Sends seven megabytes, and resolves when a part of them is stored below this key. */
  async function sendTheBeginning(
    client: Client,
    request: string,
    headers: Readonly<Record<string, string>>,
    key: string,
  ) {
    const [method = '', at = ''] = request.split(' ');
    const sent = open(`${client.base}/${at}`, method, {
      ...client.authorized,
      ...headers,
      'Content-Length': String(archive.length),
    });
    const answer = answerTo(sent).catch(() => null);
    sent.write(archive.subarray(0, 7 * megabyte));
    await eventually('a part is stored', async () => (await partBytesOf(bucket, key)) > 0);
    return { answer };
  }

  const rowsOf = ({ id }: Client) => processes.db('tbfridge').where({ solution_id: id });

  test('leaves no upload that anybody sees; the channel becomes free, and the upload is accepted once', async () => {
    await expect(allOf(createS3FileStore(bucket).list('uploads'))).resolves.toEqual([]);
    await eventually('the channel is free', async () => (await posting.statut()).text === '"0"');
    expect((await posting.postBare(archive)).status).toBe(200);
    await reach2(posting);
    await expect(rowsOf(posting)).resolves.toHaveLength(2);
  });

  test('keeps every part of a resumable upload, which goes on and is accepted once', async () => {
    let offset = 0;
    // The lock of the API that was killed holds for some seconds; who asks before is cut off.
    await eventually('the upload can go on', async () => {
      const head = await resuming.send(upload, { method: 'HEAD', headers: tus }).catch(() => null);
      offset = Number(head?.headers['upload-offset'] ?? 0);
      return head?.status === 200;
    });
    expect(offset).toBeGreaterThanOrEqual(5 * megabyte);
    const body = archive.subarray(offset);
    const done = await resuming.send(upload, { method: 'PATCH', headers: patchFrom(offset), body });
    expect(done.status).toBe(200);
    await reach2(resuming);
    await expect(rowsOf(resuming)).resolves.toHaveLength(2);
  });
});

const patchFrom = (offset: number) => ({
  ...tus,
  'Content-Type': 'application/offset+octet-stream',
  'Upload-Offset': String(offset),
});
