import { z } from 'zod';
import { zipOf } from '../v4/archive';
import { parameterFile } from '../v4/edits';
import { fullSync, onServer, signIn } from '../v4/on-server';

const server = onServer({}, { worker: true });

const report = z.object({ params: z.record(z.string(), z.object({ rejected: z.number() })) });
const bad = { Id: '71', Name: 'Chambre froide', TempMax: 'cold' };
const fridges = (...all: Parameters<typeof parameterFile>[1][]) =>
  zipOf({ 'xml/Fridges.xml': parameterFile('Fridges', ...all) });
const items = (solutionId: number) =>
  server()
    .db('quarantine')
    .where({ solution_id: solutionId })
    .orderBy('id')
    .select('id', 'sync_id', 'last_sync_id', 'seen_count', 'last_seen_at', 'state');

test('the same bad setting, sent with every sync, is one item that is counted', async () => {
  const client = await signIn(server());
  const syncs: string[] = [];
  for (let time = 0; time < 3; time++) {
    syncs.push(await fullSync(client, fridges(bad)));
    expect(report.parse((await client.sync()).json['report']).params['Fridges']?.rejected).toBe(1);
  }
  expect(await items(client.id)).toMatchObject([
    { sync_id: syncs[0], last_sync_id: syncs[2], seen_count: 3, last_seen_at: expect.any(Date) as Date },
  ]);
});

test('another text, another solution, or one that was decided, is an item of its own', async () => {
  const client = await signIn(server());
  await fullSync(client, fridges(bad));
  await fullSync(client, fridges({ ...bad, TempMax: 'colder' }));
  const other = await signIn(server());
  await fullSync(other, fridges(bad));
  expect(await items(client.id)).toMatchObject([{ seen_count: 1 }, { seen_count: 1 }]);
  expect(await items(other.id)).toMatchObject([{ seen_count: 1 }]);

  await server().db('quarantine').where({ solution_id: other.id }).update({ state: 'discarded' });
  await fullSync(other, fridges(bad));
  expect(await items(other.id)).toMatchObject([{ state: 'discarded' }, { state: 'open', seen_count: 1 }]);
});

test('many of the same in one file are one item as well', async () => {
  const client = await signIn(server());
  const nameless = { Name: 'x', TempMax: '4' };
  await fullSync(client, fridges(nameless, nameless, nameless));
  expect(await items(client.id)).toMatchObject([{ seen_count: 3, state: 'open' }]);
});
