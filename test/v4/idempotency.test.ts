import { createHash } from 'node:crypto';
import { createChannelResetStore } from '../../shared/stores/syncs/channel-reset-store';
import { eventually } from '../queue/eventually';
import { answerTo, formOf, open, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from './archive';
import { expectProblem, onServer, reach2, signIn } from './on-server';

const server = onServer();
const archive = zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) });
const other = zipOf({ 'csv/Tbfridge.csv': fridgeLog(2) });

let keys = 0;
const newKey = () => {
  keys += 1;
  return { 'Idempotency-Key': `key-${keys}` };
};

describe('Idempotency-Key', () => {
  afterEach(() => server().stopWorker());

  test('the same key gives the first answer again and starts nothing, whatever the status is now', async () => {
    const client = await signIn(server());
    const key = newKey();
    const first = await client.postForm(archive, {}, key);
    expect(first.status).toBe(200);
    const again = async () => {
      const repeated = [await client.postForm(archive, {}, key), await client.postBare(archive, key)];
      for (const answer of repeated) {
        expect(answer).toMatchObject({
          status: 200,
          text: first.text,
          headers: { 'epack-sync': first.json['sync'] },
        });
      }
      expect(await server().db('sync').where({ solution_id: client.id }).select('id')).toHaveLength(1);
    };
    await again();
    await server().startWorker();
    await reach2(client);
    await again();
    expect((await client.statut()).text).toBe('"2"');
    await client.confirm();
    await again();
    expect((await client.statut()).text).toBe('"0"');
  });

  test('the same key with another archive: 422 idempotency-key-reused, and the channel stays as it is', async () => {
    const client = await signIn(server());
    const key = newKey();
    await client.postForm(archive, {}, key);
    expectProblem(await client.postForm(other, {}, key), 422, 'idempotency-key-reused');
    expectProblem(await client.postBare(other, key), 422, 'idempotency-key-reused');
    expect((await client.statut()).text).toBe('"1"');
  });

  test('a repetition that was damaged on its way is reported as damaged, not as another archive', async () => {
    const client = await signIn(server());
    const key = newKey();
    const sha256 = createHash('sha256').update(archive).digest('hex');
    await client.postForm(archive, { sha256 }, key);
    expectProblem(await client.postForm(other, { sha256 }, key), 400, 'digest-mismatch');
  });

  test('a key belongs to one solution and one channel', async () => {
    const key = newKey();
    const a = await signIn(server());
    const b = await signIn(server());
    const answers = [
      await a.postForm(archive, {}, key),
      await b.postForm(archive, {}, key),
      await a.on('sondes').postForm(other, {}, key),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(new Set(answers.map(({ json }) => textOf(json['sync']))).size).toBe(3);
  });

  test('of two uploads with the same key at once, one starts a sync; the other gets the same response, or 403 meanwhile', async () => {
    for (let round = 0; round < 15; round += 1) {
      const client = await signIn(server());
      const key = newKey();
      const answers = await Promise.all([1, 2, 3].map(() => client.postForm(archive, {}, key)));
      const taken = answers.filter(({ status }) => status === 200);
      expect(taken.length).toBeGreaterThanOrEqual(1);
      expect(new Set(taken.map(({ text }) => text)).size).toBe(1);
      for (const refused of answers.filter(({ status }) => status !== 200))
        expectProblem(refused, 403, 'wrong-status');
      expect(await server().db('sync').where({ solution_id: client.id }).select('id')).toHaveLength(1);
    }
  });

  test('a refused upload leaves its key free', async () => {
    const client = await signIn(server());
    const key = newKey();
    expectProblem(await client.postForm(Buffer.from('no zip'), {}, key), 415, 'not-a-zip');
    expect((await client.postForm(archive, {}, key)).status).toBe(200);
  });

  test('an upload that ends by a reset leaves its key free, and says what happened', async () => {
    const client = await signIn(server());
    const key = newKey();
    const sent = open(`${client.base}/datas`, 'POST', {
      ...client.authorized,
      ...key,
      'Content-Type': 'application/zip',
      'Content-Length': String(archive.length),
    });
    const answer = answerTo(sent);
    sent.flushHeaders();
    sent.write(archive.subarray(0, 10));
    await eventually('the channel is taken', async () => (await client.statut()).text === '"1"');
    await createChannelResetStore(server().db).reset([client.id], 'synchro');
    sent.end(archive.subarray(10));
    const refused = await answer;
    expectProblem(refused, 503, 'unavailable');
    expect(refused.json['detail']).toMatch(/given up/);
    expect((await client.postBare(archive, key)).status).toBe(200);
  });

  test('within 24 h: after that the key may come again, with anything', async () => {
    const client = await signIn(server());
    const key = newKey();
    const first = await client.postForm(archive, {}, key);
    await server().startWorker();
    await reach2(client);
    await client.confirm();
    await server()
      .db('sync')
      .where({ solution_id: client.id })
      .update({ received_at: server().db.raw(`now() - interval '25 hours'`) });
    const second = await client.postForm(other, {}, key);
    expect(second.status).toBe(200);
    expect(second.json['sync']).not.toBe(first.json['sync']);
  });

  test('a repeat is still read and judged: a broken form is a bad request', async () => {
    const client = await signIn(server());
    const key = newKey();
    await client.postForm(archive, {}, key);
    const { headers } = formOf(archive, {}, key);
    expectProblem(
      await client.send('datas', { method: 'POST', headers, body: 'nothing of a form' }),
      400,
      'bad-request',
    );
    expect((await client.statut()).text).toBe('"1"');
  });

  test('an empty key is a bad request', async () => {
    const client = await signIn(server());
    expectProblem(await client.postForm(archive, {}, { 'Idempotency-Key': '' }), 400, 'bad-request');
    expect((await client.statut()).text).toBe('"0"');
  });
});
