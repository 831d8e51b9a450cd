import { startBackoffice, type TestBackoffice } from './backoffice';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

describe('accounts', () => {
  test('are created by an admin, once each', async () => {
    const made = await backoffice.admin.call('POST', '/api/accounts', { name: ' Boucherie Martin ' });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      id: expect.stringMatching(/^\d+$/) as string,
      name: 'Boucherie Martin',
    });
    const again = await backoffice.admin.call('POST', '/api/accounts', { name: 'Boucherie Martin' });
    expect(again.status).toBe(409);
    expect(again.at('code')).toBe('already-exists');
    const listed = await backoffice.admin.call('GET', '/api/accounts');
    expect(listed.json).toEqual({ items: [made.json], next: null });
  });

  test('keep their data as long as an admin says; other values stay, and the trail records who did it', async () => {
    const { admin } = backoffice;
    const made = await admin.call('POST', '/api/accounts', { name: 'Le Bouchon' });
    expect(made.at('retention')).toEqual({ fileDays: null, readingDays: null });
    const path = `/api/accounts/${String(made.at('id'))}`;
    await admin.call('PATCH', path, { retention: { readingDays: 1825 } });
    const changed = await admin.call('PATCH', path, { retention: { fileDays: 14 } });
    expect(changed.at('retention')).toEqual({ fileDays: 14, readingDays: 1825 });
    expect((await admin.call('GET', path)).json).toEqual(changed.json);
    expect(
      (await admin.call('GET', '/api/audit?action=account.retention&limit=1')).at('items', 0),
    ).toMatchObject({
      user: admin.email,
      before: { account: 'Le Bouchon', fileDays: null, readingDays: 1825 },
      after: { fileDays: 14, readingDays: 1825 },
    });
    const back = await admin.call('PATCH', path, { retention: { fileDays: null, readingDays: null } });
    expect(back.at('retention')).toEqual({ fileDays: null, readingDays: null });
    const told = await admin.call('GET', '/api/audit?action=account.retention');
    await admin.call('PATCH', path, { retention: { fileDays: null } });
    await admin.call('PATCH', path, {});
    expect((await admin.call('GET', '/api/audit?action=account.retention')).json).toEqual(told.json);
  });

  test('accept only whole days, and only one of two admins who edit at once', async () => {
    const { admin } = backoffice;
    const path = `/api/accounts/${String((await admin.call('POST', '/api/accounts', { name: 'Deux' })).at('id'))}`;
    for (const readingDays of [0, -1, 1.5, 36_501, '30']) {
      expect((await admin.call('PATCH', path, { retention: { readingDays } })).status).toBe(400);
    }
    expect((await admin.call('PATCH', path, { name: 'Trois' })).status).toBe(400);
    const headers = { 'if-match': (await admin.call('GET', path)).headers.get('etag') ?? '' };
    const answers = await Promise.all(
      [10, 20, 30].map((fileDays) => admin.call('PATCH', path, { retention: { fileDays } }, headers)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
    expect((await admin.call('PATCH', '/api/accounts/999999', { retention: {} })).status).toBe(404);
  });

  test.each(['manager', 'viewer'] as const)('are not the affair of a %s', async (role) => {
    const { call } = await backoffice.signIn(role);
    expect((await call('GET', '/api/accounts')).status).toBe(403);
    expect((await call('POST', '/api/accounts', { name: 'X' })).at('code')).toBe('forbidden');
  });

  test.each([{}, { name: '' }, { name: '   ' }, { name: 'x'.repeat(201) }, { name: 'X', more: 1 }])(
    'are not created from %j',
    async (body) => {
      expect((await backoffice.admin.call('POST', '/api/accounts', body)).status).toBe(400);
    },
  );
});

describe('users', () => {
  const newUser = { email: 'chef@example.org', password: 'certainly long enough', role: 'viewer' };

  test('are created by an admin, once for each e-mail, and shown without their password', async () => {
    const account = await backoffice.admin.call('POST', '/api/accounts', { name: 'For users' });
    const made = await backoffice.admin.call('POST', '/api/users', {
      ...newUser,
      accounts: [account.at('id')],
    });
    expect(made.status).toBe(201);
    expect(made.json).toMatchObject({
      email: 'chef@example.org',
      role: 'viewer',
      accounts: [account.at('id')],
      disabled: false,
    });
    expect(made.text).not.toContain('password');
    const again = await backoffice.admin.call('POST', '/api/users', {
      ...newUser,
      email: 'CHEF@example.org',
    });
    expect(again.at('code')).toBe('already-exists');
  });

  test('cannot be given accounts that are not there', async () => {
    const body = { ...newUser, email: 'lost@example.org', accounts: ['999999'] };
    const answer = await backoffice.admin.call('POST', '/api/users', body);
    expect(answer.status).toBe(422);
    expect(answer.at('code')).toBe('invalid-fields');
    const listed = await backoffice.admin.call('GET', '/api/users?limit=500');
    expect(listed.text).not.toContain('lost@example.org');
  });

  test('change by parts', async () => {
    const { id } = await backoffice.signIn('viewer');
    const account = await backoffice.admin.call('POST', '/api/accounts', { name: 'Part' });
    const path = `/api/users/${id}`;
    expect((await backoffice.admin.call('PATCH', path, { role: 'manager' })).at('role')).toBe('manager');
    const moved = await backoffice.admin.call('PATCH', path, { accounts: [Number(account.at('id'))] });
    expect(moved.json).toMatchObject({ role: 'manager', accounts: [account.at('id')], disabled: false });
    const disabled = await backoffice.admin.call('PATCH', path, { disabled: true });
    expect(disabled.json).toMatchObject({ role: 'manager', accounts: [account.at('id')], disabled: true });
  });

  test.each([{ password: 'short' }, { role: 'king' }, { email: 'new@example.org' }, { disabled: 'yes' }])(
    'are not changed by %j',
    async (body) => {
      const { id } = await backoffice.signIn('viewer');
      expect((await backoffice.admin.call('PATCH', `/api/users/${id}`, body)).status).toBe(400);
    },
  );

  test('choose passwords of twelve characters or more, by the interface as in the console', async () => {
    const { id } = await backoffice.signIn('viewer');
    const path = `/api/users/${id}`;
    expect((await backoffice.admin.call('PATCH', path, { password: 'eleven77777' })).status).toBe(400);
    expect((await backoffice.admin.call('PATCH', path, { password: 'twelve-88888' })).status).toBe(200);
    const { text } = await backoffice.call('GET', `/users/${id}`, {
      headers: { cookie: `epack_session=${backoffice.admin.token}`, accept: 'text/html' },
    });
    expect(text).toMatch(/<input name="password"[^>]* minlength="12"/i);
  });

  test.each(['0', '999999', '12345678901234567890', 'x', '-1'])(
    'that are not there are 404: %s',
    async (id) => {
      const answer = await backoffice.admin.call('PATCH', `/api/users/${id}`, { role: 'viewer' });
      expect(answer.status).toBe(404);
      expect(answer.at('code')).toBe('not-found');
    },
  );

  test.each(['manager', 'viewer'] as const)('are not the affair of a %s', async (role) => {
    const { id, call } = await backoffice.signIn(role);
    expect((await call('GET', '/api/users')).status).toBe(403);
    expect((await call('POST', '/api/users', newUser)).status).toBe(403);
    expect((await call('PATCH', `/api/users/${id}`, { role: 'admin' })).status).toBe(403);
  });

  test('the last admin stays, however many try at once to change that', async () => {
    const own = await startBackoffice();
    try {
      const other = await own.signIn('admin');
      const answers = await Promise.all([
        own.admin.call('PATCH', `/api/users/${other.id}`, { disabled: true }),
        other.call('PATCH', `/api/users/${own.admin.id}`, { role: 'viewer' }),
      ]);
      expect(answers.map(({ status }) => status).sort()).toEqual([200, expect.any(Number)]);
      const admins = await own.db('app_user').where({ role: 'admin' }).whereNull('disabled_at').count();
      expect(admins).toEqual([{ count: '1' }]);
      const left = (await own.admin.call('GET', '/api/users')).status === 200 ? own.admin : other;
      const refused = await left.call('PATCH', `/api/users/${left.id}`, { disabled: true });
      expect(refused.status).toBe(409);
      expect(refused.at('code')).toBe('last-admin');
      expect((await left.call('PATCH', `/api/users/${left.id}`, { role: 'viewer' })).status).toBe(409);
    } finally {
      await own.stop();
    }
  });

  test('changes of them are in the audit trail, without passwords', async () => {
    const { id, email } = await backoffice.signIn('viewer');
    await backoffice.admin.call('PATCH', `/api/users/${id}`, {
      password: 'entirely new one',
      role: 'manager',
    });
    const trail = await backoffice.admin.call('GET', '/api/audit?action=user.update&limit=1');
    expect(trail.at('items', 0)).toMatchObject({
      user: backoffice.admin.email,
      action: 'user.update',
      solution: null,
      address: expect.any(String) as string,
      before: { email, role: 'viewer' },
      after: { email, role: 'manager', password: 'changed' },
    });
    expect(trail.text).not.toContain('entirely new one');
    expect(trail.text).not.toContain('$scrypt$');
  });
});
