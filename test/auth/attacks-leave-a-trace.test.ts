import { createSecurityTrail, type SignInAttempt } from '../../api/services/security-trail';
import { badStaffCredentials, tooManyRequests } from '../../shared/errors/catalog';
import { createLogger } from '../../shared/log';
import { createAuditStore } from '../../shared/stores/staff/audit-store';
import { metricsToken, scrape } from '../ops/scrape';
import { eventually } from '../queue/eventually';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { call, login, textOf } from '../setup/solution-client';
import { enrol, onServer, tokenOf } from '../v4/on-server';

interface Entry {
  readonly actor: string;
  readonly action: string;
  readonly address: string | null;
  readonly solution_id: number | null;
  readonly before: unknown;
  readonly after: Readonly<Record<string, unknown>> | null;
}

describe('attacks leave a trace', () => {
  const server = onServer({ EPACK_METRICS_TOKEN: metricsToken });

  const entries = async (action: string): Promise<Entry[]> =>
    server().db<Entry>('audit').where({ action }).orderBy('id').select('*');
  const told = async (action: string, actor: string): Promise<Entry[]> => {
    const found = async () => (await entries(action)).filter((entry) => entry.actor === actor);
    await eventually(`${action} of ${actor} is told`, async () => (await found()).length > 0);
    return found();
  };
  const staffSignIn = (email: string, password: string) =>
    call(`${server().url}/api/session`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ email, password }),
    });

  test('guessing a password is recorded with the address, once for all repetitions, and counted each time', async () => {
    for (let attempt = 0; attempt < 12; attempt += 1) await staffSignIn('Victim@example.org', 'secret-guess');
    const failed = await told('sign-in.failed', 'Victim@example.org');
    expect(failed).toMatchObject([
      { address: '127.0.0.1', after: { door: 'staff', reason: 'bad-credentials' } },
    ]);
    expect(JSON.stringify(failed)).not.toContain('secret-guess');
    expect(await told('sign-in.limited', 'Victim@example.org')).toHaveLength(1);
    const figures = await scrape(server().url);
    const failures = (kind: string) => figures.value('epack_sign_in_failures_total', { kind });
    expect([failures('staff-failed'), failures('staff-limited')]).toEqual([10, 2]);
    expect(failures('provider-refused')).toBe(0);
    await server().db('failed_login').delete();
  });

  test('a solution with a wrong secret is recorded with its MAC, and a locked one with the MAC that locked it', async () => {
    const kitchen = await enrol(server());
    await login(server().url, { ...kitchen, secret: 'wrong' });
    expect(await told('sign-in.failed', kitchen.mail)).toMatchObject([
      { address: '127.0.0.1', after: { door: 'solution', mac: kitchen.mac } },
    ]);
    await tokenOf(server(), kitchen);
    const other = { ...kitchen, mac: '00:00:00:00:00:99' };
    for (let attempt = 0; attempt < 3; attempt += 1) await login(server().url, other);
    expect(await told('solution.lock', kitchen.mail)).toMatchObject([
      { solution_id: kitchen.id, before: { mac: kitchen.mac }, after: { mac: other.mac } },
    ]);
    expect(await told('sign-in.refused', kitchen.mail)).toMatchObject([{ after: { reason: 'locked' } }]);
    const figures = await scrape(server().url);
    expect(figures.value('epack_sign_in_failures_total', { kind: 'solution-failed' })).toBe(1);
    expect(figures.value('epack_sign_in_failures_total', { kind: 'solution-locked' })).toBe(3);
  });

  test('calls that a role does not allow, or that another site made a browser send, are recorded with user and call', async () => {
    const { email, password } = server().admin;
    const admin = { Authorization: `Bearer ${textOf((await staffSignIn(email, password)).json['token'])}` };
    const json = { 'Content-Type': 'application/json' };
    const viewer = { email: 'viewer@example.org', password: 'a long enough password', role: 'viewer' };
    const made = await call(`${server().url}/api/users`, {
      method: 'POST',
      headers: { ...admin, ...json },
      body: JSON.stringify({ ...viewer, accounts: [] }),
    });
    expect(made.status).toBe(201);
    const token = textOf((await staffSignIn(viewer.email, viewer.password)).json['token']);
    const users = () => call(`${server().url}/api/users`, { headers: { Authorization: `Bearer ${token}` } });
    expect((await users()).status).toBe(403);
    expect((await users()).status).toBe(403);
    expect(await told('access.refused', viewer.email)).toMatchObject([
      { address: '127.0.0.1', after: { method: 'GET', path: '/api/users' } },
    ]);
    const foreign = await call(`${server().url}/sign-in`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'cross-site' },
      body: 'email=a%40b&password=c',
    });
    expect(foreign.status).toBe(403);
    expect(await told('access.refused', 'nobody')).toMatchObject([{ after: { path: '/sign-in' } }]);
  });

  test('a solution that calls out of order does not count as an attack', async () => {
    const kitchen = await enrol(server());
    const token = await tokenOf(server(), kitchen);
    const confirmed = await call(`${server().url}/v4/synchro/confirm`, {
      method: 'POST',
      headers: { Authorization: `Bearer ${token}` },
    });
    expect(confirmed.status).toBe(403);
    expect(
      (await entries('access.refused')).filter(({ after }) => String(after?.['path']).startsWith('/v4')),
    ).toEqual([]);
  });
});

describe('however long an attack goes on', () => {
  const minute = 60_000;
  let database: TestDatabase;
  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(() => database.drop());

  /** A trail whose time is ours. */
  function openTrail() {
    const clock = { at: Date.now() };
    const counted = { failures: 0 };
    const trail = createSecurityTrail({
      audit: createAuditStore(database.db),
      count: () => (counted.failures += 1),
      log: createLogger({ level: 'silent', name: 'test' }),
      now: () => clock.at,
    });
    const fail = (attempt: Partial<SignInAttempt> = {}, error: Error = badStaffCredentials()) =>
      expect(
        trail.watch({ door: 'staff', name: 'a@b', address: '192.0.2.1', ...attempt }, () =>
          Promise.reject(error),
        ),
      ).rejects.toBe(error);
    const rows = (): Promise<Entry[]> => database.db<Entry>('audit').orderBy('id').select('*');
    return { trail, clock, counted, fail, rows };
  }

  test('repetitions become one entry with a count', async () => {
    const { trail, clock, fail, rows } = openTrail();
    for (let attempt = 0; attempt < 50; attempt += 1) await fail();
    await fail({ address: '192.0.2.2' });
    await fail({}, tooManyRequests(10));
    clock.at += 6 * minute;
    await fail();
    await trail.close();
    const ofFirst = (await rows()).filter(
      ({ action, address }) => action === 'sign-in.failed' && address === '192.0.2.1',
    );
    expect(ofFirst.map(({ after }) => after?.['again'])).toEqual([undefined, 49, undefined]);
    expect(await rows()).toHaveLength(5);
  });

  test('names and addresses that are always new fill no disk: beyond a measure they are one entry', async () => {
    const { trail, counted, fail, rows } = openTrail();
    for (let attempt = 0; attempt < 400; attempt += 1)
      await fail({ name: `guess-${attempt}@b`, address: `192.0.2.${attempt % 250}` });
    await trail.close();
    expect(counted.failures).toBe(400);
    expect(await rows()).toHaveLength(101);
    expect((await rows()).at(-1)).toMatchObject({ actor: 'many', after: { count: 300 } });
  });

  test('a day has a measure too', async () => {
    const { trail, clock, fail, rows } = openTrail();
    for (let window = 0; window < 30; window += 1) {
      for (let attempt = 0; attempt < 100; attempt += 1) await fail({ name: `${window}-${attempt}` });
      await trail.close();
      clock.at += 6 * minute;
    }
    expect((await rows()).filter(({ actor }) => actor !== 'many')).toHaveLength(2_000);
    clock.at += 24 * 60 * minute;
    await fail({ name: 'the next day' });
    await trail.close();
    expect((await rows()).at(-1)).toMatchObject({ actor: 'the next day' });
  });

  test('whatever is sent as a name can be kept', async () => {
    const { trail, fail, rows } = openTrail();
    await fail({ name: `\0\u{1b}[2J\ud800${'x'.repeat(1000)}` });
    await trail.close();
    const [entry] = await rows();
    expect(entry?.actor).toMatch(/^\ufffd\ufffd\[2J\ufffdx+$/);
    expect(entry?.actor).toHaveLength(320);
  });

  test('a trail that cannot be written does not make sign-ins fail', async () => {
    const { trail, fail } = openTrail();
    await database.db.raw('alter table audit rename to away');
    await fail();
    await expect(
      trail.watch({ door: 'staff', name: 'a', address: '' }, () => Promise.resolve(7)),
    ).resolves.toBe(7);
    await trail.close();
  });
});
