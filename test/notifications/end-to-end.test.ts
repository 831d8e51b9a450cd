import { eventually } from '../queue/eventually';
import { call } from '../setup/solution-client';
import { enrol, onServer } from '../v4/on-server';
import { type Receiver, startReceiver } from './receiver';
import { fail, newQueuedSync } from './scene';

const server = onServer(
  {
    EPACK_WEBHOOK_HTTP: 'yes',
    EPACK_WEBHOOK_NETWORKS: '127.0.0.1',
    EPACK_PUBLIC_URL: 'https://epack.example/',
  },
  { worker: true },
);
let receiver: Receiver;
beforeAll(async () => {
  receiver = await startReceiver();
});
afterAll(() => receiver.stop());

test('the worker calls a webhook that was added by REST when a sync fails', async () => {
  const { url, db, admin } = server();
  const json = { 'content-type': 'application/json' };
  const body = JSON.stringify(admin);
  const { headers } = await call(`${url}/api/session`, { method: 'POST', headers: json, body });
  const [cookie = ''] = headers['set-cookie'] ?? [];
  const target = { account: null, kind: 'webhook', address: receiver.url, events: ['sync-failed'] };
  const made = await call(`${url}/api/notification-targets`, {
    method: 'POST',
    headers: { ...json, cookie: cookie.split(';')[0] ?? '' },
    body: JSON.stringify(target),
  });
  expect(made.status).toBe(201);
  const solution = await enrol(server());
  const sync = await newQueuedSync(db, solution.id);
  await fail(db, sync);
  await eventually('the webhook is called', () => Promise.resolve(receiver.received.length === 1));
  expect(receiver.received[0]?.body).toContain(`"url":"https://epack.example/syncs/${sync}"`);
});
