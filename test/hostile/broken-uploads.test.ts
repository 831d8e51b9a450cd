import { eventually } from '../queue/eventually';
import { onServer, signIn } from '../v4/on-server';
import { head, rawCall } from './raw-call';

const server = onServer({ EPACK_UPLOAD_IDLE_SECONDS: '1' });

const bare = 'application/zip';
const form = 'multipart/form-data; boundary=b';

describe('the channel is free again after an upload that breaks in its first packet', () => {
  test.each([
    ['whose chunks are none', bare, 'PK'],
    ['whose chunks are none, as a form', form, 'zz'],
    ['whose second chunk is none, as a form', form, '2\r\n--\r\nzz'],
  ])('%s', async (_what, type, body) => {
    const client = await signIn(server());
    const headers = { ...client.authorized, 'Content-Type': type, 'Transfer-Encoding': 'chunked' };
    const answer = await rawCall(server().url, head('POST', '/v4/synchro/datas', headers) + `${body}\r\n`);
    expect(answer).toMatch(/^HTTP\/1.1 400 /);

    // The answer may be there before the upload has claimed the channel.
    await eventually('the status is 0, and nothing of the upload is left', async () => {
      const rows = await server().db('sync').where({ solution_id: client.id });
      return rows.length === 0 && (await client.statut()).text === '"0"';
    });
  });
});

test('a resumable upload in parts that are put together later is refused, not a mistake of ours', async () => {
  const client = await signIn(server());
  const answer = await client.send('uploads', {
    method: 'POST',
    headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': '5', 'Upload-Concat': 'partial' },
  });
  expect(answer).toMatchObject({ status: 400, json: { code: 'bad-request' } });
});
