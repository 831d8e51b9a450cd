import { type Staff, startBackoffice, type TestBackoffice } from '../backoffice/backoffice';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

const signInAs = async (
  { email, password }: Pick<Staff, 'email' | 'password'>,
  headers: Record<string, string> = {},
) => backoffice.call('POST', '/api/session', { body: { email, password }, headers });
const callWith = (token: unknown, method: string, path: string, body?: unknown) =>
  backoffice.call(method, path, { body, headers: { authorization: `Bearer ${String(token)}` } });

describe('open sessions', () => {
  test('are listed with their addresses and a mark for the current one', async () => {
    const viewer = await backoffice.signIn('viewer');
    await signInAs(viewer, { 'user-agent': 'Tablet/1', 'x-forwarded-for': '192.0.2.9' });
    const { json, status, text } = await viewer.call('GET', '/api/session/all');
    expect(status).toBe(200);
    expect(json).toMatchObject({
      items: [
        { method: 'password', address: '192.0.2.9', userAgent: 'Tablet/1', current: false },
        { method: 'password', current: true },
      ],
    });
    expect(text).not.toContain(viewer.token);
  });

  test('end one by one; nobody can end the sessions of others', async () => {
    const [viewer, other] = [await backoffice.signIn('viewer'), await backoffice.signIn('viewer')];
    const second = (await signInAs(viewer)).at('token');
    const id = String((await viewer.call('GET', '/api/session/all')).at('items', 0, 'id'));
    expect((await other.call('DELETE', `/api/session/all/${id}`)).status).toBe(404);
    expect((await callWith(second, 'GET', '/api/solutions')).status).toBe(200);
    expect((await viewer.call('DELETE', `/api/session/all/${id}`)).status).toBe(204);
    expect((await callWith(second, 'GET', '/api/solutions')).status).toBe(401);
    expect((await viewer.call('DELETE', `/api/session/all/${id}`)).status).toBe(404);
  });

  test('of others are seen and ended by an admin alone', async () => {
    const [viewer, manager] = [await backoffice.signIn('viewer'), await backoffice.signIn('manager')];
    await signInAs(viewer);
    const path = `/api/users/${viewer.id}/sessions`;
    expect((await manager.call('GET', path)).status).toBe(403);
    expect((await manager.call('DELETE', path)).status).toBe(403);
    expect((await backoffice.admin.call('GET', path)).at('items', 1, 'current')).toBe(false);
    expect((await backoffice.admin.call('DELETE', path)).json).toEqual({ ended: 2 });
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(401);
    const trail = await backoffice.admin.call('GET', '/api/audit?action=session.end-all&limit=1');
    expect(trail.at('items', 0)).toMatchObject({
      user: backoffice.admin.email,
      before: { user: viewer.email, sessions: 2 },
    });
    expect((await backoffice.admin.call('DELETE', '/api/users/999999/sessions')).status).toBe(404);
  });

  test('show when they were last used, without a write at each call', async () => {
    const { db } = backoffice;
    const viewer = await backoffice.signIn('viewer');
    const seenAt = async () => (await viewer.call('GET', '/api/session/all')).at('items', 0, 'seenAt');
    const first = await seenAt();
    expect(await seenAt()).toBe(first);
    await db('user_session')
      .where({ user_id: viewer.id })
      .update({ seen_at: db.raw(`now() - interval '11 minutes'`) });
    await viewer.call('GET', '/api/solutions');
    expect(Date.parse(String(await seenAt()))).toBeGreaterThan(Date.parse(String(first)) - 60_000);
  });

  test.each([
    ['another role', { role: 'manager' }],
    ['other accounts', { accounts: [] }],
    ['a new password', { password: 'entirely new one' }],
    ['being disabled', { disabled: true }],
  ])('end with %s', async (_, edit) => {
    const account = String(
      (await backoffice.admin.call('POST', '/api/accounts', { name: JSON.stringify(edit) })).at('id'),
    );
    const viewer = await backoffice.signIn('viewer', [account]);
    expect((await backoffice.admin.call('PATCH', `/api/users/${viewer.id}`, edit)).status).toBe(200);
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(401);
  });

  test('stay open if an edit does not change the rights of the user', async () => {
    const viewer = await backoffice.signIn('viewer');
    const edit = { role: 'viewer', accounts: [], disabled: false };
    expect((await backoffice.admin.call('PATCH', `/api/users/${viewer.id}`, edit)).status).toBe(200);
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(200);
  });
});

describe("one's own password", () => {
  const change = (staff: Staff, current: string, next: string) =>
    staff.call('PUT', '/api/session/password', { current, next });

  test('changes; other sessions end, this one stays open', async () => {
    const viewer = await backoffice.signIn('viewer');
    const other = (await signInAs(viewer)).at('token');
    expect((await change(viewer, viewer.password, 'a much better one')).status).toBe(204);
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(200);
    expect((await callWith(other, 'GET', '/api/solutions')).status).toBe(401);
    expect((await signInAs(viewer)).status).toBe(401);
    expect((await signInAs({ ...viewer, password: 'a much better one' })).status).toBe(200);
  });

  test('cannot be changed without knowing it, and cannot be guessed', async () => {
    const viewer = await backoffice.signIn('viewer');
    const address = { 'x-forwarded-for': '192.0.2.77' };
    const guess = (current: string) =>
      viewer.call('PUT', '/api/session/password', { current, next: 'a much better one' }, address);
    for (let count = 0; count < 10; count++)
      expect((await guess('wrong')).at('code')).toBe('bad-credentials');
    expect((await guess(viewer.password)).status).toBe(429);
    expect((await viewer.call('GET', '/api/solutions')).status).toBe(200);
  });

  test('is not changed to a short one', async () => {
    const viewer = await backoffice.signIn('viewer');
    expect((await change(viewer, viewer.password, 'short')).status).toBe(400);
  });

  test('that was hashed at another cost is hashed again at the next sign-in', async () => {
    const viewer = await backoffice.signIn('viewer');
    const hashOf = async () =>
      (
        await backoffice
          .db<{ id: string; password_hash: string }>('app_user')
          .where({ id: viewer.id })
          .first()
      )?.password_hash;
    // The hash of `correct horse battery`, at a quarter of the cost of this server.
    const { scryptSync } = await import('node:crypto');
    const key = scryptSync(viewer.password, Buffer.alloc(16, 1), 32, { N: 256, r: 8, p: 5 });
    const cheap = `$scrypt$ln=8,r=8,p=5$${Buffer.alloc(16, 1).toString('base64url')}$${key.toString('base64url')}`;
    await backoffice.db('app_user').where({ id: viewer.id }).update({ password_hash: cheap });
    expect((await signInAs(viewer)).status).toBe(200);
    expect(await hashOf()).toMatch(/^\$scrypt\$ln=10,r=8,p=5\$/);
    expect((await signInAs(viewer)).status).toBe(200);
  });
});
