import { createHash } from 'node:crypto';
import { readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { Upload } from 'tus-js-client';
import { newTraffic } from '../setup/traffic';
import { noTracing } from '../../shared/tracing';
import { createIntakeService } from '../../api/services/intake';
import { createUploadLocker } from '../../api/v4/upload-locker';
import { openResumableStore } from '../../api/v4/upload-open-store';
import { createUploads } from '../../api/v4/uploads';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import { createLogger } from '../../shared/log';
import { openStoreAccess } from '../../shared/stores/store-access';
import { createUploadLockStore } from '../../shared/stores/syncs/upload-lock-store';
import { eventually } from '../queue/eventually';
import { usualQuotas } from '../setup/quotas';
import { type Answer, answerTo, open, type SolutionClient, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from './archive';
import { expectProblem, onServer, signIn, storedFiles } from './on-server';

const server = onServer({ EPACK_MAX_ARCHIVE_BYTES: '2000000', EPACK_UPLOAD_IDLE_SECONDS: '2' });

const tus = { 'Tus-Resumable': '1.0.0' };
const random = (bytes: number, seed = '') =>
  Buffer.concat(
    Array.from({ length: Math.ceil(bytes / 64) }, (_, n) =>
      createHash('sha512').update(`${seed}${n}`).digest(),
    ),
  ).subarray(0, bytes);
/** An archive that does not shrink. */
const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2), 'notes.bin': random(600_000) });

interface Begun {
  readonly path: string;
  readonly id: string;
  head(): Promise<Answer>;
  patch(body: Buffer, offset: number, headers?: Record<string, string>): Promise<Answer>;
  end(): Promise<Answer>;
}

function uploadAt(client: SolutionClient, id: string): Begun {
  const at = `uploads/${id}`;
  return {
    path: at,
    id,
    head: () => client.send(at, { method: 'HEAD', headers: tus }),
    patch: (body, offset, headers = {}) =>
      client.send(at, { method: 'PATCH', headers: { ...tus, ...patchHeaders(offset), ...headers }, body }),
    end: () => client.send(at, { method: 'DELETE', headers: tus }),
  };
}

const patchHeaders = (offset: number) => ({
  'Content-Type': 'application/offset+octet-stream',
  'Upload-Offset': String(offset),
});

async function create(
  client: SolutionClient,
  bytes: number,
  headers: Record<string, string> = {},
): Promise<Answer> {
  return client.send('uploads', {
    method: 'POST',
    headers: { ...tus, 'Upload-Length': String(bytes), ...headers },
  });
}

async function begin(
  client: SolutionClient,
  bytes = archive.length,
  headers: Record<string, string> = {},
): Promise<Begun> {
  const created = await create(client, bytes, headers);
  expect(created.status).toBe(201);
  return uploadAt(client, textOf(created.headers.location).split('/').at(-1) ?? '');
}

const metadata = (values: Record<string, string>) => ({
  'Upload-Metadata': Object.entries(values)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(','),
});

describe('/v4/{channel}/uploads: tus 1.0', () => {
  test('names its extensions: creation, termination, expiration', async () => {
    const client = await signIn(server());
    const answer = await client.send('uploads', { method: 'OPTIONS' });
    expect(answer.headers['tus-version']).toContain('1.0.0');
    for (const extension of ['creation', 'termination', 'expiration']) {
      expect(answer.headers['tus-extension']).toContain(extension);
    }
    expect(answer.headers['tus-max-size']).toBe('2000000');
  });

  test('creation: 201 with a Location on the channel, and when it expires', async () => {
    const client = await signIn(server(), 'photos');
    const created = await create(client, 100);
    expect(created.status).toBe(201);
    expect(created.headers.location).toMatch(/\/v4\/photos\/uploads\/[^/]+$/);
    expect(Date.parse(textOf(created.headers['upload-expires']))).toBeGreaterThan(Date.now());
    expect((await client.statut()).text).toBe('"0"');
  });

  test('the PATCH that completes an upload returns what POST datas returns', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    const half = await upload.patch(archive.subarray(0, 300_000), 0);
    expect(half).toMatchObject({ status: 204, headers: { 'upload-offset': '300000' } });
    expect((await client.statut()).text).toBe('"0"');
    const done = await upload.patch(archive.subarray(300_000), 300_000);
    expect(done.status).toBe(200);
    expect(done.json).toEqual({ sync: expect.any(String) as string, statut: '1' });
    expect(done.headers['epack-sync']).toBe(done.json['sync']);
    expect(await client.statut()).toMatchObject({
      text: '"1"',
      headers: { 'epack-sync': done.json['sync'] },
    });
    const taken = await server()
      .db<{ id: string; state: string }>('sync')
      .where({ id: textOf(done.json['sync']) })
      .first('state');
    expect(taken).toEqual({ state: 'queued' });
  });

  test('in one request with the creation, too', async () => {
    const client = await signIn(server());
    const answer = await client.send('uploads', {
      method: 'POST',
      headers: {
        ...tus,
        'Upload-Length': String(archive.length),
        'Content-Type': 'application/offset+octet-stream',
      },
      body: archive,
    });
    expect(answer.status).toBe(200);
    expect(answer.json['statut']).toBe('1');
    expect(answer.headers).toMatchObject({
      'tus-resumable': '1.0.0',
      'upload-offset': String(archive.length),
    });
    const upload = uploadAt(client, textOf(answer.headers.location).split('/').at(-1) ?? '');
    expect((await upload.head()).headers['upload-offset']).toBe(String(archive.length));
    expect((await upload.patch(Buffer.alloc(0), archive.length)).text).toBe(answer.text);
  });

  test('as POST with X-HTTP-Method-Override, for clients that cannot send PATCH or DELETE', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    const instead = (method: string, headers: Record<string, string>, body?: Buffer) =>
      client.send(upload.path, {
        method: 'POST',
        headers: { ...tus, 'X-HTTP-Method-Override': method, ...headers },
        ...(body === undefined ? {} : { body }),
      });
    const part = await instead('PATCH', patchHeaders(0), archive.subarray(0, 1000));
    expect(part).toMatchObject({ status: 204, headers: { 'upload-offset': '1000' } });
    expectProblem(await instead('GET', {}), 405, 'method-not-allowed');
    expect((await instead('DELETE', {})).status).toBe(204);
    expect((await upload.head()).status).toBe(404);
  });

  test('the whole protocol as tus-js-client speaks it, in chunks', async () => {
    const client = await signIn(server());
    let last = '';
    await new Promise<void>((resolve, reject) => {
      new Upload(archive, {
        endpoint: `${client.base}/uploads`,
        headers: client.authorized,
        chunkSize: 100_000,
        retryDelays: null,
        metadata: { sha256: createHash('sha256').update(archive).digest('hex') },
        onAfterResponse: (_request, response) => {
          last = response.getBody();
        },
        onSuccess: () => resolve(),
        onError: reject,
      }).start();
    });
    expect(JSON.parse(last)).toMatchObject({ statut: '1' });
  });
});

describe('a connection that is cut', () => {
  test('HEAD returns the offset, and the upload goes on from there', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    for (let cuts = 0; cuts < 4; cuts += 1) {
      const offset = Number((await upload.head()).headers['upload-offset']);
      const sent = open(`${client.base}/${upload.path}`, 'PATCH', {
        ...client.authorized,
        ...tus,
        ...patchHeaders(offset),
        'Content-Length': String(archive.length - offset),
      });
      const answer = answerTo(sent);
      sent.write(archive.subarray(offset, offset + 100_000 + cuts));
      await eventually('some of it is there', async () => {
        const [file] = (await storedFiles(server())).filter((name) => name === `tus/${upload.id}`);
        return (
          file !== undefined && (await readFile(path.join(server().config.filesDir, file))).length > offset
        );
      });
      sent.destroy();
      await expect(answer).rejects.toThrow();
    }
    const head = await upload.head();
    expect(head.headers['upload-length']).toBe(String(archive.length));
    const offset = Number(head.headers['upload-offset']);
    expect(offset).toBeGreaterThan(300_000);
    const done = await upload.patch(archive.subarray(offset), offset);
    expect(done).toMatchObject({ status: 200 });
    const kept = await readFile(path.join(server().config.filesDir, 'tus', upload.id));
    expect(kept.equals(archive)).toBe(true);
  });

  test('a request that sends nothing any more is cut off', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    const sent = open(`${client.base}/${upload.path}`, 'PATCH', {
      ...client.authorized,
      ...tus,
      ...patchHeaders(0),
      'Content-Length': String(archive.length),
    });
    const answer = answerTo(sent);
    sent.write(archive.subarray(0, 1000));
    await expect(answer).rejects.toThrow();
    const offset = Number((await upload.head()).headers['upload-offset']);
    expect((await upload.patch(archive.subarray(offset), offset)).status).toBe(200);
  });

  test('a wrong offset: 409, and nothing is written', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    await upload.patch(archive.subarray(0, 1000), 0);
    expectProblem(await upload.patch(archive.subarray(0, 1000), 0), 409, 'offset-mismatch');
    expectProblem(await upload.patch(archive.subarray(2000), 2000), 409, 'offset-mismatch');
    expect((await upload.head()).headers['upload-offset']).toBe('1000');
  });

  test('of two writers at once the later one goes on, and the archive is correct', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    const stuck = open(`${client.base}/${upload.path}`, 'PATCH', {
      ...client.authorized,
      ...tus,
      ...patchHeaders(0),
      'Content-Length': String(archive.length),
    });
    const first = answerTo(stuck).catch(() => null);
    stuck.write(archive.subarray(0, 200_000));
    await eventually(
      'the first one writes',
      async () => (await readFile(path.join(server().config.filesDir, 'tus', upload.id))).length > 0,
    );
    const offset = async () => Number((await upload.head()).headers['upload-offset']);
    await eventually('the second one gets through', async () => {
      const at = await offset();
      return (await upload.patch(archive.subarray(at), at)).status === 200;
    });
    stuck.destroy();
    expect((await first)?.status).not.toBe(200);
    const kept = await readFile(path.join(server().config.filesDir, 'tus', upload.id));
    expect(kept.equals(archive)).toBe(true);
  });

  test('the completing PATCH again, with nothing, after its answer was lost: the first answer', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    const first = await upload.patch(archive, 0);
    expect(first.status).toBe(200);
    expect(Number((await upload.head()).headers['upload-offset'])).toBe(archive.length);
    const again = await upload.patch(Buffer.alloc(0), archive.length);
    expect(again).toMatchObject({ status: 200, text: first.text });
    await server().startWorker();
    await eventually('the status is 2', async () => (await client.statut()).text === '"2"');
    await client.confirm();
    expect(await upload.patch(Buffer.alloc(0), archive.length)).toMatchObject({
      status: 200,
      text: first.text,
    });
    expect((await client.statut()).text).toBe('"0"');
    expect(await server().db('sync').where({ solution_id: client.id }).select('id')).toHaveLength(1);
    await server().stopWorker();
  });

  test('the completing PATCH again, with a key of another archive: the first answer, and the upload stays', async () => {
    const client = await signIn(server());
    const key = { 'Idempotency-Key': 'of another archive' };
    await client.postForm(zipOf(), {}, key);
    await server().startWorker();
    await eventually('the status is 2', async () => (await client.statut()).text === '"2"');
    await server().stopWorker();
    await client.confirm();
    const upload = await begin(client);
    const first = await upload.patch(archive, 0);
    expect(first.status).toBe(200);
    expect(await upload.patch(Buffer.alloc(0), archive.length, key)).toMatchObject({
      status: 200,
      text: first.text,
    });
    expect(await storedFiles(server())).toContain(`tus/${upload.id}`);
  });
});

describe('with the errors of POST datas', () => {
  async function expectGone(client: SolutionClient & { id: number }, upload: Begun): Promise<void> {
    expect((await client.statut()).text).toBe('"0"');
    expect(await server().db('sync').where({ solution_id: client.id })).toEqual([]);
    expect((await upload.head()).status).toBe(404);
    expect((await storedFiles(server())).filter((file) => file.includes(upload.id))).toEqual([]);
  }

  test.each([
    ['415 not-a-zip', 415, 'not-a-zip', random(5_000)],
    ['422 bad-archive', 422, 'bad-archive', zipOf({ 'a.csv': 'x' }).subarray(0, 50)],
  ])('%s: the upload is removed, the status is 0', async (_what, status, code, bytes) => {
    const client = await signIn(server());
    const upload = await begin(client, bytes.length);
    expectProblem(await upload.patch(bytes, 0), status, code);
    await expectGone(client, upload);
  });

  test('400 digest-mismatch, by the metadata `sha256`', async () => {
    const client = await signIn(server());
    const upload = await begin(
      client,
      archive.length,
      metadata({ sha256: 'a'.repeat(64), filename: 'x.zip' }),
    );
    expectProblem(await upload.patch(archive, 0), 400, 'digest-mismatch');
    await expectGone(client, upload);
  });

  const digestOf = (bytes: Buffer) => `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:`;
  const other = digestOf(Buffer.from('another archive'));

  test('400 digest-mismatch, by the Content-Digest of a request that brings the whole archive', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    expectProblem(await upload.patch(archive, 0, { 'Content-Digest': other }), 400, 'digest-mismatch');
    await expectGone(client, upload);
    const created = await client.send('uploads', {
      method: 'POST',
      headers: {
        ...tus,
        'Upload-Length': String(archive.length),
        'Content-Type': 'application/offset+octet-stream',
        'Content-Digest': other,
      },
      body: archive,
    });
    expectProblem(created, 400, 'digest-mismatch');
    expect((await storedFiles(server())).filter((file) => file.startsWith(`tus/${client.id}-`))).toEqual([]);
    const right = await begin(client);
    expect((await right.patch(archive, 0, { 'Content-Digest': digestOf(archive) })).status).toBe(200);
  });

  test('400 digest-mismatch, by the Repr-Digest of the request that completes it', async () => {
    const client = await signIn(server());
    const [begun, rest] = [archive.subarray(0, 1000), archive.subarray(1000)];
    const upload = await begin(client);
    await upload.patch(begun, 0);
    expectProblem(await upload.patch(rest, 1000, { 'Repr-Digest': other }), 400, 'digest-mismatch');
    await expectGone(client, upload);
    const right = await begin(client);
    await right.patch(begun, 0, { 'Content-Digest': other });
    const digests = { 'Content-Digest': digestOf(rest), 'Repr-Digest': digestOf(archive) };
    expect((await right.patch(rest, 1000, digests)).status).toBe(200);
  });

  test('400 digest-mismatch, if its digests are of two archives', async () => {
    const client = await signIn(server());
    const upload = await begin(
      client,
      archive.length,
      metadata({ sha256: createHash('sha256').update(archive).digest('hex') }),
    );
    expectProblem(await upload.patch(archive, 0, { 'Repr-Digest': other }), 400, 'digest-mismatch');
    await expectGone(client, upload);
  });

  test('an unreadable digest header is a bad request, before anything is stored', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    for (const name of ['Content-Digest', 'Repr-Digest'])
      expectProblem(await upload.patch(archive, 0, { [name]: 'sha-256=x' }), 400, 'bad-request');
    expect((await upload.head()).headers['upload-offset']).toBe('0');
  });

  test('an invalid digest is a bad request', async () => {
    const client = await signIn(server());
    expectProblem(await create(client, archive.length, metadata({ sha256: 'abc' })), 400, 'bad-request');
    expect((await client.statut()).text).toBe('"0"');
  });

  test('403 wrong-status with its creation: nothing is kept, because nobody was told its location', async () => {
    const client = await signIn(server());
    const sent = open(`${client.base}/uploads`, 'POST', {
      ...client.authorized,
      ...tus,
      'Upload-Length': String(archive.length),
      'Content-Type': 'application/offset+octet-stream',
    });
    const answer = answerTo(sent);
    sent.write(archive.subarray(0, 1000));
    const own = async () =>
      (await storedFiles(server())).filter((file) => file.startsWith(`tus/${client.id}-`));
    await eventually('it is begun', async () => (await own()).length > 0);
    await client.postForm(zipOf());
    sent.end(archive.subarray(1000));
    expectProblem(await answer, 403, 'wrong-status');
    expect(await own()).toEqual([]);
  });

  test('403 wrong-status: the upload stays, and gets through once the channel is free', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    await upload.patch(archive.subarray(0, 1000), 0);
    await client.postForm(zipOf());
    const refused = await upload.patch(archive.subarray(1000), 1000);
    expectProblem(refused, 403, 'wrong-status');
    expect(refused.json['statut']).toBe('1');
    expectProblem(await create(client, 10), 403, 'wrong-status');
    await server().startWorker();
    await eventually('the status is 2', async () => (await client.statut()).text === '"2"');
    expectProblem(await upload.patch(Buffer.alloc(0), archive.length), 403, 'wrong-status');
    await server().stopWorker();
    await client.confirm();
    expect((await upload.patch(Buffer.alloc(0), archive.length)).status).toBe(200);
    expect((await client.statut()).text).toBe('"1"');
  });

  test('413 too-large: at its creation, or by the received bytes', async () => {
    const client = await signIn(server());
    expectProblem(await create(client, 2_000_001), 413, 'too-large');
    const upload = await begin(client, 1000);
    expectProblem(await upload.patch(random(2000), 0), 413, 'too-large');
    expect((await upload.head()).headers['upload-offset']).toBe('0');
    const deferred = await client.send('uploads', {
      method: 'POST',
      headers: { ...tus, 'Upload-Defer-Length': '1' },
    });
    const unknown = uploadAt(client, textOf(deferred.headers.location).split('/').at(-1) ?? '');
    expectProblem(await unknown.patch(random(2_000_100), 0), 413, 'too-large');
  });

  test('an empty upload is not a zip', async () => {
    const client = await signIn(server());
    expectProblem(await create(client, 0), 415, 'not-a-zip');
    expect((await client.statut()).text).toBe('"0"');
  });

  test('Idempotency-Key on the completing PATCH is that of POST datas', async () => {
    const client = await signIn(server());
    const key = { 'Idempotency-Key': 'one' };
    const first = await client.postForm(archive, {}, key);
    await server().startWorker();
    await eventually('the status is 2', async () => (await client.statut()).text === '"2"');
    await client.confirm();
    await server().stopWorker();
    const upload = await begin(client);
    expect((await upload.patch(archive, 0, key)).text).toBe(first.text);
    expect((await client.statut()).text).toBe('"0"');
  });
});

describe('tus errors', () => {
  test.each([
    ['without Tus-Resumable', {}],
    ['of another version', { 'Tus-Resumable': '0.2.2' }],
  ])(
    '412 %s, on every call except OPTIONS; Tus-Version names the supported version',
    async (_what, spoken) => {
      const client = await signIn(server());
      const upload = await begin(client);
      const headers = { ...patchHeaders(0), ...spoken };
      const length = { 'Upload-Length': String(archive.length), ...spoken };
      const answers = [
        await client.send('uploads', { method: 'POST', headers: length }),
        await client.send(upload.path, { method: 'PATCH', headers, body: archive }),
        await client.send(upload.path, { method: 'DELETE', headers: spoken }),
        await client.send(upload.path, { method: 'HEAD', headers: spoken }),
      ];
      for (const answer of answers) {
        expect(answer).toMatchObject({
          status: 412,
          headers: { 'tus-version': '1.0.0', 'tus-resumable': '1.0.0' },
        });
        if (answer.text !== '') expectProblem(answer, 412, 'tus-version');
      }
      expect((await upload.head()).headers['upload-offset']).toBe('0');
      expect((await client.send('uploads', { method: 'OPTIONS', headers: spoken })).status).toBe(204);
    },
  );

  test('every refusal says which tus is spoken', async () => {
    const client = await signIn(server());
    const answers = [
      await client.send('uploads', { method: 'PUT' }),
      await client.send('uploads', { method: 'POST', headers: { Authorization: 'Bearer x' } }),
      await client.send('uploads/x', { method: 'PATCH', headers: { ...tus, ...patchHeaders(0) } }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([405, 401, 404]);
    for (const { headers } of answers) expect(headers['tus-resumable']).toBe('1.0.0');
  });

  test.each([
    ['no length', {}],
    ['a length that is none', { 'Upload-Length': 'x' }],
    ['a negative length', { 'Upload-Length': '-1' }],
    ['metadata that cannot be read', { 'Upload-Length': '5', 'Upload-Metadata': 'sha256 ***' }],
  ])('a creation with %s is a bad request', async (_what, headers) => {
    const client = await signIn(server());
    const answer = await client.send('uploads', { method: 'POST', headers: { ...tus, ...headers } });
    expectProblem(answer, 400, 'bad-request');
  });

  test('a PATCH without an offset, or of another type, is refused', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    for (const headers of [
      { 'Content-Type': 'application/offset+octet-stream' },
      { 'Upload-Offset': '0', 'Content-Type': 'application/zip' },
    ]) {
      const answer = await client.send(upload.path, {
        method: 'PATCH',
        headers: { ...tus, ...headers },
        body: archive,
      });
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.status).toBeLessThan(500);
      expectProblem(answer, answer.status, textOf(answer.json['code']));
    }
    expect((await upload.head()).headers['upload-offset']).toBe('0');
  });

  test('a PATCH of another type is 415 wrong-content-type, and the upload stays', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    for (const type of ['application/zip', 'application/offset+octet-streams', '']) {
      const headers = { ...tus, 'Upload-Offset': '0', 'Content-Type': type };
      const answer = await client.send(upload.path, { method: 'PATCH', headers, body: archive });
      expectProblem(answer, 415, 'wrong-content-type');
    }
    expect((await upload.patch(archive, 0)).status).toBe(200);
  });

  test('pages of other sites cannot read any response', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    const options = await client.send('uploads', {
      method: 'OPTIONS',
      headers: { Origin: 'https://example.org' },
    });
    for (const { headers } of [options, await upload.head(), await upload.patch(archive, 0)]) {
      expect(Object.keys(headers).filter((name) => name.startsWith('access-control-'))).toEqual([]);
    }
  });

  test('an upload that is not there: 404 unknown-upload', async () => {
    const client = await signIn(server());
    for (const id of ['x', `${client.id}-synchro-0b6f2f2a-6a8e-4c9c-9a44-000000000000`, '..%2F..', '%00']) {
      const upload = uploadAt(client, id);
      expect((await upload.head()).status).toBe(404);
      expectProblem(await upload.patch(archive, 0), 404, 'unknown-upload');
      expectProblem(await upload.end(), 404, 'unknown-upload');
    }
  });

  test('an upload cannot be downloaded: there is no GET', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    expectProblem(await client.send(upload.path), 405, 'method-not-allowed');
    await upload.patch(archive, 0);
    const answer = await client.send(upload.path);
    expectProblem(answer, 405, 'method-not-allowed');
    expect(answer.headers.allow).toBe('OPTIONS, HEAD, PATCH, DELETE');
    expect((await client.send(upload.path, { method: 'OPTIONS' })).status).toBe(204);
  });
});

describe('whose an upload is', () => {
  test('another solution, and another channel of the same one, get 404 and change nothing', async () => {
    const owner = await signIn(server());
    const upload = await begin(owner);
    await upload.patch(archive.subarray(0, 1000), 0);
    const stranger = await signIn(server());
    const detour = `${stranger.id}-synchro-x%2F..%2F${upload.id}`;
    for (const foreign of [
      uploadAt(stranger, upload.id),
      uploadAt(stranger, detour),
      uploadAt(owner.on('photos'), upload.id),
    ]) {
      expect((await foreign.head()).status).toBe(404);
      expectProblem(await foreign.patch(archive.subarray(1000), 1000), 404, 'unknown-upload');
      expectProblem(await foreign.end(), 404, 'unknown-upload');
    }
    expect((await upload.head()).headers['upload-offset']).toBe('1000');
    expect((await upload.patch(archive.subarray(1000), 1000)).status).toBe(200);
  });
});

describe('termination', () => {
  test('DELETE ends an upload: 204, then 404, and its files are removed', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    await upload.patch(archive.subarray(0, 1000), 0);
    expect((await upload.end()).status).toBe(204);
    expect((await upload.head()).status).toBe(404);
    expectProblem(await upload.patch(archive.subarray(1000), 1000), 404, 'unknown-upload');
    expect((await storedFiles(server())).filter((file) => file.includes(upload.id))).toEqual([]);
  });

  test('an upload that has become a sync cannot be deleted any more', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    await upload.patch(archive, 0);
    expectProblem(await upload.end(), 400, 'bad-request');
    expect(await storedFiles(server())).toContain(`tus/${upload.id}`);
  });
});

describe('expiration', () => {
  /** As if it had been begun so many hours ago. */
  async function age(upload: Begun, hours: number): Promise<void> {
    const file = path.join(server().config.filesDir, 'tus', `${upload.id}.json`);
    const begun = new Date(Date.now() - hours * 3_600_000);
    const known = JSON.parse(await readFile(file, 'utf8')) as object;
    await writeFile(file, JSON.stringify({ ...known, creation_date: begun.toISOString() }));
    await utimes(file, begun, begun);
  }

  /** The hourly work of the API. */
  function sweep(): Promise<number> {
    const { db, config } = server();
    const board = {
      read: () => Promise.reject(new Error('not asked')),
      learn: () => undefined,
      refresh: () => Promise.resolve(),
    };
    const queue = { isInDatabase: false, isUp: () => true, publish: () => Promise.resolve() };
    const log = createLogger({ level: 'silent', name: 'test' });
    const files = createDiskFileStore(config.filesDir);
    const limits = {
      maxArchiveBytes: 1,
      maxUnpackedBytes: 1,
      maxEntries: 1,
      maxRatio: 1,
      maxArchiveRatio: 1,
      largePackageBytes: 1,
    };
    const quotas = usualQuotas(db);
    const intake = createIntakeService({
      ...openStoreAccess(db),
      quotas,
      files,
      queue,
      board,
      log,
      limits,
      advice: { needRoom: () => undefined },
      uploadIdleSeconds: 1,
      traffic: newTraffic(),
      tracer: noTracing,
      isDraining: () => false,
    });
    const locker = createUploadLocker(createUploadLockStore(db));
    return createUploads({
      quotas,
      intake,
      board,
      locker,
      files,
      store: openResumableStore(files, config.filesDir),
      maxArchiveBytes: 1,
      uploadIdleSeconds: 1,
    }).removeExpired();
  }

  test('an upload that is older than it said is not there any more', async () => {
    const client = await signIn(server());
    const upload = await begin(client);
    await upload.patch(archive.subarray(0, 1000), 0);
    await age(upload, 25);
    expectProblem(await upload.patch(archive.subarray(1000), 1000), 404, 'unknown-upload');
  });

  test('the sweep removes unfinished uploads, and keeps those that became a sync', async () => {
    const client = await signIn(server());
    const [young, old, finished] = [await begin(client), await begin(client), await begin(client)];
    await old.patch(archive.subarray(0, 1000), 0);
    await finished.patch(archive, 0);
    await age(old, 26);
    await age(finished, 26);
    await sweep();
    const files = await storedFiles(server());
    expect(files).toEqual(
      expect.arrayContaining([`tus/${young.id}`, `tus/${finished.id}`, `tus/${finished.id}.json`]),
    );
    expect(files.filter((file) => file.includes(old.id))).toEqual([]);
  });
});
