import { createPairInboxService } from '../../api/backoffice/services/pair-inbox';
import { createSystemService } from '../../api/backoffice/services/systems';
import { createSeal } from '../../shared/seal/seal';
import { commandLineCaller } from '../../shared/domain/staff';
import { openStoreAccess } from '../../shared/stores/store-access';
import { createLinkDeskStore } from '../../shared/stores/pairs/link-desk-store';
import { createLinkHintStore } from '../../shared/stores/pairs/link-hint-store';
import { createPairSliceJobStore } from '../../shared/stores/jobs/pair-slice-job-store';
import { notifyOfStalePairs } from '../../worker/notifications/stale-solutions';
import { type FakePair, openFakePair } from './fake-pair';
import type { Fault } from './fakes/http-fake';

// The known behaviours of earlier syncs, one by one and by name. Creations, updates and crashes are in
// espocrm-advoware.test.ts, the lock and its hole in test/pairs/troubles.test.ts and test/faults/pairs-killed.test.ts.

let pair: FakePair;
afterEach(() => pair.end());

const person = { lastName: 'Meier', firstName: 'Zoë', dateOfBirth: '1975-06-07', salutationName: 'Ms.' };

async function linked(change?: (text: string) => string): Promise<{ id: string; betNr: number }> {
  pair = await openFakePair(change);
  const { id } = pair.espo.add('CBeteiligte', person);
  await pair.run('whole');
  const [row] = pair.advowareRows();
  pair.calls();
  await pair.database.db('notification_target').insert({
    kind: 'email',
    address: 'ops@example.org',
    events: ['conflict-waiting', 'entity-given-up', 'pair-paused'],
    confirmed_at: new Date(),
  });
  return { id, betNr: Number(row?.['betNr']) };
}

const shown = (): Record<string, unknown> => ({ ...pair.beteiligte()[0] });
const told = () => pair.rows<{ event: string }>('select event from notification order by id');
const openJobs = () =>
  pair.rows(`select state, attempts from link_job where state not in ('done', 'skipped') order by id`);
const again = async (): Promise<void> => {
  await pair.database.db.raw(`update link_job set run_after = now() where state = 'failed'`);
  await pair.settle();
};
const putOf = (betNr: number): Pick<Fault, 'fits'> => ({
  fits: ({ method, path }) => method === 'PUT' && path.endsWith(`/${betNr}`),
});

test('a hundred updates in one webhook are one batch of jobs, and each is written once', async () => {
  pair = await openFakePair();
  const ids = Array.from({ length: 100 }, (_, n) =>
    pair.espo.add('CBeteiligte', { ...person, lastName: `P${n}` }),
  ).map(({ id }) => id);
  await pair.run('whole');
  pair.calls();
  for (const id of ids) pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
  const [{ id: pairId } = { id: 0 }] = await pair.rows<{ id: number }>('select id from pair');
  const hints = createLinkHintStore(pair.database.db);
  const hundred = { pairId, side: 'here', keys: [...ids, ...ids], source: 'webhook' } as const;
  expect(await hints.add(hundred)).toHaveLength(100);
  await createPairSliceJobStore(pair.database.db).askFor(pairId);
  await pair.settle();
  const { advoware } = pair.calls();
  expect(advoware.filter((call) => call.startsWith('PUT'))).toHaveLength(100);
  expect(pair.advowareRows().every((row) => row['vorname'] === 'Zoe')).toBe(true);
  expect(await pair.rows(`select kind, counts from pair_run where kind = 'hints'`)).toMatchObject([
    { kind: 'hints', counts: { updated: 100 } },
  ]);
});

test('a deletion in EspoCRM waits for an approval, and is then made in Advoware', async () => {
  const { id } = await linked();
  pair.espo.remove('CBeteiligte', id);
  await pair.run('whole');
  expect(pair.advowareRows()).toHaveLength(1);
  await pair.database.db.raw(
    `update pair_approval set state = 'approved', decided_by = 'a@example', decided_at = now()`,
  );
  await pair.settle();
  expect(pair.advowareRows()).toEqual([]);
  expect(pair.calls().advoware.filter((call) => call.startsWith('DELETE'))).toHaveLength(1);
});

describe('the status in EspoCRM', () => {
  test('is pending_sync and dirty during an approval, and clean afterwards', async () => {
    pair = await openFakePair((text) =>
      text.replace('mode: run', 'mode: run\n    limits: { changes: { count: 0 } }'),
    );
    const { id } = pair.espo.add('CBeteiligte', person);
    await pair.run('whole');
    expect(shown()).toMatchObject({ syncStatus: 'pending_sync' });
    const approve = async (): Promise<void> => {
      await pair.database.db.raw(
        `update pair_approval set state = 'approved', decided_by = 'a@example', decided_at = now() where state = 'open'`,
      );
      await pair.settle();
    };
    await approve();
    expect(shown()).toMatchObject({ syncStatus: 'clean' });
    pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
    await pair.run('whole');
    expect(shown()).toMatchObject({ syncStatus: 'dirty' });
    pair.calls();
    await pair.run('whole');
    expect(pair.calls().espo.filter((call) => call.startsWith('PUT'))).toEqual([]);
    await approve();
    expect(shown()).toMatchObject({ syncStatus: 'clean' });
    expect(pair.advowareRows()).toMatchObject([{ vorname: 'Zoe' }]);
  });

  test('is syncing during the work if the pair asks for it, which costs one more call', async () => {
    const seen: unknown[] = [];
    const { id, betNr } = await linked((text) =>
      text.replace('mode: run', 'mode: run\n    writeBackSyncing: true'),
    );
    pair.advoware.http.faults.push({ ...putOf(betNr), before: () => seen.push(shown()['syncStatus']) });
    pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
    await pair.mention(id);
    expect(seen).toEqual(['syncing']);
    expect(shown()).toMatchObject({ syncStatus: 'clean' });
    expect(pair.calls().espo.filter((call) => call.startsWith('PUT'))).toHaveLength(2);
  });

  test('is conflict while someone has to decide, with both values kept and a notification', async () => {
    const { id, betNr } = await linked((text) =>
      text.replace('notiz: { conflict: { merge: append-lines } }', 'notiz: { conflict: manual }'),
    );
    pair.espo.edit('CBeteiligte', id, { description: 'von hier', firstName: 'Zoe' });
    pair.advoware.edit(betNr, { bemerkung: 'von dort' });
    await pair.run();
    expect(shown()).toMatchObject({ syncStatus: 'conflict', description: 'von hier' });
    // Undisputed fields are synchronised.
    expect(pair.advowareRows()).toMatchObject([{ vorname: 'Zoe', bemerkung: 'von dort' }]);
    expect(await pair.rows('select kind, fields, here, there from link_conflict')).toMatchObject([
      {
        kind: 'fields',
        fields: ['description'],
        here: { fields: { description: 'von hier' } },
        there: { fields: { description: 'von dort' } },
      },
    ]);
    expect(await told()).toEqual([{ event: 'conflict-waiting' }]);
  });
});

test('is conflict for each field group, and the losing value is kept as well', async () => {
  const { id, betNr } = await linked();
  pair.espo.edit('CBeteiligte', id, { lastName: 'Here' });
  pair.advoware.edit(betNr, { name: 'There' });
  await pair.run();
  expect(await pair.rows('select state, fields, here, there, decision from link_conflict')).toMatchObject([
    {
      state: 'resolved',
      fields: ['lastName'],
      here: { fields: { lastName: 'Here' } },
      there: { fields: { lastName: 'There' } },
      decision: { choice: 'here' },
    },
  ]);
});

test('a record is failed four times, then permanently_failed with one notification, and is tried again after 24 h', async () => {
  const { id, betNr } = await linked();
  pair.advoware.http.faults.push({ ...putOf(betNr), times: 5, answer: { status: 500 } });
  pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
  await pair.mention(id);
  for (const tries of [1, 2, 3, 4]) {
    expect(shown()).toMatchObject({ syncStatus: 'failed', syncRetryCount: tries });
    expect(await openJobs()).toEqual([{ state: 'failed', attempts: tries }]);
    await again();
  }
  expect(shown()).toMatchObject({ syncStatus: 'permanently_failed', syncRetryCount: 5 });
  expect(shown()['syncErrorMessage']).toContain('500');
  expect(await openJobs()).toEqual([{ state: 'given-up', attempts: 5 }]);
  expect(await told()).toEqual([{ event: 'entity-given-up' }]);
  await pair.run('whole');
  expect(await openJobs()).toEqual([{ state: 'given-up', attempts: 5 }]);
  await pair.database.db.raw(
    `update link_job set ended_at = now() - interval '25 hours' where state = 'given-up'`,
  );
  await pair.settle();
  expect(shown()).toMatchObject({ syncStatus: 'clean', syncRetryCount: 0 });
  expect(pair.advowareRows()).toMatchObject([{ vorname: 'Zoe' }]);
});

describe('errors, each by its meaning', () => {
  test('a 400 is given up at once, and tried again when either side changes', async () => {
    const { id, betNr } = await linked();
    pair.advoware.http.faults.push({
      ...putOf(betNr),
      answer: { status: 400, json: { message: 'vorname is not valid' } },
    });
    pair.espo.edit('CBeteiligte', id, { firstName: '?' });
    await pair.mention(id);
    expect(shown()).toMatchObject({
      syncStatus: 'permanently_failed',
      syncErrorMessage: expect.stringContaining('vorname') as string,
    });
    pair.calls();
    await pair.run('whole');
    expect(pair.calls().advoware.filter((call) => call.startsWith('PUT'))).toEqual([]);
    pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
    await pair.run();
    expect(shown()).toMatchObject({ syncStatus: 'clean' });
  });

  test('a 404 during a write is confirmed, and the record is created again because it was changed here', async () => {
    const { id, betNr } = await linked();
    pair.advoware.http.faults.push({ ...putOf(betNr), before: () => pair.advoware.remove(betNr) });
    pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
    await pair.mention(id);
    expect(pair.calls().advoware).toEqual([
      `GET /Beteiligte/${betNr}`,
      `PUT /Beteiligte/${betNr}`,
      `GET /Beteiligte/${betNr}`,
      'POST /Beteiligte',
      expect.stringMatching(/^GET/) as string,
    ]);
    expect(pair.advowareRows()).toMatchObject([{ name: 'Meier', vorname: 'Zoe' }]);
    expect(shown()).toMatchObject({
      syncStatus: 'clean',
      betnr: String(pair.advowareRows()[0]?.['betNr']),
    });
  });

  test.each([
    ['5xx', 502],
    ['423, a locked record', 423],
  ])('%s is tried again, and one entity never stops the others', async (_, status) => {
    const { id, betNr } = await linked();
    pair.advoware.http.faults.push({ ...putOf(betNr), answer: { status } });
    pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
    pair.espo.add('CBeteiligte', { ...person, lastName: 'Okafor' });
    await pair.run();
    expect(await openJobs()).toEqual([{ state: 'failed', attempts: 1 }]);
    expect(pair.advowareRows()).toMatchObject([{ vorname: 'Zoë' }, { name: 'Okafor' }]);
    await again();
    expect(pair.advowareRows()).toMatchObject([{ vorname: 'Zoe' }, { name: 'Okafor' }]);
  });

  test('a 403 for one entity is given up at once, the others are synchronised, and the system is not paused', async () => {
    const { id, betNr } = await linked();
    pair.advoware.http.faults.push({
      ...putOf(betNr),
      answer: { status: 403, json: { message: 'this one is locked for you' } },
    });
    pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
    pair.espo.add('CBeteiligte', { ...person, lastName: 'Okafor' });
    await pair.run();
    expect(await openJobs()).toMatchObject([{ state: 'given-up' }]);
    expect(shown()).toMatchObject({
      syncStatus: 'permanently_failed',
      syncErrorMessage: expect.stringContaining('locked for you') as string,
    });
    expect(pair.advowareRows()).toMatchObject([{ vorname: 'Zoë' }, { name: 'Okafor' }]);
    expect(await pair.rows(`select name from remote_system where state = 'paused'`)).toEqual([]);
    pair.calls();
    await pair.run('whole');
    expect(pair.calls().advoware.filter((call) => call.startsWith('PUT'))).toEqual([]);
  });

  test('no call is made after a 429 until Retry-After is over or someone resumes the system', async () => {
    const { id, betNr } = await linked();
    pair.advoware.http.faults.push({
      ...putOf(betNr),
      answer: { status: 429, headers: { 'retry-after': '3600' } },
    });
    pair.espo.edit('CBeteiligte', id, { firstName: 'Zoe' });
    await pair.run();
    expect(
      await pair.rows(
        `select state, not_before > now() + interval '50 minutes' as waits from remote_system where name = 'advoware'`,
      ),
    ).toEqual([{ state: 'throttled', waits: true }]);
    pair.calls();
    await pair.settle();
    expect(pair.calls()).toEqual({ espo: [], advoware: [] });
    const systems = createSystemService({ ...openStoreAccess(pair.database.db), seal: createSeal([]) });
    await systems.resume(commandLineCaller, 'advoware');
    await pair.settle();
    expect(pair.advowareRows()).toMatchObject([{ vorname: 'Zoe' }]);
    expect(shown()).toMatchObject({ syncStatus: 'clean' });
  });
});

describe('a listing that is not trusted deletes nothing', () => {
  const whole: Pick<Fault, 'fits'> = {
    fits: ({ method, path }) => method === 'GET' && path.endsWith('/Beteiligte'),
  };

  async function twelve(): Promise<void> {
    pair = await openFakePair((text) =>
      text.replace('deletions: { here: ask, there: mark,', 'deletions: { here: propagate, there: propagate,'),
    );
    for (let number = 0; number < 12; number++)
      pair.espo.add('CBeteiligte', { ...person, lastName: `P${number}` });
    await pair.run('whole');
    pair.calls();
  }

  const lessThanHalf =
    'there: the listing holds less than half of the known records, so what it lacks is not deleted before someone approves it';

  test.each([
    ['an empty one', { answer: { status: 200, json: [] } }, lessThanHalf],
    ['one that breaks off', { breaksAnswer: true }, expect.stringMatching(/^there: ./) as string],
    ['one that fails', { answer: { status: 500 } }, expect.stringMatching(/^there: .*500/) as string],
  ])('%s', async (_, fault, reason) => {
    await twelve();
    pair.advoware.http.faults.push({ ...whole, times: 1, ...fault });
    expect((await pair.run('whole')).failure).toEqual(reason);
    expect(pair.beteiligte()).toHaveLength(12);
    expect(pair.calls().espo.filter((call) => call.startsWith('DELETE'))).toEqual([]);
    await pair.run('whole');
    expect(pair.beteiligte()).toHaveLength(12);
    expect(pair.advowareRows()).toHaveLength(12);
  });

  test('one that has shrunk below half waits for an approval', async () => {
    await twelve();
    for (const row of pair.advowareRows().slice(0, 7)) pair.advoware.remove(Number(row['betNr']));
    expect((await pair.run('whole')).failure).toBe(lessThanHalf);
    expect(pair.beteiligte()).toHaveLength(12);
    expect(await pair.rows('select kind, state, entities from pair_approval')).toEqual([
      { kind: 'deletions', state: 'open', entities: 7 },
    ]);
  });
});

describe('a system that cannot be called', () => {
  test('is paused if a secret is not set, with that reason and one notification', async () => {
    await linked();
    await pair.database.db.raw(
      `update remote_system set config = jsonb_set(config, '{auth,apiKey}', '"\${NOWHERE}"'), version = version + 1 where name = 'espo'`,
    );
    await pair.run();
    await pair.run();
    const sentence =
      '\${NOWHERE} has no value. Set it as a secret of the system, or in the environment of the worker.';
    expect(await pair.rows(`select state, paused_reason from remote_system where name = 'espo'`)).toEqual([
      { state: 'paused', paused_reason: sentence },
    ]);
    const why = { reasonCode: 'secrets-without-value', reasonValues: { names: ['${NOWHERE}'] } };
    expect(await pair.rows('select event, facts from notification')).toMatchObject([
      { event: 'pair-paused', facts: { system: 'espo', reason: 'secrets', detail: sentence, ...why } },
    ]);
    expect(pair.calls()).toEqual({ espo: [], advoware: [] });
  });

  test('is listed again only after 1, 2, 4 … minutes if a listing fails', async () => {
    await linked();
    const fails: Pick<Fault, 'fits' | 'answer'> = {
      fits: ({ method, path }) => method === 'GET' && path.endsWith('/Beteiligte'),
      answer: { status: 500 },
    };
    const dueIn = async (): Promise<number> => {
      const [row] = await pair.rows<{ seconds: number }>(
        'select extract(epoch from whole_at - now())::float8 as seconds from pair',
      );
      return row?.seconds ?? 0;
    };
    for (const longest of [60, 120, 240]) {
      pair.advoware.http.faults.push({ ...fails });
      const run = await pair.run('whole');
      expect(run.failure).toContain('500');
      const seconds = await dueIn();
      expect([seconds > longest / 2 - 30, seconds <= longest]).toEqual([true, true]);
      pair.calls();
      await pair.settle();
      expect(pair.calls().advoware).toEqual([]);
      await pair.database.db.raw(`update pair set whole_at = now() + interval '1 day'`);
    }
    await pair.run('whole');
    expect(await dueIn()).toBeGreaterThan(3_600);
  });

  test('causes a notification pair-stale once a day if work has been due for an hour', async () => {
    await linked();
    await pair.database.db.raw(`update notification_target set events = '{pair-stale}'`);
    await pair.database.db.raw(
      `insert into link_job (pair_id, side, key, source, created_at, run_after)
       select id, 'here', 'x', 'webhook', now() - interval '2 hours', now() - interval '61 minutes' from pair`,
    );
    await notifyOfStalePairs(pair.database.db);
    await notifyOfStalePairs(pair.database.db);
    expect(await pair.rows('select event, facts from notification')).toEqual([
      { event: 'pair-stale', facts: { pair: 'beteiligte', minutes: 61 } },
    ]);
  });
});

test('a decision for one of several candidates joins the two, and the other gets its own record', async () => {
  pair = await openFakePair();
  const { id } = pair.espo.add('CBeteiligte', person);
  const twin = { name: 'Meier', vorname: 'Zoë', geburtsdatum: '1975-06-07T00:00:00', anrede: 'Frau' };
  const [first, second] = [pair.advoware.add(twin), pair.advoware.add(twin)];
  await pair.run('whole');
  const { db } = pair.database;
  const [conflict] = await pair.rows<{ id: string }>(
    `select id from link_conflict where state = 'open' and side = 'here'`,
  );
  const inbox = createPairInboxService(openStoreAccess(db));
  const decide = (candidate: string) =>
    inbox.decideConflict(commandLineCaller, conflict?.id ?? '', { choice: { candidate }, ifRevision: null });
  await expect(decide('4711')).rejects.toMatchObject({ code: 'invalid-fields' });
  expect(await decide(String(second))).toMatchObject({
    state: 'decided',
    decision: { choice: { candidate: String(second) } },
    appliedAt: expect.any(Date) as Date,
  });
  await expect(decide(String(first))).rejects.toMatchObject({ code: 'already-decided' });
  await pair.settle();
  const joined = pair.beteiligte().find((row) => row['id'] === id);
  expect(joined).toMatchObject({ betnr: String(second), syncStatus: 'clean' });
  expect(await pair.rows(`select id from link_conflict where state = 'open'`)).toEqual([]);
  expect(
    pair
      .beteiligte()
      .map((row) => row['betnr'])
      .sort(),
  ).toEqual([String(first), String(second)].sort());
  await pair.run('whole');
  expect([pair.beteiligte().length, pair.advowareRows().length]).toEqual([2, 2]);
});

test('several candidates are a conflict that lists them, and joining one by hand settles it', async () => {
  pair = await openFakePair();
  const { id } = pair.espo.add('CBeteiligte', person);
  const twin = { name: 'Meier', vorname: 'Zoë', geburtsdatum: '1975-06-07T00:00:00', anrede: 'Frau' };
  const [first, second] = [pair.advoware.add(twin), pair.advoware.add(twin)];
  await pair.run('whole');
  expect([pair.beteiligte().length, pair.advowareRows().length]).toEqual([1, 2]);
  const [conflict] = await pair.rows<{ kind: string; candidates: { there: string[] } }>(
    `select kind, candidates from link_conflict where state = 'open' and side = 'here'`,
  );
  expect(conflict?.kind).toBe('match');
  expect(conflict?.candidates.there).toEqual([String(first), String(second)]);
  const [{ id: pairId } = { id: 0 }] = await pair.rows<{ id: number }>('select id from pair');
  const keys = { here: id, there: String(second) };
  expect(await createLinkDeskStore(pair.database.db).join(pairId, keys, 'a@example')).not.toBeNull();
  await createLinkHintStore(pair.database.db).add({ pairId, side: 'here', keys: [id], source: 'api' });
  await pair.settle();
  expect(pair.beteiligte()).toMatchObject([{ betnr: String(second), syncStatus: 'clean' }]);
  expect(await pair.rows(`select state from link_conflict where side = 'here' order by id`)).toEqual([
    { state: 'superseded' },
  ]);
});
