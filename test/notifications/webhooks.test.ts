import type { LookupAddress } from 'node:dns';
import { Webhook } from 'standardwebhooks';
import { newWebhookSecret } from '../../shared/secrets';
import { createNotificationStore } from '../../shared/stores/notifications/notification-store';
import { createNotificationTargetStore } from '../../shared/stores/notifications/notification-target-store';
import { mostAttempts } from '../../worker/notifications/deliver';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { type Receiver, startReceiver, status, well } from './receiver';
import {
  deliver,
  type DeliverOptions,
  fail,
  makeAllDue,
  newAccount,
  newQueuedSync,
  newTarget,
  outboxOf,
  type TestAccount,
} from './scene';

let database: TestDatabase;
let receiver: Receiver;
let account: TestAccount;
beforeAll(async () => {
  database = await createTestDatabase();
  receiver = await startReceiver();
});
afterAll(async () => {
  await receiver.stop();
  await database.drop();
});
beforeEach(async () => {
  await database.db('notification_target').delete();
  receiver.received.length = 0;
  receiver.behave(well);
  account = await newAccount(database.db);
});

const webhook = (address = receiver.url, secret = newWebhookSecret()) =>
  newTarget(database.db, { accountId: account.accountId, address, secret });

async function failed(): Promise<string> {
  const sync = await newQueuedSync(database.db, account.solutionId);
  await fail(database.db, sync);
  return sync;
}

describe('a webhook', () => {
  test('gets the event, its place and a link', async () => {
    await webhook();
    const sync = await failed();
    expect(await deliver(database.db, { publicUrl: 'https://epack.example' })).toBe(1);
    const [call] = receiver.received;
    expect(call).toMatchObject({
      method: 'POST',
      path: '/hook',
      headers: { 'content-type': 'application/json' },
    });
    expect(JSON.parse(call?.body ?? '')).toEqual({
      type: 'sync-failed',
      timestamp: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      data: {
        solution: {
          id: String(account.solutionId),
          name: `Kitchen of ${account.name}`,
          mail: `${account.name}@example.org`,
        },
        account: { id: String(account.accountId), name: account.name },
        sync,
        channel: 'synchro',
        reason: 'It could not be processed in 5 attempts.',
        url: `https://epack.example/syncs/${sync}`,
      },
    });
  });

  test('is called with a signature that others know how to verify', async () => {
    const secret = newWebhookSecret();
    await webhook(receiver.url, secret);
    await failed();
    await deliver(database.db);
    const [call] = receiver.received;
    const headers = Object.fromEntries(
      Object.entries(call?.headers ?? {}).filter(
        (pair): pair is [string, string] => typeof pair[1] === 'string',
      ),
    );
    expect(new Webhook(secret).verify(call?.body ?? '', headers)).toMatchObject({ type: 'sync-failed' });
    expect(() => new Webhook(newWebhookSecret()).verify(call?.body ?? '', headers)).toThrow();
    expect(() => new Webhook(secret).verify(`${call?.body ?? ''} `, headers)).toThrow();
  });

  test('may be verified by the old secret and by the new one while it is being replaced, and then by the new one', async () => {
    const [old, fresh] = [newWebhookSecret(), newWebhookSecret()];
    const target = await webhook(receiver.url, old);
    await createNotificationTargetStore(database.db).replaceSecret(target, fresh, 24);
    const isVerifiedBy = async (secret: string) => {
      receiver.received.length = 0;
      await failed();
      await deliver(database.db);
      const { headers, body } = receiver.received[0] ?? { headers: {}, body: '' };
      try {
        new Webhook(secret).verify(body, headers as Record<string, string>);
        return true;
      } catch {
        return false;
      }
    };
    expect(await isVerifiedBy(old)).toBe(true);
    expect(await isVerifiedBy(fresh)).toBe(true);
    const { db } = database;
    await db('notification_target').update({ previous_secret_until: db.raw(`now() - interval '1 second'`) });
    expect(await isVerifiedBy(old)).toBe(false);
    expect(await isVerifiedBy(fresh)).toBe(true);
  });

  test('is called once for each event, however many workers deliver at once', async () => {
    await webhook();
    for (let count = 0; count < 30; count++) await failed();
    await Promise.all(Array.from({ length: 5 }, () => deliver(database.db)));
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids).toHaveLength(30);
    expect(new Set(ids).size).toBe(30);
  });

  test('that fails is called again later, with the same id, until it succeeds', async () => {
    const target = await webhook();
    receiver.behave(status(500));
    await failed();
    expect(await deliver(database.db)).toBe(0);
    expect(await deliver(database.db)).toBe(0);
    expect(receiver.received).toHaveLength(1);
    expect(await outboxOf(database.db, target)).toMatchObject([
      { state: 'waiting', attempts: 1, last_error: 'Answered 500.' },
    ]);
    receiver.behave(well);
    await makeAllDue(database.db);
    expect(await deliver(database.db)).toBe(1);
    expect(await outboxOf(database.db, target)).toMatchObject([{ state: 'delivered', last_error: null }]);
    expect(receiver.received[1]?.headers['webhook-id']).toBe(receiver.received[0]?.headers['webhook-id']);
    expect(receiver.received[1]?.body).toBe(receiver.received[0]?.body);
  });

  test('waits longer after each failure', async () => {
    const { db } = database;
    await webhook();
    receiver.behave(status(503));
    await failed();
    for (let attempt = 0; attempt < 4; attempt++) {
      const before = await secondsOf('now()');
      await deliver(db);
      const [due, after] = [await secondsOf('due_at'), await secondsOf('now()')];
      // 30 s, doubled each time, of that a random half.
      expect(due - before).toBeGreaterThanOrEqual(30 * 2 ** attempt * 0.5);
      expect(due - after).toBeLessThanOrEqual(30 * 2 ** attempt);
      await makeAllDue(db);
    }

    async function secondsOf(time: string): Promise<number> {
      const result = await db.raw<{ rows: { seconds: number }[] }>(
        `select extract(epoch from ${time})::float8 as seconds from notification`,
      );
      return result.rows[0]?.seconds ?? NaN;
    }
  });

  test('is given up after so many failures, and tried again when someone asks', async () => {
    const { db } = database;
    const target = await webhook();
    receiver.behave(status(500));
    await failed();
    for (let attempt = 1; attempt <= mostAttempts + 2; attempt++) {
      await makeAllDue(db);
      await deliver(db);
    }
    expect(receiver.received).toHaveLength(mostAttempts);
    expect(await outboxOf(db, target)).toMatchObject([{ state: 'parked', attempts: mostAttempts }]);
    expect(await createNotificationTargetStore(db).find('all', target)).toMatchObject({ parked: 1, late: 0 });
  });

  test('that returns 410 is given up at once', async () => {
    const target = await webhook();
    receiver.behave(status(410));
    await failed();
    await deliver(database.db);
    expect(await outboxOf(database.db, target)).toMatchObject([{ state: 'parked', attempts: 1 }]);
  });

  test('that fails does not delay others, and is called once a round', async () => {
    const broken = await webhook(`${receiver.url}/broken`);
    receiver.behave((response, request) => {
      response.writeHead(request.url === '/hook/broken' ? 500 : 204).end();
    });
    for (let count = 0; count < 10; count++) await failed();
    const sound = await webhook();
    await failed();
    await deliver(database.db);
    expect(receiver.received.filter(({ path }) => path === '/hook/broken')).toHaveLength(1);
    expect(await outboxOf(database.db, sound)).toMatchObject([{ state: 'delivered' }]);
    const attempts = (await outboxOf(database.db, broken)).map((row) => row.attempts);
    expect(attempts.sort()).toEqual([...Array.from({ length: 10 }, () => 0), 1]);
  });

  test('is not called while it is paused', async () => {
    const target = await webhook();
    await failed();
    await createNotificationTargetStore(database.db).update(target, { isPaused: true });
    expect(await deliver(database.db)).toBe(0);
    expect(receiver.received).toEqual([]);
    await createNotificationTargetStore(database.db).update(target, { isPaused: false });
    expect(await deliver(database.db)).toBe(1);
  });

  test('is called by another worker where the first has died in the middle, once its lease has ended', async () => {
    const { db } = database;
    await webhook();
    await failed();
    expect(await createNotificationStore(db).claim(50, 60)).toHaveLength(1);
    expect(await deliver(db)).toBe(0);
    await db('notification').update({ due_at: db.raw(`now() - interval '1 second'`) });
    expect(await deliver(db)).toBe(1);
  });
});

/** The reason in the log. The person who configured the webhook sees the same text for every reason. */
async function reasonOf(target: number, options: DeliverOptions = {}): Promise<string | undefined> {
  const reasons: string[] = [];
  await deliver(database.db, { ...options, reasons });
  expect((await outboxOf(database.db, target))[0]?.last_error).toBe('The webhook could not be reached.');
  return reasons[0];
}

describe('a hostile receiver', () => {
  const lastError = async (target: number) => (await outboxOf(database.db, target))[0]?.last_error;

  test('cannot send the server elsewhere', async () => {
    const inner = await startReceiver();
    try {
      const target = await webhook();
      receiver.behave(status(302, { location: inner.url }));
      await failed();
      await deliver(database.db);
      expect(inner.received).toEqual([]);
      expect(await lastError(target)).toBe('Answered 302; redirects are not followed.');
    } finally {
      await inner.stop();
    }
  });

  test('cannot hold the server up', async () => {
    const target = await webhook();
    receiver.behave(() => undefined);
    await failed();
    expect(await reasonOf(target, { webhooks: { timeoutMilliseconds: 200 } })).toBe(
      'Did not answer in time.',
    );
  });

  test('cannot hold it up by headers that come drop by drop', async () => {
    const target = await webhook();
    receiver.behave((_response, request) => {
      request.socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => request.socket.write('X-More: x\r\n'), 20);
      request.socket.once('close', () => clearInterval(drip));
    });
    await failed();
    expect(await reasonOf(target, { webhooks: { timeoutMilliseconds: 200 } })).toBe(
      'Did not answer in time.',
    );
  });

  test('cannot make it read a body without end', async () => {
    const target = await webhook();
    let written = 0;
    const closed = new Promise((resolve) => {
      receiver.behave((response) => {
        response.writeHead(200);
        const more = () => {
          while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536;
          response.once('drain', more);
        };
        response.once('close', resolve);
        more();
      });
    });
    await failed();
    expect(await deliver(database.db)).toBe(1);
    await closed;
    expect(written).toBeLessThan(64 * 2 ** 20);
    expect(await outboxOf(database.db, target)).toMatchObject([{ state: 'delivered' }]);
  });

  test('cannot make it read headers without end', async () => {
    const target = await webhook();
    receiver.behave((_response, request) => {
      request.socket.write(`HTTP/1.1 200 OK\r\nX-Long: ${'x'.repeat(100_000)}\r\n\r\n`);
    });
    await failed();
    expect(await reasonOf(target)).toBe('The answer is too long (HPE_HEADER_OVERFLOW).');
  });

  test('that cuts the connection has not received it', async () => {
    const target = await webhook();
    receiver.behave((_response, request) => request.socket.destroy());
    await failed();
    expect(await reasonOf(target)).toBe('The connection was cut (ECONNRESET).');
  });

  test('that cannot be reached has not received it, and nothing is revealed about its machine', async () => {
    const gone = await startReceiver();
    await gone.stop();
    const target = await webhook(gone.url);
    await failed();
    expect(await reasonOf(target)).toBe('Nobody listens there (ECONNREFUSED).');
  });
});

describe('a private address', () => {
  // 127.0.0.1 is allowed in these tests; 127.0.0.2 stands for the machines next to the server.
  let inner: Receiver;
  beforeAll(async () => {
    inner = await startReceiver('127.0.0.2');
  });
  afterAll(() => inner.stop());
  beforeEach(() => {
    inner.received.length = 0;
  });

  const refused = async (url: string, resolve?: (host: string) => Promise<LookupAddress[]>) => {
    const target = await webhook(url);
    await failed();
    const reason = await reasonOf(target, { webhooks: resolve === undefined ? {} : { resolve } });
    expect(inner.received).toEqual([]);
    expect((await outboxOf(database.db, target))[0]?.state).toBe('waiting');
    return reason;
  };

  test.each([
    (port: number) => `http://127.0.0.2:${port}/`,
    (port: number) => `http://2130706434:${port}/`,
    (port: number) => `http://0x7f.2:${port}/`,
    (port: number) => `http://0177.0.0.2:${port}/`,
    (port: number) => `http://[::ffff:127.0.0.2]:${port}/`,
    (port: number) => `http://[::ffff:7f00:2]:${port}/`,
    () => 'http://169.254.169.254/latest/meta-data/',
    () => 'http://[::1]/',
    () => 'http://[fd00::1]/',
    () => 'http://[64:ff9b::7f00:2]/',
    () => 'http://0.0.0.0/',
  ])('is not called, however it is written (%#)', async (urlOf) => {
    expect(await refused(urlOf(inner.port))).toBe('The URL leads to a private address.');
  });

  test('is not called by a name that leads to it', async () => {
    const url = `http://hooks.example:${inner.port}/`;
    const reason = await refused(url, () => Promise.resolve([{ address: '127.0.0.2', family: 4 }]));
    expect(reason).toBe('The name hooks.example leads to a private address.');
  });

  test('has the same error as an unknown name, or as one that does not respond', async () => {
    const unknown = () => Promise.reject(Object.assign(new Error('not found'), { code: 'ENOTFOUND' }));
    const silent = () => Promise.resolve([]);
    const url = `http://hooks.example:${inner.port}/`;
    expect(await refused(url, unknown)).toBe('The name is unknown (ENOTFOUND).');
    await database.db('notification_target').delete();
    expect(await refused(url, silent)).toBe('The name hooks.example is unknown.');
  });

  test('is not called by a name of the machine itself', async () => {
    expect(await refused(`http://localhost:${inner.port}/`)).toMatch(/private address|ECONNREFUSED/);
  });

  test('is left out if a name leads to it as well', async () => {
    await webhook(`http://hooks.example:${receiver.port}/`);
    await failed();
    const both = [
      { address: '127.0.0.2', family: 4 },
      { address: '127.0.0.1', family: 4 },
    ];
    expect(await deliver(database.db, { webhooks: { resolve: () => Promise.resolve(both) } })).toBe(1);
    expect(inner.received).toEqual([]);
    expect(receiver.received).toHaveLength(1);
  });

  test('is not called if a name leads to it a moment after the check', async () => {
    const sound = await startReceiver('127.0.0.1', inner.port);
    try {
      let lookups = 0;
      const rebinding = () => {
        lookups += 1;
        return Promise.resolve([{ address: lookups === 1 ? '127.0.0.1' : '127.0.0.2', family: 4 }]);
      };
      await webhook(`http://rebinding.example:${inner.port}/`);
      await failed();
      await deliver(database.db, { webhooks: { resolve: rebinding } });
      expect(lookups).toBe(1);
      expect(sound.received).toHaveLength(1);
      await failed();
      await deliver(database.db, { webhooks: { resolve: rebinding } });
      expect(inner.received).toEqual([]);
    } finally {
      await sound.stop();
    }
  });

  test('is called if its network is allowed', async () => {
    await webhook(inner.url);
    await failed();
    expect(await deliver(database.db, { webhooks: { allowedNetworks: ['127.0.0.0/8'] } })).toBe(1);
  });

  test('plain http is not called if only https is allowed', async () => {
    const target = await webhook();
    await failed();
    const reason = await reasonOf(target, { webhooks: { allowsHttp: false } });
    expect(receiver.received).toEqual([]);
    expect(reason).toBe('The URL must begin with https://.');
  });
});
