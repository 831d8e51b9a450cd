import { startBackoffice, type Staff, type TestBackoffice } from './backoffice';
import {
  newAlert,
  newApproval,
  newConflict,
  newKitchen,
  newQuarantined,
  newSync,
  setStatut,
} from './fixtures';

let backoffice: TestBackoffice;
beforeAll(async () => {
  backoffice = await startBackoffice();
});
afterAll(() => backoffice.stop());

const html = { accept: 'text/html,application/xhtml+xml' };
const get = (path: string, headers: Record<string, string> = {}) =>
  backoffice.call('GET', path, { headers: { ...html, ...headers } });
const cookieOf = (token: string) => ({ cookie: `epack_session=${token}` });
const page = (staff: Staff, path: string, headers: Record<string, string> = {}) =>
  get(path, { ...cookieOf(staff.token), ...headers });

/** As a browser sends a form. */
async function post(path: string, fields: Record<string, string>, headers: Record<string, string> = {}) {
  const response = await fetch(backoffice.url + path, {
    method: 'POST',
    redirect: 'manual',
    headers: { origin: backoffice.url, ...html, ...headers },
    body: new URLSearchParams(fields),
  });
  const { status } = response;
  return {
    status,
    headers: response.headers,
    text: await response.text(),
    to: response.headers.get('location'),
  };
}

/** The hidden field of someone's forms. */
async function csrfOf(staff: Staff): Promise<string> {
  const { text } = await page(staff, '/');
  return /name="_csrf" value="([^"]+)"/.exec(text)?.[1] ?? '';
}

/** As someone who is signed in sends a form of ours. */
async function submit(staff: Staff, path: string, fields: Record<string, string> = {}) {
  return post(path, { _csrf: await csrfOf(staff), ...fields }, cookieOf(staff.token));
}

describe('the sign-in page', () => {
  test('says what this is and asks to sign in, in English and in French, and shows strangers no more', async () => {
    const english = await get('/', { 'accept-language': 'en-GB,en;q=0.9' });
    expect(english.status).toBe(200);
    expect(english.text).toContain('<html lang="en">');
    expect(english.text).toContain('Sign in');
    expect(english.text).not.toContain('Database');
    const french = await get('/', { 'accept-language': 'fr-FR,fr;q=0.9,en;q=0.5' });
    expect(french.text).toContain('<html lang="fr">');
    expect(french.text).toContain('Se connecter');
    expect((await get('/', { 'accept-language': 'ja' })).text).toContain('<html lang="en">');
  });

  test('contains no inline script or style, and loads its files from this server with unlimited caching', async () => {
    const { text } = await get('/');
    expect(text).not.toMatch(/<script(?![^>]* src="\/assets\/)|javascript:|\son\w+=|style=|<style/i);
    const assets = [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(assets.length).toBeGreaterThan(3);
    for (const path of assets) {
      const asset = await get(path);
      expect([path, asset.status]).toEqual([path, 200]);
      expect(asset.headers.get('cache-control')).toContain('immutable');
    }
    const [css = ''] = assets.filter((path) => path.endsWith('console.css'));
    expect((await get(css)).headers.get('content-type')).toContain('text/css');
    expect((await get(css.replace(/[0-9a-f]{16}/, '0'.repeat(16)))).status).toBe(404);
  });

  test('sets the cookie and leads to the requested page, but to no other site', async () => {
    const { email, password } = backoffice.admin;
    const answer = await post('/sign-in', { email, password, next: '/solutions?search=a' });
    expect([answer.status, answer.to]).toEqual([303, '/solutions?search=a']);
    for (const next of ['https://evil.example/', '//evil.example', '/\\evil.example', '/a\r\nb']) {
      expect((await post('/sign-in', { email, password, next })).to).toBe('/');
    }
    const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
    expect((await get('/', { cookie })).text).toContain('action="/sign-out"');
    expect((await post('/sign-out', {}, { cookie })).status).toBe(303);
    expect((await get('/', { cookie })).text).toContain('action="/sign-in"');
  });

  test('says what was wrong, and keeps the e-mail as it was typed', async () => {
    const typed = { email: '"><b>x', password: 'wrong' };
    const answer = await post('/sign-in', typed, { 'accept-language': 'fr' });
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('Adresse inconnue ou mot de passe erroné.');
    expect(answer.text).toContain('value="&quot;>&lt;b>x"');
  });

  test('says that there were too many attempts', async () => {
    const from = { 'x-forwarded-for': '192.0.2.7', 'accept-language': 'en' };
    for (let attempt = 0; attempt < 10; attempt++)
      await post('/sign-in', { email: 'guess@x', password: 'x' }, from);
    const answer = await post('/sign-in', { email: 'guess@x', password: 'x' }, from);
    expect(answer.status).toBe(429);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(200);
    expect(answer.text).toContain('Too many attempts');
  });

  test('is refused from another site, and so is signing out', async () => {
    const { email, password, token } = backoffice.admin;
    const evil = { origin: 'https://evil.example' };
    expect((await post('/sign-in', { email, password }, evil)).status).toBe(403);
    expect((await post('/sign-out', {}, { ...evil, ...cookieOf(token) })).status).toBe(403);
    expect((await page(backoffice.admin, '/')).text).toContain('action="/sign-out"');
  });

  test('comes before any page', async () => {
    const { solution } = await newKitchen(backoffice);
    const answer = await get(`/solutions/${solution}?done=saved`);
    const wanted = `/sign-in?next=${encodeURIComponent(`/solutions/${solution}?done=saved`)}`;
    expect([answer.status, answer.headers.get('location')]).toEqual([303, wanted]);
    expect((await get(wanted)).text).toContain(`name="next" value="/solutions/${solution}?done=saved"`);
  });
});

describe('a form', () => {
  test('needs the token of its own session', async () => {
    const { solution } = await newKitchen(backoffice);
    const other = await backoffice.signIn('admin');
    const path = `/solutions/${solution}/access/block`;
    const cookie = cookieOf(backoffice.admin.token);
    expect((await post(path, {}, cookie)).status).toBe(403);
    expect((await post(path, { _csrf: await csrfOf(other) }, cookie)).status).toBe(403);
    expect((await page(backoffice.admin, '/solutions?state=blocked')).text).not.toContain(
      `/solutions/${solution}"`,
    );
    expect((await submit(backoffice.admin, path)).status).toBe(303);
    expect((await page(backoffice.admin, '/solutions?state=blocked')).text).toContain(
      `/solutions/${solution}"`,
    );
  });

  test('is refused for a viewer, whatever was sent, and gives no access to another account’s solution', async () => {
    const { account, solution } = await newKitchen(backoffice);
    const other = await newKitchen(backoffice);
    const viewer = await backoffice.signIn('viewer', [account]);
    const manager = await backoffice.signIn('manager', [account]);
    const flag = { channel: 'synchro', flag: 'resend-logs', do: 'set' };
    expect((await submit(viewer, `/solutions/${solution}/flags`, flag)).status).toBe(403);
    expect((await submit(manager, `/solutions/${other.solution}/flags`, flag)).status).toBe(404);
    expect((await submit(manager, `/solutions/${solution}/flags`, flag)).to).toContain('done=flag-set');
    expect((await page(manager, `/solutions/${other.solution}`)).status).toBe(404);
    expect((await page(manager, '/users')).status).toBe(403);
  });

  test('that is sent without a session is kept for its writer alone, whatever a stranger does with it', async () => {
    const staff = await backoffice.signIn('admin');
    const { solution } = await newKitchen(backoffice);
    const path = `/solutions/${solution}/messages`;
    const shown = JSON.stringify({ texts: { subject: 'x', body: 'x' }, boxes: {}, hidden: [] });
    const form = { _csrf: await csrfOf(staff), _page: path, _shown: shown, subject: 'Lot B', body: 'text' };
    const keptForms = () => backoffice.db('kept_form').count('* as n').first();
    const kept = await post(path, form);
    expect(kept.status).toBe(303);
    const [, next = ''] = /^\/sign-in\?next=(.*)$/.exec(kept.to ?? '') ?? [];
    expect(decodeURIComponent(next)).toMatch(new RegExp(`^${path}\\?kept=[0-9a-f-]{36}$`));
    const before = await keptForms();

    // Another site's form, an unknown token, no list of what was shown, a megabyte: nothing is kept.
    const strange = { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' };
    expect((await post(path, form, strange)).to).toBe('/');
    const refused = `/sign-in?next=${encodeURIComponent(path)}`;
    expect((await post(path, { ...form, _csrf: 'x'.repeat(43) })).to).toBe(refused);
    expect((await post(path, { ...form, _shown: '{' })).to).toBe(refused);
    expect((await post(path, { ...form, body: 'é'.repeat(900_000) })).to).toBe('/');
    expect((await post(path, { ...form, _page: '//evil.example/' })).to).toMatch(
      /^\/sign-in\?next=%2F%3Fkept/,
    );
    expect(await keptForms()).toEqual({ n: String(Number(before?.['n']) + 1) });

    // The form of one person in the session of another is still refused; one person has five at most.
    const other = await backoffice.signIn('admin');
    expect((await post(path, form, cookieOf(other.token))).status).toBe(403);
    for (let count = 0; count < 7; count++) await post(path, form);
    expect(await keptForms()).toEqual({ n: '5' });
    expect((await page(other, decodeURIComponent(next))).text).not.toContain('Lot B');
  });

  test('that was refused is shown again with what was typed and the reason', async () => {
    const { solution } = await newKitchen(backoffice);
    const fields = { id: '7', 'f.Name': 'Chambre <froide>', 'f.TempMax': 'warm' };
    const answer = await submit(backoffice.admin, `/solutions/${solution}/params/Fridges`, fields);
    expect(answer.status).toBe(422);
    expect(answer.text).toContain('Highest temperature: not a number');
    expect(answer.text).toContain('value="Chambre &lt;froide>"');
  });
});

describe('what was typed wrong', () => {
  const french = { 'accept-language': 'fr' };
  const submitInFrench = async (staff: Staff, path: string, fields: Record<string, string>) =>
    post(path, { _csrf: await csrfOf(staff), ...fields }, { ...cookieOf(staff.token), ...french });

  test('is explained in French: which field, and what is wrong with it', async () => {
    const { solution } = await newKitchen(backoffice);
    const fields = { id: '7', 'f.Name': 'F', 'f.TempMax': 'chaud', 'f.TempMin': '-999' };
    const refused = await submitInFrench(backoffice.admin, `/solutions/${solution}/params/Fridges`, fields);
    expect(refused.status).toBe(422);
    expect(refused.text).toContain('Température maximale\u00a0: ce n’est pas un nombre');
    expect(refused.text).toContain('Température minimale\u00a0: doit être entre ');
    const target = {
      kind: 'email',
      address: 'nobody',
      event: 'sync-failed',
      staleHours: '24',
      language: 'fr',
    };
    const typed = await submitInFrench(backoffice.admin, '/notifications', { ...target, account: 'all' });
    expect(typed.text).toContain('Adresse\u00a0: ce n’est pas une adresse e-mail');
  });

  test('is explained in French also if it already exists, or is already decided', async () => {
    const { account } = await newKitchen(backoffice);
    const name = String((await backoffice.admin.call('GET', `/api/accounts/${account}`)).at('name'));
    const again = await submitInFrench(backoffice.admin, '/accounts', { name });
    expect([again.status, again.text.includes('Cela existe déjà.')]).toEqual([409, true]);
    const empty = await submitInFrench(backoffice.admin, '/accounts', { name: '' });
    expect(empty.text).toContain('Il manque quelque chose');
    expect(empty.text).toMatch(/<span lang="en">name: [^<]+</);
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
    const { text } = await page(viewer, '/solutions', { 'accept-language': 'en' });
    expect(text).toContain('&lt;script>alert(1)&lt;/script>');
    expect(text).not.toContain('<script>');
    expect(text).toContain('processing');
    expect(text).toContain('2 hours ago');
  });

  test('are those of the account alone', async () => {
    const mine = await newKitchen(backoffice);
    const other = await newKitchen(backoffice);
    const viewer = await backoffice.signIn('viewer', [mine.account]);
    const { text } = await page(viewer, '/solutions');
    expect(text).toContain(`/solutions/${mine.solution}"`);
    expect(text).not.toContain(`/solutions/${other.solution}"`);
    expect((await page(viewer, `/solutions/${other.solution}`)).status).toBe(404);
  });

  test('are enrolled by a form; the secret is shown this once', async () => {
    const { account } = await newKitchen(backoffice);
    const manager = await backoffice.signIn('manager', [account]);
    const fields = { loginPolicy: 'secret', confirmation: 'explicit', timezone: 'Europe/Paris' };
    const mail = `form-${account}@example.org`;
    const answer = await submit(manager, '/solutions', { ...fields, mail, name: 'Par formulaire' });
    const secret = /<code class="secret">([^<]+)</.exec(answer.text)?.[1] ?? '';
    expect(secret.length).toBeGreaterThan(30);
    expect((await page(manager, '/solutions')).text).not.toContain(secret);
    const again = await submit(manager, '/solutions', { ...fields, mail, name: 'Encore' });
    expect(again.text).toContain('This solution exists already.');
    expect(again.text).toContain('value="Encore"');
  });

  test('get a flag together: the ticked ones, or all that match the filter', async () => {
    const { account, solution } = await newKitchen(backoffice);
    const manager = await backoffice.signIn('manager', [account]);
    const fields = { flag: 'resend-params', channel: 'synchro', search: '', account: '', state: '' };
    expect((await submit(manager, '/solutions/flags', { ...fields, scope: 'ticked' })).status).toBe(400);
    await submit(manager, '/solutions/flags', { ...fields, scope: 'ticked', solution });
    await submit(manager, '/solutions/flags', { ...fields, flag: 'resend-logs', scope: 'all' });
    const { text } = await page(manager, `/solutions/${solution}`, { 'accept-language': 'en' });
    expect(text).toContain('Clear: Manager sends all settings again');
    expect(text).toContain('Clear: Solution sends its readings again');
  });
});

describe('the messages of a solution', () => {
  test('describe a probe in the language of the reader, above the message to the kitchen', async () => {
    const { solution } = await newKitchen(backoffice);
    const told = { solution_id: solution, sender: 'ePack', is_conform: false, measured_at: new Date() };
    await backoffice.db('manager_message').insert([
      {
        ...told,
        kind: 'probe-alert',
        subject: 'Vitrine: 2 (P1): too warm',
        body: 'too warm, since 2026-11-20 07:00.',
      },
      {
        solution_id: solution,
        sender: 'x@example.org',
        kind: 'message',
        subject: 'Rappel: too warm',
        body: 'x',
      },
    ]);
    const path = `/solutions/${solution}/messages`;
    const french = await page(backoffice.admin, path, { 'accept-language': 'fr' });
    expect(french.text).toContain('<h2>Vitrine: 2 (P1)\u00a0: trop chaud</h2>');
    expect(french.text).toMatch(/lang="en">\s*too warm, since/);
    expect(french.text).toContain('<h2>Rappel: too warm</h2>');
    const english = await page(backoffice.admin, path, { 'accept-language': 'en' });
    expect(english.text).toContain('<h2>Vitrine: 2 (P1): too warm</h2>');
  });
});

describe('one solution', () => {
  test('shows the last syncs with counts and rejections, on the clock of the kitchen', async () => {
    const { solution } = await newKitchen(backoffice);
    await backoffice.admin.call('PATCH', `/api/solutions/${solution}`, { timezone: 'Indian/Reunion' });
    const logs = { Tbfridge: { inserted: 1234, duplicates: 0, rejected: 56 } };
    const photos = { inserted: 0, duplicates: 0, rejected: 0 };
    const report = { outcome: 'processed', params: {}, logs, photos };
    const id = await newSync(backoffice, solution, { report });
    await backoffice.db('sync').where({ id }).update({ received_at: '2026-07-01T20:30:00Z' });
    const { status, text } = await page(backoffice.admin, `/solutions/${solution}`, {
      'accept-language': 'fr',
    });
    expect(status).toBe(200);
    expect(text).toContain('terminée');
    expect(text).toMatch(/02\/07\/2026,? 00:30:00/);
    expect(text).toMatch(/1\s234/);
    expect(text).toContain('<td class="number bad" data-label="Refusés">56</td>');
  });

  test('says at once what is wrong, where, why, and what to do', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution);
    const refused = { kind: 'row', file: 'csv/Tbfridge.csv', raw: '7;x', header: 'Id;Temp' } as const;
    await newQuarantined(backoffice, solution, syncId, refused);
    await newAlert(backoffice, solution);
    const copies = { base: { TempMax: 4 }, manager: { TempMax: 3 }, solution: { TempMax: 5 } };
    await newConflict(backoffice, solution, '81', { ...copies, fields: ['TempMax'] });
    const { text } = await page(backoffice.admin, `/solutions/${solution}`, { 'accept-language': 'en' });
    expect(text).toContain('3 things to look at');
    expect(text).toContain('A reading was refused');
    expect(text).toContain('csv/Tbfridge.csv');
    expect(text).toContain('for a test');
    expect(text).toContain('Both sides changed the same setting');
    expect(text).toContain('Call the kitchen');
  });

  test('says in French why something was refused, before the English sentence of the server', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution);
    const refused = {
      kind: 'row',
      file: 'csv/Tbfridge.csv',
      code: 'bad-id',
      raw: 'x;4',
      header: 'Id;Temp',
    } as const;
    const item = await newQuarantined(backoffice, solution, syncId, refused);
    for (const path of [
      `/solutions/${solution}`,
      `/quarantine?solution=${solution}`,
      `/quarantine/${item}`,
    ]) {
      const { text } = await page(backoffice.admin, path, { 'accept-language': 'fr' });
      expect(text).toContain('L’Id n’est pas valable.');
      expect(text).toContain('<span lang="en">for a test</span>');
      expect(text.indexOf('L’Id n’est pas valable.')).toBeLessThan(text.indexOf('for a test'));
    }
  });

  test('says that all is well if it is', async () => {
    const { solution } = await newKitchen(backoffice);
    const syncId = await newSync(backoffice, solution);
    await setStatut(backoffice, solution, 'synchro', 0, syncId);
    const { text } = await page(backoffice.admin, `/solutions/${solution}`, { 'accept-language': 'en' });
    expect(text).toContain('All is well');
  });
});

describe('an account', () => {
  test('keeps its data as long as the form says; an empty field means the usual', async () => {
    const { account } = await newKitchen(backoffice);
    const path = `/accounts/${account}`;
    const wrong = await submit(backoffice.admin, path, { fileDays: '0', readingDays: '' });
    expect(wrong.status).toBe(400);
    const saved = await submit(backoffice.admin, path, { fileDays: '', readingDays: '400' });
    expect(saved.to).toBe('/accounts?done=saved');
    const { text } = await page(backoffice.admin, path, { 'accept-language': 'fr' });
    expect(text).toMatch(/name="readingDays"[^>]* value="400"/);
    expect(text).toContain('Durée de conservation');
    const all = await page(backoffice.admin, '/accounts?limit=1000', { 'accept-language': 'fr' });
    expect(all.text).toContain('fichiers comme d’habitude, relevés 400 jours');
    const manager = await backoffice.signIn('manager', [account]);
    expect((await page(manager, path)).status).toBe(403);
    expect((await submit(manager, path, { readingDays: '1' })).status).toBe(403);
  });
});

describe('what waits for one solution', () => {
  const english = { 'accept-language': 'en' };
  /** Where the tabs, the next page and the forms of a list lead. */
  const leadsTo = (text: string, path: string) =>
    [...text.matchAll(/(?:href|action)="([^"]+)"/g)]
      .map(([, to = '']) => to.replaceAll('&amp;', '&'))
      .filter((to) => new RegExp(`^${path}[?/]`).test(to));

  test('stays that of this solution on the other tab, on the next page, and after a decision', async () => {
    const { solution } = await newKitchen(backoffice);
    const other = await newKitchen(backoffice);
    const copies = { base: { TempMax: 4 }, manager: { TempMax: 3 }, solution: { TempMax: 5 } };
    for (let entity = 0; entity < 21; entity++) {
      await newConflict(backoffice, solution, String(entity), { ...copies, fields: ['TempMax'] });
    }
    await newConflict(backoffice, other.solution, '1', { ...copies, fields: ['TempMax'] });
    const { text } = await page(backoffice.admin, `/conflicts?solution=${solution}`, english);
    const links = leadsTo(text, '/conflicts');
    expect(links.length).toBeGreaterThan(20);
    for (const link of links) expect(link).toMatch(new RegExp(`[?&]solution=${solution}(&|$)`));
    const next = links.find((link) => link.includes('cursor=')) ?? '';
    const [form = ''] = links.filter((link) => link.startsWith('/conflicts/'));
    const second = await page(backoffice.admin, next, english);
    expect([...second.text.matchAll(/id="c\d+"/g)]).toHaveLength(1);
    const revision = /name="revision" value="([^"]+)"/.exec(text)?.[1] ?? '';
    const late = await submit(backoffice.admin, form, { choice: 'manager', revision: 'of-other-copies' });
    expect([late.status, late.text.includes('Someone else changed this first')]).toEqual([412, true]);
    const { to } = await submit(backoffice.admin, form, { choice: 'manager', revision });
    expect(to).toBe(`/conflicts?solution=${solution}&done=decided`);
  });

  test('is so for approvals and the quarantine', async () => {
    const { solution } = await newKitchen(backoffice);
    await newApproval(backoffice, solution, ['1', '2']);
    for (const path of ['/approvals', '/quarantine']) {
      const { text } = await page(backoffice.admin, `${path}?solution=${solution}&state=all`, english);
      const links = leadsTo(text, path);
      expect(links.length).toBeGreaterThan(1);
      for (const link of links) expect(link).toContain(`solution=${solution}`);
    }
    const { text } = await page(backoffice.admin, `/approvals?solution=${solution}`, english);
    const [form = ''] = leadsTo(text, '/approvals').filter((link) => link.startsWith('/approvals/'));
    const { to } = await submit(backoffice.admin, form, { decision: 'reject' });
    expect(to).toBe(`/approvals?solution=${solution}&done=rejected`);
  });

  test('is that of all solutions if none is requested', async () => {
    const { text } = await page(backoffice.admin, '/conflicts', english);
    for (const link of leadsTo(text, '/conflicts')) expect(link).not.toContain('solution=');
  });
});

test('a wrong address gives people a page in words, and programs a problem document', async () => {
  const { status, text } = await page(backoffice.admin, '/nowhere', { 'accept-language': 'fr' });
  expect(status).toBe(404);
  expect(text).toContain('Il n’y a rien ici');
  const program = await backoffice.call('GET', '/nowhere', { headers: cookieOf(backoffice.admin.token) });
  expect(program.at('code')).toBe('not-found');
});

test('behind a proxy, a form of our own page does not count as one of another site', async () => {
  const behindProxy = { origin: 'https://backoffice.example', 'x-forwarded-host': 'backoffice.example' };
  expect((await post('/sign-out', {}, { ...behindProxy, ...cookieOf('x') })).status).toBe(303);
});
