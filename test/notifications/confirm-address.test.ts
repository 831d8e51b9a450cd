import { type Browser, createBrowser } from '../auth/browser';
import { startBackoffice, type Staff, type TestBackoffice } from '../backoffice/backoffice';
import { newKitchen } from '../backoffice/fixtures';
import { bodyOf, type MailServer, startMailServer, subjectOf } from './mail-server';
import { deliver, type DeliverOptions, fail, newQueuedSync, outboxOf } from './scene';

let backoffice: TestBackoffice;
let mailServer: MailServer;
beforeAll(async () => {
  backoffice = await startBackoffice();
  mailServer = await startMailServer();
});
afterAll(async () => {
  await mailServer.stop();
  await backoffice.stop();
});
beforeEach(async () => {
  await backoffice.db('notification_target').delete();
  await backoffice.db('failed_login').delete();
  mailServer.received.length = 0;
});

const targets = '/api/notification-targets';

interface Scene {
  readonly account: string;
  readonly solution: string;
  readonly manager: Staff;
  /** The target with an e-mail address. */
  readonly target: string;
}

async function newScene(particulars: object = {}): Promise<Scene> {
  const kitchen = await newKitchen(backoffice);
  const manager = await backoffice.signIn('manager', [kitchen.account]);
  const made = await add(manager, kitchen.account, particulars);
  expect(made.status).toBe(201);
  return { ...kitchen, manager, target: String(made.at('id')) };
}

const add = (manager: Staff, account: string, particulars: object = {}) =>
  manager.call('POST', targets, {
    account,
    kind: 'email',
    address: 'chef@example.org',
    events: ['sync-failed'],
    ...particulars,
  });

const send = (options: DeliverOptions = {}) =>
  deliver(backoffice.db, { sendMail: mailServer.mailer(), publicUrl: backoffice.url, ...options });

/** The path in the last mail. */
function link(): string {
  const mail = mailServer.received.at(-1);
  const found = mail === undefined ? null : /\/confirm-address\?token=[\w-]{43}/.exec(bodyOf(mail));
  if (found === null) throw new Error('no link');
  return found[0];
}

const open = (browser: Browser, path: string) => browser.call('GET', backoffice.url + path);

async function confirm(): Promise<void> {
  const browser = createBrowser();
  expect((await browser.submit(await open(browser, link()), {})).status).toBe(200);
}

const confirmedAt = async ({ manager, target }: Scene) =>
  (await manager.call('GET', `${targets}/${target}`)).at('confirmedAt');

describe('an e-mail address', () => {
  test('gets no notification before its owner has confirmed it, and all of them from then on', async () => {
    const scene = await newScene();
    const { manager, target, solution } = scene;
    expect(await confirmedAt(scene)).toBeNull();
    await fail(backoffice.db, await newQueuedSync(backoffice.db, Number(solution)));
    expect((await outboxOf(backoffice.db, Number(target))).map(({ event }) => event)).toEqual([
      'confirm-address',
    ]);
    const test = await manager.call('POST', `${targets}/${target}/test`);
    expect([test.status, test.at('code')]).toEqual([409, 'not-confirmed']);

    await send();
    expect(mailServer.received).toHaveLength(1);
    const question = mailServer.received[0];
    if (question === undefined) throw new Error('no mail');
    expect(question.to).toEqual(['chef@example.org']);
    expect(subjectOf(question)).toBe('[ePack] Please confirm your address');
    expect(bodyOf(question)).toContain('a synchronisation has failed');

    // A program that opens links in e-mails confirms none.
    const browser = createBrowser();
    const page = await open(browser, link());
    expect(page.status).toBe(200);
    expect(page.text).toContain('chef@example.org');
    expect(await confirmedAt(scene)).toBeNull();

    expect((await browser.submit(page, {})).status).toBe(200);
    expect(await confirmedAt(scene)).toEqual(expect.any(String));
    await fail(backoffice.db, await newQueuedSync(backoffice.db, Number(solution)));
    expect((await manager.call('POST', `${targets}/${target}/test`)).status).toBe(202);
    await send();
    expect(mailServer.received).toHaveLength(2);
    const trail = await backoffice.admin.call('GET', '/api/audit?action=notification-target.confirm');
    expect(trail.json).toMatchObject({
      items: [{ user: 'chef@example.org', address: '127.0.0.1', after: { address: 'chef@example.org' } }],
    });
  });

  test('is confirmed once, by one link of those that went there; none of them can be read in the database', async () => {
    const scene = await newScene();
    await send();
    const first = link();
    expect((await scene.manager.call('POST', `${targets}/${scene.target}/confirmation`)).status).toBe(202);
    await send();
    expect(link()).not.toBe(first);
    const stored = JSON.stringify(await backoffice.db('address_confirmation'));
    expect(stored).not.toContain(first.split('=')[1]);
    const browser = createBrowser();
    const pages = [await open(browser, first), await open(browser, link())];
    const answers = await Promise.all(pages.map((page) => createBrowser().submit(page, {})));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 404]);
    expect((await open(browser, first)).status).toBe(404);
    const again = await scene.manager.call('POST', `${targets}/${scene.target}/confirmation`);
    expect([again.status, again.at('code')]).toEqual([409, 'already-confirmed']);
  });

  test('is not confirmed by a link that is too old or invented, or by a page of another site', async () => {
    const scene = await newScene();
    await send();
    const path = link();
    const token = path.split('=')[1] ?? '';
    const post = (headers: Record<string, string>) =>
      fetch(`${backoffice.url}/confirm-address`, {
        method: 'POST',
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        body: new URLSearchParams({ token }).toString(),
      });
    expect((await post({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
    await backoffice.db('address_confirmation').update({ expires_at: backoffice.db.fn.now() });
    expect((await post({})).status).toBe(404);
    const browser = createBrowser();
    for (const bad of [path, '/confirm-address?token=x', `/confirm-address?token=${'x'.repeat(43)}`]) {
      expect((await open(browser, bad)).status).toBe(404);
    }
    expect(await confirmedAt(scene)).toBeNull();
  });

  test('that is changed must be confirmed again, and gets waiting notifications after that', async () => {
    const scene = await newScene();
    const path = `${targets}/${scene.target}`;
    await send();
    const toFirst = link();
    await scene.manager.call('PATCH', path, { address: 'second@example.org' });
    // A yes of the one is none of the other.
    expect((await open(createBrowser(), toFirst)).status).toBe(404);
    await send();
    expect(mailServer.received.at(-1)?.to).toEqual(['second@example.org']);
    await confirm();
    await fail(backoffice.db, await newQueuedSync(backoffice.db, Number(scene.solution)));
    await scene.manager.call('PATCH', path, { address: 'third@example.org' });
    expect(await confirmedAt(scene)).toBeNull();
    mailServer.received.length = 0;
    await send();
    expect(mailServer.received.map(({ to }) => to)).toEqual([['third@example.org']]);
    await confirm();
    await send();
    expect(mailServer.received.map(({ to }) => to)).toEqual([['third@example.org'], ['third@example.org']]);
    const same = { address: 'third@example.org', staleHours: 48 };
    expect((await scene.manager.call('PATCH', path, same)).at('confirmedAt')).toEqual(expect.any(String));
  });

  test('is asked in the language of its mails, on a page in that of the browser', async () => {
    await newScene({ language: 'fr', events: ['probe-alert'] });
    await send();
    const [mail] = mailServer.received;
    if (mail === undefined) throw new Error('no mail');
    expect(subjectOf(mail)).toBe('[ePack] Merci de confirmer votre adresse');
    expect(bodyOf(mail)).toContain('une sonde est en alerte');
    const page = await fetch(backoffice.url + link(), { headers: { 'accept-language': 'fr' } });
    expect(await page.text()).toContain('Confirmez votre adresse');
  });

  test('gets a code if the server does not know its own public address', async () => {
    const scene = await newScene();
    await send({ publicUrl: null });
    const mail = mailServer.received[0];
    if (mail === undefined) throw new Error('no mail');
    const code = /^[\w-]{43}$/m.exec(bodyOf(mail))?.[0] ?? '';
    expect(bodyOf(mail)).toContain('/confirm-address');
    const browser = createBrowser();
    const asked = await open(browser, '/confirm-address');
    expect(asked.text).toContain('Code from the e-mail');
    const page = await open(browser, `/confirm-address?token=${code}`);
    expect((await browser.submit(page, {})).status).toBe(200);
    expect(await confirmedAt(scene)).toEqual(expect.any(String));
  });

  test('is shown on the console as unconfirmed, and a manager can ask again', async () => {
    const { manager, target } = await newScene();
    const browser = createBrowser();
    await browser.submit(await open(browser, '/'), { email: manager.email, password: manager.password });
    const page = await open(browser, `/notifications/${target}`);
    expect(page.text).toContain('Nothing is sent to this address yet');
    const form = page.text.split('<form').find((part) => part.includes('/confirmation"')) ?? '';
    const sent = await browser.submit({ ...page, text: `<form${form}` }, {});
    expect(sent.status).toBe(303);
    expect(await outboxOf(backoffice.db, Number(target))).toHaveLength(2);
  });
});

describe('mails on request', () => {
  test('no address gets many confirmation mails, whoever enters it', async () => {
    const { manager, account } = await newScene();
    for (let count = 1; count < 5; count += 1) expect((await add(manager, account)).status).toBe(201);
    const refused = await add(manager, account, { address: 'Chef@example.org' });
    expect([refused.status, refused.at('code')]).toEqual([429, 'too-many-requests']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await newKitchen(backoffice);
    const elsewhere = await backoffice.signIn('manager', [other.account]);
    expect((await add(elsewhere, other.account)).status).toBe(429);
    expect((await add(elsewhere, other.account, { address: 'other@example.org' })).status).toBe(201);
  });

  test('tests are so many for each user, and for each account, however many targets there are', async () => {
    const { manager, account } = await newScene();
    const hook = async (by: Staff) =>
      String((await add(by, account, { kind: 'webhook', address: 'https://hooks.example/' })).at('id'));
    const test = async (by: Staff, target: string) => by.call('POST', `${targets}/${target}/test`);
    for (let count = 0; count < 10; count += 1) {
      // A target that is new each time, and gone after it.
      const target = await hook(manager);
      expect((await test(manager, target)).status).toBe(202);
      await manager.call('DELETE', `${targets}/${target}`);
    }
    const refused = await test(manager, await hook(manager));
    expect([refused.status, refused.at('code')]).toEqual([429, 'too-many-requests']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(300);

    const colleague = await backoffice.signIn('manager', [account]);
    const target = await hook(colleague);
    const together = await Promise.all(Array.from({ length: 11 }, () => test(colleague, target)));
    expect(together.filter(({ status }) => status === 202)).toHaveLength(10);
    const third = await backoffice.signIn('manager', [account]);
    expect((await test(third, target)).status).toBe(429);
    const other = await newKitchen(backoffice);
    const elsewhere = await backoffice.signIn('manager', [other.account]);
    const free = await add(elsewhere, other.account, { kind: 'webhook', address: 'https://hooks.example/' });
    expect((await test(elsewhere, String(free.at('id')))).status).toBe(202);
  });
});
