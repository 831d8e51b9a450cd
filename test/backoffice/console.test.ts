import { startBackoffice, type TestBackoffice } from './backoffice';
import { newKitchen, newSync, setStatut } from './fixtures';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

const get = (path: string, headers: Record<string, string> = {}) => backoffice.call('GET', path, { headers });
const cookieOf = (token: string) => ({ cookie: `epack_session=${token}` });

/** As a browser sends a form. */
async function post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(backoffice.url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: backoffice.url, ...headers },
    body: new URLSearchParams(fields),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

describe('the start page', () => {
  test('says what this is, how it is, and asks to sign in, in English and in French', async () => {
    const english = await get('/', { 'accept-language': 'en-GB,en;q=0.9' });
    expect(english.status).toBe(200);
    expect(english.text).toContain('<html lang="en">');
    expect(english.text).toContain('Sign in');
    expect(english.text).toContain('Database');
    const french = await get('/', { 'accept-language': 'fr-FR,fr;q=0.9,en;q=0.5' });
    expect(french.text).toContain('<html lang="fr">');
    expect(french.text).toContain('Se connecter');
    expect((await get('/', { 'accept-language': 'ja' })).text).toContain('<html lang="en">');
  });

  test('runs no script, and no other site may frame it', async () => {
    const page = await get('/');
    expect(page.text).not.toMatch(/<script|javascript:|\son\w+=|style=/i);
    const policy = page.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain('unsafe');
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    const css = await get('/assets/console.css');
    expect(css.headers.get('content-type')).toContain('text/css');
    expect(page.text).toContain('href="/assets/console.css"');
  });
});

describe('the form to sign in', () => {
  test('sets the cookie and leads to the solutions', async () => {
    const { solution } = await newKitchen(backoffice);
    const { email, password } = backoffice.admin;
    const answer = await post('/sign-in', { email, password });
    expect(answer.status).toBe(303);
    expect(answer.headers.get('location')).toBe('/');
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    const page = await get('/', { cookie });
    expect(page.text).toContain(`href="/solutions/${solution}"`);
    const out = await post('/sign-out', {}, { cookie });
    expect(out.status).toBe(303);
    expect((await get('/', { cookie })).text).toContain('action="/sign-in"');
  });

  test('says what was wrong, and keeps the e-mail as it was typed', async () => {
    const answer = await post(
      '/sign-in',
      { email: '"><b>x', password: 'wrong' },
      { 'accept-language': 'fr' },
    );
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('Adresse inconnue ou mot de passe erroné.');
    expect(answer.text).toContain('value="&quot;&gt;&lt;b&gt;x"');
  });

  test('says that there were too many attempts', async () => {
    for (let attempt = 0; attempt < 10; attempt++)
      await post('/sign-in', { email: 'guess@x', password: 'x' }, from);
    const answer = await post('/sign-in', { email: 'guess@x', password: 'x' }, from);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(200);
    expect(answer.text).toContain('Too many attempts');
  });
  const from = { 'x-forwarded-for': '192.0.2.7', 'accept-language': 'en' };

  test('is refused from another site, and so is signing out', async () => {
    const { email, password, token } = backoffice.admin;
    const evil = { origin: 'https://evil.example' };
    expect((await post('/sign-in', { email, password }, evil)).status).toBe(403);
    expect((await post('/sign-out', {}, { ...evil, ...cookieOf(token) })).status).toBe(403);
    expect((await get('/', cookieOf(token))).text).toContain('action="/sign-out"');
  });
});

describe('the solutions', () => {
  test('show the status of each channel and when it last synchronised, whatever their names hold', async () => {
    const { account, solution } = await newKitchen(backoffice);
    await backoffice.admin.call('PATCH', `/api/solutions/${solution}`, { name: '<script>alert(1)</script>' });
    await newSync(backoffice, solution, { channel: 'sondes', ageSeconds: 7300 });
    const syncId = await newSync(backoffice, solution, { state: 'queued' });
    await setStatut(backoffice, solution, 'synchro', 1, syncId);
    const viewer = await backoffice.signIn('viewer', [account]);
    const page = await get('/', { ...cookieOf(viewer.token), 'accept-language': 'en' });
    expect(page.text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;');
    expect(page.text).not.toContain('<script>');
    expect(page.text).toContain('processing');
    expect(page.text).toContain('2 hours ago');
  });

  test('are those of the account alone', async () => {
    const mine = await newKitchen(backoffice);
    const other = await newKitchen(backoffice);
    const viewer = await backoffice.signIn('viewer', [mine.account]);
    const page = await get('/', cookieOf(viewer.token));
    expect(page.text).toContain(`/solutions/${mine.solution}"`);
    expect(page.text).not.toContain(`/solutions/${other.solution}"`);
    expect((await get(`/solutions/${other.solution}`, cookieOf(viewer.token))).status).toBe(404);
  });
});

describe('the last syncs of a solution', () => {
  test('show state, counts and rejections, on the clock of the kitchen', async () => {
    const { solution } = await newKitchen(backoffice);
    await backoffice.admin.call('PATCH', `/api/solutions/${solution}`, { timezone: 'Indian/Reunion' });
    const logs = { Tbfridge: { inserted: 1234, duplicates: 0, rejected: 56 } };
    const photos = { inserted: 0, duplicates: 0, rejected: 0 };
    const report = { outcome: 'processed', params: {}, logs, photos };
    const id = await newSync(backoffice, solution, { report });
    await backoffice.db('sync').where({ id }).update({ received_at: '2026-07-01T20:30:00Z' });
    const page = await get(`/solutions/${solution}`, {
      ...cookieOf(backoffice.admin.token),
      'accept-language': 'fr',
    });
    expect(page.status).toBe(200);
    expect(page.text).toContain('terminée');
    expect(page.text).toMatch(/02\/07\/2026,? 00:30:00/);
    expect(page.text).toContain('1234');
    expect(page.text).toContain('<td class="number bad">56</td>');
  });

  test('lead visitors to the form first', async () => {
    const { solution } = await newKitchen(backoffice);
    const answer = await get(`/solutions/${solution}`);
    expect([answer.status, answer.headers.get('location')]).toEqual([303, '/']);
  });
});

test('a form of our own page is not taken for one of another site behind a proxy', async () => {
  const behindProxy = { origin: 'https://backoffice.example', 'x-forwarded-host': 'backoffice.example' };
  expect((await post('/sign-out', {}, { ...behindProxy, ...cookieOf('x') })).status).toBe(303);
});
