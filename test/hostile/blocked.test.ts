import { onServer, signIn } from '../v4/on-server';

const server = onServer();

const block = (solutionId: number) =>
  server().db('solution').where({ id: solutionId }).update({ blocked_at: new Date() });

test('a solution that is blocked while it waits for its status gets 401 at once', async () => {
  const client = await signIn(server());
  const waiting = [client.statut('?wait=60'), client.on('photos').statut('?wait=60&not=0')];
  // Its place is taken once another call of the same solution has been answered after it.
  await client.statut('?wait=1');
  await block(client.id);
  for (const answer of await Promise.all(waiting))
    expect(answer).toMatchObject({ status: 401, json: { code: 'blocked' } });
});

test('a change that leaves a solution its right leaves it waiting', async () => {
  const client = await signIn(server());
  const waiting = client.statut('?wait=2');
  await client.statut('?wait=1');
  await server().db('solution').where({ id: client.id }).update({ timezone: 'Europe/London' });
  expect(await waiting).toMatchObject({ status: 200, text: '"0"' });
});
