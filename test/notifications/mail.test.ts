import { SMTPServer } from 'smtp-server';
import type { AddressInfo } from 'node:net';
import { createMailer } from '../../worker/notifications/send-mail';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { deliver, fail, hurry, newAccount, newQueuedSync, newTarget, outboxOf } from './scene';

interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  readonly text: string;
}

/** A real mail server. `refuses`: it takes nothing. */
async function startMailServer() {
  const received: ReceivedMail[] = [];
  const state = { refuses: false };
  const server = new SMTPServer({
    authOptional: true,
    hideSTARTTLS: true,
    onAuth({ username, password }, _session, done) {
      if (username === 'epack' && password === 'p@ss') done(null, { user: username });
      else done(new Error('Invalid username or password'));
    },
    onRcptTo(_address, _session, done) {
      done(state.refuses ? Object.assign(new Error('Mailbox is full'), { responseCode: 452 }) : null);
    },
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        received.push({
          from: envelope.mailFrom === false ? '' : envelope.mailFrom.address,
          to: envelope.rcptTo.map(({ address }) => address),
          text: Buffer.concat(chunks).toString(),
        });
        done();
      });
    },
  });
  server.on('error', () => undefined);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.server.address() as AddressInfo;
  return { port, received, state, stop: () => new Promise<void>((resolve) => server.close(resolve)) };
}

let database: TestDatabase;
let mailServer: Awaited<ReturnType<typeof startMailServer>>;
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

const mailer = (url = `smtp://127.0.0.1:${mailServer.port}`) =>
  createMailer({ url, authority: null, from: 'ePack <epack@example.org>', timeoutMilliseconds: 5_000 });

const headersOf = ({ text }: ReceivedMail) => text.slice(0, text.indexOf('\r\n\r\n'));

/** Quoted-printable in UTF-8, as mails with accents are. */
function bodyOf({ text }: ReceivedMail): string {
  const body = text.slice(text.indexOf('\r\n\r\n') + 4);
  if (!/quoted-printable/i.test(text)) return body;
  const joined = body.replaceAll('=\r\n', '');
  const bytes = joined.replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

describe('a mail', () => {
  test('tells what happened, to whom it is for, in a way that no machine answers', async () => {
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

  test('is one for all that waits, in the language of who reads it', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, {
      accountId,
      kind: 'email',
      address: 'chef@example.org',
      language: 'fr',
    });
    for (let count = 0; count < 3; count++) await fail(db, await newQueuedSync(db, solutionId));
    expect(await deliver(db, { sendMail: mailer() })).toBe(3);
    expect(mailServer.received).toHaveLength(1);
    const [mail] = mailServer.received;
    if (mail === undefined) throw new Error('no mail');
    expect(headersOf(mail)).toMatch(/^Subject: \[ePack\] 3 notifications\r$/m);
    expect(bodyOf(mail).match(/Une synchronisation a échoué/g)).toHaveLength(3);
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
    await hurry(db);
    expect(await deliver(db, { sendMail: mailer() })).toBe(1);
    expect(mailServer.received).toHaveLength(1);
  });

  test('waits where no server is configured, or where it does not take our password, and says why', async () => {
    const { db } = database;
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId, kind: 'email', address: 'chef@example.org' });
    await fail(db, await newQueuedSync(db, solutionId));
    await deliver(db);
    expect((await outboxOf(db, target))[0]?.last_error).toBe(
      'No mail server is configured (EPACK_SMTP_URL).',
    );
    await hurry(db);
    await deliver(db, { sendMail: mailer(`smtp://epack:wrong@127.0.0.1:${mailServer.port}`) });
    expect((await outboxOf(db, target))[0]?.last_error).toMatch(/Invalid/);
    await hurry(db);
    expect(await deliver(db, { sendMail: mailer(`smtp://epack:p%40ss@127.0.0.1:${mailServer.port}`) })).toBe(
      1,
    );
  });
});
