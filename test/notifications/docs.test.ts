import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { newWebhookSecret } from '../../shared/secrets';
import { createNotificationTargetStore } from '../../shared/stores/notifications/notification-target-store';
import { notificationEvents } from '../../shared/domain/notification';
import { mostAttempts } from '../../worker/notifications/deliver';
import { fencesOf, pageOf } from '../docs/markdown';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { createTestDatabase, type TestDatabase } from '../setup/database';
import { type Received, startReceiver, type Receiver } from './receiver';
import { deliver, fail, newAccount, newQueuedSync, newTarget } from './scene';

type Verify = (secret: string, headers: Received['headers'], body: string) => { type: string } | null;

/** The code of docs/webhooks.md, as it stands there. */
function verifierOfPage(folder: TestFolder): Verify {
  const code = fencesOf(pageOf('docs/webhooks.md'))
    .filter(({ info }) => info === 'js run')
    .map(({ content }) => content)
    .join('\n');
  const file = path.join(folder.path, 'verify.cjs');
  writeFileSync(file, `${code}\nmodule.exports = { verifiedNotification };\n`);
  const page = createRequire(__filename)(file) as { verifiedNotification: Verify };
  return page.verifiedNotification;
}

describe('docs/webhooks.md', () => {
  let database: TestDatabase;
  let receiver: Receiver;
  const folder = createTestFolder();
  beforeAll(async () => {
    database = await createTestDatabase();
    receiver = await startReceiver();
  });
  afterAll(async () => {
    await receiver.stop();
    await database.drop();
    folder.remove();
  });

  test('has code that knows the calls of the server from others', async () => {
    const { db } = database;
    const verify = verifierOfPage(folder);
    const secret = newWebhookSecret();
    const { accountId, solutionId } = await newAccount(db);
    const target = await newTarget(db, { accountId, address: receiver.url, secret });
    const fresh = newWebhookSecret();
    await createNotificationTargetStore(db).replaceSecret(target, fresh, 24);
    await fail(db, await newQueuedSync(db, solutionId));
    await deliver(db);
    const [call] = receiver.received;
    if (call === undefined) throw new Error('no call');
    const { headers, body } = call;
    expect(verify(secret, headers, body)).toMatchObject({ type: 'sync-failed' });
    expect(verify(fresh, headers, body)).toMatchObject({ type: 'sync-failed' });
    expect(verify(newWebhookSecret(), headers, body)).toBeNull();
    expect(verify(secret, headers, body.replace('sync-failed', 'probe-alert'))).toBeNull();
    expect(verify(secret, { ...headers, 'webhook-id': 'another' }, body)).toBeNull();
    const old = String(Number(headers['webhook-timestamp']) - 600);
    expect(verify(secret, { ...headers, 'webhook-timestamp': old }, body)).toBeNull();
    expect(verify(secret, {}, body)).toBeNull();
  });

  test('and docs/notifications.md name every event, and how often it is tried', () => {
    for (const name of ['docs/webhooks.md', 'docs/notifications.md']) {
      const { text } = pageOf(name);
      expect(notificationEvents.filter((event) => !text.includes(`\`${event}\``))).toEqual([]);
      expect(text.replace(/\s+/g, ' ')).toContain(`${mostAttempts} attempts`);
    }
  });
});
