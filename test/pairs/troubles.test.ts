import { Trouble } from '../../worker/pipeline/trouble';
import { randomUUID } from 'node:crypto';
import type { PairSystems } from '../../worker/pairs/pair-systems';
import { MissingSecrets } from '../../shared/systems/references';
import { createSystemStore } from '../../shared/stores/pairs/system-store';
import { createLinkHintStore } from '../../shared/stores/pairs/link-hint-store';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import { createRecords } from '../pipeline/remote';
import type { SliceLease } from '../../worker/pairs/slice';
import { createLease, instantNow } from '../../worker/jobs/lease';
import { byName, createMemoryPair, heldLease, type MemoryPair, memorySystems, people } from './memory-pair';

const plain = { creates: 'plain', deletions: 'none', changes: 'scan' } as const;

let pair: MemoryPair;
afterEach(() => pair.end());

async function pairOf(count: number, config: object = people, mode: 'run' | 'plan' = 'run'): Promise<void> {
  pair = await createMemoryPair(
    { here: createRecords('a'), there: createRecords('b', { capabilities: plain }) },
    config,
    mode,
  );
  for (let number = 1; number <= count; number++)
    pair.here.add('', { fields: { name: `P${number}`, phone: String(number) } });
}

const jobs = () =>
  pair.rows<{ state: string; count: number }>(
    'select state, count(*)::int as count from link_job group by state order by state',
  );

describe('a refusal by a system', () => {
  test('401 for all calls pauses the system after the calls in flight, with one notification, and no further call is made', async () => {
    await pairOf(40);
    pair.there.faults.onCall = () => {
      throw new Trouble('unauthorized', '401');
    };
    await pair.database.db('notification_target').insert({
      kind: 'email',
      address: 'ops@example.org',
      events: ['pair-paused'],
      confirmed_at: new Date(),
    });
    await pair.run();
    expect(await pair.rows('select state, paused_reason from remote_system order by id')).toEqual([
      { state: 'unknown', paused_reason: null },
      { state: 'paused', paused_reason: 'unauthorized: 401' },
    ]);
    const made = Object.values(pair.there.counts).reduce((sum, one) => sum + one, 0);
    expect(made).toBeLessThanOrEqual(8);
    await pair.slice();
    await pair.slice();
    expect(Object.values(pair.there.counts).reduce((sum, one) => sum + one, 0)).toBe(made);
    expect(await pair.rows('select event, pair_id from notification')).toEqual([
      { event: 'pair-paused', pair_id: pair.pairId },
    ]);
    pair.there.faults.onCall = () => undefined;
    await pair.database.db.raw(
      `update remote_system set state = 'unknown', paused_at = null, paused_reason = null, not_before = null`,
    );
    await pair.settle();
    expect(Object.keys(byName(pair.there))).toHaveLength(40);
  });

  test('a system is not paused for a missing secret that was set after the slice began', async () => {
    await pairOf(1);
    const setSecret = (id: number) => createSystemStore(pair.database.db).setSecret(id, 'K', randomUUID());
    const paused = () => pair.rows(`select name from remote_system where state = 'paused'`);
    const usual = memorySystems(pair);
    const slice = (open: PairSystems['open']) => pair.slice(heldLease, { ...usual, open });
    await slice(async ({ system }) => {
      await setSecret(system.id);
      throw new MissingSecrets(['K']);
    });
    expect(await paused()).toEqual([]);
    pair.there.faults.onCall = () => {
      throw new Trouble('unauthorized', '401');
    };
    await slice(async (request) => {
      await setSecret(request.system.id);
      return usual.open(request);
    });
    expect(await paused()).toEqual([]);
    pair.there.faults.onCall = () => undefined;
    await pair.run();
    expect(Object.keys(byName(pair.there))).toEqual(['P1']);
    await slice(() => Promise.reject(new MissingSecrets(['K'])));
    expect(await paused()).toHaveLength(1);
  });

  test('after 429 no call is made before the given time is over, and no attempt is counted', async () => {
    await pairOf(3);
    let refusals = 0;
    pair.there.faults.onCall = (call) => {
      if (call !== 'create') return;
      refusals += 1;
      throw new Trouble('throttled', '429', 60_000);
    };
    await pair.run();
    const made = refusals;
    await pair.slice();
    expect(refusals).toBe(made);
    expect(await pair.rows('select max(attempts)::int as attempts from link_job')).toEqual([{ attempts: 0 }]);
    expect(await jobs()).toEqual([{ state: 'new', count: 3 }]);
    pair.there.faults.onCall = () => undefined;
    await pair.database.db.raw(`update remote_system set not_before = now() where not_before is not null`);
    await pair.settle();
    expect(Object.keys(byName(pair.there))).toHaveLength(3);
  });

  test('a record that fails is tried 5 times and given up, and the others continue; it is tried again when it changes', async () => {
    await pairOf(3);
    pair.there.faults.onCall = (call) => {
      if (call === 'create' && failing) throw new Error('500 for this one');
    };
    let failing = true;
    await pair.run();
    expect(await jobs()).toEqual([{ state: 'failed', count: 3 }]);
    for (let tries = 0; tries < 4; tries++) {
      await pair.database.db.raw(`update link_job set run_after = now() where state = 'failed'`);
      await pair.slice();
    }
    expect(await jobs()).toEqual([{ state: 'given-up', count: 3 }]);
    failing = false;
    await pair.run('whole');
    expect(Object.keys(byName(pair.there))).toEqual([]);
    const [key] = [...pair.here.rows.keys()];
    pair.here.edit(key ?? '', { phone: '99' });
    await pair.run();
    expect(byName(pair.there)).toMatchObject({ P1: { name: 'P1', tel: '99' } });
    expect(await pair.rows('select state, count(*)::int from link_job group by 1 order by 1')).toContainEqual(
      {
        state: 'given-up',
        count: 2,
      },
    );
  });
});

describe('a webhook that reports the server’s own write', () => {
  const told = {
    ...people,
    writeBack: { here: { status: '$status', tries: '$attempts', problem: '$error' } },
    retry: { attempts: 3 },
  };
  const reportAll = async () => {
    const keys = [...pair.here.rows.keys()];
    await createLinkHintStore(pair.database.db).add({
      pairId: pair.pairId,
      side: 'here',
      keys,
      source: 'webhook',
    });
    await pair.settle();
  };
  const attempts = () => pair.there.counts['create'] ?? 0;

  beforeEach(async () => {
    await pairOf(1, told);
    pair.there.faults.onCall = (call) => {
      if (call === 'create') throw new Error('500');
    };
  });

  test('causes no attempt before its time, and a failing record is given up in the end', async () => {
    await pair.run();
    for (let tries = 1; tries <= 3; tries++) {
      await reportAll();
      await reportAll();
      expect(attempts()).toBe(tries);
      await pair.database.db.raw(`update link_job set run_after = now() where state = 'failed'`);
      await pair.settle();
    }
    expect(byName(pair.here)['P1']).toMatchObject({ status: 'permanently_failed', tries: 3 });
    expect(await jobs()).toContainEqual({ state: 'given-up', count: 1 });
  });

  test('does not retry a record that was given up, until somebody changes it', async () => {
    await pair.run();
    for (let tries = 1; tries < 3; tries++) {
      await pair.database.db.raw(`update link_job set run_after = now() where state = 'failed'`);
      await pair.settle();
    }
    await reportAll();
    expect(attempts()).toBe(3);
    expect(await jobs()).toEqual([
      { state: 'given-up', count: 1 },
      { state: 'skipped', count: 1 },
    ]);
    pair.there.faults.onCall = () => undefined;
    const [key = ''] = [...pair.here.rows.keys()];
    pair.here.edit(key, { phone: '99' });
    await reportAll();
    expect(byName(pair.there)).toMatchObject({ P1: { tel: '99' } });
    expect(byName(pair.here)['P1']).toMatchObject({ status: 'clean', tries: 0 });
  });
});

describe('deletions', () => {
  test('wait for one approval, even if many are decided at the same time, and a link that both sides mention counts once', async () => {
    await pairOf(12, { ...people, limits: { deletions: { count: 3, share: 0.1, emptiedFrom: 5 } } });
    await pair.run();
    for (const key of [...pair.there.rows.keys()].slice(0, 10)) pair.there.remove(key);
    // With a new version of the rules, both sides of every link are looked at.
    await pair.database.db.raw('update pair set config_version = config_version + 1');
    await pair.run('whole');
    expect(
      await pair.rows(
        `select count(*)::int as count from link_job where state = 'held' and approval_id is null`,
      ),
    ).toEqual([{ count: 0 }]);
    expect(await pair.rows('select state, entities from pair_approval')).toEqual([
      { state: 'open', entities: 10 },
    ]);
    await pair.database.db.raw(
      `update pair_approval set state = 'rejected', decided_by = 'a@example', decided_at = now()`,
    );
    await pair.settle();
    expect(Object.keys(byName(pair.there))).toHaveLength(12);
    expect(await pair.rows('select applied, released from pair_approval')).toEqual([
      { applied: 10, released: 0 },
    ]);
    expect(await jobs()).not.toContainEqual(expect.objectContaining({ state: 'held' }));
  });

  test('above the limit need one approval, however they came, and nothing is deleted before', async () => {
    await pairOf(20, { ...people, limits: { deletions: { count: 3, share: 0.1, emptiedFrom: 5 } } });
    await pair.run();
    const keys = [...pair.there.rows.keys()];
    for (const key of keys.slice(0, 3)) pair.there.remove(key);
    await pair.run('whole');
    expect(Object.keys(byName(pair.here))).toHaveLength(17);
    for (const key of keys.slice(3, 9)) {
      pair.there.remove(key);
      await pair.database.db.raw(
        `insert into link_job (pair_id, side, key, source) values (${pair.pairId}, 'there', '${key}', 'webhook')`,
      );
      await pair.settle();
    }
    expect(Object.keys(byName(pair.here))).toHaveLength(17);
    expect(await pair.rows('select kind, state, entities from pair_approval')).toEqual([
      { kind: 'deletions', state: 'open', entities: 6 },
    ]);
    await pair.database.db.raw(
      `update pair_approval set state = 'approved', decided_by = 'a@example', decided_at = now()`,
    );
    await pair.settle();
    expect(Object.keys(byName(pair.here))).toHaveLength(11);
    expect(await pair.rows('select applied, released from pair_approval')).toEqual([
      { applied: 6, released: 0 },
    ]);
  });

  test('that someone refuses are undone where they were made', async () => {
    await pairOf(8, { ...people, deletions: { here: 'ask', there: 'ask', againstChange: 'restore' } });
    await pair.run();
    const [key] = [...pair.there.rows.keys()];
    pair.there.remove(key ?? '');
    await pair.run('whole');
    expect(Object.keys(byName(pair.here))).toHaveLength(8);
    await pair.database.db.raw(
      `update pair_approval set state = 'rejected', decided_by = 'a@example', decided_at = now()`,
    );
    await pair.settle();
    expect(byName(pair.there)).toMatchObject({ P1: { tel: '1' } });
    expect((await pair.run('whole')).counts).toEqual({});
  });
});

describe('a plan', () => {
  test('writes nothing; when it is approved, exactly that is done, and later changes are decided again', async () => {
    await pairOf(3, people, 'plan');
    const { db } = pair.database;
    await db('pair_plan').insert({ pair_id: pair.pairId, config_version: 1 });
    await pair.settle();
    expect(pair.calls()).toEqual({ here: [], there: [] });
    expect(await pair.rows('select state, digest is not null as digest, counts from pair_plan')).toEqual([
      { state: 'ready', digest: true, counts: { created: 3 } },
    ]);
    expect(await pair.run()).toMatchObject({ state: 'ended', counts: { created: 3 } });
    expect(pair.there.records()).toEqual([]);
    await db.raw(
      `update pair_plan set state = 'approved', decided_by = 'a@example', decided_at = now();
       update pair set mode = 'run'; insert into pair_run (pair_id, kind, plan_id) select pair_id, 'plan', id from pair_plan`,
    );
    await pair.settle();
    expect(Object.keys(byName(pair.there))).toHaveLength(3);
    expect(await pair.rows('select state from pair_plan')).toEqual([{ state: 'done' }]);
    expect(await pair.rows(`select state, counts from pair_run where kind = 'plan'`)).toEqual([
      { state: 'ended', counts: { created: 3 } },
    ]);
  });
});

describe('a slice that lost its job', () => {
  test('writes nothing when it wakes, and what it created is adopted and not created twice', async () => {
    await pairOf(1);
    let resume = (): void => undefined;
    const frozen = new Promise<void>((resolve) => {
      resume = resolve;
    });
    let reached = (): void => undefined;
    const created = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const create = pair.there.create.bind(pair.there);
    pair.there.create = async (...given) => {
      const written = await create(...given);
      pair.there.create = create;
      reached();
      await frozen;
      return written;
    };
    await pair.database.db.raw(`insert into pair_run (pair_id, kind) values (${pair.pairId}, 'check')`);
    const old = pair.slice();
    await created;
    await pair.database.db.raw(
      `update job set lease_until = now() - interval '1 second' where kind = 'pair.slice'`,
    );
    await createPairSliceJobStore(pair.database.db).askFor(pair.pairId);
    await pair.slice();
    const before = await pair.rows('select id, version, state from link');
    resume();
    await old;
    expect(await pair.rows('select id, version, state from link')).toEqual(before);
    expect(before).toMatchObject([{ state: 'active' }]);
    expect(pair.there.records()).toHaveLength(1);
  });
});

describe('the seed’s hole: an old holder that writes on', () => {
  /**
   * Frozen after it noted what it would create, while the call waited for its turn; awake once its lock has expired and
   * another has done the work. Returns what was made.
   */
  async function madeByBoth(lease: SliceLease, expire: () => void): Promise<number> {
    await pairOf(1);
    let resume = (): void => undefined;
    const frozen = new Promise<void>((resolve) => {
      resume = resolve;
    });
    let reached = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      reached = resolve;
    });
    const create = pair.there.create.bind(pair.there);
    pair.there.create = async (key, draft, signal) => {
      pair.there.create = create;
      reached();
      await frozen;
      // As the HTTP client does, when the turn of a call comes.
      signal.throwIfAborted();
      return create(key, draft, signal);
    };
    await pair.database.db.raw(`insert into pair_run (pair_id, kind) values (${pair.pairId}, 'check')`);
    const old = pair.slice(lease);
    await waiting;
    await pair.database.db.raw(
      `update job set lease_until = now() - interval '1 second' where kind = 'pair.slice'`,
    );
    expire();
    await createPairSliceJobStore(pair.database.db).askFor(pair.pairId);
    await pair.slice();
    resume();
    await old;
    return pair.there.records().length;
  }

  test('is shown: a lock with a TTL that its holder does not check again makes two records', async () => {
    expect(await madeByBoth(heldLease, () => undefined)).toBe(2);
  });

  test('is closed: the calls of the old holder are aborted', async () => {
    const lock = new AbortController();
    const lease = { signal: lock.signal, isHeld: () => !lock.signal.aborted };
    expect(await madeByBoth(lease, () => lock.abort())).toBe(1);
  });
});

describe('a lease', () => {
  test('that has ended by either clock is no longer held, and stays lost', () => {
    const now = instantNow();
    expect(createLease(60, now).isHeld()).toBe(true);
    const slept = createLease(60, { ...now, wallMs: now.wallMs - 61_000 });
    const waited = createLease(60, { ...now, monotonicMs: now.monotonicMs - 61_000 });
    for (const lease of [slept, waited]) {
      expect(lease.isHeld()).toBe(false);
      lease.extended(instantNow());
      expect([lease.isHeld(), lease.signal.aborted]).toEqual([false, true]);
    }
  });
});

test('a whole listing that ends before it is complete deletes nothing, and the run says so', async () => {
  await pairOf(12);
  await pair.run('whole');
  pair.there.faults.listsOnly = 5;
  pair.there.faults.listingThrows = false;
  expect(await pair.run('whole')).toMatchObject({
    state: 'ended',
    failure: 'there: the listing ended before it was complete, so nothing that it lacks counts as deleted',
  });
  expect(Object.keys(byName(pair.here))).toHaveLength(12);
  pair.there.faults.listsOnly = null;
  expect(await pair.run('whole')).toMatchObject({ failure: null });
});
