import { startBackoffice, type TestBackoffice } from './backoffice';
import { newKitchen, newSync } from './fixtures';
import { pageVisitor } from './page-visitor';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

const tabs = ['', '/syncs', '/params', '/readings', '/readings/Tbfridge', '/temperatures', '/alerts'];

describe('a solution whose stored time zone is invalid', () => {
  async function onMars() {
    const { solution } = await newKitchen(backoffice);
    await newSync(backoffice, solution);
    const measured = { measured_at: '2026-07-01T08:30:00Z', temp: 3 };
    await backoffice.db('tbfridge').insert({ solution_id: solution, id: '1', ...measured });
    const probe = { solution_id: solution, probe_id: 'P1', last_at: new Date(), heard_at: new Date() };
    await backoffice.db('probe_state').insert({ ...probe, silent_at: new Date() });
    await backoffice.db('solution').where({ id: solution }).update({ timezone: 'Mars/Phobos' });
    return solution;
  }

  test('has pages, in UTC, that say so, and so has everybody', async () => {
    const solution = await onMars();
    const { look } = pageVisitor(backoffice, backoffice.admin);
    expect((await look('/solutions')).status).toBe(200);
    for (const tab of [...tabs, '/photos', '/messages', '/settings']) {
      const { status, text } = await look(`/solutions/${solution}${tab}`);
      expect([tab, status]).toEqual([tab, 200]);
      expect(text).toContain('“Mars/Phobos”, does not exist. Times are shown in UTC');
    }
    expect((await look(`/solutions/${solution}/readings/Tbfridge`)).text).toMatch(/08:30:00 UTC/);
    expect((await look(`/solutions/${solution}`, 'fr')).text).toContain('Mars/Phobos');
  });

  test('gives its readings by times with an offset, and says why it gives none by others', async () => {
    const logs = `/api/solutions/${await onMars()}/logs/Tbfridge`;
    const refused = await backoffice.admin.call('GET', `${logs}?from=2026-07-01`);
    expect([refused.status, refused.at('code')]).toEqual([422, 'invalid-fields']);
    expect(refused.text).toContain('Mars/Phobos');
    expect((await backoffice.admin.call('GET', `${logs}?to=2026-07-02&format=csv`)).status).toBe(422);
    const found = await backoffice.admin.call('GET', `${logs}?from=2026-07-01T00:00:00Z`);
    expect(found.at('items')).toHaveLength(1);
  });
});

test('a solution whose name is blank is called by its mail', async () => {
  const { solution } = await newKitchen(backoffice);
  const mail = `blank${solution}@example.org`;
  await backoffice.db('solution').where({ id: solution }).update({ name: ' ', mail });
  const { look } = pageVisitor(backoffice, backoffice.admin);
  expect((await look(`/solutions?search=${mail}`)).text).toContain(
    `href="/solutions/${solution}">${mail}</a>`,
  );
  expect((await look(`/solutions/${solution}`)).text).toContain(`<h1>${mail}</h1>`);
});

test('a user without an account sees who can give one, and cannot add a solution', async () => {
  const { look } = pageVisitor(backoffice, await backoffice.signIn('manager'));
  for (const path of ['/solutions', '/solutions/new']) {
    const { text } = await look(path);
    expect(text).toContain('An administrator must give you access to an account first');
    expect(text).not.toContain('Enrol the first one');
    expect(text).not.toContain('name="mail"');
  }
});

test('if mails cannot be sent, the page of the notifications says so', async () => {
  const { look } = pageVisitor(backoffice, backoffice.admin);
  expect((await look('/notifications')).text).toContain('No mail server is configured (EPACK_SMTP_URL');
});
