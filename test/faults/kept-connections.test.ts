import { Agent, request } from 'node:http';
import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually } from '../queue/eventually';
import { answerTo, formOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { signIn } from '../v4/on-server';
import { createProcesses, type Processes } from './on-processes';

let server: Processes;
afterEach(() => server.end());

// A server that stops cuts requests off after this time; these tests end before.
const aVeryLongTime = { EPACK_DRAIN_SECONDS: '600' };

test('an API that stops closes a kept connection as soon as the request on it has been answered', async () => {
  server = await createProcesses({ environment: aVeryLongTime });
  const api = await server.startApi();
  const client = await signIn(server);
  const { body, headers } = formOf(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1) }));
  const agent = new Agent({ keepAlive: true });
  const sent = request(`${client.base}/datas`, {
    method: 'POST',
    agent,
    headers: { ...client.authorized, ...headers, 'Content-Length': String(body.length) },
  });
  const answer = answerTo(sent);
  sent.write(body.subarray(0, 100));
  await eventually('it is being received', async () => (await client.statut()).text === '"1"');
  const stopped = api.stop();
  await eventually('no further connection is taken', () =>
    client.statut().then(
      () => false,
      () => true,
    ),
  );
  sent.end(body.subarray(100));
  expect((await answer).status).toBe(200);
  await stopped;
  agent.destroy();
});

test('an API that stops does not wait for an unused connection either', async () => {
  server = await createProcesses({ environment: aVeryLongTime });
  const api = await server.startApi();
  const opened = connect(Number(new URL(server.url).port), '127.0.0.1');
  // As it likes: in order, or with an error.
  opened.on('error', () => undefined);
  const closed = new Promise((resolve) => opened.once('close', resolve));
  await once(opened, 'connect');
  await api.stop();
  await closed;
});
