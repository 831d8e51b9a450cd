import { createQuotaStore } from '../../shared/stores/solutions/quota-store';
import { type Staff, startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen } from '../backoffice/fixtures';

let backoffice: TestBackoffice;
let admin: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  admin = backoffice.admin;
});
afterAll(() => backoffice.stop());

const page = async (staff: Staff, path: string, language = 'en') =>
  (
    await backoffice.call('GET', path, {
      headers: { accept: 'text/html', cookie: `epack_session=${staff.token}`, 'accept-language': language },
    })
  ).text;

async function submit(staff: Staff, path: string, fields: Record<string, string>): Promise<number> {
  const form = await page(staff, path);
  const hidden = (name: string) => new RegExp(`name="${name}" value="([^"]+)"`).exec(form)?.[1] ?? '';
  const answer = await fetch(backoffice.url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: backoffice.url, cookie: `epack_session=${staff.token}` },
    body: new URLSearchParams({ _csrf: hidden('_csrf'), revision: hidden('revision'), ...fields }),
  });
  return answer.status;
}

describe('the quotas of a solution', () => {
  test('are returned for a solution: the quota in force, its own one, and the use', async () => {
    const { solution } = await newKitchen(backoffice);
    await backoffice.db('solution_quota').insert({ solution_id: solution, syncs_used: 7, bytes_used: 900 });
    const told = await admin.call('GET', `/api/solutions/${solution}`);
    expect(told.at('quotas')).toMatchObject({
      syncsPerDay: { limit: 10_000, own: null, used: 7 },
      bytesPerDay: { limit: 16 * 512 * 2 ** 20, own: null, used: 900 },
      openUploads: { limit: 64, own: null, used: 0 },
      extraColumns: { limit: 100, own: null, used: 0 },
      dayEndsAt: expect.stringMatching(/Z$/) as string,
      refusedAt: null,
    });
    expect((await admin.call('GET', `/api/solutions/${solution}/quotas`)).json).toEqual(told.at('quotas'));
  });

  test('are set only by an admin, one by one, and recorded in the trail', async () => {
    const { solution, account } = await newKitchen(backoffice);
    const path = `/api/solutions/${solution}/quotas`;
    await admin.call('PATCH', path, { syncsPerDay: 500 });
    const changed = await admin.call('PATCH', path, { bytesPerDay: 2 ** 40 });
    expect(changed.json).toMatchObject({
      syncsPerDay: { limit: 500, own: 500 },
      bytesPerDay: { limit: 2 ** 40, own: 2 ** 40 },
    });
    expect((await admin.call('PATCH', path, { syncsPerDay: null })).at('syncsPerDay')).toMatchObject({
      limit: 10_000,
      own: null,
    });
    const told = await admin.call('GET', `/api/audit?action=solution.quotas&solution=${solution}`);
    expect(told.at('items', 1)).toMatchObject({
      user: admin.email,
      before: { syncsPerDay: 500, bytesPerDay: null },
      after: { syncsPerDay: 500, bytesPerDay: 2 ** 40 },
    });
    const manager = await backoffice.signIn('manager', [account]);
    expect((await manager.call('GET', path)).status).toBe(200);
    expect((await manager.call('PATCH', path, { syncsPerDay: 1 })).status).toBe(403);
    const stranger = await backoffice.signIn('manager', []);
    expect((await stranger.call('GET', path)).status).toBe(404);
    for (const syncsPerDay of [0, -1, 1.5, '5', 2 ** 40])
      expect((await admin.call('PATCH', path, { syncsPerDay })).status).toBe(400);
  });

  test('are not set by two admins at once', async () => {
    const { solution } = await newKitchen(backoffice);
    const path = `/api/solutions/${solution}/quotas`;
    const headers = { 'if-match': (await admin.call('GET', path)).headers.get('etag') ?? '' };
    const answers = await Promise.all(
      [1, 2, 3].map((syncsPerDay) => admin.call('PATCH', path, { syncsPerDay }, headers)),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412, 412]);
  });

  test('have a page, with a form for admins, and recent refusals are on the first page', async () => {
    const { solution, account } = await newKitchen(backoffice);
    const path = `/solutions/${solution}/quotas`;
    expect(await submit(admin, path, { syncsPerDay: '1234', openUploads: '' })).toBe(303);
    const shown = await page(admin, path);
    expect(shown).toContain('1,234');
    expect(shown).toContain('name="syncsPerDay"');
    const manager = await backoffice.signIn('manager', [account]);
    expect(await page(manager, path)).not.toContain('name="syncsPerDay"');
    expect(await submit(manager, path, { syncsPerDay: '1' })).toBe(403);
    await createQuotaStore(backoffice.db).noteRefusal(Number(solution), {
      quota: 'bytesPerDay',
      of: 'account',
      limit: 1,
      used: 1,
      until: null,
    });
    expect(await page(admin, `/solutions/${solution}`)).toContain(
      'Limit of the account: Bytes sent in 24 hours.',
    );
    expect(await page(admin, `/solutions/${solution}`, 'fr')).toContain('Limite du compte');
  });
});

describe('the quotas of an account', () => {
  test('do not exist until an admin sets them, in REST and on a page', async () => {
    const { account } = await newKitchen(backoffice);
    const path = `/api/accounts/${account}/quotas`;
    expect((await admin.call('GET', path)).at('syncsPerDay')).toEqual({ limit: null, own: null, used: 0 });
    const changed = await admin.call('PATCH', path, { syncsPerDay: 3, openQuarantine: 10 });
    expect(changed.json).toMatchObject({
      syncsPerDay: { limit: 3 },
      openQuarantine: { limit: 10 },
      bytesPerDay: { limit: null },
    });
    expect(await submit(admin, `/accounts/${account}/quotas`, { bytesPerDay: '5000' })).toBe(303);
    expect((await admin.call('GET', path)).json).toMatchObject({
      syncsPerDay: { own: null },
      bytesPerDay: { own: 5000 },
    });
    await admin.call('PATCH', path, { bytesPerDay: null });
    expect(await backoffice.db('account_quota').where({ account_id: account })).toEqual([]);
    const manager = await backoffice.signIn('manager', [account]);
    expect((await manager.call('GET', path)).status).toBe(403);
    expect((await admin.call('GET', '/api/accounts/999999/quotas')).status).toBe(404);
  });
});
