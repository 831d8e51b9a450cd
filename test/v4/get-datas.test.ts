import { createHash } from 'node:crypto';
import { eventually } from '../queue/eventually';
import { answerTo, open } from '../setup/solution-client';
import { fridgeLog, unzip, zipOf } from './archive';
import { edit } from './edits';
import { expectProblem, onServer, reach2, signIn, syncTo2 } from './on-server';

const server = onServer({}, { worker: true });
const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) });

/** A channel at 2, and its package. */
async function ready(particulars: Parameters<typeof signIn>[2] = {}) {
  const client = await signIn(server(), 'synchro', particulars);
  const sync = await syncTo2(client, archive);
  return { client, sync };
}

describe('GET /v4/{channel}/datas', () => {
  test('returns 200 application/zip, with Content-Disposition, ETag, Repr-Digest and Epack-Sync; the status stays 2', async () => {
    const { client, sync } = await ready();
    const answer = await client.download();
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      'content-type': 'application/zip',
      'content-disposition': 'attachment; filename="sync_instructions.zip"',
      'content-length': String(answer.body.length),
      'accept-ranges': 'bytes',
      'epack-sync': sync,
    });
    expect(answer.headers.etag).toMatch(/^"[^"]+"$/);
    const digest = createHash('sha256').update(answer.body).digest('base64');
    expect(answer.headers['repr-digest']).toBe(`sha-256=:${digest}:`);
    expect([...unzip(answer.body).keys()]).toEqual(['report.json', 'manifest.json']);
    expect((await client.statut()).text).toBe('"2"');
  });

  test('may be fetched any number of times: always the same bytes for the same sync, whatever changes meanwhile', async () => {
    const { client } = await ready();
    const first = await client.download();
    await edit(server(), client.id, 'Fridges', '7', { Name: 'Chambre froide 7' });
    await server().stopWorker();
    await server().startWorker();
    const answers = await Promise.all(Array.from({ length: 5 }, () => client.download()));
    for (const { status, body, headers } of answers) {
      expect(status).toBe(200);
      expect(body.equals(first.body)).toBe(true);
      expect(headers.etag).toBe(first.headers.etag);
    }
  });

  test('needs status 2: else 403 wrong-status with the member statut', async () => {
    await server().stopWorker();
    const client = await signIn(server());
    const idle = await client.download();
    expectProblem(idle, 403, 'wrong-status');
    expect(idle.json['statut']).toBe('0');
    await client.postForm(archive);
    const busy = await client.download();
    expectProblem(busy, 403, 'wrong-status');
    expect(busy.json['statut']).toBe('1');
    await server().startWorker();
    await reach2(client);
    expect((await client.download()).status).toBe(200);
    await client.confirm();
    expectProblem(await client.download(), 403, 'wrong-status');
  });

  test('a package of another channel is not this one’s', async () => {
    const { client } = await ready();
    expectProblem(await client.on('photos').download(), 403, 'wrong-status');
  });
});

describe('ranges and conditions', () => {
  test('a range returns 206, Content-Range and only these bytes; Repr-Digest is still that of the whole', async () => {
    const { client } = await ready();
    const whole = await client.download();
    const { length } = whole.body;
    for (const [range, start, end] of [
      ['bytes=0-0', 0, 0],
      ['bytes=10-19', 10, 19],
      ['bytes=100-', 100, length - 1],
      ['bytes=-50', length - 50, length - 1],
      [`bytes=5-${length + 1000}`, 5, length - 1],
    ] as const) {
      const part = await client.download({ Range: range });
      expect(part.status).toBe(206);
      expect(part.headers).toMatchObject({
        'content-range': `bytes ${start}-${end}/${length}`,
        'content-length': String(end - start + 1),
        'repr-digest': whole.headers['repr-digest'],
        etag: whole.headers.etag,
      });
      expect(part.body.equals(whole.body.subarray(start, end + 1))).toBe(true);
    }
  });

  test('a download that was cut goes on where it stopped', async () => {
    const { client } = await ready();
    const whole = await client.download();
    const first = await client.download({ Range: 'bytes=0-99' });
    const rest = await client.download({ Range: 'bytes=100-', 'If-Range': String(first.headers.etag) });
    expect(Buffer.concat([first.body, rest.body]).equals(whole.body)).toBe(true);
  });

  test('a range beyond the end: 416 range-not-satisfiable with the length, and nothing of the file', async () => {
    const { client } = await ready();
    const { length } = (await client.download()).body;
    const answer = await client.download({ Range: `bytes=${length}-` });
    expectProblem(answer, 416, 'range-not-satisfiable');
    expect(answer.headers['content-range']).toBe(`bytes */${length}`);
    expect(answer.headers).not.toHaveProperty('repr-digest');
  });

  test('a range of another version (If-Range), several ranges, and one that cannot be read get the whole', async () => {
    const { client } = await ready();
    const whole = await client.download();
    for (const headers of [
      { Range: 'bytes=0-9', 'If-Range': '"another"' },
      { Range: 'bytes=0-9', 'If-Range': 'Fri, 20 Nov 2026 07:31:00 GMT' },
      { Range: 'bytes=0-9,20-29' },
      { Range: 'lines=1-2' },
      { Range: 'bytes=x' },
    ]) {
      const answer = await client.download(headers);
      expect(answer.status).toBe(200);
      expect(answer.body.equals(whole.body)).toBe(true);
    }
  });

  test('If-None-Match with its ETag: 304 and no body', async () => {
    const { client } = await ready();
    const etag = String((await client.download()).headers.etag);
    for (const value of [etag, `"x", ${etag}`, `W/${etag}`, '*']) {
      const answer = await client.download({ 'If-None-Match': value });
      expect(answer.status).toBe(304);
      expect(answer.body).toHaveLength(0);
      expect(answer.headers.etag).toBe(etag);
    }
    expect((await client.download({ 'If-None-Match': '"x"' })).status).toBe(200);
  });

  test('HEAD returns the same headers and no body', async () => {
    const { client } = await ready();
    const got = await client.download();
    const head = await client.send('datas', { method: 'HEAD' });
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    for (const name of ['etag', 'content-length', 'content-type', 'repr-digest', 'epack-sync']) {
      expect(head.headers[name]).toBe(got.headers[name]);
    }
  });

  test('a caller that disconnects in the middle does not change the package', async () => {
    const { client } = await ready();
    for (let round = 0; round < 5; round += 1) {
      const sent = open(`${client.base}/datas`, 'GET', client.authorized);
      const answer = answerTo(sent).catch(() => null);
      sent.end();
      sent.destroy();
      await answer;
    }
    expect((await client.download()).status).toBe(200);
  });
});

describe('the time of the download, which staff see', () => {
  const times = async (syncId: string) =>
    server()
      .db('sync')
      .where({ id: syncId })
      .first<{ downloaded_at: Date; confirmed_at: Date } | undefined>('downloaded_at', 'confirmed_at');

  test('is recorded with the confirmation, and comes before it', async () => {
    const client = await signIn(server());
    const syncId = await syncTo2(client, zipOf());
    await client.download();
    expect((await client.confirm()).status).toBe(200);
    const found = await times(syncId);
    expect(found?.downloaded_at).toBeInstanceOf(Date);
    expect(Number(found?.downloaded_at)).toBeLessThanOrEqual(Number(found?.confirmed_at));
  });

  test('is recorded without a confirmation too, and the first download counts', async () => {
    const client = await signIn(server());
    const syncId = await syncTo2(client, zipOf());
    await client.download();
    const recorded = async () => (await times(syncId))?.downloaded_at ?? null;
    await eventually('the download is recorded', async () => (await recorded()) !== null);
    const first = await recorded();
    await client.download();
    await client.confirm();
    expect(await recorded()).toEqual(first);
  });

  test('is not recorded of a package that is confirmed without a download', async () => {
    const client = await signIn(server());
    await syncTo2(client, zipOf());
    await client.download();
    await client.confirm();
    const syncId = await syncTo2(client, zipOf());
    await client.confirm();
    expect(await times(syncId)).toMatchObject({
      downloaded_at: null,
      confirmed_at: expect.any(Date) as Date,
    });
  });
});

describe('a solution whose confirmation is on-download', () => {
  const onDownload = { confirmation: 'on-download' } as const;

  test('goes to 0 when the last byte has been sent, and its package counts as confirmed', async () => {
    const { client, sync } = await ready(onDownload);
    expect((await client.download()).status).toBe(200);
    await eventually('the status is 0', async () => (await client.statut()).text === '"0"');
    expect((await client.sync()).json).toMatchObject({ sync, state: 'confirmed', statut: '0' });
    expectProblem(await client.download(), 403, 'wrong-status');
  });

  test('not by HEAD, by 304 or by a first part, but by the part with the last byte', async () => {
    const { client } = await ready(onDownload);
    await client.send('datas', { method: 'HEAD' });
    const part = await client.download({ Range: 'bytes=0-99' });
    await client.download({ 'If-None-Match': String(part.headers.etag) });
    await client.download({ Range: 'bytes=999999-' });
    expect((await client.statut()).text).toBe('"2"');
    expect((await client.download({ Range: 'bytes=100-' })).status).toBe(206);
    await eventually('the status is 0', async () => (await client.statut()).text === '"0"');
  });

  test('two downloads at once confirm once', async () => {
    const { client, sync } = await ready(onDownload);
    const answers = await Promise.all([client.download(), client.download(), client.download()]);
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThanOrEqual(1);
    await eventually('the status is 0', async () => (await client.statut()).text === '"0"');
    expect((await client.sync()).json).toMatchObject({ sync, state: 'confirmed' });
  });

  test('may confirm nevertheless', async () => {
    const { client, sync } = await ready(onDownload);
    await client.download();
    await eventually('the status is 0', async () => (await client.statut()).text === '"0"');
    expect((await client.confirm({ sync })).json).toEqual({ statut: '0' });
  });
});
