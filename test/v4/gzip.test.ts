import { gzipSync } from 'node:zlib';
import { type Answer, formOf, type SolutionClient, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from './archive';
import { expectProblem, onServer, signIn, storedFiles } from './on-server';

const server = onServer();
const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) });
const gzipped = gzipSync(archive);

/** Refused for what it is, and with nothing kept. */
async function expectRefused(client: SolutionClient, answer: Answer, reason: RegExp): Promise<void> {
  expectProblem(answer, 415, 'not-a-zip');
  expect(answer.json['detail']).toMatch(reason);
  expect((await client.statut()).text).toBe('"0"');
  expect(await storedFiles(server())).toEqual([]);
}

const encoded = { 'Content-Encoding': 'gzip' };
const encodedReason = /comes with Content-Encoding gzip\. Send the zip archive as it is/;
const gzipReason = /a gzip file, not a zip file/;

describe('POST datas: a gzip file is refused with that reason', () => {
  test('a bare body with Content-Encoding gzip', async () => {
    const client = await signIn(server());
    await expectRefused(client, await client.postBare(gzipped, encoded), encodedReason);
  });

  test('a form with Content-Encoding gzip', async () => {
    const client = await signIn(server());
    const { body, headers } = formOf(archive, {}, encoded);
    const answer = await client.send('datas', { method: 'POST', headers, body: gzipSync(body) });
    await expectRefused(client, answer, encodedReason);
  });

  test.each(['application/gzip', 'application/x-gzip'])('a bare body of type %s', async (type) => {
    const client = await signIn(server());
    await expectRefused(client, await client.postBare(gzipped, { 'Content-Type': type }), gzipReason);
  });

  test('a gzip file as the bare body, or as the part of a form, whatever it calls itself', async () => {
    const client = await signIn(server());
    await expectRefused(client, await client.postBare(gzipped), gzipReason);
    await expectRefused(client, await client.postForm(gzipped), gzipReason);
  });
});

describe('resumable uploads: the same', () => {
  const tus = { 'Tus-Resumable': '1.0.0' };
  const begin = async (client: SolutionClient) => {
    const headers = { ...tus, 'Upload-Length': String(gzipped.length) };
    const { headers: answered } = await client.send('uploads', { method: 'POST', headers });
    return `uploads/${textOf(answered.location).split('/').at(-1) ?? ''}`;
  };
  const patch = { ...tus, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': '0' };

  test('a PATCH with Content-Encoding gzip, which changes nothing of the upload', async () => {
    const client = await signIn(server());
    const at = await begin(client);
    const answer = await client.send(at, {
      method: 'PATCH',
      headers: { ...patch, ...encoded },
      body: gzipped,
    });
    expectProblem(answer, 415, 'not-a-zip');
    expect(answer.json['detail']).toMatch(encodedReason);
    const head = await client.send(at, { method: 'HEAD', headers: tus });
    expect(head.headers['upload-offset']).toBe('0');
  });

  test('a gzip file, when it is complete', async () => {
    const client = await signIn(server());
    const answer = await client.send(await begin(client), { method: 'PATCH', headers: patch, body: gzipped });
    expectProblem(answer, 415, 'not-a-zip');
    expect(answer.json['detail']).toMatch(gzipReason);
    expect((await client.statut()).text).toBe('"0"');
    expect(await server().db('sync').where({ solution_id: client.id })).toEqual([]);
  });
});

test('`identity` and an empty encoding are allowed', async () => {
  for (const encoding of ['identity', 'Identity', '']) {
    const client = await signIn(server());
    expect((await client.postBare(zipOf(), { 'Content-Encoding': encoding })).status).toBe(200);
  }
});
