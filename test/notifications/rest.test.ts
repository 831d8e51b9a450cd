import { startBackoffice, type Staff, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen } from '../backoffice/fixtures';
import { deliver, fail, newQueuedSync } from './scene';
import { type Receiver, startReceiver, status } from './receiver';

let backoffice: TestBackoffice;
let receiver: Receiver;
beforeAll(async () => {
  backoffice = await startBackoffice();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.stop();
  await backoffice.stop();
});
beforeEach(async () => {
  await backoffice.db('notification_target').delete();
});

const targets = '/api/notification-targets';
const webhook = (account: string | null) => ({
  account,
  kind: 'webhook',
  address: 'https://hooks.example/epack?token=abc',
  events: ['sync-failed'],
});

interface Scene {
  readonly account: string;
  readonly solution: string;
  readonly manager: Staff;
}

async function newScene(): Promise<Scene> {
  const kitchen = await newKitchen(backoffice);
  return { ...kitchen, manager: await backoffice.signIn('manager', [kitchen.account]) };
}

describe('a target', () => {
  test('is added by a manager of its account; the secret is shown once', async () => {
    const { account, manager } = await newScene();
    const made = await manager.call('POST', targets, webhook(account));
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      account,
      kind: 'webhook',
      events: ['sync-failed'],
      staleHours: 24,
      language: 'en',
      paused: false,
      secret: expect.stringMatching(/^whsec_[A-Za-z0-9+/]{43}=$/) as string,
    });
    const listed = await manager.call('GET', targets);
    expect(listed.at('items', 0, 'id')).toBe(made.at('id'));
    expect(listed.text).not.toContain('whsec_');
    const mail = { ...webhook(account), kind: 'email', address: 'chef@example.org' };
    expect((await manager.call('POST', targets, mail)).at('secret')).toBeNull();
  });

  test.each([
    { address: 'http://10.0.0.1/' },
    { address: 'ftp://hooks.example/' },
    { address: 'https://user:password@hooks.example/' },
    { address: 'https://169.254.169.254/' },
    { address: 'https://[::1]/' },
    { address: 'not a url' },
    { kind: 'email', address: 'https://hooks.example/' },
    { kind: 'email', address: 'a@example.org, b@example.org' },
    { kind: 'email', address: 'Chef <chef@example.org>' },
    { kind: 'email', address: 'chef@example.org\r\nBcc: x@example.org' },
  ])('is not made of %j', async (particulars) => {
    const { account, manager } = await newScene();
    const answer = await manager.call('POST', targets, { ...webhook(account), ...particulars });
    expect(answer.status).toBe(422);
    expect(answer.at('code')).toBe('invalid-fields');
  });

  test.each([
    { events: [] },
    { events: ['all'] },
    { kind: 'sms' },
    { staleHours: 0 },
    { more: 1 },
    { account: undefined },
  ])('is a bad request as %j', async (particulars) => {
    const { account, manager } = await newScene();
    expect((await manager.call('POST', targets, { ...webhook(account), ...particulars })).status).toBe(400);
  });

  test('is not overwritten by a later editor with an old version; its notifications do not change its version', async () => {
    const { account, manager } = await newScene();
    const path = `${targets}/${String((await manager.call('POST', targets, webhook(account))).at('id'))}`;
    const headers = { 'if-match': (await manager.call('GET', path)).headers.get('etag') ?? '' };
    const sent = await manager.call('POST', `${path}/test`);
    await backoffice
      .db('notification')
      .where({ id: String(sent.at('notification')) })
      .update({ state: 'parked' });
    const hours = [1, 2, 3].map((staleHours) => manager.call('PATCH', path, { staleHours }, headers));
    const answers = await Promise.all(hours);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    const now = await manager.call('GET', path);
    expect(answers.find(({ status }) => status === 200)?.headers.get('etag')).toBe(now.headers.get('etag'));
    expect(now.at('parked')).toBe(1);
    expect((await manager.call('PATCH', path, { paused: true })).status).toBe(200);
  });

  test('of another account is not found, and cannot be added', async () => {
    const [own, other] = [await newScene(), await newScene()];
    const id = String((await own.manager.call('POST', targets, webhook(own.account))).at('id'));
    for (const [method, path] of [
      ['GET', `${targets}/${id}`],
      ['PATCH', `${targets}/${id}`],
      ['DELETE', `${targets}/${id}`],
      ['POST', `${targets}/${id}/secret`],
      ['POST', `${targets}/${id}/test`],
      ['GET', `${targets}/${id}/notifications`],
    ] as const) {
      const answer = await other.manager.call(
        method,
        path,
        method === 'PATCH' ? { paused: true } : undefined,
      );
      expect([path, answer.status]).toEqual([path, 404]);
    }
    expect((await other.manager.call('GET', targets)).json).toEqual({ items: [], next: null });
    expect((await other.manager.call('POST', targets, webhook(own.account))).status).toBe(404);
  });

  test('of every account is for admins', async () => {
    const { manager } = await newScene();
    expect((await manager.call('POST', targets, webhook(null))).status).toBe(403);
    const made = await backoffice.admin.call('POST', targets, webhook(null));
    expect(made.json).toMatchObject({ account: null });
    expect((await manager.call('GET', targets)).json).toEqual({ items: [], next: null });
    expect((await manager.call('DELETE', `${targets}/${String(made.at('id'))}`)).status).toBe(404);
  });

  test('is not the affair of a viewer', async () => {
    const { account, manager } = await newScene();
    const id = String((await manager.call('POST', targets, webhook(account))).at('id'));
    const viewer = await backoffice.signIn('viewer', [account]);
    expect((await viewer.call('GET', targets)).status).toBe(403);
    expect((await viewer.call('POST', targets, webhook(account))).status).toBe(403);
    expect((await viewer.call('PATCH', `${targets}/${id}`, { paused: true })).status).toBe(403);
    expect((await viewer.call('POST', `${targets}/${id}/secret`)).status).toBe(403);
  });

  test('is changed and removed, with before and after in the audit trail, and without secrets', async () => {
    const { account, manager } = await newScene();
    const id = String((await manager.call('POST', targets, webhook(account))).at('id'));
    const path = `${targets}/${id}`;
    const edit = { events: ['approval-waiting', 'approval-waiting'], paused: true };
    expect((await manager.call('PATCH', path, edit)).json).toMatchObject({
      events: ['approval-waiting'],
      paused: true,
      address: webhook(account).address,
    });
    expect((await manager.call('PATCH', path, { address: 'https://127.0.0.1/' })).status).toBe(422);
    expect((await manager.call('POST', `${path}/secret`)).at('secret')).toMatch(/^whsec_/);
    expect((await manager.call('DELETE', path)).status).toBe(204);
    expect((await manager.call('DELETE', path)).status).toBe(404);
    const trail = await backoffice.admin.call('GET', `/api/audit?user=${manager.email}`);
    expect(trail.json).toMatchObject({
      items: [
        { action: 'notification-target.delete', before: { events: ['approval-waiting'] }, after: null },
        { action: 'notification-target.replace-secret', after: { secret: 'replaced' } },
        {
          action: 'notification-target.update',
          before: { events: ['sync-failed'], isPaused: false },
          after: { events: ['approval-waiting'], isPaused: true },
        },
        { action: 'notification-target.create', before: null, after: { events: ['sync-failed'] } },
        { action: 'session.start' },
      ],
    });
    expect(trail.text).not.toContain('whsec_');
  });

  test('that is an e-mail has no secret to replace', async () => {
    const { account, manager } = await newScene();
    const mail = { ...webhook(account), kind: 'email', address: 'chef@example.org' };
    const id = String((await manager.call('POST', targets, mail)).at('id'));
    expect((await manager.call('POST', `${targets}/${id}/secret`)).status).toBe(404);
  });
});

describe('the notifications of a target', () => {
  test('is shown: a test that arrived, a failure that was given up and is tried again', async () => {
    const { db } = backoffice;
    const { account, solution, manager } = await newScene();
    const id = String((await manager.call('POST', targets, webhook(account))).at('id'));
    await db('notification_target').where({ id }).update({ address: receiver.url });
    const list = (query = '') => manager.call('GET', `${targets}/${id}/notifications${query}`);

    const tested = await manager.call('POST', `${targets}/${id}/test`);
    expect(tested.status).toBe(202);
    await deliver(db);
    expect(receiver.received.at(-1)?.body).toContain('"type":"test"');
    expect((await list()).json).toMatchObject({
      items: [
        { id: tested.at('notification'), event: 'test', state: 'delivered', solution: null, attempts: 1 },
      ],
      next: null,
    });

    receiver.behave(status(410));
    await fail(db, await newQueuedSync(db, Number(solution)));
    await deliver(db);
    const parked = await list('?state=parked');
    expect(parked.json).toMatchObject({
      items: [{ event: 'sync-failed', solution, lastError: 'Answered 410.', nextAttemptAt: null }],
    });
    expect((await manager.call('GET', targets)).at('items', 0, 'parked')).toBe(1);

    const other = await newScene();
    const retry = `/api/notifications/${String(parked.at('items', 0, 'id'))}/retry`;
    expect((await other.manager.call('POST', retry)).status).toBe(404);
    expect((await manager.call('POST', retry)).status).toBe(204);
    expect((await manager.call('POST', retry)).status).toBe(409);
    receiver.behave(status(204));
    await deliver(db);
    expect((await list('?state=parked')).json).toEqual({ items: [], next: null });
    expect((await list('?limit=1')).at('next')).toBe((await list('?limit=1')).at('items', 0, 'id'));
    const second = await list(`?limit=1&cursor=${String((await list('?limit=1')).at('next'))}`);
    expect(second.at('items', 0, 'event')).toBe('test');
  });
});
