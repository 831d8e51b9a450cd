import { request } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Quotas } from '../../shared/domain/quota';
import { createQuotaStore } from '../../shared/stores/solutions/quota-store';
import { answerTo, type SolutionClient } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { expectProblem, fullSync, onServer, signIn } from '../v4/on-server';

const server = onServer({}, { worker: true });

const noBounds = {
  syncsPerDay: null,
  bytesPerDay: null,
  openUploads: null,
  openUploadBytes: null,
  openQuarantine: null,
  extraColumns: null,
};

type Client = SolutionClient & { readonly id: number };

const bound = (client: Client, own: Partial<Quotas>) =>
  createQuotaStore(server().db).setOfSolution(client.id, { ...noBounds, ...own });

async function boundAccount(client: Client, own: Partial<Quotas>): Promise<void> {
  const store = createQuotaStore(server().db);
  await store.setOfAccount((await store.accountOf(client.id)) ?? 0, {
    ...noBounds,
    ...own,
  });
}

/** Lets the day of every quota be over. */
const nextDay = async () => {
  const yesterday = server().db.raw(`now() - interval '25 hours'`);
  await server().db('solution_quota').update({ day_began_at: yesterday });
  await server().db('account_quota').update({ day_began_at: yesterday });
};

const begin = (client: Client, bytes: number) =>
  client.send('uploads', {
    method: 'POST',
    headers: { 'Tus-Resumable': '1.0.0', 'Upload-Length': String(bytes) },
  });

const usedBy = async (client: Client) => (await createQuotaStore(server().db).ofSolution(client.id))?.used;

describe('the uploads of a day', () => {
  test('beyond their number get 429 with the quota and the time to try again; the next day they are accepted', async () => {
    const client = await signIn(server());
    await bound(client, { syncsPerDay: 2 });
    for (let sync = 0; sync < 2; sync += 1) await fullSync(client, zipOf());
    const refused = await client.postForm(zipOf());
    expectProblem(refused, 429, 'too-many-requests');
    expect(refused.json).toMatchObject({ quota: 'syncsPerDay', of: 'solution', limit: 2, used: 2 });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(23 * 3600);
    expect(Number(refused.headers['retry-after'])).toBeLessThanOrEqual(24 * 3600);
    expect((await client.statut()).text).toBe('"0"');
    expect(await server().db('sync').where({ solution_id: client.id })).toHaveLength(2);
    await nextDay();
    await fullSync(client, zipOf());
    expect(await usedBy(client)).toMatchObject({ syncsPerDay: 1 });
  });

  test('are counted on all channels together, and never above the bound when they come at once', async () => {
    const synchro = await signIn(server());
    await bound(synchro, { syncsPerDay: 2 });
    const all = [synchro, synchro.on('sondes'), synchro.on('messagerie'), synchro.on('photos')];
    const answers = await Promise.all(all.map((client) => client.postBare(zipOf())));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 429, 429]);
    expect(await usedBy(synchro)).toMatchObject({ syncsPerDay: 2 });
  });

  test('of one account are limited together, if the account has a quota', async () => {
    const account = await server()
      .db('account')
      .insert({ name: 'Two kitchens' })
      .returning<{ id: number }[]>('id');
    const accountId = account[0]?.id ?? 0;
    const [one, other] = [
      await signIn(server(), 'synchro', { accountId }),
      await signIn(server(), 'synchro', { accountId }),
    ];
    await boundAccount(one, { syncsPerDay: 1 });
    await fullSync(one, zipOf());
    const refused = await other.postForm(zipOf());
    expectProblem(refused, 429, 'too-many-requests');
    expect(refused.json).toMatchObject({ quota: 'syncsPerDay', of: 'account', limit: 1, used: 1 });
    expect(await usedBy(other)).toMatchObject({ syncsPerDay: 0 });
  });

  test('beyond their bytes are refused before they are read; one that never fits is 413', async () => {
    const client = await signIn(server());
    const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 50) });
    await bound(client, { bytesPerDay: archive.length * 2 });
    await client.postBare(archive);
    const tooLarge = await client.on('photos').postBare(Buffer.alloc(archive.length * 2 + 1));
    expectProblem(tooLarge, 413, 'too-large');
    expect(tooLarge.json).toMatchObject({ quota: 'bytesPerDay', until: null });
    await client.on('sondes').postBare(archive);
    const refused = await client.on('messagerie').postBare(archive);
    expectProblem(refused, 429, 'too-many-requests');
    expect(refused.json).toMatchObject({ quota: 'bytesPerDay', used: archive.length * 2 });
  });

  test('that come in chunks are counted once they are whole, and refused beyond the bound', async () => {
    const client = await signIn(server());
    const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 50) });
    await bound(client, { bytesPerDay: archive.length });
    expect((await chunked(client, archive)).status).toBe(200);
    expect(await usedBy(client)).toMatchObject({ bytesPerDay: archive.length });
    expectProblem(await chunked(client.on('sondes'), archive), 429, 'too-many-requests');
    expect((await client.on('sondes').statut()).text).toBe('"0"');
  });

  test('that get a repeated response do not count', async () => {
    const client = await signIn(server());
    await bound(client, { syncsPerDay: 1 });
    const headers = { 'Idempotency-Key': 'once' };
    const first = await client.postBare(zipOf(), headers);
    const again = await client.postBare(zipOf(), headers);
    expect(again.json).toEqual(first.json);
  });
});

describe('resumable uploads', () => {
  test('beyond their number are 429, and the place of one that is given up or finished is free', async () => {
    const client = await signIn(server());
    const archive = zipOf();
    await bound(client, { openUploads: 2 });
    const [first, second] = [await begin(client, 10), await begin(client, archive.length)];
    expect([first.status, second.status]).toEqual([201, 201]);
    const refused = await begin(client, 10);
    expectProblem(refused, 429, 'too-many-requests');
    expect(refused.json).toMatchObject({ quota: 'openUploads', of: 'solution', limit: 2, used: 2 });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);

    const path = (answer: typeof first) => String(answer.headers['location']).replace('/v4/synchro/', '');
    const tus = { 'Tus-Resumable': '1.0.0' };
    expect((await client.send(path(first), { method: 'DELETE', headers: tus })).status).toBe(204);
    expect((await begin(client, 10)).status).toBe(201);
    expect((await begin(client, 10)).status).toBe(429);
    const finished = await client.send(path(second), {
      method: 'PATCH',
      headers: { ...tus, 'Upload-Offset': '0', 'Content-Type': 'application/offset+octet-stream' },
      body: archive,
    });
    expect(finished.status).toBe(200);
    expect(await usedBy(client)).toMatchObject({ openUploads: 1, openUploadBytes: 10, syncsPerDay: 1 });
  });

  test('may not announce more than their bytes together; one that never fits is 413', async () => {
    const client = await signIn(server());
    await bound(client, { openUploadBytes: 1000 });
    expectProblem(await begin(client, 1001), 413, 'too-large');
    expect((await begin(client, 600)).status).toBe(201);
    expectProblem(await begin(client, 600), 429, 'too-many-requests');
    expect((await begin(client, 400)).status).toBe(201);
  });

  test('that begin at once are never more than the bound', async () => {
    const client = await signIn(server());
    await bound(client, { openUploads: 3 });
    const answers = await Promise.all(Array.from({ length: 12 }, () => begin(client, 10)));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(3);
    expect(answers.filter(({ status }) => status === 429)).toHaveLength(9);
    expect(await server().db('resumable_upload').where({ solution_id: client.id })).toHaveLength(3);
  });

  test('of one account are never more than its bound, whichever of its solutions begins them', async () => {
    const account = await server().db('account').insert({ name: 'Chain' }).returning<{ id: number }[]>('id');
    const accountId = account[0]?.id ?? 0;
    const kitchens = [
      await signIn(server(), 'synchro', { accountId }),
      await signIn(server(), 'synchro', { accountId }),
      await signIn(server(), 'synchro', { accountId }),
    ];
    const [first] = kitchens;
    if (first !== undefined) await boundAccount(first, { openUploads: 4 });
    const answers = await Promise.all(kitchens.flatMap((kitchen) => [1, 2, 3].map(() => begin(kitchen, 10))));
    expect(answers.filter(({ status }) => status === 201)).toHaveLength(4);
    const refused = answers.find(({ status }) => status === 429);
    expect(refused?.json).toMatchObject({ quota: 'openUploads', of: 'account', limit: 4 });
  });

  test('that are refused for a daily quota are kept, and finished the next day', async () => {
    const client = await signIn(server());
    const archive = zipOf();
    await bound(client, { syncsPerDay: 1 });
    await fullSync(client, zipOf());
    const begun = await begin(client, archive.length);
    const finish = (offset: number, body: Buffer) =>
      client.send(String(begun.headers['location']).replace('/v4/synchro/', ''), {
        method: 'PATCH',
        headers: {
          'Tus-Resumable': '1.0.0',
          'Upload-Offset': String(offset),
          'Content-Type': 'application/offset+octet-stream',
        },
        body,
      });
    expectProblem(await finish(0, archive), 429, 'too-many-requests');
    await nextDay();
    expect((await finish(archive.length, Buffer.alloc(0))).status).toBe(200);
  });
});

/** Without Content-Length. */
async function chunked(client: SolutionClient, archive: Buffer) {
  const sent = request(`${client.base}/datas`, {
    method: 'POST',
    headers: { ...client.authorized, 'Content-Type': 'application/zip', 'Transfer-Encoding': 'chunked' },
  });
  const answer = answerTo(sent);
  await pipeline(Readable.from([archive]), sent);
  return answer;
}
