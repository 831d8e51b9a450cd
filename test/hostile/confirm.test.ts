import { zipOf } from '../v4/archive';
import { onServer, signIn, syncTo2 } from '../v4/on-server';

const server = onServer({}, { worker: true });

test('a sync id in capitals confirms the current sync', async () => {
  const client = await signIn(server());
  const sync = await syncTo2(client, zipOf());
  expect(await client.confirm({ sync: sync.toUpperCase() })).toMatchObject({
    status: 200,
    json: { statut: '0' },
  });
});
