import { openConnection } from '../../shared/db/connection';
import { hashSecret, verifySecret } from '../../shared/secrets';
import { createSolutionStore } from '../../shared/stores/solutions/solution-store';
import { type Staff, startBackoffice, type TestBackoffice } from './backoffice';

let backoffice: TestBackoffice;
let account: string;
let manager: Staff;
beforeAll(async () => {
  backoffice = await startBackoffice();
  account = String((await backoffice.admin.call('POST', '/api/accounts', { name: 'Martin' })).at('id'));
  manager = await backoffice.signIn('manager', [account]);
});
afterAll(() => backoffice.stop());

let count = 0;
async function enrol(
  staff: Staff = manager,
  particulars: object = {},
): Promise<{ id: string; mail: string; secret: string }> {
  count += 1;
  const mail = `kitchen${count}@example.org`;
  const answer = await staff.call('POST', '/api/solutions', {
    mail,
    name: `Kitchen ${count}`,
    ...particulars,
  });
  expect(answer.status).toBe(201);
  return { id: String(answer.at('id')), mail, secret: String(answer.at('secret')) };
}

describe('enrolling a solution', () => {
  test('returns its id, its mail and a secret that is shown only once', async () => {
    const { id, secret } = await enrol();
    expect(id).toMatch(/^\d+$/);
    expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
    const shown = await manager.call('GET', `/api/solutions/${id}`);
    expect(shown.text).not.toContain(secret);
    expect(shown.text).not.toContain(hashSecret(secret));
    const trail = await manager.call('GET', `/api/audit?solution=${id}`);
    expect(trail.at('items', 0, 'action')).toBe('solution.create');
    expect(trail.text).not.toContain(secret);
  });

  test('the secret signs it in', async () => {
    const { mail, secret } = await enrol();
    const credentials = await createSolutionStore(backoffice.db).findCredentials(mail);
    expect(verifySecret(secret, credentials?.secretHash ?? null)).toBe(true);
  });

  test('begins with four idle channels and the usual settings', async () => {
    const { id, mail } = await enrol();
    const idle = { statut: '0', sync: null, lastSyncAt: null };
    expect((await manager.call('GET', `/api/solutions/${id}`)).json).toMatchObject({
      id,
      mail,
      account: { id: account, name: 'Martin' },
      loginPolicy: 'secret',
      confirmation: 'explicit',
      timezone: 'Europe/Paris',
      mac: null,
      version: null,
      clockSkewSeconds: null,
      blocked: false,
      locked: false,
      flags: [],
      lastSyncAt: null,
      lastSyncAgeSeconds: null,
      alerts: 0,
      channels: { synchro: idle, sondes: idle, messagerie: idle, photos: idle },
    });
  });

  test('a mail belongs to one solution, whatever its case and account', async () => {
    const { mail } = await enrol();
    const answer = await backoffice.admin.call('POST', '/api/solutions', {
      mail: mail.toUpperCase(),
      name: 'Twin',
    });
    expect(answer.status).toBe(409);
    expect(answer.at('code')).toBe('already-exists');
  });

  test('falls to the only account of a manager, and to the default account of an admin', async () => {
    const { id } = await enrol(backoffice.admin);
    const shown = await backoffice.admin.call('GET', `/api/solutions/${id}`);
    expect(shown.at('account', 'name')).toBe('Default');
    const other = String((await backoffice.admin.call('POST', '/api/accounts', { name: 'Second' })).at('id'));
    const both = await backoffice.signIn('manager', [account, other]);
    const unclear = await both.call('POST', '/api/solutions', { mail: 'unclear@example.org', name: 'X' });
    expect(unclear.status).toBe(422);
    await enrol(both, { account: other });
    await enrol(both, { account: Number(other) });
  });

  test('is refused for the account of someone else', async () => {
    const other = String((await backoffice.admin.call('POST', '/api/accounts', { name: 'Third' })).at('id'));
    const body = { mail: 'intruder@example.org', name: 'X', account: other };
    const answer = await manager.call('POST', '/api/solutions', body);
    const absent = await manager.call('POST', '/api/solutions', { ...body, account: '999999' });
    expect([answer.status, absent.status]).toEqual([422, 422]);
  });

  test('is not for viewers', async () => {
    const viewer = await backoffice.signIn('viewer', [account]);
    const answer = await viewer.call('POST', '/api/solutions', { mail: 'v@example.org', name: 'V' });
    expect(answer.status).toBe(403);
  });

  test.each([
    {},
    { mail: 'x@example.org' },
    { mail: '', name: 'X' },
    { mail: 'x@example.org', name: 'X', timezone: 'Mars/Olympus' },
    { mail: 'x@example.org', name: 'X', loginPolicy: 'none' },
    { mail: 'x@example.org', name: 'X', secret: 'mine' },
  ])('is refused for %j', async (body) => {
    expect((await manager.call('POST', '/api/solutions', body)).status).toBe(400);
  });
});

describe('the list of solutions', () => {
  test('finds by name or mail, taking every sign as it is', async () => {
    const { id } = await enrol(manager, { name: '100% Bœuf_Frais' });
    for (const search of ['100% b', 'bœuf_', 'f_f']) {
      const found = await manager.call('GET', `/api/solutions?search=${encodeURIComponent(search)}`);
      expect(found.at('items', 0, 'id')).toBe(id);
      expect(found.at('items', 1)).toBeUndefined();
    }
    const none = await manager.call('GET', `/api/solutions?search=${encodeURIComponent('0%%')}`);
    expect(none.json).toEqual({ items: [], next: null });
  });

  test('finds by account and by state', async () => {
    const blocked = await enrol();
    const busy = await enrol();
    await manager.call('PATCH', `/api/solutions/${blocked.id}`, { blocked: true });
    await backoffice
      .db('channel_status')
      .where({ solution_id: busy.id, channel: 'sondes' })
      .update({ statut: 1, sync_id: '00000000-0000-4000-8000-000000000001' });
    const ids = async (query: string) =>
      idsOf(await manager.call('GET', `/api/solutions?limit=500&${query}`));
    expect(await ids('state=blocked')).toEqual([blocked.id]);
    expect(await ids('state=busy')).toEqual([busy.id]);
    expect(await ids('state=active')).not.toContain(blocked.id);
    expect(await ids(`account=${account}`)).toContain(busy.id);
    expect(await ids('account=999999')).toEqual([]);
  });

  test('shows how long ago the last sync ended, and on which channel', async () => {
    const { id } = await enrol();
    await backoffice.db('sync').insert({
      id: backoffice.db.raw('gen_random_uuid()'),
      solution_id: id,
      channel: 'sondes',
      state: 'confirmed',
      package_key: 'x',
      received_at: backoffice.db.raw(`now() - interval '100 seconds'`),
      confirmed_at: backoffice.db.raw(`now() - interval '90 seconds'`),
    });
    const shown = await manager.call('GET', `/api/solutions/${id}`);
    expect(Number(shown.at('lastSyncAgeSeconds'))).toBeGreaterThanOrEqual(89);
    expect(shown.at('channels', 'sondes', 'lastSyncAt')).toBe(shown.at('lastSyncAt'));
    expect(shown.at('channels', 'synchro', 'lastSyncAt')).toBeNull();
  });

  test.each(['limit=0', 'limit=x', 'cursor=x', 'state=odd', 'account=x', 'limit=1&limit=2'])(
    'refuses ?%s',
    async (query) => {
      expect((await manager.call('GET', `/api/solutions?${query}`)).status).toBe(400);
    },
  );
});

describe('editing a solution', () => {
  test('changes the given members and leaves the rest', async () => {
    const { id } = await enrol();
    const answer = await manager.call('PATCH', `/api/solutions/${id}`, {
      name: 'Renamed',
      confirmation: 'on-download',
      timezone: 'Indian/Reunion',
      mac: 'ignore',
    });
    expect(answer.status).toBe(200);
    expect(answer.json).toMatchObject({
      name: 'Renamed',
      loginPolicy: 'secret',
      confirmation: 'on-download',
      timezone: 'Indian/Reunion',
      mac: 'ignore',
      blocked: false,
    });
    expect((await manager.call('PATCH', `/api/solutions/${id}`, { mac: null })).json).toMatchObject({
      name: 'Renamed',
      mac: null,
    });
  });

  test('blocks and unblocks, on every API process at once', async () => {
    const { id } = await enrol();
    const listener = await openConnection(backoffice.databaseUrl, 'epack-test-listen');
    try {
      const told = new Promise((resolve) => listener.on('notification', ({ payload }) => resolve(payload)));
      await listener.query('listen epack_solution');
      expect((await manager.call('PATCH', `/api/solutions/${id}`, { blocked: true })).at('blocked')).toBe(
        true,
      );
      expect(await told).toBe(id);
    } finally {
      await listener.end();
    }
    expect((await manager.call('PATCH', `/api/solutions/${id}`, { blocked: false })).at('blocked')).toBe(
      false,
    );
  });

  test('unlocks, and never locks', async () => {
    const { id } = await enrol();
    await backoffice.db('solution').where({ id }).update({ locked_at: backoffice.db.fn.now() });
    expect((await manager.call('GET', `/api/solutions/${id}`)).at('locked')).toBe(true);
    expect((await manager.call('PATCH', `/api/solutions/${id}`, { locked: true })).status).toBe(400);
    expect((await manager.call('PATCH', `/api/solutions/${id}`, { locked: false })).at('locked')).toBe(false);
  });

  test('is recorded in the audit trail, before and after', async () => {
    const { id } = await enrol();
    await manager.call('PATCH', `/api/solutions/${id}`, { blocked: true, name: 'New name' });
    const trail = await manager.call('GET', `/api/audit?solution=${id}&action=solution.update`);
    expect(trail.at('items', 0)).toMatchObject({
      user: manager.email,
      solution: id,
      before: { name: `Kitchen ${count}`, blocked: false },
      after: { name: 'New name', blocked: true },
    });
  });

  test.each([{ mac: '00:11' }, { secret: 'x' }, { name: '' }, { timezone: 'x' }])(
    'refuses %j',
    async (body) => {
      const { id } = await enrol();
      expect((await manager.call('PATCH', `/api/solutions/${id}`, body)).status).toBe(400);
    },
  );

  test('is not for viewers', async () => {
    const { id } = await enrol();
    const viewer = await backoffice.signIn('viewer', [account]);
    expect((await viewer.call('GET', `/api/solutions/${id}`)).status).toBe(200);
    expect((await viewer.call('PATCH', `/api/solutions/${id}`, { name: 'X' })).status).toBe(403);
    expect((await viewer.call('POST', `/api/solutions/${id}/secret`)).status).toBe(403);
  });
});

describe('a new secret', () => {
  const works = async (mail: string, secret: string) => {
    const credentials = await createSolutionStore(backoffice.db).findCredentials(mail);
    const hashes = [credentials?.secretHash ?? null, credentials?.previousSecretHash ?? null];
    return hashes.some((hash) => verifySecret(secret, hash));
  };
  const replace = async (id: string) =>
    String((await manager.call('POST', `/api/solutions/${id}/secret`)).at('secret'));

  test('works at once, and the old one keeps working', async () => {
    const { id, mail, secret } = await enrol();
    const fresh = await replace(id);
    expect(fresh).not.toBe(secret);
    expect(await works(mail, fresh)).toBe(true);
    expect(await works(mail, secret)).toBe(true);
  });

  test('ends the old one after 24 hours', async () => {
    const { id, mail, secret } = await enrol();
    const fresh = await replace(id);
    await backoffice
      .db('solution')
      .update({ previous_secret_until: backoffice.db.raw(`now() - interval '1 second'`) });
    expect(await works(mail, secret)).toBe(false);
    expect(await works(mail, fresh)).toBe(true);
  });

  test('if made twice in a row, keeps the secret that the solution still has', async () => {
    const { id, mail, secret } = await enrol();
    const unused = await replace(id);
    const fresh = await replace(id);
    expect(await works(mail, secret)).toBe(true);
    expect(await works(mail, unused)).toBe(false);
    expect(await works(mail, fresh)).toBe(true);
  });
});

const idsOf = (answer: { json: unknown }) =>
  (answer.json as { items: { id: string }[] }).items.map(({ id }) => id);

describe('searching', () => {
  test('does not care about case, accents, forms of apostrophes and of Unicode', async () => {
    const name = 'Café de l’Étoile – Œufs & Bœuf';
    const { id } = await enrol(manager, { name });
    await enrol(manager, { name: 'Another % kitchen_' });
    for (const words of [
      "cafe de l'etoile",
      'CAFÉ DE L’ÉTOILE',
      'café',
      'ÉTOILE'.normalize('NFD'),
      'œufs',
      'oeufs',
      'oeufs & boeuf',
      'l\u02bcetoile',
    ]) {
      const found = await manager.call('GET', `/api/solutions?search=${encodeURIComponent(words)}`);
      expect([words, (found.at('items') as { id: string }[]).map((one) => one.id)]).toEqual([words, [id]]);
    }
    await backoffice
      .db('solution')
      .where({ id })
      .update({ name: name.normalize('NFD') });
    const composed = await manager.call('GET', `/api/solutions?search=${encodeURIComponent('café')}`);
    expect(composed.at('items', 0, 'id')).toBe(id);
    // A sign of LIKE is a sign like any other.
    const found = await manager.call(
      'GET',
      `/api/solutions?search=${encodeURIComponent('another % kitchen_')}`,
    );
    expect((found.at('items') as unknown[]).length).toBe(1);
    expect(
      (await manager.call('GET', `/api/solutions?search=${encodeURIComponent('n%r')}`)).at('items'),
    ).toEqual([]);
  });
});

describe('a kitchen that is sold, or whose mail was mistyped', () => {
  test('gets another mail and another account, which the trail records; a used mail is refused', async () => {
    const other = String((await backoffice.admin.call('POST', '/api/accounts', { name: 'Dupont' })).at('id'));
    const [one, two] = [await enrol(), await enrol()];
    const { admin } = backoffice;
    const moved = await admin.call('PATCH', `/api/solutions/${one.id}`, {
      mail: 'right@example.org',
      account: other,
    });
    expect([moved.status, moved.at('mail'), moved.at('account', 'name')]).toEqual([
      200,
      'right@example.org',
      'Dupont',
    ]);
    expect((await manager.call('GET', `/api/solutions/${one.id}`)).status).toBe(404);
    const trail = await admin.call('GET', `/api/audit?solution=${one.id}&action=solution.update`);
    expect(trail.at('items', 0, 'after', 'account')).toBe('Dupont');
    expect(trail.at('items', 0, 'before', 'mail')).toBe(one.mail);

    const taken = await manager.call('PATCH', `/api/solutions/${two.id}`, {
      mail: 'RIGHT@example.org',
      name: 'x',
    });
    // Another customer has it, of whom a manager hears nothing.
    expect([taken.status, taken.at('code')]).toEqual([422, 'invalid-fields']);
    const seen = await admin.call('PATCH', `/api/solutions/${two.id}`, { mail: 'RIGHT@example.org' });
    expect([seen.status, seen.at('code')]).toEqual([409, 'already-exists']);
    const unseen = await manager.call('PATCH', `/api/solutions/${two.id}`, { account: other });
    expect([unseen.status, unseen.at('code')]).toEqual([422, 'invalid-fields']);
    expect((await manager.call('PATCH', `/api/solutions/${two.id}`, { mail: 'no mail' })).status).toBe(422);
    expect((await manager.call('GET', `/api/solutions/${two.id}`)).at('mail')).toBe(two.mail);
    // Only another case of its own.
    expect(
      (await manager.call('PATCH', `/api/solutions/${two.id}`, { mail: two.mail.toUpperCase() })).status,
    ).toBe(200);
  });

  test('of two that want one mail at once, one gets it', async () => {
    const kitchens = [await enrol(), await enrol(), await enrol()];
    const answers = await Promise.all(
      kitchens.map(({ id }) => manager.call('PATCH', `/api/solutions/${id}`, { mail: 'wanted@example.org' })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409, 409]);
  });
});

describe('retiring a solution', () => {
  test('hides it everywhere, keeps its data, and gives its mail back', async () => {
    const { id, mail } = await enrol(manager, { name: 'Closed for good' });
    await backoffice.db('tbfridge').insert({ solution_id: id, id: 1, temp: 3 });
    const viewer = await backoffice.signIn('viewer', [account]);
    expect((await viewer.call('DELETE', `/api/solutions/${id}`)).status).toBe(403);
    expect((await manager.call('DELETE', `/api/solutions/${id}`)).status).toBe(204);
    expect((await manager.call('DELETE', `/api/solutions/${id}`)).status).toBe(404);
    for (const path of ['', '/syncs', '/logs/Tbfridge', '/params/Fridges', '/messages', '/gaps']) {
      expect([path, (await backoffice.admin.call('GET', `/api/solutions/${id}${path}`)).status]).toEqual([
        path,
        404,
      ]);
    }
    const listed = await backoffice.admin.call('GET', '/api/solutions?search=closed%20for%20good');
    expect(listed.at('items')).toEqual([]);
    expect(await backoffice.db('tbfridge').where({ solution_id: id })).toHaveLength(1);
    const store = createSolutionStore(backoffice.db);
    expect(await store.findCredentials(mail)).toBeNull();
    expect(await store.findAccess(Number(id))).toMatchObject({ isBlocked: true });

    const successor = await manager.call('POST', '/api/solutions', { mail, name: 'Open again' });
    expect(successor.status).toBe(201);
    expect(await store.findCredentials(mail)).toMatchObject({ id: Number(successor.at('id')) });
    const trail = await backoffice.admin.call('GET', '/api/audit?action=solution.retire');
    expect(trail.at('items', 0, 'before', 'mail')).toBe(mail);
  });
});
