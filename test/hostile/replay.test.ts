import { createQuarantineStore } from '../../shared/stores/syncs/quarantine-store';
import { call, textOf } from '../setup/solution-client';
import { fullSync, onServer, reach2, signIn } from '../v4/on-server';
import { storedZip } from './stored-zip';

const server = onServer({}, { worker: true });

test('a correction by staff is not refused for a high compression ratio', async () => {
  const client = await signIn(server());
  const entity = (id: number) => `<DefFridges><Id>${id}</Id><Name>${'x'.repeat(1_000)}</Name></DefFridges>`;
  const cut = `<ArrayOfDefFridges>${Array.from({ length: 3_000 }, (_, id) => entity(id)).join('')}`;
  await fullSync(client, storedZip({ 'xml/Fridges.xml': cut }));

  const filter = { accounts: 'all', solutionId: client.id, syncId: null, state: 'open' } as const;
  const { items } = await createQuarantineStore(server().db).list(filter, { limit: 10, after: null });
  expect(items).toMatchObject([{ kind: 'file', file: 'xml/Fridges.xml' }]);
  const session = await call(`${server().url}/api/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(server().admin),
  });
  const replayed = await call(`${server().url}/api/quarantine/${items[0]?.id ?? ''}/replay`, {
    method: 'POST',
    headers: {
      Authorization: `Bearer ${textOf(session.json['token'])}`,
      'Content-Type': 'application/json',
    },
    body: JSON.stringify({ text: `${cut}</ArrayOfDefFridges>` }),
  });
  expect(replayed.status).toBe(202);
  await reach2(client);
  expect((await client.sync()).json).toMatchObject({ report: { params: { Fridges: { inserted: 3_000 } } } });
});
