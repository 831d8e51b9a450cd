import { Trouble } from '../../worker/pipeline/trouble';
import { approvedBy } from './approvals';
import { createPair, verdicts } from './pair';
import { createRecords, scanning } from './remote';

const many = (count: number) => {
  const pair = createPair(createRecords('a'), createRecords('b'));
  for (let number = 0; number < count; number++) pair.here.add('', { fields: { N: number } });
  return pair;
};

describe('an error has a scope', () => {
  test.each([
    ['unauthorized', new Trouble('unauthorized', '401')],
    ['throttled', new Trouble('throttled', '429', 60_000)],
  ] as const)('after %s no further call begins, and only the calls in progress end', async (_, trouble) => {
    const pair = many(200);
    let calls = 0;
    pair.there.faults.onCall = (call) => {
      if (call === 'list') return;
      calls += 1;
      throw trouble;
    };
    const { progress } = await pair.run();
    expect(calls).toBeLessThanOrEqual(8);
    expect(progress.stoppedBy).toBe(trouble);
    expect(progress.again).toHaveLength(200);
    pair.there.faults.onCall = () => undefined;
    expect(await pair.settle()).not.toBeNull();
    expect(pair.there.records()).toHaveLength(200);
  });

  test('five calls in a row that do not reach the server are an error of the system', async () => {
    const pair = many(200);
    pair.there.faults.onCall = (call) => {
      if (call !== 'list') throw new Trouble('unavailable', '503');
    };
    await pair.run();
    expect(pair.there.counts['create']).toBeLessThanOrEqual(5 + 8);
  });

  test('a run that loses its lease writes nothing more, and fails', async () => {
    const pair = many(40);
    pair.links.failure = new Trouble('lease-lost', 'another runner took over');
    await expect(pair.run()).rejects.toThrow('another runner took over');
    // With keyed creations the link is written after the call.
    expect(pair.there.calls.length).toBeLessThanOrEqual(8);
  });

  test('one record that is refused permanently does not stop the others', async () => {
    const pair = many(5);
    pair.there.faults.onCall = (call, key) => {
      if (call === 'create' && key === 'a3') throw new Trouble('invalid', '400');
    };
    expect(verdicts(await pair.run())).toEqual({ created: 4, failed: 1 });
    expect(pair.problems).toHaveLength(1);
  });

  test('an unfinished record that cannot be fetched does not stop the others', async () => {
    const pair = many(5);
    await pair.settle();
    const bad = [...pair.here.rows.keys()][1] ?? '';
    pair.here.edit(bad, { N: 'again' });
    pair.there.faults.onCall = (call) => {
      if (call === 'update') throw new Error('500');
    };
    await pair.run();
    pair.there.faults.onCall = () => undefined;
    pair.here.faults.onCall = (call, key) => {
      if (call === 'fetch' && key === bad) throw new Error('500 for this record alone');
    };
    pair.here.add('', { fields: { N: 'new' } });
    expect(verdicts(await pair.run())).toEqual({ created: 1 });
    expect(pair.progress.again).toMatchObject([{ key: bad }]);
    pair.here.faults.onCall = () => undefined;
    await pair.settle();
    expect(pair.there.records()).toEqual(pair.here.records());
  });
});

describe('a listing', () => {
  test('with an expired cursor starts again, and still finds deletions', async () => {
    const pair = many(3);
    await pair.settle();
    pair.here.remove('a1');
    pair.here.faults.isCursorExpired = true;
    await pair.run();
    expect(pair.there.records()).toEqual([{ N: 1 }, { N: 2 }]);
  });

  test('that is complete but lacks an existing item deletes nothing', async () => {
    const pair = createPair(createRecords('a', { capabilities: scanning }), createRecords('b'));
    for (let number = 0; number < 10; number++) pair.here.add('', { fields: { N: number } });
    await pair.settle();
    pair.here.faults.listingOmits.add('a5');
    await pair.settle();
    expect(pair.there.records()).toHaveLength(10);
  });

  test('that is empty deletes nothing without an approval, even if the system really is empty', async () => {
    const pair = createPair(createRecords('a', { capabilities: scanning }), createRecords('b'));
    for (let number = 0; number < 12; number++) pair.here.add('', { fields: { N: number } });
    await pair.settle();
    for (const key of [...pair.here.rows.keys()]) pair.here.remove(key);
    const { approvals } = await pair.run();
    expect(pair.there.records()).toHaveLength(12);
    expect(approvals).toMatchObject([{ kind: 'deletions', entries: { length: 12 } }]);
    await pair.run({ isApproved: approvedBy(new Set(approvals[0]?.signatures)) });
    expect(pair.there.records()).toEqual([]);
  });

  test('a deletion that a system with timestamps does not report is found by a whole listing', async () => {
    const here = createRecords('a', { capabilities: { changes: 'timestamp', deletions: 'none' } });
    const pair = createPair(here, createRecords('b'));
    here.add('', { fields: { N: 1 } });
    here.add('', { fields: { N: 2 } });
    await pair.settle();
    here.remove('a1');
    await pair.settle();
    expect(pair.there.records()).toHaveLength(2);
    pair.progress = { ...pair.progress, cursors: { ...pair.progress.cursors, here: null } };
    await pair.settle();
    expect(pair.there.records()).toEqual([{ N: 2 }]);
  });
});

test('single deletions are limited in the same way as deletions all at once', async () => {
  let done = 0;
  const pair = many(20);
  const deletions = {
    kind: 'soft' as const,
    count: 2,
    share: 0.1,
    emptiedFrom: null,
    total: async () => pair.links.stored.size,
    recent: async () => done,
  };
  await pair.settle();
  for (const key of [...pair.here.rows.keys()].slice(0, 16)) {
    pair.here.remove(key);
    const { entries } = await pair.look('here', key, { deletions });
    done += entries.filter(({ verdict }) => verdict === 'deleted').length;
  }
  expect(done).toBe(2);
  expect(pair.there.records()).toHaveLength(18);
});
