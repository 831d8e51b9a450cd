import { parse } from 'yaml';
import { z } from 'zod';
import { startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { recordsExample } from './examples';

let backoffice: TestBackoffice;
let pairId = 0;
beforeAll(async () => {
  backoffice = await startBackoffice();
  const { systems, pairs } = file;
  for (const [name, { kind, ...config }] of Object.entries(systems))
    await backoffice.admin.call('POST', '/api/systems', { name, kind, config });
  await backoffice.admin.call('POST', '/api/pairs', { name: 'beteiligte', ...pairs['beteiligte'] });
  [pairId = 0] = (await backoffice.db('pair').pluck('id')) as number[];
});
afterAll(() => backoffice.stop());
beforeEach(async () => {
  const { db } = backoffice;
  for (const table of [
    'link_event',
    'link_conflict',
    'pair_run',
    'link_job',
    'pair_approval',
    'link',
    'pair_plan',
    'job',
  ])
    await db(table).delete();
  await db('pair').update({ mode: 'plan', paused_at: null, paused_reason: null });
});

const file = z
  .object({
    systems: z.record(z.string(), z.looseObject({ kind: z.string() })),
    pairs: z.record(z.string(), z.looseObject({})),
  })
  .parse(parse(recordsExample));

const { call } = {
  call: (...args: Parameters<TestBackoffice['admin']['call']>) => backoffice.admin.call(...args),
};
const at = '/api/pairs/beteiligte';
const slices = () => backoffice.db('job').where({ kind: 'pair.slice' }).select('subject', 'lane');

const state = (fields: object) => JSON.stringify({ isActive: true, fields, place: null });
async function newLink(here = 'h1', there = 't1', name = 'Müller'): Promise<string> {
  const inserted = backoffice.db('link').insert({ pair_id: pairId });
  const [made] = await inserted.returning<{ id: string }[]>('id');
  const id = made?.id ?? '';
  for (const [side, key] of Object.entries({ here, there }))
    await backoffice
      .db('link_end')
      .insert({ link_id: id, side, pair_id: pairId, key, revision: '1', seen: state({ lastName: name }) });
  return id;
}

describe('runs', () => {
  test.each(['run', 'whole'])('%s is asked for, and is the last run of the status', async (verb) => {
    const asked = await call('POST', `${at}/${verb}`);
    expect(asked.status).toBe(202);
    const status = await call('GET', `${at}/status`);
    expect(status.json).toMatchObject({
      mode: 'plan',
      lag: 0,
      paused: null,
      jobs: { new: 0, 'given-up': 0 },
      links: { active: 0 },
      conflicts: 0,
      approvals: 0,
      lastRun: { id: asked.at('run'), endedAt: null, created: 0, unchanged: 0, calls: { here: 0, there: 0 } },
    });
    expect(await slices()).toEqual([{ subject: String(pairId), lane: 'pairs' }]);
    expect((await call('GET', '/api/audit?limit=1')).at('items', 0, 'action')).toBe('pair.run');
  });

  test('the status names the field for which a pair is paused, beside the reason', async () => {
    const text = 'fields: CBeteiligte lacks betnr';
    await backoffice.db('pair').update({ paused_at: new Date(), paused_reason: text });
    const wanted = { reason: 'fields', detail: 'CBeteiligte lacks betnr', by: null };
    expect((await call('GET', `${at}/status`)).at('paused')).toMatchObject(wanted);
    expect((await call('GET', at)).at('paused')).toMatchObject(wanted);
    await call('POST', `${at}/resume`);
    await call('POST', `${at}/pause`, { reason: 'holiday: until Monday' });
    expect((await call('GET', `${at}/status`)).at('paused')).toMatchObject({
      reason: 'holiday: until Monday',
      detail: null,
    });
  });

  test('the status counts links, jobs, what waits, and for how long', async () => {
    const link = await newLink();
    await backoffice.db('link_job').insert({
      pair_id: pairId,
      side: 'here',
      key: 'h1',
      link_id: link,
      source: 'webhook',
      created_at: backoffice.db.raw(`now() - interval '1 minute'`),
      run_after: backoffice.db.raw(`now() - interval '1 minute'`),
    });
    const status = await call('GET', `${at}/status`);
    expect(status.json).toMatchObject({ jobs: { new: 1 }, links: { active: 1 }, lastRun: null });
    expect(status.at('lag')).toBeGreaterThanOrEqual(60);
  });

  test('what a run did is taken back by another', async () => {
    const { run } = z.object({ run: z.string() }).parse((await call('POST', `${at}/run`)).json);
    expect((await call('POST', `${at}/runs/${run}/take-back`)).status).toBe(202);
    expect((await call('POST', `${at}/runs/999999/take-back`)).status).toBe(404);
    const runs = await call('GET', `${at}/runs`);
    expect([runs.at('items', 0, 'kind'), runs.at('items', 1, 'kind')]).toEqual(['take-back', 'check']);
    const taking = String(runs.at('items', 0, 'id'));
    const link = await newLink();
    await backoffice.db('link_event').insert({
      pair_id: pairId,
      link_id: link,
      run_id: taking,
      kind: 'kept',
      fields: ['phone'],
    });
    expect((await call('GET', `${at}/runs/${taking}`)).json).toMatchObject({
      kind: 'take-back',
      takesBack: run,
      kept: [{ link, here: 'h1', there: 't1', fields: ['phone'] }],
    });
  });
});

describe('plans', () => {
  const ready = async (): Promise<string> => {
    const { plan } = z.object({ plan: z.string() }).parse((await call('POST', `${at}/plan`)).json);
    expect((await call('GET', `/api/plans/${plan}`)).json).toMatchObject({
      state: 'making',
      digest: null,
      items: [],
    });
    await backoffice
      .db('pair_plan')
      .where({ id: plan })
      .update({
        state: 'ready',
        digest: 'abc',
        counts: JSON.stringify({ created: 2 }),
      });
    for (const place of [1, 2])
      await backoffice.db('plan_item').insert({
        plan_id: plan,
        place,
        side: 'here',
        key: `h${place}`,
        verdict: 'created',
        operations: JSON.stringify([{ side: 'there', op: 'create' }]),
        before: JSON.stringify({ here: { fields: { lastName: 'A' } }, there: null }),
        after: '{}',
        signature: 's',
      });
    return plan;
  };

  test('a plan is asked for, shown page by page, and approved: its run is the last, and the pair runs', async () => {
    const plan = await ready();
    const page = await call('GET', `/api/plans/${plan}?limit=1`);
    expect(page.json).toMatchObject({ state: 'ready', digest: 'abc', counts: { created: 2 }, next: '1' });
    expect(page.at('items', 0)).toMatchObject({ key: 'h1', operations: [{ side: 'there', op: 'create' }] });
    expect((await call('GET', `/api/plans/${plan}?limit=1&cursor=1`)).at('items', 0, 'key')).toBe('h2');
    const stale = await call('POST', `/api/plans/${plan}`, { decision: 'approve', digest: 'other' });
    expect([stale.status, stale.at('code')]).toEqual([412, 'stale']);
    const approved = await call('POST', `/api/plans/${plan}`, { decision: 'approve', digest: 'abc' });
    expect(approved.json).toMatchObject({ state: 'approved', decidedBy: backoffice.admin.email });
    const status = await call('GET', `${at}/status`);
    expect(status.json).toMatchObject({ mode: 'run', lastRun: { id: approved.at('run'), kind: 'plan' } });
    expect((await call('POST', `/api/plans/${plan}`, { decision: 'reject' })).at('code')).toBe(
      'already-decided',
    );
  });

  test('a rejected plan changes nothing; one that is not ready, or of another configuration, is not decided', async () => {
    const making = String((await call('POST', `${at}/plan`)).at('plan'));
    expect((await call('POST', `/api/plans/${making}`, { decision: 'approve' })).at('code')).toBe(
      'not-ready',
    );
    const plan = await ready();
    expect((await call('POST', `/api/plans/${plan}`, { decision: 'reject' })).json).toMatchObject({
      state: 'rejected',
      run: null,
    });
    expect((await call('GET', `${at}/status`)).at('mode')).toBe('plan');
    const old = await ready();
    await backoffice.db('pair_plan').where({ id: old }).update({ config_version: 0 });
    const outdated = await call('POST', `/api/plans/${old}`, { decision: 'approve' });
    expect([outdated.at('code'), outdated.at('state')]).toEqual(['not-ready', 'outdated']);
  });
});

describe('links', () => {
  test('are listed, found by keys and by what was seen, and shown with their timeline', async () => {
    const first = await newLink();
    await newLink('h2', 't2', 'Weiß 100%_');
    expect((await call('GET', `${at}/links`)).at('items', 1)).toMatchObject({
      id: first,
      pair: 'beteiligte',
      state: 'active',
      here: { key: 'h1', revision: '1', seen: { lastName: 'Müller' } },
      there: { key: 't1' },
    });
    const found = async (search: string) =>
      z
        .object({ items: z.array(z.object({ here: z.object({ key: z.string() }) })) })
        .parse((await call('GET', `${at}/links?search=${encodeURIComponent(search)}`)).json)
        .items.map(({ here }) => here.key);
    expect(await found('müll')).toEqual(['h1']);
    expect(await found('T2')).toEqual(['h2']);
    expect(await found('%_')).toEqual(['h2']);
    expect((await call('GET', `${at}/links?state=conflict`)).at('items')).toEqual([]);
    await backoffice.db('link_event').insert({
      pair_id: pairId,
      link_id: first,
      kind: 'sync',
      verdict: 'updated',
      fields: ['lastName'],
      calls: JSON.stringify([{ side: 'there', op: 'update', status: 200 }]),
    });
    const shown = await call('GET', `/api/links/${first}`);
    expect(shown.at('events', 0)).toMatchObject({
      kind: 'sync',
      fields: ['lastName'],
      calls: [{ status: 200 }],
    });
    expect((await call('GET', '/api/links/987654321')).status).toBe(404);
  });

  test('a link is processed again, whatever its revisions', async () => {
    const link = await newLink();
    const looked = await call('POST', `/api/links/${link}/look`);
    expect([looked.status, looked.json]).toMatchObject([
      202,
      { side: 'here', key: 'h1', state: 'new', source: 'api' },
    ]);
    expect(await backoffice.db('link_end').pluck('needs_look')).toEqual([true, true]);
    expect(await slices()).toHaveLength(1);
  });

  test('two records are unlinked and joined by hand; a record that already has a link is not joined', async () => {
    const link = await newLink();
    expect((await call('POST', `${at}/links`, { here: 'h1', there: 't9' })).at('code')).toBe(
      'already-exists',
    );
    const parted = await call('POST', `/api/links/${link}/unlink`);
    expect(parted.json).toMatchObject({
      state: 'gone',
      events: [{ kind: 'unlinked', by: backoffice.admin.email }],
    });
    expect((await call('GET', `${at}/links`)).at('items')).toEqual([]);
    const joined = await call('POST', `${at}/links`, { here: 'h1', there: 't9' });
    expect(joined.status).toBe(201);
    expect(joined.json).toMatchObject({
      state: 'active',
      here: { key: 'h1', seen: null },
      there: { key: 't9' },
    });
    expect(await backoffice.db('link_job').pluck('key')).toEqual(['h1']);
  });

  test('a link whose call is not settled yet must wait', async () => {
    const link = await newLink();
    await backoffice
      .db('link')
      .where({ id: link })
      .update({ intent: '{}', intent_at: backoffice.db.fn.now() });
    expect((await call('POST', `/api/links/${link}/unlink`)).at('code')).toBe('unsettled');
  });
});

describe('jobs', () => {
  test('a record is processed; a job that was given up is tried again; a finished job is not', async () => {
    const added = await call('POST', `${at}/jobs`, { side: 'there', key: 't7' });
    expect([added.status, added.json]).toMatchObject([
      202,
      { side: 'there', key: 't7', state: 'new', waitsFor: null },
    ]);
    const id = String(added.at('id'));
    expect((await call('GET', `${at}/jobs?state=new`)).at('items', 0, 'id')).toBe(id);
    await backoffice.db('link_job').update({ state: 'waiting', waits_side: 'here', waits_key: 'h9' });
    expect((await call('GET', `/api/jobs/${id}`)).at('waitsFor')).toEqual({
      pair: 'beteiligte',
      side: 'here',
      key: 'h9',
    });
    await backoffice.db('link_job').update({
      state: 'given-up',
      waits_side: null,
      waits_key: null,
      ended_at: backoffice.db.fn.now(),
      error: 'no',
    });
    expect((await call('GET', `/api/jobs/${id}`)).json).toMatchObject({ state: 'given-up', error: 'no' });
    const again = await call('POST', `/api/jobs/${id}/retry`);
    expect(again.json).toMatchObject({ state: 'new', source: 'retry', key: 't7' });
    await backoffice.db('link_job').update({ state: 'done', ended_at: backoffice.db.fn.now() });
    expect((await call('POST', `/api/jobs/${id}/retry`)).at('code')).toBe('not-replayable');
  });
});

describe('what waits for someone', () => {
  const newConflict = async (): Promise<string> => {
    const link = await newLink();
    const made = await backoffice
      .db('link_conflict')
      .insert({
        pair_id: pairId,
        link_id: link,
        side: 'here',
        key: 'h1',
        kind: 'fields',
        fields: ['phoneNumber'],
        here: state({ phoneNumber: '1' }),
        there: state({ phoneNumber: '2' }),
        looked_at: '{}',
      })
      .returning<{ id: string }[]>('id');
    return made[0]?.id ?? '';
  };

  test('several that could be the same are decided by a candidate: the two are joined at once', async () => {
    const conflictOf = async (key: string): Promise<string> => {
      const [made] = await backoffice
        .db('link_conflict')
        .insert({
          pair_id: pairId,
          side: 'there',
          key,
          kind: 'match',
          fields: [],
          looked_at: '{}',
          candidates: JSON.stringify({ here: ['h8', 'h9'], there: [] }),
        })
        .returning<{ id: string }[]>('id');
      return made?.id ?? '';
    };
    const [one, other] = [await conflictOf('t8'), await conflictOf('t9')];
    const decide = (id: string, candidate: unknown) =>
      call('POST', `/api/conflicts/${id}`, { choice: { candidate } });
    expect((await decide(one, 't8')).status).toBe(422);
    expect((await decide(await newConflict(), 'h8')).status).toBe(422);
    expect((await decide(one, 'h8')).json).toMatchObject({
      state: 'decided',
      resolution: { candidate: 'h8' },
      appliedAt: expect.any(String) as string,
    });
    expect((await decide(other, 'h8')).at('code')).toBe('already-exists');
    const open = await call('GET', '/api/conflicts?pair=beteiligte&state=open');
    expect(open.at('items', 1)).toMatchObject({ id: other, resolution: null });
    expect((await decide(other, 'h9')).status).toBe(200);
  });

  test('a conflict shows both values, and is decided by a side or by values of what is in dispute', async () => {
    const id = await newConflict();
    const listed = await call('GET', '/api/conflicts?pair=beteiligte');
    expect(listed.at('items', 0)).toMatchObject({
      id,
      pair: 'beteiligte',
      kind: 'fields',
      fields: ['phoneNumber'],
      here: { phoneNumber: '1' },
      there: { phoneNumber: '2' },
      state: 'open',
      resolution: null,
    });
    expect((await call('GET', '/api/conflicts')).at('items', 0, 'id')).toBe(id);
    expect((await call('POST', `/api/conflicts/${id}`, { choice: 'manager' })).status).toBe(422);
    const other = { choice: { fields: { lastName: 'x' } } };
    expect((await call('POST', `/api/conflicts/${id}`, other)).status).toBe(422);
    const stale = await call('POST', `/api/conflicts/${id}`, { choice: 'here' }, { 'if-match': '"old"' });
    expect(stale.status).toBe(412);
    const decided = await call('POST', `/api/conflicts/${id}`, { choice: { fields: { phoneNumber: '3' } } });
    expect(decided.json).toMatchObject({ state: 'decided', resolution: { fields: { phoneNumber: '3' } } });
    expect((await call('POST', `/api/conflicts/${id}`, { choice: 'here' })).at('code')).toBe(
      'already-decided',
    );
    expect((await call('GET', '/api/conflicts?pair=beteiligte&state=open')).at('items')).toEqual([]);
    expect((await call('GET', '/api/conflicts?pair=beteiligte&state=all')).at('items', 0, 'state')).toBe(
      'decided',
    );
    expect(await slices()).toHaveLength(1);
  });

  test('an approval shows what waits for it, and is decided once', async () => {
    const made = await backoffice
      .db('pair_approval')
      .insert({ pair_id: pairId, kind: 'deletions', digest: 'd', entities: 1 })
      .returning<{ id: string }[]>('id');
    const id = made[0]?.id ?? '';
    await backoffice.db('link_job').insert({
      pair_id: pairId,
      side: 'there',
      key: 't1',
      source: 'listing',
      state: 'held',
      stage: 'deletion',
      approval_id: id,
    });
    const listed = await call('GET', '/api/approvals?pair=beteiligte');
    expect(listed.at('items', 0)).toMatchObject({
      id,
      kind: 'deletions',
      entities: 1,
      items: [{ key: 't1' }],
    });
    const decided = await call('POST', `/api/approvals/${id}`, { decision: 'approve' });
    expect(decided.json).toMatchObject({ state: 'approved', decidedBy: backoffice.admin.email });
    expect((await call('POST', `/api/approvals/${id}`, { decision: 'reject' })).at('code')).toBe(
      'already-decided',
    );
    expect(await slices()).toHaveLength(1);
  });

  test('nobody of another account sees any of it, and a viewer decides nothing', async () => {
    const id = await newConflict();
    const account = String((await call('POST', '/api/accounts', { name: 'Kanzlei' })).at('id'));
    const stranger = await backoffice.signIn('manager', [account]);
    const [link = ''] = (await backoffice.db('link').pluck('id')) as string[];
    for (const path of [
      `/api/links/${link}`,
      `${at}/status`,
      `${at}/links`,
      `${at}/jobs`,
      '/api/conflicts?pair=beteiligte',
    ])
      expect((await stranger.call('GET', path)).status).toBe(404);
    expect((await stranger.call('GET', '/api/conflicts')).at('items')).toEqual([]);
    expect((await stranger.call('POST', `/api/conflicts/${id}`, { choice: 'here' })).status).toBe(404);
    await backoffice.db('remote_system').update({ account_id: Number(account) });
    const viewer = await backoffice.signIn('viewer', [account]);
    expect((await viewer.call('GET', `/api/links/${link}`)).status).toBe(200);
    for (const [path, body] of [
      [`/api/conflicts/${id}`, { choice: 'here' }],
      [`/api/links/${link}/unlink`, undefined],
      [`${at}/run`, undefined],
      [`${at}/plan`, undefined],
      [`${at}/jobs`, { side: 'here', key: 'h1' }],
    ] as const)
      expect((await viewer.call('POST', path, body)).status).toBe(403);
    expect((await stranger.call('POST', `/api/conflicts/${id}`, { choice: 'here' })).status).toBe(200);
  });
});
