import { startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { newAlert, newKitchen } from '../backoffice/fixtures';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

test('alerts are listed, the newest first, and counted with their solution', async () => {
  const { account, solution } = await newKitchen(backoffice);
  const { call } = await backoffice.signIn('viewer', [account]);
  const [first, second] = [
    await newAlert(backoffice, solution, 'P1'),
    await newAlert(backoffice, solution, 'P2'),
  ];
  const listed = await call('GET', '/api/alerts');
  expect(listed.json).toMatchObject({
    items: [
      {
        id: second,
        solution,
        probeId: 'P2',
        kind: 'high',
        state: 'open',
        fridgeName: 'Chambre froide',
        limit: 4,
        worst: 7.5,
        since: '2026-11-20T06:00:00.000Z',
        openedAt: '2026-11-20T06:30:00.000Z',
        closedAt: null,
        acknowledgedAt: null,
      },
      { id: first },
    ],
    next: null,
  });
  expect((await call('GET', '/api/solutions')).at('items', 0, 'alerts')).toBe(2);
  expect((await call('GET', `/api/solutions/${solution}`)).at('alerts')).toBe(2);
});

test('closed alerts are not counted, and are listed on request', async () => {
  const { account, solution } = await newKitchen(backoffice);
  const { call } = await backoffice.signIn('viewer', [account]);
  const id = await newAlert(backoffice, solution);
  const [escalated, closed] = [{ escalated_at: new Date() }, { closed_at: new Date() }];
  await backoffice.db('probe_alert').where({ id }).update(escalated);
  expect((await call('GET', '/api/alerts?state=escalated')).json).toMatchObject({
    items: [{ state: 'escalated' }],
  });
  await backoffice.db('probe_alert').where({ id }).update(closed);
  expect((await call('GET', '/api/alerts')).at('items')).toEqual([]);
  expect((await call('GET', '/api/alerts?state=escalated')).at('items')).toEqual([]);
  expect((await call('GET', '/api/alerts?state=closed')).json).toMatchObject({
    items: [{ id, state: 'closed' }],
  });
  expect((await call('GET', '/api/alerts?state=all&kind=low')).at('items')).toEqual([]);
  expect((await call('GET', `/api/solutions/${solution}`)).at('alerts')).toBe(0);
  expect((await call('GET', '/api/alerts?state=bad')).status).toBe(400);
});

test('are read page by page', async () => {
  const { solution } = await newKitchen(backoffice);
  for (const probe of ['P1', 'P2', 'P3']) await newAlert(backoffice, solution, probe);
  const path = `/api/alerts?solution=${solution}&limit=2`;
  const first = await backoffice.admin.call('GET', path);
  expect(first.json).toMatchObject({ items: [{ probeId: 'P3' }, { probeId: 'P2' }] });
  const rest = await backoffice.admin.call('GET', `${path}&cursor=${String(first.at('next'))}`);
  expect(rest.json).toMatchObject({ items: [{ probeId: 'P1' }], next: null });
});

test('an acknowledgement records who and when, stays, and is in the audit trail', async () => {
  const { account, solution } = await newKitchen(backoffice);
  const [first, second] = [
    await backoffice.signIn('manager', [account]),
    await backoffice.signIn('manager', [account]),
  ];
  const id = await newAlert(backoffice, solution);
  const path = `/api/alerts/${id}/acknowledge`;
  const answer = await first.call('POST', path, { comment: 'Door was open' });
  expect(answer.status).toBe(200);
  expect(answer.json).toMatchObject({
    id,
    state: 'open',
    acknowledgedBy: first.email,
    acknowledgedAt: expect.any(String) as string,
    comment: 'Door was open',
  });
  expect((await second.call('POST', path)).json).toEqual(answer.json);
  expect((await first.call('GET', '/api/alerts?acknowledged=false')).at('items')).toEqual([]);
  expect((await first.call('GET', '/api/alerts?acknowledged=true')).json).toMatchObject({ items: [{ id }] });
  const audit = await first.call('GET', `/api/audit?solution=${solution}&action=alert.acknowledge`);
  expect(audit.json).toMatchObject({ items: [{ user: first.email, after: { id, probeId: 'P1' } }] });
  expect(audit.at('items', 1)).toBeUndefined();
});
