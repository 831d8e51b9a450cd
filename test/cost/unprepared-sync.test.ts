import { Client } from 'pg';
import { fullSync, onServer, signIn } from '../v4/on-server';
import { readingsUpload } from './readings';

const server = onServer({ EPACK_PREPARED_STATEMENTS: 'no' }, { worker: true });

test('without prepared statements, for a pooler that cannot follow them, a sync takes the same way, and no connection keeps one', async () => {
  const client = await signIn(server(), 'sondes');
  for (let sync = 0; sync < 3; sync++) await fullSync(client, readingsUpload(60 * sync + 1));
  expect(await client.lastIdLogs()).toMatchObject({ status: 200, json: { Tbsondes: '180' } });
  const named = jest.spyOn(Client.prototype, 'query');
  try {
    await fullSync(client, readingsUpload(181));
    const names = named.mock.calls.map(([statement]: readonly unknown[]) =>
      typeof statement === 'object' && statement !== null && 'name' in statement ? statement.name : undefined,
    );
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => name !== undefined)).toEqual([]);
  } finally {
    named.mockRestore();
  }
});
