import { randomUUID } from 'node:crypto';
import { createFlagStore } from '../../shared/stores/solutions/flag-store';
import type { SolutionClient } from '../setup/solution-client';
import { unzip, zipOf } from './archive';
import { edit } from './edits';
import { expectProblem, fullSync, onServer, signIn, syncTo2 } from './on-server';

const server = onServer({}, { worker: true });

interface Manifest {
  readonly files: readonly { readonly name: string; readonly count: number }[];
}

/** The instruction files of the package at hand, and how many instructions are in each. */
async function instructions(client: SolutionClient): Promise<Record<string, number>> {
  const manifest =
    unzip((await client.download()).body)
      .get('manifest.json')
      ?.toString() ?? '';
  return Object.fromEntries((JSON.parse(manifest) as Manifest).files.map(({ name, count }) => [name, count]));
}

/** The text of a file of the package at hand. */
async function file(client: SolutionClient, name: string): Promise<string> {
  return (
    unzip((await client.download()).body)
      .get(name)
      ?.toString() ?? ''
  );
}

function fridge(client: { readonly id: number }, id: string): Promise<object> {
  return server()
    .db<object>('param')
    .where({ solution_id: client.id, class: 'Fridges', id })
    .first('failures', 'failure_reason');
}

const flagsOf = async (solutionId: number) =>
  (await createFlagStore(server().db).listOfSolution(solutionId)).map(({ flag }) => flag);

describe('POST /v4/{channel}/confirm', () => {
  test('with the sync: 200 {"statut": "0"}, and confirmed instructions leave the queue', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide 1' });
    const sync = await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({ 'xml/Fridges-i.xml': 1 });
    const answer = await client.confirm({ sync, failed: [] });
    expect(answer).toMatchObject({ status: 200, json: { statut: '0' } });
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({});
  });

  test.each([
    ['nothing', undefined, {}],
    ['nothing, as JSON', undefined, { 'Content-Type': 'application/json' }],
    ['nothing, in chunks', undefined, { 'Transfer-Encoding': 'chunked' }],
    ['{}', {}, { 'Content-Type': 'application/json' }],
    ['nulls', { sync: null, failed: null }, { 'Content-Type': 'application/json' }],
  ])('an empty body confirms the current package in full: %s', async (_what, body, headers) => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide 1' });
    await syncTo2(client, zipOf());
    expect((await client.confirm(body, headers)).json).toEqual({ statut: '0' });
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({});
  });

  test('failed ones stay, with their reason, and go into the next package; the others do not', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide 1' });
    await edit(server(), client.id, 'Fridges', '2', { Name: 'Chambre froide 2' });
    await edit(server(), client.id, 'Oils', '1', { Name: 'Friteuse' });
    const sync = await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({ 'xml/Fridges-i.xml': 2, 'xml/Oils-i.xml': 1 });
    const failed = [{ file: 'xml/Fridges-i.xml', id: '2', reason: 'the disk is full' }];
    expect((await client.confirm({ sync, failed })).status).toBe(200);
    expect(await fridge(client, '2')).toMatchObject({ failures: 1, failure_reason: 'the disk is full' });
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({ 'xml/Fridges-i.xml': 1 });
    expect(await file(client, 'xml/Fridges-i.xml')).toContain('Chambre froide 2');
  });

  test('an id may come as a number, and names compare without case', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '2', { Name: 'Chambre froide 2' });
    const sync = await syncTo2(client, zipOf());
    await client.confirm({ sync, failed: [{ file: 'XML\\fridges-I.xml', id: 2 }] });
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({ 'xml/Fridges-i.xml': 1 });
  });

  test('after 5 failures an instruction is parked: no package contains it until the manager changes it', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide 1' });
    for (let failure = 1; failure <= 5; failure += 1) {
      await syncTo2(client, zipOf());
      expect(await instructions(client)).toEqual({ 'xml/Fridges-i.xml': 1 });
      await client.confirm({ failed: [{ file: 'xml/Fridges-i.xml', id: '1', reason: `no ${failure}` }] });
    }
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({});
    await client.confirm();
    expect(await fridge(client, '1')).toMatchObject({ failures: 5, failure_reason: 'no 5' });
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide un' });
    await syncTo2(client, zipOf());
    expect(await file(client, 'xml/Fridges-i.xml')).toContain('Chambre froide un');
  });

  test('a file without an id has failed as a whole', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide 1' });
    await edit(server(), client.id, 'Fridges', '2', { Name: 'Chambre froide 2' });
    await syncTo2(client, zipOf());
    await client.confirm({ failed: [{ file: 'xml/Fridges-i.xml', reason: 'cannot be read' }] });
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({ 'xml/Fridges-i.xml': 2 });
  });

  test('any reason gets through, or the channel would stay at 2', async () => {
    const client = await signIn(server());
    for (const reason of ['x'.repeat(100_000), 'a\0b \ud800', '', null, undefined]) {
      const sync = await syncTo2(client, zipOf());
      const failed = [{ file: 'xml/Fridges-i.xml', id: '1', reason }];
      expect((await client.confirm({ sync, failed })).json).toEqual({ statut: '0' });
    }
  });

  test('a failed instruction that the package does not hold is passed over', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide 1' });
    const sync = await syncTo2(client, zipOf());
    const failed = [{ file: 'xml/Nothing-u.xml', id: '9', reason: 'what?' }];
    expect((await client.confirm({ sync, failed })).json).toEqual({ statut: '0' });
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({});
  });

  test('a change that was made while the package was out is in the next one', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide 1' });
    const sync = await syncTo2(client, zipOf());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide un' });
    await client.confirm({ sync });
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({ 'xml/Fridges-u.xml': 1 });
    expect(await file(client, 'xml/Fridges-u.xml')).toContain('Chambre froide un');
  });

  test('a flag is consumed by the sync that honoured it, at its confirmation', async () => {
    const client = await signIn(server());
    await createFlagStore(server().db).set([client.id], 'synchro', 'resend-params', 'staff@example.org');
    await syncTo2(client, zipOf());
    expect(Object.keys(await instructions(client))).toHaveLength(53);
    expect(await flagsOf(client.id)).toEqual(['resend-params']);
    await client.confirm();
    expect(await flagsOf(client.id)).toEqual([]);
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({});
  });
});

describe('again, and at the wrong time', () => {
  test('confirming the last confirmed sync again: 200, nothing happens, whatever its failures say now', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide 1' });
    const sync = await syncTo2(client, zipOf());
    await client.confirm({ sync });
    const failed = [{ file: 'xml/Fridges-i.xml', id: '1', reason: 'late' }];
    expect(await client.confirm({ sync, failed })).toMatchObject({ status: 200, json: { statut: '0' } });
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({});
  });

  test('also while the next sync is in progress, which stays the current one', async () => {
    const client = await signIn(server());
    const first = await fullSync(client, zipOf());
    const second = await syncTo2(client, zipOf());
    expect((await client.confirm({ sync: first })).status).toBe(200);
    expect(await client.statut()).toMatchObject({ text: '"2"', headers: { 'epack-sync': second } });
  });

  test('many confirmations at once confirm once', async () => {
    const client = await signIn(server());
    for (let round = 0; round < 10; round += 1) {
      const sync = await syncTo2(client, zipOf());
      const answers = await Promise.all(Array.from({ length: 5 }, () => client.confirm({ sync })));
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
      expect((await client.statut()).text).toBe('"0"');
    }
  });

  test('a sync other than the current one: 409 other-sync, and the status stays 2', async () => {
    const client = await signIn(server());
    const older = await fullSync(client, zipOf());
    await fullSync(client, zipOf());
    await syncTo2(client, zipOf());
    for (const sync of [randomUUID(), older])
      expectProblem(await client.confirm({ sync }), 409, 'other-sync');
    expect((await client.statut()).text).toBe('"2"');
  });

  test('the sync of another solution, or of another channel, is another sync', async () => {
    const client = await signIn(server());
    const foreign = await fullSync(await signIn(server()), zipOf());
    const ofPhotos = await fullSync(client.on('photos'), zipOf());
    await syncTo2(client, zipOf());
    for (const sync of [foreign, ofPhotos]) expectProblem(await client.confirm({ sync }), 409, 'other-sync');
  });

  test('nothing to confirm: 403 wrong-status', async () => {
    const client = await signIn(server());
    const idle = await client.confirm();
    expectProblem(idle, 403, 'wrong-status');
    expect(idle.json['statut']).toBe('0');
    expectProblem(await client.confirm({ sync: randomUUID() }), 403, 'wrong-status');
    await server().stopWorker();
    await client.postForm(zipOf());
    const busy = await client.confirm();
    expectProblem(busy, 403, 'wrong-status');
    expect(busy.json['statut']).toBe('1');
    await server().startWorker();
  });
});

describe('an unreadable body confirms nothing', () => {
  test.each([
    ['no JSON', '{"sync":', { 'Content-Type': 'application/json' }],
    ['a form', 'sync=x', { 'Content-Type': 'application/x-www-form-urlencoded' }],
    ['a list', '[]', { 'Content-Type': 'application/json' }],
    ['null', 'null', { 'Content-Type': 'application/json' }],
    ['blanks', ' \r\n', { 'Content-Type': 'application/json' }],
    ['a sync that is no UUID', '{"sync":"7"}', { 'Content-Type': 'application/json' }],
    ['failures that are no list', '{"failed":{}}', { 'Content-Type': 'application/json' }],
    ['a NUL in a name', '{"failed":[{"id":"1","file":"a\\u0000b"}]}', { 'Content-Type': 'application/json' }],
    ['a failure without a file', '{"failed":[{"id":"1"}]}', { 'Content-Type': 'application/json' }],
  ])('%s: 400 bad-request, the status stays 2', async (_what, body, headers) => {
    const client = await signIn(server());
    await syncTo2(client, zipOf());
    expectProblem(await client.send('confirm', { method: 'POST', headers, body }), 400, 'bad-request');
    expect((await client.statut()).text).toBe('"2"');
  });

  test('failures with another content type are accepted too', async () => {
    const client = await signIn(server());
    await edit(server(), client.id, 'Fridges', '1', { Name: 'Chambre froide 1' });
    await syncTo2(client, zipOf());
    const failed = [{ file: 'xml/Fridges-i.xml', id: '1', reason: 'no' }];
    await client.confirm({ failed }, { 'Content-Type': 'text/plain' });
    await syncTo2(client, zipOf());
    expect(await instructions(client)).toEqual({ 'xml/Fridges-i.xml': 1 });
  });

  test('a body without end is too large', async () => {
    const client = await signIn(server());
    await syncTo2(client, zipOf());
    const body = JSON.stringify({ failed: [], more: 'x'.repeat(17 * 1024 * 1024) });
    expectProblem(await client.send('confirm', { method: 'POST', headers: {}, body }), 413, 'too-large');
    expect((await client.statut()).text).toBe('"2"');
  });
});
