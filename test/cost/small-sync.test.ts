import { Client } from 'pg';
import { fullSync, onServer, signIn } from '../v4/on-server';
import { eventually } from '../queue/eventually';
import { readingsUpload } from './readings';

// The cost of a small sync is mostly the number of its statements (docs/performance.md).

const server = onServer({}, { worker: true });

/** The scheduled statements, which run with or without a sync. */
const rounds =
  /^select (id, lane, is_fresh|kind, cron|count\(\*\)::int as (waiting|open)|1$)|^with next as materialized|^update queue_message set visible_at/;

/** The statements of both processes while `work` goes on, but for those of the rounds. */
async function statementsOf(work: () => Promise<unknown>): Promise<string[]> {
  const watch = jest.spyOn(Client.prototype, 'query');
  try {
    await work();
    const seen = watch.mock.calls.map(([statement]: readonly unknown[]) => textOf(statement));
    return seen.map((text) => text.replace(/\s+/g, ' ').trim()).filter((text) => !rounds.test(text));
  } finally {
    watch.mockRestore();
  }
}

function textOf(statement: unknown): string {
  if (typeof statement === 'string') return statement;
  return typeof statement === 'object' && statement !== null && 'text' in statement
    ? String(statement.text)
    : 'copy';
}

test('60 readings within their limits take at most 20 statements, the message in the queue included, and make no table', async () => {
  const client = await signIn(server(), 'sondes');
  await fullSync(client, readingsUpload(1));
  await eventually(
    'the probe is known',
    async () => (await server().db('probe_state').where({ solution_id: client.id })).length === 1,
  );
  // The sync with the fewest scheduled statements counts.
  let fewest: readonly string[] | null = null;
  for (let sync = 1; sync <= 4; sync++) {
    const statements = await statementsOf(() => fullSync(client, readingsUpload(60 * sync + 1)));
    if (fewest === null || statements.length < fewest.length) fewest = statements;
  }
  // Taking the message from the queue looks like its rounds, and is one statement.
  expect((fewest?.length ?? Infinity) + 1).toBeLessThanOrEqual(20);
  expect(fewest?.filter((text) => /create .*table/i.test(text))).toEqual([]);
});
