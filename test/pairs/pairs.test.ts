import { createRecords } from '../pipeline/remote';
import { byName, createMemoryPair, type MemoryPair, people } from './memory-pair';

const plain = { creates: 'plain', deletions: 'none', changes: 'scan' } as const;

let pair: MemoryPair;
afterEach(() => pair.end());

const twoSystems = () => ({ here: createRecords('a'), there: createRecords('b', { capabilities: plain }) });

async function settledPair(config: object = people): Promise<MemoryPair> {
  pair = await createMemoryPair(twoSystems(), config);
  pair.here.add('', { fields: { name: 'Ada', phone: '1', note: 'x' } });
  pair.here.add('', { fields: { name: 'Bob', phone: '2' } });
  await pair.run();
  pair.calls();
  return pair;
}

const keyOf = (side: 'here' | 'there', name: string): string => {
  for (const [key, row] of pair[side].rows) if (row.isLive && row.fields['name'] === name) return key;
  throw new Error(`nobody is called ${name}`);
};

describe('a pair', () => {
  test('creates new records of either side on the other, and then makes no more changes', async () => {
    pair = await createMemoryPair(twoSystems());
    pair.here.add('', { fields: { name: 'Ada', phone: '1' } });
    pair.there.add('', { fields: { name: 'Bob', tel: '2' } });
    const run = await pair.run();
    expect(run).toMatchObject({ state: 'ended', counts: { created: 2 }, failure: null });
    expect(byName(pair.there)).toMatchObject({ Ada: { tel: '1' }, Bob: { tel: '2' } });
    expect(byName(pair.here)).toMatchObject({ Ada: { phone: '1' }, Bob: { phone: '2' } });
    pair.calls();
    const again = await pair.run('whole');
    expect(again).toMatchObject({ state: 'ended', counts: {} });
    expect(pair.calls()).toEqual({ here: [], there: [] });
  });

  test('writes only what changed, and merges changes of both sides by the rules of its groups', async () => {
    await settledPair();
    pair.here.edit(keyOf('here', 'Ada'), { phone: '9', note: 'x\nhere' });
    pair.there.edit(keyOf('there', 'Ada'), { note: 'x\nthere' });
    const run = await pair.run();
    expect(run.counts).toEqual({ updated: 1 });
    expect(byName(pair.here)['Ada']).toMatchObject({ phone: '9', note: 'x\nhere\nthere' });
    expect(byName(pair.there)['Ada']).toMatchObject({ tel: '9', note: 'x\nhere\nthere' });
    expect((await pair.run('whole')).counts).toEqual({});
  });

  test('leaves an open conflict as it is on both sides, without further calls, until someone decides', async () => {
    await settledPair();
    pair.here.edit(keyOf('here', 'Ada'), { phone: '10' });
    pair.there.edit(keyOf('there', 'Ada'), { tel: '20' });
    await pair.run();
    const [conflict] = await pair.rows<Record<string, unknown>>('select * from link_conflict');
    expect(conflict).toMatchObject({
      kind: 'fields',
      fields: ['phone'],
      state: 'open',
      here: { fields: { phone: '10' } },
      there: { fields: { phone: '20' } },
    });
    expect(await pair.rows("select state from link_job where state <> 'done'")).toEqual([{ state: 'held' }]);
    const before = { ...pair.there.counts };
    await pair.run('whole');
    await pair.run();
    expect({ fetch: pair.there.counts['fetch'], update: pair.there.counts['update'] }).toEqual({
      fetch: before['fetch'],
      update: before['update'],
    });
    await pair.database.db.raw(
      `update link_conflict set state = 'decided', decided_by = 'ada@example', decided_at = now(), decision = '{"choice": "there"}'`,
    );
    await pair.settle();
    expect(byName(pair.here)['Ada']).toMatchObject({ phone: '20' });
    expect(await pair.rows('select state, applied_at is not null as applied from link_conflict')).toEqual([
      { state: 'decided', applied: true },
    ]);
    expect((await pair.run('whole')).counts).toEqual({});
  });

  test('counts the results of entities, their duration, and whose values won', async () => {
    await settledPair();
    expect(pair.watched.settled).toEqual(['created', 'created']);
    pair.here.edit(keyOf('here', 'Ada'), { name: 'Here', phone: '10' });
    pair.there.edit(keyOf('there', 'Ada'), { name: 'There', tel: '20' });
    await pair.run();
    expect(pair.watched.settled.slice(2)).toEqual(expect.arrayContaining(['conflict']));
    expect(pair.watched.conflicts).toEqual(['open']);
  });

  test('an intent without a job is settled by the next slice', async () => {
    await settledPair();
    await pair.database.db.raw(
      `update link set intent_at = now(), intent = jsonb_build_object('side', 'there', 'op', 'update', 'match', null, 'expected', null,
         'sent', (select seen from link_end e where e.link_id = link.id and e.side = 'there'),
         'beside', (select seen from link_end e where e.link_id = link.id and e.side = 'here'))
       where id = (select min(id) from link)`,
    );
    await pair.settle();
    expect(await pair.rows('select count(*)::int as count from link where intent is not null')).toEqual([
      { count: 0 },
    ]);
  });

  test('deletes on the other side what a listing lacks, after a fetch has confirmed it', async () => {
    await settledPair();
    pair.there.remove(keyOf('there', 'Bob'));
    const run = await pair.run('whole');
    expect(run.counts).toEqual({ deleted: 1 });
    expect(Object.keys(byName(pair.here))).toEqual(['Ada']);
    expect(await pair.rows('select state from link order by id')).toEqual([
      { state: 'active' },
      { state: 'gone' },
    ]);
    expect((await pair.run('whole')).counts).toEqual({});
  });
});
