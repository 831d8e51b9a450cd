import { advanceRollouts } from '../../worker/rollouts/advance-rollouts';
import { eventually } from '../queue/eventually';
import { signInStaff, type Staff } from '../photos/staff';
import { textOf } from '../setup/solution-client';
import { zipOf } from '../v4/archive';
import { parameterFile } from '../v4/edits';
import { fullSync, onServer, signIn, syncTo2 } from '../v4/on-server';

// Flags in waves, through the interface of staff and the protocol of solutions, on the running server.

const server = onServer({}, { worker: true });
let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

type Client = Awaited<ReturnType<typeof signIn>>;

const flag = { kind: 'flag', channel: 'synchro', flag: 'resend-params' };
const fridges = () => zipOf({ 'xml/Fridges.xml': parameterFile('Fridges', { Id: '1', Name: 'Cave' }) });

async function clients(count: number): Promise<Client[]> {
  return Promise.all(Array.from({ length: count }, () => signIn(server())));
}

async function plan(of: readonly Client[], particulars: object = {}): Promise<string> {
  const body = { name: 'Again', change: flag, solutions: of.map(({ id }) => String(id)), ...particulars };
  const planned = await admin.send('POST', '/api/rollouts', body);
  expect(planned).toMatchObject({ status: 201 });
  return textOf(planned.json['id']);
}

const steer = (id: string, action: string, particulars: object = {}) =>
  admin.send('POST', `/api/rollouts/${id}`, { action, ...particulars });
const rollout = async (id: string) => (await admin.send('GET', `/api/rollouts/${id}`)).json;

async function states(id: string): Promise<string[]> {
  const { json } = await admin.send('GET', `/api/rollouts/${id}/solutions`);
  return (json['items'] as unknown as { state: string; reasonCode: string | null }[]).map(
    ({ state, reasonCode }) => (reasonCode === null ? state : `${state} ${reasonCode}`),
  );
}

/** The worker of the server advances it; the test asks for it as well, so that two are always at it. */
const untilStates = (id: string, ...wanted: readonly string[]) =>
  eventually(`the solutions are ${wanted.join(', ')}`, async () => {
    await advanceRollouts(server().db);
    return (await states(id)).join() === wanted.join();
  });

test('each wave follows the confirmation of the last; each solution gets the flag once', async () => {
  const three = await clients(3);
  const id = await plan(three);
  expect(await rollout(id)).toMatchObject({ state: 'waiting', wave: 1, counts: { waiting: 3 } });
  expect((await steer(id, 'approve', { wave: 2 })).status).toBe(409);
  expect((await steer(id, 'approve', { wave: 1 })).json).toMatchObject({ state: 'running' });
  for (const [place, client] of three.entries()) {
    await untilStates(
      id,
      ...three.map((_, at) => (at < place ? 'confirmed' : at === place ? 'sent' : 'waiting')),
    );
    await fullSync(client, fridges());
  }
  await untilStates(id, 'confirmed', 'confirmed', 'confirmed');
  expect(await rollout(id)).toMatchObject({ state: 'done', wave: 3, counts: { confirmed: 3 } });
  for (const client of three) {
    const trail = await admin.send('GET', `/api/audit?solution=${client.id}&action=flag.set`);
    expect(trail.json['items']).toMatchObject([{ after: { flag: 'resend-params', rollout: id } }]);
  }
});

test('a package that was not carried out is a failure with its reason, and stops the rollout', async () => {
  const two = await clients(2);
  const [first] = two;
  if (first === undefined) throw new Error('no client');
  await fullSync(first, fridges());
  const id = await plan(two);
  await steer(id, 'approve', { wave: 1 });
  await untilStates(id, 'sent', 'waiting');
  const sync = await syncTo2(first, zipOf());
  await first.confirm({ sync, failed: [{ file: 'xml/Fridges-r.xml', id: '', reason: 'disk full' }] });
  await untilStates(id, 'failed refused', 'waiting');
  await eventually('it has stopped', async () => ((await rollout(id))['state'] as unknown) === 'stopped');
  const { json } = await admin.send('GET', `/api/rollouts/${id}/solutions?state=failed`);
  expect(json['items']).toMatchObject([{ reason: 'xml/Fridges-r.xml: disk full' }]);
  expect((await steer(id, 'resume')).json).toMatchObject({ state: 'running' });
  await untilStates(id, 'failed refused', 'sent');
});

test('what is cancelled takes back the flags that nobody has begun with; a flag taken back by hand is skipped', async () => {
  const three = await clients(3);
  const id = await plan(three, { waves: [50] });
  await steer(id, 'approve', { wave: 1 });
  await untilStates(id, 'sent', 'sent', 'waiting');
  const [first] = three;
  await admin.send('DELETE', `/api/solutions/${first?.id ?? 0}/channels/synchro/flags/resend-params`);
  await untilStates(id, 'skipped taken-back', 'sent', 'waiting');
  expect((await steer(id, 'cancel')).json).toMatchObject({ state: 'cancelled' });
  expect(await states(id)).toEqual(['skipped taken-back', 'skipped cancelled', 'skipped cancelled']);
  for (const client of three)
    expect((await admin.send('GET', `/api/solutions/${client.id}`)).json['flags']).toEqual([]);
  expect((await steer(id, 'resume')).status).toBe(409);
});

test('solutions that do not come in time are expired and lose the flag; a pause does not hide what has come', async () => {
  const two = await clients(2);
  const id = await plan(two, { waves: [], maxExpiredPercent: 50, waveHours: 1 });
  await steer(id, 'approve', { wave: 1 });
  await untilStates(id, 'sent', 'sent');
  expect((await steer(id, 'pause')).json).toMatchObject({ state: 'paused' });
  const [first, second] = two;
  if (first === undefined || second === undefined) throw new Error('no clients');
  await fullSync(first, fridges());
  await server()
    .db('rollout_wave')
    .where({ rollout_id: id })
    .update({ began_at: new Date(Date.now() - 3_700_000) });
  await untilStates(id, 'confirmed', 'expired');
  expect((await admin.send('GET', `/api/solutions/${second.id}`)).json['flags']).toEqual([]);
  await steer(id, 'resume');
  await eventually('it is done', async () => ((await rollout(id))['state'] as unknown) === 'done');
});

test('each wave may need its approval; who left the account or was retired before its wave is skipped', async () => {
  const three = await clients(3);
  const [first, moved, retired] = three;
  if (first === undefined || moved === undefined || retired === undefined) throw new Error('no clients');
  const id = await plan(three, { approval: 'each-wave', waves: [5] });
  await steer(id, 'approve', { wave: 1 });
  await untilStates(id, 'sent', 'waiting', 'waiting');
  await fullSync(first, fridges());
  await untilStates(id, 'confirmed', 'waiting', 'waiting');
  await eventually('the second wave waits', async () => ((await rollout(id))['wave'] as unknown) === 2);
  expect(await rollout(id)).toMatchObject({ state: 'waiting' });
  const account = await admin.send('POST', '/api/accounts', { name: 'Another chain' });
  await admin.send('PATCH', `/api/solutions/${moved.id}`, { account: account.json['id'] });
  await admin.send('DELETE', `/api/solutions/${retired.id}`);
  await steer(id, 'approve', { wave: 2 });
  await untilStates(id, 'confirmed', 'skipped moved', 'skipped retired');
  await eventually('it is done', async () => ((await rollout(id))['state'] as unknown) === 'done');
});

test('a plan without solutions, of a class that only solutions edit, or with a flag that acts at once is refused', async () => {
  const [client] = await clients(1);
  const solutions = [String(client?.id)];
  const refused = async (particulars: object) =>
    (await admin.send('POST', '/api/rollouts', { name: 'x', change: flag, solutions, ...particulars }))
      .status;
  expect(await refused({ solutions: { search: 'no such kitchen' } })).toBe(422);
  expect(await refused({ change: { ...flag, flag: 'reset-status' } })).toBe(400);
  const edits = [{ class: 'Fridges', where: {}, fields: { TempMax: 'warm' } }];
  expect(await refused({ change: { kind: 'settings', edits } })).toBe(422);
  expect(await refused({ waves: [60, 40] })).toBe(400);
});
