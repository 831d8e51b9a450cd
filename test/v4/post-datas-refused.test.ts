import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { handmadeZip, UTF8_FLAG } from '../../client/conformance/handmade-zip';
import { eventually } from '../queue/eventually';
import { realData } from '../setup/real-data';
import { type Answer, answerTo, formOf, open, type SolutionClient } from '../setup/solution-client';
import { zipOf } from './archive';
import { expectProblem, onServer, signIn, storedFiles } from './on-server';

const server = onServer({
  EPACK_MAX_ARCHIVE_BYTES: '300000',
  EPACK_MAX_UNPACKED_BYTES: '5000000',
  EPACK_MAX_ARCHIVE_ENTRIES: '5',
  EPACK_UPLOAD_IDLE_SECONDS: '1',
});

type Client = SolutionClient & { readonly id: number };

/** A refused upload leaves the status at 0 and stores nothing. */
async function expectNothingKept(client: Client): Promise<void> {
  const status = await client.statut();
  expect(status).toMatchObject({ status: 200, text: '"0"' });
  expect(status.headers['epack-sync']).toBeUndefined();
  expect(await server().db('sync').where({ solution_id: client.id })).toEqual([]);
  expect(await server().db('job')).toEqual([]);
  expect(await storedFiles(server())).toEqual([]);
  expectProblem(await client.sync(), 404, 'no-sync');
}

async function expectRefused(client: Client, answer: Answer, status: number, code: string): Promise<void> {
  expectProblem(answer, status, code);
  await expectNothingKept(client);
}

const random = (bytes: number) =>
  Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 32) }, (_, n) => createHash('sha256').update(String(n)).digest()),
  ).subarray(0, bytes);

describe('a refused upload leaves the status at 0 and stores nothing', () => {
  test('400 bad-request: a form without the part `file`', async () => {
    const client = await signIn(server());
    await expectRefused(client, await client.postForm(zipOf(), { name: 'archive' }), 400, 'bad-request');
    const boundary = 'x';
    const fieldsOnly = `--${boundary}\r\nContent-Disposition: form-data; name="files"\r\n\r\nPK\r\n--${boundary}--\r\n`;
    const answer = await client.send('datas', {
      method: 'POST',
      headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
      body: fieldsOnly,
    });
    await expectRefused(client, answer, 400, 'bad-request');
  });

  test('400 bad-request: a form with two files', async () => {
    const client = await signIn(server());
    const { body, headers } = formOf(zipOf({ 'a.txt': 'a' }));
    const end = body.lastIndexOf('\r\n--');
    const twice = Buffer.concat([body.subarray(0, end + 2), body]);
    await expectRefused(
      client,
      await client.send('datas', { method: 'POST', headers, body: twice }),
      400,
      'bad-request',
    );
  });

  test.each([
    ['without a boundary', 'multipart/form-data', 'x'],
    [
      'that ends too early',
      'multipart/form-data; boundary=b',
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nPK',
    ],
    ['with a broken header', 'multipart/form-data; boundary=b', '--b\r\n\x00: x\r\n\r\nPK\r\n--b--\r\n'],
    ['of nothing', 'multipart/form-data; boundary=b', ''],
  ])('400 bad-request: a form %s', async (_what, type, body) => {
    const client = await signIn(server());
    const answer = await client.send('datas', { method: 'POST', headers: { 'Content-Type': type }, body });
    await expectRefused(client, answer, 400, 'bad-request');
  });

  test('413 too-large: by the length that it announces', async () => {
    const client = await signIn(server());
    for (const headers of [{ 'Content-Type': 'application/zip' }, formOf(zipOf()).headers]) {
      const sent = open(`${client.base}/datas`, 'POST', {
        ...client.authorized,
        ...headers,
        'Content-Length': '900000000',
      });
      const answer = answerTo(sent);
      sent.flushHeaders();
      await expectRefused(client, await answer, 413, 'too-large');
      sent.destroy();
    }
  });

  test('413 too-large: by the received bytes, if no length was announced', async () => {
    const client = await signIn(server());
    for (const { body, headers } of [
      { body: random(400_000), headers: { 'Content-Type': 'application/zip' } },
      formOf(random(400_000)),
    ]) {
      const sent = open(`${client.base}/datas`, 'POST', { ...client.authorized, ...headers });
      const answer = answerTo(sent);
      // Not ended: it is refused in the middle.
      sent.write(body);
      await expectRefused(client, await answer, 413, 'too-large');
      sent.destroy();
    }
  });

  test('an archive of just the limit is not too large', async () => {
    const client = await signIn(server());
    const fits = handmadeZip([{ name: 'a', method: 0, content: random(300_000 - 22 - 30 - 46 - 2) }]);
    expect(fits).toHaveLength(300_000);
    const larger = handmadeZip([{ name: 'a', method: 0, content: random(300_000 - 22 - 30 - 46 - 1) }]);
    await expectRefused(client, await client.postForm(larger), 413, 'too-large');
    expect((await client.postForm(fits)).status).toBe(200);
    await server().db('job').delete();
    await server().db('channel_status').where({ solution_id: client.id }).update({ statut: 0 });
    await server().db('sync').where({ solution_id: client.id }).delete();
    await removeFiles();
  });

  test('415 not-a-zip: another type of body, and bytes that are no zip', async () => {
    const client = await signIn(server());
    const text = { 'Content-Type': 'text/plain' };
    await expectRefused(client, await client.postBare(zipOf(), text), 415, 'not-a-zip');
    await expectRefused(client, await client.send('datas', { method: 'POST' }), 415, 'not-a-zip');
    for (const bytes of [Buffer.alloc(0), Buffer.from('Id,Temp\r\n1,3\r\n'), random(50_000)]) {
      await expectRefused(client, await client.postForm(bytes), 415, 'not-a-zip');
      await expectRefused(client, await client.postBare(bytes), 415, 'not-a-zip');
    }
  });

  const content = 'Id,Temp\r\n1,3\r\n';
  const damaged = (archive: Buffer, at: number) => {
    const copy = Buffer.from(archive);
    copy.writeUInt8(copy.readUInt8(at) ^ 0xff, at);
    return copy;
  };
  const good = handmadeZip([{ name: 'csv/Tbfridge.csv', method: 0, content }]);
  const bad: readonly (readonly [reason: string, archive: Buffer, detail: RegExp])[] = [
    ['truncated', zipOf({ 'csv/Tbfridge.csv': content }).subarray(0, 60), /truncated/],
    ['bad CRC', damaged(good, 30 + 16 + 3), /"csv\/Tbfridge.csv": bad CRC/],
    ['encrypted', handmadeZip([{ name: 'a.csv', content, flags: UTF8_FLAG | 1 }]), /"a.csv": encrypted/],
    [
      'unsupported method',
      handmadeZip([{ name: 'a.csv', content, method: 14 }]),
      /"a.csv": unsupported compression method/,
    ],
    ['symbolic link', handmadeZip([{ name: 'a.csv', content, mode: 0o120777 }]), /"a.csv": a symbolic link/],
    ['absolute path', handmadeZip([{ name: '/etc/passwd', content }]), /"\/etc\/passwd": an absolute path/],
    ['drive letter', handmadeZip([{ name: 'C:\\Windows\\x.csv', content }]), /drive letter/],
    ['..', handmadeZip([{ name: 'csv/../../x.csv', content }]), /"csv\/..\/..\/x.csv": ".." in its path/],
    ['.. by backslashes', handmadeZip([{ name: 'csv\\..\\..\\x.csv', content }]), /".." in its path/],
    [
      'two entries of one name',
      handmadeZip([
        { name: 'A.csv', content },
        { name: 'a.CSV', content },
      ]),
      /two entries of one name/,
    ],
    [
      'overlapping entries',
      handmadeZip([
        { name: 'a.csv', content },
        { name: 'b.csv', content, directoryOnly: true, headerStart: 0 },
      ]),
      /overlapping|disagrees|no entry|damaged/,
    ],
    [
      'too many entries',
      zipOf(Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`${n}.csv`, 'x']))),
      /too many entries/,
    ],
    [
      'too large unpacked',
      zipOf({ 'a.csv': random(3_000_000).fill(0, 40_000), 'b.csv': random(3_000_000).fill(0, 40_000) }),
      /too large unpacked/,
    ],
    [
      'compression ratio too high',
      zipOf({ 'a.csv': Buffer.alloc(2_000_000) }),
      /"a.csv": compression ratio too high/,
    ],
  ];

  test.each(bad)(
    '422 bad-archive, with a detail that names the entry and the reason: %s',
    async (_reason, archive, detail) => {
      const client = await signIn(server());
      for (const answer of [await client.postForm(archive), await client.postBare(archive)]) {
        expect(answer.json['detail']).toMatch(detail);
        await expectRefused(client, answer, 422, 'bad-archive');
      }
    },
  );

  test('400 digest-mismatch', async () => {
    const client = await signIn(server());
    await expectRefused(
      client,
      await client.postForm(zipOf(), { sha256: 'a'.repeat(64) }),
      400,
      'digest-mismatch',
    );
  });

  test('400 bad-request: an Idempotency-Key without end', async () => {
    const client = await signIn(server());
    const answer = await client.postForm(zipOf(), {}, { 'Idempotency-Key': 'x'.repeat(256) });
    await expectRefused(client, answer, 400, 'bad-request');
  });

  test('after a refusal the name of the last sync is that of before, not the refused one’s', async () => {
    await server().startWorker();
    const client = await signIn(server());
    const { sync } = (await client.postForm(zipOf())).json;
    await eventually('the status is 2', async () => (await client.statut()).text === '"2"');
    await client.confirm();
    await client.postForm(Buffer.from('no zip'));
    expect(await client.statut()).toMatchObject({ text: '"0"', headers: { 'epack-sync': sync } });
    expect((await client.sync()).json['sync']).toBe(sync);
    await server().stopWorker();
    await server().db('job').delete();
    await server().db('sync').delete();
    await removeFiles();
  });
});

/** Archives of real packers, unusual but complete (see their README); test/archive reads them. */
const soundArchives = ['strangers/bsdtar-pipe-padded.zip', 'strangers/sharpziplib-1.3.3-streamed.zip'];

describe('real broken archives', () => {
  const folder = realData('archives');
  const files =
    folder === null
      ? []
      : readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
          (name) => name.endsWith('.zip') && !soundArchives.includes(name),
        );

  (folder === null ? test.skip : test)('there are some', () => expect(files.length).toBeGreaterThan(20));

  (files.length === 0 ? test.skip : test).each(files)(
    '%s is refused with 4xx, and nothing is kept',
    async (name) => {
      const client = await signIn(server());
      const archive = readFileSync(path.join(folder ?? '', name));
      for (const answer of [await client.postForm(archive), await client.postBare(archive)]) {
        expect([413, 415, 422]).toContain(answer.status);
        await expectRefused(client, answer, answer.status, textOfStatus[answer.status] ?? '');
      }
    },
  );
});

const textOfStatus: Record<number, string> = { 413: 'too-large', 415: 'not-a-zip', 422: 'bad-archive' };

describe('an upload that dies half-way', () => {
  test.each([
    ['bare', { body: random(100_000), headers: { 'Content-Type': 'application/zip' } }],
    ['as a form', formOf(random(100_000))],
  ])(
    'by a cut connection, %s: the channel is free again, and nothing is kept',
    async (_how, { body, headers }) => {
      const client = await signIn(server());
      for (const sentBytes of [0, 1, 300, 60_000]) {
        const sent = open(`${client.base}/datas`, 'POST', {
          ...client.authorized,
          ...headers,
          'Content-Length': String(body.length),
        });
        const answer = answerTo(sent);
        sent.flushHeaders();
        if (sentBytes > 0) sent.write(body.subarray(0, sentBytes));
        await eventually('the channel is taken', async () => (await client.statut()).text === '"1"');
        sent.destroy();
        await expect(answer).rejects.toThrow();
        await eventually('the channel is free', async () => (await client.statut()).text === '"0"');
        await eventually('nothing is kept', async () => (await storedFiles(server())).length === 0);
        await expectNothingKept(client);
      }
    },
  );

  test.each([
    ['bare', { body: random(100_000), headers: { 'Content-Type': 'application/zip' } }],
    ['as a form', formOf(random(100_000))],
  ])('by silence, %s: it is cut off, and the channel is free again', async (_how, { body, headers }) => {
    const client = await signIn(server());
    const sent = open(`${client.base}/datas`, 'POST', {
      ...client.authorized,
      ...headers,
      'Content-Length': String(body.length),
    });
    const answer = answerTo(sent);
    sent.write(body.subarray(0, 5_000));
    await expect(answer).rejects.toThrow();
    await eventually('the channel is free', async () => (await client.statut()).text === '"0"');
    await eventually('nothing is kept', async () => (await storedFiles(server())).length === 0);
    await expectNothingKept(client);
  });
});

async function removeFiles(): Promise<void> {
  for (const file of await storedFiles(server())) await rm(path.join(server().config.filesDir, file));
}
