import { type Staff, startBackoffice, type TestBackoffice } from './backoffice';

describe('input of staff, by the interface', () => {
  let backoffice: TestBackoffice;
  let admin: Staff;
  beforeAll(async () => {
    backoffice = await startBackoffice();
    admin = backoffice.admin;
  });
  afterAll(() => backoffice.stop());

  test('a mail without an @, or with a blank in it, is refused for a solution and for a user', async () => {
    for (const mail of ['bad', 'a b@c', '@', 'a@']) {
      const solution = await admin.call('POST', '/api/solutions', { mail, name: 'Cuisine' });
      expect([solution.status, solution.at('code')]).toEqual([422, 'invalid-fields']);
      expect(solution.at('problems')).toEqual([{ field: 'mail', reason: 'is no e-mail address' }]);
      const user = await admin.call('POST', '/api/users', {
        email: mail,
        password: 'certainly-long-enough',
        role: 'viewer',
      });
      expect([user.status, user.at('code')]).toEqual([422, 'invalid-fields']);
    }
    expect(
      (await admin.call('POST', '/api/solutions', { mail: ' a@b ', name: ' Cuisine ' })).at('mail'),
    ).toBe('a@b');
  });

  test('an invalid time zone is refused when a solution is added and when it is changed', async () => {
    const zone = { timezone: 'Mars/Phobos' };
    const enrolled = await admin.call('POST', '/api/solutions', { mail: 'c@d', name: 'Bar', ...zone });
    expect([enrolled.status, enrolled.at('code')]).toEqual([400, 'bad-request']);
    const enrolledOne = await admin.call('POST', '/api/solutions', { mail: 'c@d', name: 'Bar' });
    const changed = await admin.call('PATCH', `/api/solutions/${String(enrolledOne.at('id'))}`, zone);
    expect([changed.status, changed.at('code')]).toEqual([400, 'bad-request']);
  });
});
