import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { answerTo, formOf, open, type SolutionClient, textOf } from '../setup/solution-client';
import { fridgeLog, unzip, zipOf } from './archive';
import { expectProblem, onServer, signIn, storedFiles, syncTo2 } from './on-server';

const server = onServer();

const hex = (archive: Buffer) => createHash('sha256').update(archive).digest('hex');
const digest = (archive: Buffer) => `sha-256=:${createHash('sha256').update(archive).digest('base64')}:`;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) });

/** Sends the bytes in these pieces, each after the one before has left. */
async function inPieces(client: SolutionClient, pieces: readonly Buffer[], headers: Record<string, string>) {
  const sent = open(`${client.base}/datas`, 'POST', { ...client.authorized, ...headers });
  const answer = answerTo(sent);
  for (const piece of pieces) await new Promise((resolve) => sent.write(piece, resolve));
  sent.end();
  return answer;
}

describe('POST /v4/{channel}/datas', () => {
  test('accepts the archive as multipart/form-data, part `file`, whose filename may be a full Windows path', async () => {
    const client = await signIn(server());
    const answer = await client.postForm(archive, { filename: 'C:\\Users\\ePack\\sync\\sync_datas.zip' });
    expect(answer.status).toBe(200);
    expect(answer.json).toEqual({ sync: expect.stringMatching(uuid) as string, statut: '1' });
    expect((await client.statut()).headers['epack-sync']).toBe(answer.json['sync']);
  });

  test.each([
    ['no filename', 'form-data; name="file"'],
    ['no filename and no quotes, as .NET sends it', 'form-data; name=file'],
    ['no filename, and a type', 'form-data; name="file"\r\nContent-Type: application/zip'],
    [
      'no filename, and no type in particular',
      'form-data; name=file\r\nContent-Type: application/octet-stream',
    ],
    ['a filename without quotes', 'form-data; name="file"; filename=C:\\Users\\k\\sync.zip'],
    ['an empty filename', 'form-data; name="file"; filename=""'],
    ['a filename before its name', 'form-data; filename="sync; name=x.zip"; name="file"'],
    ['its type first', 'form-data; name=file', 'Content-Type: application/zip\r\n'],
  ])('takes a part `file` with %s', async (_what, disposition, before = '') => {
    const head = `${before}content-disposition: ${disposition}`;
    // .NET puts the boundary in quotes.
    const headers = { 'Content-Type': 'multipart/form-data; boundary="a-b"' };
    const text = (name: string, value: string) =>
      `--a-b\r\nContent-Disposition: form-data; name=${name}\r\n\r\n${value}\r\n`;
    // Nothing that a text holds is taken for the part.
    const texts = text('sha256', hex(archive)) + text('note', 'content-disposition: form-data; name=file');
    const body = Buffer.concat([
      Buffer.from(`${texts}--a-b\r\n${head}\r\n\r\n`),
      archive,
      Buffer.from('\r\n--a-b--\r\n'),
    ]);
    for (const size of [body.length, 11]) {
      const client = await signIn(server());
      const pieces: Buffer[] = [];
      for (let at = 0; at < body.length; at += size) pieces.push(body.subarray(at, at + size));
      const answer = await inPieces(client, pieces, headers);
      expect([answer.status, answer.text]).toEqual([200, answer.text]);
      const { sync } = answer.json;
      const kept = path.join(server().config.filesDir, 'uploads', textOf(sync), 'archive.zip');
      expect((await readFile(kept)).equals(archive)).toBe(true);
    }
  });

  test('accepts it as the bare body with Content-Type: application/zip', async () => {
    const client = await signIn(server());
    const answer = await client.postBare(archive);
    expect(answer.json).toEqual({ sync: expect.stringMatching(uuid) as string, statut: '1' });
  });

  test.each(['synchro', 'sondes', 'messagerie', 'photos'] as const)('works on %s', async (channel) => {
    const client = await signIn(server(), channel);
    expect((await client.postForm(zipOf())).status).toBe(200);
    expect((await client.statut()).text).toBe('"1"');
  });

  test('returns once the archive is in the file store, large files are unpacked there, and its job is queued', async () => {
    const client = await signIn(server());
    const large = zipOf({ 'csv/Tboil.csv': 'Id\n'.padEnd(70_000, '\n'), 'csv/Tbfridge.csv': fridgeLog(1) });
    const sync = textOf((await client.postForm(large)).json['sync']);
    const files = (await storedFiles(server())).filter((file) => file.includes(sync));
    expect(files).toEqual([`uploads/${sync}/archive.zip`, `uploads/${sync}/unpacked/csv/Tboil.csv`]);
    const kept = await readFile(path.join(server().config.filesDir, files[0] ?? ''));
    expect(kept.equals(large)).toBe(true);
    const jobs = await server().db('job').where({ sync_id: sync }).select('state', 'lane');
    expect(jobs).toEqual([{ state: 'queued', lane: 'small' }]);
  });

  test('an empty archive is a valid package', async () => {
    const client = await signIn(server());
    expect((await client.postBare(zipOf())).status).toBe(200);
  });

  test('the bytes may come in any pieces, without a length', async () => {
    const { body, headers } = formOf(archive, { sha256: hex(archive) });
    for (const size of [1, 7, 1000]) {
      const client = await signIn(server());
      const pieces: Buffer[] = [];
      for (let at = 0; at < body.length; at += size) pieces.push(body.subarray(at, at + size));
      expect((await inPieces(client, pieces, headers)).status).toBe(200);
      const bare = await inPieces(client.on('sondes'), [archive.subarray(0, size), archive.subarray(size)], {
        'Content-Type': 'application/zip',
      });
      expect(bare.status).toBe(200);
    }
  });

  test('an upload that unpacks to more goes to the queue of large packages', async () => {
    const client = await signIn(server());
    const large = Buffer.concat(
      Array.from({ length: 17 * 1024 }, (_, n) => createHash('sha512').update(String(n)).digest()),
    );
    const sync = (
      await client.postBare(
        zipOf({ 'notes.bin': Buffer.concat([large, ...Array.from({ length: 17 }, () => large)]) }),
      )
    ).json['sync'];
    expect(await server().db('job').where({ sync_id: sync }).select('lane')).toEqual([{ lane: 'large' }]);
  });
});

describe('integrity', () => {
  test('a multipart text part `sha256` in hex, before or in capitals, is held against the archive', async () => {
    const client = await signIn(server());
    expect((await client.postForm(archive, { sha256: hex(archive).toUpperCase() })).status).toBe(200);
  });

  test('Content-Digest: sha-256=:…: (RFC 9530) on a bare body, also beside digests of other kinds', async () => {
    expect(
      (await (await signIn(server())).postBare(archive, { 'Content-Digest': digest(archive) })).status,
    ).toBe(200);
    const beside = `sha-512=:AAAA:, ${digest(archive)}`;
    expect((await (await signIn(server())).postBare(archive, { 'Content-Digest': beside })).status).toBe(200);
    const otherOnly = await (
      await signIn(server())
    ).postBare(archive, { 'Content-Digest': 'sha-512=:AAAA:' });
    expect(otherOnly.status).toBe(200);
  });

  test('a mismatch: 400 digest-mismatch', async () => {
    const client = await signIn(server());
    expectProblem(await client.postForm(archive, { sha256: hex(zipOf()) }), 400, 'digest-mismatch');
    expectProblem(
      await client.postBare(archive, { 'Content-Digest': digest(zipOf()) }),
      400,
      'digest-mismatch',
    );
    expect((await client.statut()).text).toBe('"0"');
  });

  test('an invalid digest is a bad request', async () => {
    const client = await signIn(server());
    expectProblem(await client.postForm(archive, { sha256: 'abc' }), 400, 'bad-request');
    expectProblem(await client.postBare(archive, { 'Content-Digest': 'sha-256=abc' }), 400, 'bad-request');
    expect((await client.statut()).text).toBe('"0"');
  });
});

describe('two uploads at once', () => {
  test('exactly one gets the channel: 200; the other 403 wrong-status', async () => {
    const client = await signIn(server(), 'sondes');
    for (let round = 0; round < 25; round += 1) {
      const answers = await Promise.all([client.postForm(archive), client.postBare(archive)]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 403]);
      const refused = answers.find(({ status }) => status === 403);
      expect(refused?.json).toMatchObject({ code: 'wrong-status', statut: '1' });
      const syncs = await server().db('sync').where({ solution_id: client.id, state: 'queued' }).select('id');
      expect(syncs).toEqual([{ id: answers.find(({ status }) => status === 200)?.json['sync'] }]);
      await server().db('sync').where({ solution_id: client.id }).update({ state: 'abandoned' });
      await server().db('channel_status').where({ solution_id: client.id }).update({ statut: 0 });
    }
  });

  test('of ten at once on every channel, one on each', async () => {
    const client = await signIn(server());
    const channels = ['synchro', 'sondes', 'messagerie', 'photos'] as const;
    const answers = await Promise.all(
      channels.flatMap((channel) => Array.from({ length: 10 }, () => client.on(channel).postForm(archive))),
    );
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(4);
    expect(statuses.filter((status) => status === 403)).toHaveLength(36);
  });
});

describe('the wrong status', () => {
  test('is refused before the body is read: 403 wrong-status with the member statut', async () => {
    const client = await signIn(server());
    await client.postForm(archive);
    for (const { headers } of [formOf(archive), { headers: { 'Content-Type': 'application/zip' } }]) {
      const sent = open(`${client.base}/datas`, 'POST', {
        ...client.authorized,
        ...headers,
        'Content-Length': '1000000',
      });
      const answer = answerTo(sent);
      sent.flushHeaders();
      const refused = await answer;
      expectProblem(refused, 403, 'wrong-status');
      expect(refused.json['statut']).toBe('1');
      sent.destroy();
    }
  });

  test('at 2, too: the ready package must be confirmed first', async () => {
    await server().startWorker();
    const client = await signIn(server());
    await syncTo2(client, archive);
    const refused = await client.postForm(archive);
    expectProblem(refused, 403, 'wrong-status');
    expect(refused.json['statut']).toBe('2');
    await server().stopWorker();
  });
});

describe('Expect: 100-continue', () => {
  /** Sends the headers, and the body once it is asked for. Answers whether it was. */
  async function asking(
    client: SolutionClient,
    path: string,
    method: string,
    headers: Record<string, string>,
    body: Buffer,
  ) {
    const sent = open(`${client.base}/${path}`, method, {
      ...client.authorized,
      ...headers,
      Expect: '100-continue',
      'Content-Length': String(body.length),
    });
    let wasAsked = false;
    sent.once('continue', () => {
      wasAsked = true;
      sent.end(body);
    });
    const answering = answerTo(sent);
    sent.flushHeaders();
    const answer = await answering;
    sent.destroy();
    return { ...answer, wasAsked };
  }

  const zip = { 'Content-Type': 'application/zip' };

  test('the server asks for the body if it will accept it, bare or as a form', async () => {
    expect(await asking(await signIn(server()), 'datas', 'POST', zip, archive)).toMatchObject({
      status: 200,
      wasAsked: true,
    });
    const { body, headers } = formOf(archive);
    expect(await asking(await signIn(server()), 'datas', 'POST', headers, body)).toMatchObject({
      status: 200,
      wasAsked: true,
    });
  });

  test('a refused caller gets the refusal instead, and sends nothing', async () => {
    const client = await signIn(server());
    expect(await asking(client, 'datas', 'POST', { 'Content-Type': 'text/plain' }, archive)).toMatchObject({
      status: 415,
      wasAsked: false,
    });
    await client.postForm(archive);
    expect(await asking(client, 'datas', 'POST', zip, archive)).toMatchObject({
      status: 403,
      wasAsked: false,
    });
    const nobody = { ...zip, Authorization: 'Bearer x' };
    expect(await asking(client, 'datas', 'POST', nobody, archive)).toMatchObject({
      status: 401,
      wasAsked: false,
    });
  });

  test('every other call with a body asks for it as well', async () => {
    const client = await signIn(server());
    const body = Buffer.from('{}');
    const json = { 'Content-Type': 'application/json' };
    expect(await asking(client, 'confirm', 'POST', json, body)).toMatchObject({
      status: 403,
      wasAsked: true,
    });
    expect(await asking(client, 'login', 'POST', json, body)).toMatchObject({ status: 400, wasAsked: true });
    const tus = { 'Tus-Resumable': '1.0.0' };
    const created = await client.send('uploads', {
      method: 'POST',
      headers: { ...tus, 'Upload-Length': '9' },
    });
    const upload = `uploads/${textOf(created.headers.location).split('/').at(-1) ?? ''}`;
    const patch = { ...tus, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' };
    expect(await asking(client, upload, 'PATCH', patch, body)).toMatchObject({ status: 204, wasAsked: true });
  });
});

test('the package that a solution gets says what the upload did', async () => {
  await server().startWorker();
  const client = await signIn(server());
  await syncTo2(client, archive);
  const report = JSON.parse(
    unzip((await client.download()).body)
      .get('report.json')
      ?.toString() ?? '',
  ) as object;
  expect(report).toMatchObject({
    outcome: 'processed',
    logs: { Tbfridge: { inserted: 2, duplicates: 0, rejected: 0 } },
  });
  await server().stopWorker();
});
