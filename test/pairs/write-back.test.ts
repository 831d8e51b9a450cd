import { createRecords } from '../pipeline/remote';
import { byName, createMemoryPair, type MemoryPair, people } from './memory-pair';

const told = {
  ...people,
  writeBack: {
    here: {
      betnr: '$there.key',
      rowId: '$there.revision',
      status: '$status',
      lastSync: '$now',
      tries: '$attempts',
      problem: '$error',
    },
  },
};

let pair: MemoryPair;
afterEach(() => pair.end());

const keyOf = (side: 'here' | 'there', name: string): string => {
  for (const [key, row] of pair[side].rows) if (row.isLive && row.fields['name'] === name) return key;
  throw new Error(`nobody is called ${name}`);
};

beforeEach(async () => {
  pair = await createMemoryPair(
    {
      here: createRecords('a'),
      there: createRecords('b', { capabilities: { creates: 'plain', deletions: 'none', changes: 'scan' } }),
    },
    told,
  );
  pair.here.add('', { fields: { name: 'Ada', phone: '1' } });
});

test('a creation needs two writes: the creation and one write-back; its echo needs none', async () => {
  await pair.run();
  const there = keyOf('there', 'Ada');
  expect(pair.calls()).toEqual({
    here: [expect.stringContaining('update')],
    there: [expect.stringContaining('create')],
  });
  expect(byName(pair.here)['Ada']).toMatchObject({ betnr: there, rowId: 'v1', status: 'clean', tries: 0 });
  await pair.run();
  await pair.run('whole');
  expect(pair.calls()).toEqual({ here: [], there: [] });
});

test('a write-back is part of the update of that side, if there is one', async () => {
  await pair.run();
  pair.calls();
  pair.there.edit(keyOf('there', 'Ada'), { tel: '7' });
  await pair.run();
  expect(pair.calls()).toEqual({ here: [expect.stringContaining('update')], there: [] });
  expect(byName(pair.here)['Ada']).toMatchObject({ phone: '7', rowId: 'v2', status: 'clean' });
});

test('a conflict is written back once, and needs no more calls while it waits', async () => {
  await pair.run();
  pair.here.edit(keyOf('here', 'Ada'), { phone: '8' });
  pair.there.edit(keyOf('there', 'Ada'), { tel: '9' });
  await pair.run();
  expect(byName(pair.here)['Ada']).toMatchObject({ status: 'conflict', phone: '8' });
  pair.calls();
  await pair.run();
  await pair.run('whole');
  expect(pair.calls()).toEqual({ here: [], there: [] });
});
