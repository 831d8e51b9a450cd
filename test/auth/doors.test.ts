import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TOTP } from 'otpauth';
import { z } from 'zod';
import { AppError } from '../../shared/errors/app-error';
import { createPasswordHasher } from '../../shared/passwords/password-hasher';
import { usualSignInRules } from '../../shared/domain/sign-in-rules';
import { startBackoffice, type TestBackoffice } from '../backoffice/backoffice';
import { metricsToken, scrape } from '../ops/scrape';
import { newUser, password } from '../console/staff';
import { eventually } from '../queue/eventually';
import { onServer } from '../v4/on-server';
import { createBrowser } from './browser';

describe('a flood of strangers who sign in', () => {
  test('waits in a short queue: others try again later, known users go first, and files are still served', async () => {
    const hasher = createPasswordHasher();
    const folder = await mkdtemp(path.join(tmpdir(), 'epack-flood-'));
    const ended: string[] = [];
    try {
      const strangers = Array.from({ length: 30 }, (_, index) =>
        hasher.verify('guess', null, { isKnown: false, from: `network ${index}` }).then(
          () => ended.push('stranger'),
          (error: unknown) => {
            expect(error).toBeInstanceOf(AppError);
            expect(error).toMatchObject({ code: 'unavailable', retryAfterSeconds: 5 });
            ended.push('refused');
          },
        ),
      );
      const known = hasher
        .verify('guess', null, { isKnown: true, from: 'office' })
        .then(() => ended.push('known'));
      const content = randomBytes(2 * 2 ** 20);
      const copies = Array.from({ length: 8 }, async (_, index) => {
        const file = path.join(folder, String(index));
        await writeFile(file, content);
        expect((await readFile(file)).equals(content)).toBe(true);
        ended.push('file');
      });
      await Promise.all([...strangers, known, ...copies]);
      expect(ended.filter((one) => one === 'refused')).toHaveLength(9);
      expect(ended.filter((one) => one === 'stranger')).toHaveLength(21);
      // Who was being looked at already ends before; nobody else does.
      expect(ended.slice(0, ended.indexOf('known')).filter((one) => one === 'stranger').length).toBe(1);
      // The last file was there while most still waited.
      expect(
        ended.slice(ended.lastIndexOf('file')).filter((one) => one === 'stranger').length,
      ).toBeGreaterThan(0);
    } finally {
      await hasher.close();
      await rm(folder, { recursive: true });
    }
  });

  test('from one network leaves room for others', async () => {
    const hasher = createPasswordHasher();
    const attempts = Array.from({ length: 15 }, () =>
      hasher.verify('guess', null, { isKnown: false, from: 'one network' }).then(
        () => 'looked at',
        () => 'refused',
      ),
    );
    const other = hasher.verify('guess', null, { isKnown: false, from: 'another' });
    // One is being looked at, twelve wait.
    expect((await Promise.all(attempts)).filter((one) => one === 'refused')).toHaveLength(2);
    expect(await other).toBe(false);
    await hasher.close();
  });
});

describe('a policy that proves nothing', () => {
  let backoffice: TestBackoffice;
  beforeAll(async () => {
    backoffice = await startBackoffice();
  });
  afterAll(() => backoffice.stop());

  const enrol = async (mail: string, particulars: object) => {
    const answer = await backoffice.admin.call('POST', '/api/solutions', {
      mail,
      name: mail,
      ...particulars,
    });
    expect(answer.status).toBe(201);
    return `/api/solutions/${String(answer.at('id'))}`;
  };

  test('is refused whichever half of it arrives last, or if both arrive at once', async () => {
    const byMac = await enrol('mac@example.org', { loginPolicy: 'mac' });
    const bySecret = await enrol('secret@example.org', { loginPolicy: 'secret' });
    const change = (solution: string, body: object) => backoffice.admin.call('PATCH', solution, body);
    const last = await change(byMac, { mac: 'ignore' });
    expect(last.status).toBe(422);
    expect(last.text).toContain('"field":"mac"');
    expect((await change(bySecret, { loginPolicy: 'mac', mac: 'ignore' })).status).toBe(422);
    expect((await change(bySecret, { mac: 'ignore' })).status).toBe(200);
    const policy = await change(bySecret, { loginPolicy: 'mac' });
    expect(policy.status).toBe(422);
    expect(policy.text).toContain('"field":"loginPolicy"');
    expect((await backoffice.admin.call('GET', bySecret)).at('loginPolicy')).toBe('secret');
  });

  test('is refused at the enrolment, by programs and in the console', async () => {
    const body = { mail: 'both@example.org', name: 'Both', loginPolicy: 'mac', mac: 'ignore' };
    const made = await backoffice.admin.call('POST', '/api/solutions', body);
    expect([made.status, made.at('code'), made.at('problems', 0, 'field')]).toEqual([
      422,
      'invalid-fields',
      'mac',
    ]);
    const sound = { ...body, loginPolicy: 'secret' };
    const enrolled = await backoffice.admin.call('POST', '/api/solutions', sound);
    const path = `/solutions/${String(enrolled.at('id'))}`;
    expect((await backoffice.admin.call('GET', `/api${path}`)).at('mac')).toBe('ignore');

    const browser = createBrowser();
    await browser.submit(await browser.call('GET', `${backoffice.url}/`), {
      email: backoffice.admin.email,
      password: backoffice.admin.password,
    });
    const page = await browser.call('GET', `${backoffice.url}${path}/settings`);
    const form = `<form${page.text.split('<form').find((part) => part.includes('name="loginPolicy"')) ?? ''}`;
    const answer = await browser.submit({ ...page, text: form }, { loginPolicy: 'mac' });
    expect(answer.status).toBe(422);
    expect((await backoffice.admin.call('GET', `/api${path}`)).at('loginPolicy')).toBe('secret');
  });

  test('that is there from before is a finding on the page, and so is a MAC that was refused', async () => {
    const path = await enrol('before@example.org', { loginPolicy: 'mac' });
    const id = Number(path.split('/').at(-1));
    await backoffice.db('solution').where({ id }).update({
      mac: 'ignore',
      refused_mac: '00:00:00:00:00:99',
      refused_mac_at: backoffice.db.fn.now(),
    });
    const browser = createBrowser();
    await browser.submit(await browser.call('GET', `${backoffice.url}/`), {
      email: backoffice.admin.email,
      password: backoffice.admin.password,
    });
    const page = await browser.call('GET', `${backoffice.url}/solutions/${id}`);
    expect(page.text).toContain('Another device tried to sign in as this one');
    expect(page.text).toContain('00:00:00:00:00:99');
    // Programs see the same.
    const told = await backoffice.admin.call('GET', path);
    expect(told.json).toMatchObject({
      findings: [{ kind: 'no-secret', proof: 'nothing' }],
      refusedMac: { mac: '00:00:00:00:00:99', at: expect.any(String) as string },
    });
    const byMac = await enrol('still@example.org', { loginPolicy: 'mac' });
    expect((await backoffice.admin.call('GET', byMac)).json).toMatchObject({
      findings: [{ kind: 'no-secret', proof: 'mac' }],
      refusedMac: null,
    });
    const bySecret = await enrol('sound@example.org', {});
    expect((await backoffice.admin.call('GET', bySecret)).at('findings')).toEqual([]);
  });
});

describe('the requirements of the sign-in rules', () => {
  const withRules = async (
    rules: Partial<typeof usualSignInRules>,
    role: 'admin' | 'viewer',
  ): Promise<TestBackoffice> => startBackoffice({ ...usualSignInRules, ...rules }, role);
  const signIn = (on: TestBackoffice, credentials: object) =>
    on.call('POST', '/api/session', { body: credentials });

  test('emergency passwords let only admins in, with an entry in the trail', async () => {
    const on = await withRules({ passwords: 'break-glass' }, 'admin');
    const viewer = await signIn(on, await on.addUser('viewer'));
    expect([viewer.status, viewer.at('code')]).toEqual([403, 'passwords-off']);
    expect((await signIn(on, await on.addUser('admin'))).status).toBe(200);
    const trail = await on.admin.call('GET', '/api/audit?action=session.start&limit=1');
    expect(trail.text).toContain('"pastTheProvider":true');
    await on.stop();
  });

  test('a session that nobody uses ends, and one that is used does not', async () => {
    const on = await withRules({ idleMinutes: 30 }, 'admin');
    const idleFor = (minutes: number) =>
      on.db('user_session').update({ seen_at: on.db.raw('now() - make_interval(mins => ?)', [minutes]) });
    await idleFor(29);
    expect((await on.admin.call('GET', '/api/session/all')).status).toBe(200);
    await idleFor(31);
    expect((await on.admin.call('GET', '/api/session/all')).status).toBe(401);
    await on.stop();
  });
});

describe('the doors behind the password', () => {
  const server = onServer({
    EPACK_METRICS_TOKEN: metricsToken,
    EPACK_PUBLIC_URL: 'https://epack.example',
  });
  const post = (at: string, body: object, method = 'POST', token = '') =>
    fetch(`${server().url}${at}`, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify(body),
    });

  test('are watched: a wrong code and a wrong recovery code are in the trail and in the figures', async () => {
    const { email, password } = server().admin;
    const opened = await post('/api/session', { email, password });
    const { token } = z.object({ token: z.string() }).parse(await opened.json());
    const offer = await post('/api/session/second-factor', {}, 'POST', token);
    const { secret } = z.object({ secret: z.string() }).parse(await offer.json());
    const code = new TOTP({ secret }).generate();
    expect((await post('/api/session/second-factor', { code }, 'PUT', token)).status).toBe(200);
    expect((await post('/api/session', { email, password, code: '000000' })).status).toBe(401);
    expect((await post('/api/session', { email, password, code: '0123456789-0123456789' })).status).toBe(401);
    const failed = () => server().db('audit').where({ action: 'sign-in.failed', actor: email });
    await eventually('the failure is told', async () => (await failed()).length === 1);
    const figures = await scrape(server().url);
    expect(figures.value('epack_sign_in_failures_total', { kind: 'staff-failed' })).toBe(2);
  });

  test('count also when users change their own second factor: a wrong code is recorded, counted and limited', async () => {
    const email = await newUser(server(), 'manager');
    const opened = await post('/api/session', { email, password });
    const { token } = z.object({ token: z.string() }).parse(await opened.json());
    const factor = (method: string, code: string) =>
      post('/api/session/second-factor', { code }, method, token);
    const offer = await post('/api/session/second-factor', {}, 'POST', token);
    const { secret } = z.object({ secret: z.string() }).parse(await offer.json());
    const before = await failures();

    expect((await factor('PUT', '000000')).status).toBe(422);
    expect((await factor('PUT', new TOTP({ secret }).generate())).status).toBe(200);
    expect((await factor('DELETE', '000000')).status).toBe(422);
    expect(await failures()).toEqual({ ...before, failed: before.failed + 2 });
    const told = () =>
      server()
        .db('audit')
        .where({ action: 'sign-in.failed', actor: email })
        .whereJsonPath('after', '$.reason', '=', 'wrong-code');
    await eventually('the wrong code is told', async () => (await told()).length > 0);

    for (let guess = 2; guess < 10; guess += 1) {
      expect((await factor('DELETE', String(guess).padStart(6, '0'))).status).toBe(422);
    }
    const limited = await factor('DELETE', '000000');
    expect(limited.status).toBe(429);
    expect(Number(limited.headers.get('retry-after'))).toBeGreaterThan(0);
    // Neither is the code guessed at the door then.
    expect((await post('/api/session', { email, password, code: '000000' })).status).toBe(429);
    expect((await failures()).limited).toBe(before.limited + 2);
    const limits = () => server().db('audit').where({ action: 'sign-in.limited', actor: email });
    await eventually('the limit is told', async () => (await limits()).length > 0);
  });

  const failures = async () => {
    const figures = await scrape(server().url);
    const of = (kind: string) => figures.value('epack_sign_in_failures_total', { kind }) ?? NaN;
    return { failed: of('staff-failed'), limited: of('staff-limited') };
  };

  test('if the public address is https, the cookie is bound to this host and browsers use only TLS', async () => {
    const page = await fetch(`${server().url}/`);
    expect(page.headers.get('strict-transport-security')).toContain('max-age=');
    const { email } = server().admin;
    const weak = await post('/api/session', { email, password: 'wrong' });
    expect(weak.headers.get('set-cookie')).toBeNull();
    await server().db('recovery_code').delete();
    await server().db('app_user').update({ totp_secret: null, totp_since: null, totp_pending: null });
    const opened = await post('/api/session', server().admin);
    expect(opened.headers.get('set-cookie')).toMatch(/^__Host-epack_session=[^;]+;.*Path=\/.*Secure/);
    expect(opened.headers.get('set-cookie')).not.toContain('Domain');
  });
});
