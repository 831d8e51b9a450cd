import type { Reason } from '../../shared/domain/reason';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { bodyOf, headersOf, type MailServer, startMailServer } from './mail-server';
import { deliver, fail, makeAllDue, newAccount, newQueuedSync, newTarget, outboxOf } from './scene';

let database: TestDatabase;
let mailServer: MailServer;
beforeAll(async () => {
  database = await createTestDatabase();
  mailServer = await startMailServer();
});
afterAll(async () => {
  await mailServer.stop();
  await database.drop();
});
beforeEach(async () => {
  await database.db('notification_target').delete();
  mailServer.received.length = 0;
  mailServer.state.refuses = false;
});

const mailer = (url?: string) => mailServer.mailer(url);

describe('a mail', () => {
  test('says what happened, names its recipient, and prevents automatic replies', async () => {
    const { db } = database;
    const { accountId, solutionId, name } = await newAccount(db);
    await newTarget(db, { accountId, kind: 'email', address: 'chef@example.org' });
    const sync = await newQueuedSync(db, solutionId);
    await fail(db, sync);
    expect(await deliver(db, { sendMail: mailer(), publicUrl: 'https://epack.example' })).toBe(1);
    expect(mailServer.received).toMatchObject([{ from: 'epack@example.org', to: ['chef@example.org'] }]);
    const [mail] = mailServer.received;
    if (mail === undefined) throw new Error('no mail');
    expect(headersOf(mail)).toMatch(/^Auto-Submitted: auto-generated\r$/m);
    expect(headersOf(mail)).toMatch(/^Subject: \[ePack\] A sync has failed: Kitchen of/m);
    expect(bodyOf(mail)).toContain(`${name} · ${name}@example.org`);
    expect(bodyOf(mail)).toContain('It could not be processed in 5 attempts.');
    expect(bodyOf(mail)).toContain(`https://epack.example/syncs/${sync}`);
  });

  test('contains all waiting notifications, in the language of the recipient', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, {
      accountId,
      kind: 'email',
      address: 'chef@example.org',
      language: 'fr',
    });
    const why: Reason = { code: 'attempts-used-up', values: { attempts: 5 } };
    for (let count = 0; count < 3; count++) await fail(db, await newQueuedSync(db, solutionId), why);
    expect(await deliver(db, { sendMail: mailer() })).toBe(3);
    expect(mailServer.received).toHaveLength(1);
    const [mail] = mailServer.received;
    if (mail === undefined) throw new Error('no mail');
    expect(headersOf(mail)).toMatch(/^Subject: \[ePack\] 3 notifications\r$/m);
    expect(bodyOf(mail).match(/Une synchronisation a échoué/g)).toHaveLength(3);
    expect(bodyOf(mail)).toContain('Canal\u00a0: réglages et relevés');
    expect(bodyOf(mail)).toContain('L’envoi n’a pas pu être traité en 5 tentatives.');
    expect(bodyOf(mail)).not.toContain('attempts');
    expect((await outboxOf(db, target)).map(({ state }) => state)).toEqual(Array(3).fill('delivered'));
  });

  test('cannot be bent by the name of a solution', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    await newTarget(db, { accountId, kind: 'email', address: 'chef@example.org' });
    const name = 'Kitchen\r\nBcc: everyone@example.org\r\n\r\nHello';
    await db('solution').where({ id: solutionId }).update({ name });
    await fail(db, await newQueuedSync(db, solutionId));
    await deliver(db, { sendMail: mailer() });
    const [mail] = mailServer.received;
    if (mail === undefined) throw new Error('no mail');
    expect(mail.to).toEqual(['chef@example.org']);
    expect(headersOf(mail)).not.toMatch(/^Bcc:/m);
  });

  test('that the server refuses is sent again later', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId, kind: 'email', address: 'chef@example.org' });
    mailServer.state.refuses = true;
    await fail(db, await newQueuedSync(db, solutionId));
    await deliver(db, { sendMail: mailer() });
    const [row] = await outboxOf(db, target);
    expect(row).toMatchObject({ state: 'waiting', attempts: 1 });
    expect(row?.last_error).toMatch(/Mailbox is full/);
    mailServer.state.refuses = false;
    await makeAllDue(db);
    expect(await deliver(db, { sendMail: mailer() })).toBe(1);
    expect(mailServer.received).toHaveLength(1);
  });

  test('waits if no server is configured, or if it refuses our password, and says why', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId, kind: 'email', address: 'chef@example.org' });
    await fail(db, await newQueuedSync(db, solutionId));
    await deliver(db);
    expect((await outboxOf(db, target))[0]?.last_error).toBe(
      'No mail server is configured (EPACK_SMTP_URL).',
    );
    await makeAllDue(db);
    await deliver(db, { sendMail: mailer(`smtp://epack:wrong@127.0.0.1:${mailServer.port}`) });
    expect((await outboxOf(db, target))[0]?.last_error).toMatch(/Invalid/);
    await makeAllDue(db);
    expect(await deliver(db, { sendMail: mailer(`smtp://epack:p%40ss@127.0.0.1:${mailServer.port}`) })).toBe(
      1,
    );
  });

  test("without a reachable server has an error without the server's address; the log contains it", async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId, kind: 'email', address: 'chef@example.org' });
    await fail(db, await newQueuedSync(db, solutionId));
    const reasons: string[] = [];
    await deliver(db, { sendMail: mailer('smtp://127.0.0.1:1'), reasons });
    expect((await outboxOf(db, target))[0]?.last_error).toBe('The mail server could not be reached.');
    expect(reasons).toEqual([expect.stringContaining('127.0.0.1:1')]);
  });
});
