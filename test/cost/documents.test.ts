import { Client } from 'pg';
import { type FolderPair, openFolderPair } from '../systems/folder-pair';

// The cost of a new document is mostly the number of its statements and of its writes (docs/decisions/077).

let pair: FolderPair;
beforeEach(async () => {
  pair = await openFolderPair();
});
afterEach(() => pair.end());

const files = 300;

async function addFiles(name: string): Promise<void> {
  for (let number = 0; number < files; number++)
    await pair.here.write(`${name}/${number}.txt`, `document ${name} ${number}`);
}

test('files that are new at the same time share statements: three for each at most', async () => {
  await addFiles('first');
  await pair.run();
  await addFiles('second');
  const watch = jest.spyOn(Client.prototype, 'query');
  try {
    expect(await pair.run()).toMatchObject({ created: files + 1 });
    expect(watch.mock.calls.length).toBeLessThanOrEqual(3 * files);
  } finally {
    watch.mockRestore();
  }
});

test('a new file is written once', async () => {
  await addFiles('new');
  await pair.run();
  const written = await pair.pair.rows<{ op: string; count: number }>(
    `select o ->> 'op' as op, count(*)::int as count
     from link_event e cross join jsonb_array_elements(e.operations) o group by 1`,
  );
  expect(written).toEqual([{ op: 'create', count: files + 1 }]);
});
