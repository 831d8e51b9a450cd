import { TOTP } from 'otpauth';
import type { Language } from '../../shared/domain/language';
import { usualSignInRules } from '../../shared/domain/sign-in-rules';
import { sendStaffMails } from '../../worker/notifications/staff-mails';
import { type Staff, startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { bodyOf, type MailServer, startMailServer, subjectOf } from './mail-server';

let backoffice: TestBackoffice;
let mailServer: MailServer;
beforeAll(async () => {
  backoffice = await startBackoffice({ ...usualSignInRules, sendsMail: true });
  mailServer = await startMailServer();
});
afterAll(async () => {
  await mailServer.stop();
  await backoffice.stop();
});
beforeEach(() => {
  mailServer.received.length = 0;
  mailServer.state.refuses = false;
});

const warnings: object[] = [];
const send = (language: Language = 'en') =>
  sendStaffMails({
    db: backoffice.db,
    sendMail: mailServer.mailer(),
    language,
    log: { warn: (fields: object) => void warnings.push(fields) },
  });

/** Whom the mails went to, and what they said. */
const told = () => mailServer.received.map((mail) => [mail.to.join(), subjectOf(mail)]);

async function withSecondFactor(staff: Staff): Promise<string[]> {
  const secret = String((await staff.call('POST', '/api/session/second-factor')).at('secret'));
  const on = await staff.call('PUT', '/api/session/second-factor', {
    code: new TOTP({ secret }).generate(),
  });
  return Array.from({ length: 10 }, (_, index) => String(on.at('recoveryCodes', index)));
}

describe('users get a mail about their own account', () => {
  test('of a password that was changed, by themselves or by an admin', async () => {
    const staff = await backoffice.signIn('viewer');
    const next = 'a better pass phrase';
    await staff.call('PUT', '/api/session/password', { current: staff.password, next });
    expect(await send()).toBe(1);
    await backoffice.admin.call('PATCH', `/api/users/${staff.id}`, { password: 'set by an admin' });
    expect(await send()).toBe(1);
    expect(told()).toEqual([
      [staff.email, '[ePack] Your password has been changed'],
      [staff.email, '[ePack] Your password has been changed'],
    ]);
    const [byOwner, byAdmin] = mailServer.received.map(bodyOf);
    expect(byOwner).not.toContain(', by ');
    expect(byAdmin).toContain(`, by ${backoffice.admin.email}`);
    expect(byAdmin).toContain('tell an admin at once');
    expect(`${byOwner} ${byAdmin}`).not.toMatch(/pass phrase|set by an admin/);
    // Each once.
    expect(await send()).toBe(0);
  });

  test('about a second factor that was added or removed, in the language of the server', async () => {
    const staff = await backoffice.signIn('manager');
    const [code] = await withSecondFactor(staff);
    await staff.call('DELETE', '/api/session/second-factor', { code });
    await withSecondFactor(staff);
    await backoffice.admin.call('DELETE', `/api/users/${staff.id}/second-factor`);
    expect(await send('fr')).toBe(4);
    expect(told().map(([, subject]) => subject)).toEqual([
      '[ePack] Un second facteur a été configuré pour votre compte',
      '[ePack] Le second facteur de votre compte a été retiré',
      '[ePack] Un second facteur a été configuré pour votre compte',
      '[ePack] Le second facteur de votre compte a été retiré',
    ]);
    expect(bodyOf(mailServer.received[3] ?? { from: '', to: [], text: '' })).toContain(
      `par ${backoffice.admin.email}`,
    );
  });

  test('later, if the mail server refuses it, and not for ever', async () => {
    const { db } = backoffice;
    const staff = await backoffice.signIn('viewer');
    const next = 'another pass phrase';
    await staff.call('PUT', '/api/session/password', { current: staff.password, next });
    mailServer.state.refuses = true;
    expect(await send()).toBe(0);
    expect(warnings.at(-1)).toMatchObject({ attempts: 1 });
    // Not at once again.
    expect(await send()).toBe(0);
    expect(await db('staff_mail').select('attempts')).toEqual([{ attempts: 1 }]);
    mailServer.state.refuses = false;
    await db('staff_mail').update({ due_at: db.fn.now() });
    expect(await send()).toBe(1);

    await backoffice.admin.call('PATCH', `/api/users/${staff.id}`, { password: 'set by an admin' });
    mailServer.state.refuses = true;
    await db('staff_mail').update({ attempts: 9, due_at: db.fn.now() });
    expect(await send()).toBe(0);
    expect(await db('staff_mail')).toEqual([]);
  });

  test('of nothing that was refused', async () => {
    const staff = await backoffice.signIn('viewer');
    await staff.call('PUT', '/api/session/password', { current: 'wrong', next: 'a better pass phrase' });
    await staff.call('PUT', '/api/session/password', { current: staff.password, next: 'short' });
    expect(await send()).toBe(0);
  });
});
