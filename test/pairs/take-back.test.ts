import { createRecords } from '../pipeline/remote';
import { byName, createMemoryPair, type MemoryPair, people } from './memory-pair';

let pair: MemoryPair;
afterEach(() => pair.end());

async function open(config: object = people): Promise<void> {
  pair = await createMemoryPair(
    {
      here: createRecords('a'),
      there: createRecords('b', { capabilities: { creates: 'plain', deletions: 'none', changes: 'scan' } }),
    },
    config,
  );
  pair.here.add('', { fields: { name: 'Ada', phone: '1', note: 'x' } });
  pair.here.add('', { fields: { name: 'Bob', phone: '2' } });
}

const keyOf = (side: 'here' | 'there', name: string): string => {
  for (const [key, row] of pair[side].rows) if (row.isLive && row.fields['name'] === name) return key;
  throw new Error(`nobody is called ${name}`);
};

/** Returns the run that takes it back. */
async function takeBack(run: string): Promise<{ id: string; counts: Record<string, number> }> {
  await pair.database.db.raw(
    `insert into pair_run (pair_id, kind, takes_back) values (${pair.pairId}, 'take-back', ${run})`,
  );
  await pair.settle();
  const [taken] = await pair.rows<{ id: string; counts: Record<string, number> }>(
    `select id, counts, state from pair_run where kind = 'take-back' order by id desc limit 1`,
  );
  expect(taken).toMatchObject({ state: 'ended' });
  return taken ?? { id: '0', counts: {} };
}

const keptOf = (run: string) =>
  pair.rows<{ link_id: string; fields: string[] }>(
    `select fields from link_event where run_id = ${run} and kind = 'kept' order by id`,
  );

/** Nothing is written, whatever is looked at. */
async function expectRest(): Promise<void> {
  pair.calls();
  await pair.run();
  await pair.run('whole');
  const writes = Object.values(pair.calls())
    .flat()
    .filter((call) => !/^(list|fetch|find)/.test(call));
  expect(writes).toEqual([]);
}

describe('a run that is taken back', () => {
  test('restores the earlier values of changed fields, on the side that it wrote to, and then makes no more changes', async () => {
    await open();
    await pair.run();
    pair.here.edit(keyOf('here', 'Ada'), { phone: '9' });
    const { id } = await pair.run();
    expect(byName(pair.there)['Ada']).toMatchObject({ tel: '9' });
    const taken = await takeBack(id);
    expect(taken.counts).toEqual({ updated: 1 });
    expect(byName(pair.there)['Ada']).toMatchObject({ tel: '1', note: 'x' });
    expect(byName(pair.here)['Ada']).toMatchObject({ phone: '9' });
    expect(await keptOf(taken.id)).toEqual([]);
    await expectRest();
    pair.here.edit(keyOf('here', 'Ada'), { note: 'y' });
    await pair.run();
    expect(byName(pair.there)['Ada']).toMatchObject({ tel: '1', note: 'y' });
  });

  test('lists what was changed since, and does not overwrite it; of the same record the rest is restored', async () => {
    await open();
    await pair.run();
    pair.here.edit(keyOf('here', 'Ada'), { phone: '9', note: 'new' });
    const { id } = await pair.run();
    pair.there.edit(keyOf('there', 'Ada'), { tel: '10' });
    const taken = await takeBack(id);
    expect(byName(pair.there)['Ada']).toMatchObject({ tel: '10', note: 'x' });
    expect(await keptOf(taken.id)).toEqual([{ fields: ['phone'] }]);
  });

  test('deletes what it created, unless that was changed since', async () => {
    await open();
    const { id } = await pair.run();
    pair.there.edit(keyOf('there', 'Bob'), { tel: '22' });
    const taken = await takeBack(id);
    expect(taken.counts).toMatchObject({ deleted: 1 });
    expect(Object.keys(byName(pair.there))).toEqual(['Bob']);
    expect(Object.keys(byName(pair.here))).toEqual(['Ada', 'Bob']);
    expect(await keptOf(taken.id)).toEqual([{ fields: ['phone'] }]);
    expect(await pair.rows(`select state from link order by id`)).toContainEqual({ state: 'deleted-there' });
    await expectRest();
  });

  test('asks before it deletes what it created, if the pair asks; if someone refuses, it stays', async () => {
    await open({ ...people, deletions: { here: 'ask', there: 'ask' } });
    const { id } = await pair.run();
    await takeBack(id);
    expect(Object.keys(byName(pair.there))).toEqual(['Ada', 'Bob']);
    expect(await pair.rows('select kind, state, entities from pair_approval')).toEqual([
      { kind: 'deletions', state: 'open', entities: 2 },
    ]);
    await pair.database.db.raw(
      `update pair_approval set state = 'approved', decided_by = 'a@example', decided_at = now()`,
    );
    await pair.settle();
    expect(pair.there.records()).toEqual([]);
    await expectRest();
  });

  test('leaves what it created if someone refuses the deletions', async () => {
    await open({ ...people, deletions: { here: 'ask', there: 'ask' } });
    const { id } = await pair.run();
    await takeBack(id);
    await pair.database.db.raw(
      `update pair_approval set state = 'rejected', decided_by = 'a@example', decided_at = now()`,
    );
    await pair.settle();
    expect(Object.keys(byName(pair.there))).toEqual(['Ada', 'Bob']);
    await expectRest();
  });

  test('creates again what it deleted, only once, even if a response is lost', async () => {
    await open();
    await pair.run();
    pair.here.remove(keyOf('here', 'Ada'));
    const { id, counts } = await pair.run('whole');
    expect(counts).toEqual({ deleted: 1 });
    let lost = false;
    const create = pair.there.create.bind(pair.there);
    pair.there.create = async (...given) => {
      const written = await create(...given);
      if (lost) return written;
      lost = true;
      throw new Error('the answer was lost');
    };
    await takeBack(id);
    await pair.database.db.raw(`update link_job set run_after = now() where state = 'failed'`);
    await pair.settle();
    expect(byName(pair.there)).toMatchObject({ Ada: { tel: '1', note: 'x' }, Bob: { tel: '2' } });
    expect(pair.there.records()).toHaveLength(2);
    expect(Object.keys(byName(pair.here))).toEqual(['Bob']);
    await expectRest();
  });

  test('is a run, and is taken back as any other', async () => {
    await open();
    await pair.run();
    pair.here.edit(keyOf('here', 'Ada'), { phone: '9' });
    const { id } = await pair.run();
    const taken = await takeBack(id);
    await takeBack(taken.id);
    expect(byName(pair.there)['Ada']).toMatchObject({ tel: '9' });
    await expectRest();
  });
});
