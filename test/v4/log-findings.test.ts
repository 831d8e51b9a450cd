import { removeOldOf } from '../../worker/upkeep/old-readings';
import { logTable } from '../logs/log-database';
import { type Staff, signInStaff } from '../photos/staff';
import { call } from '../setup/solution-client';
import { zipOf } from './archive';
import { fullSync, onServer, signIn } from './on-server';

const server = onServer({}, { worker: true });
let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

const oils = (...rows: readonly string[]) =>
  zipOf({ 'csv/Tboil.csv': ['Id,MeasuredAt,OilName', ...rows, ''].join('\n') });
const findings = async (id: number) => (await admin.send('GET', `/api/solutions/${id}`)).json['findings'];

test('a table that had rows and has none for seven days is a finding while its device synchronises', async () => {
  const client = await signIn(server());
  await fullSync(client, oils('1,2026-11-20 07:31:00,A'));
  expect(await findings(client.id)).toEqual([]);
  const age = (days: number) =>
    server()
      .db('log_mark')
      .where({ solution_id: client.id })
      .update({ last_row_at: server().db.raw('now() - make_interval(days => ?)', [days]) });
  await age(6);
  await fullSync(client, zipOf());
  expect(await findings(client.id)).toEqual([]);
  await age(8);
  expect(await findings(client.id)).toMatchObject([
    { kind: 'silent-table', table: 'Tboil', channel: 'synchro' },
  ]);
  await server()
    .db('channel_status')
    .where({ solution_id: client.id })
    .update({ finished_at: server().db.raw(`now() - interval '3 days'`) });
  expect(await findings(client.id)).toEqual([]);
  await fullSync(client, oils('2,2026-11-20 07:31:00,A'));
  expect(await findings(client.id)).toEqual([]);
});

test('times of long ago and of far ahead are shown on the first page of the solution, and on those of its readings', async () => {
  const client = await signIn(server());
  await fullSync(client, oils('1,1970-01-01 01:00:00,A', '2,2199-12-31 23:59:59,B'));
  const rows = ['1,P1,1970-01-01 01:00:00,3', '2,P1,2199-12-31 23:59:59,30'];
  const csv = ['Id,ProbeId,MeasuredAt,Temperature', ...rows, ''].join('\n');
  await fullSync(client.on('sondes'), zipOf({ 'csv/Tbsondes.csv': csv }));
  const look = (path: string, language: string) =>
    call(`${server().url}/solutions/${client.id}${path}`, {
      headers: { accept: 'text/html', 'accept-language': language, cookie: `epack_session=${admin.token}` },
    });
  expect((await look('', 'en')).text).toContain('Times that cannot be right');
  expect((await look('', 'fr')).text).toContain('Heures impossibles');
  for (const path of ['', '/readings/Tboil', '/readings/Tbsondes', '/temperatures', '/temperatures?probe=P1'])
    expect((await look(path, 'fr')).status).toBe(200);
  expect((await look('/readings/Tboil', 'en')).text).toContain('31/12/2199');
});

test('times that cannot be right are a finding, and do not decide how long readings live', async () => {
  const client = await signIn(server());
  const lately = new Date(Date.now() - 60_000).toISOString();
  const old = new Date(Date.now() - 60 * 86_400_000).toISOString();
  await fullSync(client, oils('1,1970-01-02 00:00:00,A', '2,2099-01-01,B', `3,${lately},C`, `4,${old},D`));
  expect(await findings(client.id)).toMatchObject([{ kind: 'impossible-times', table: 'Tboil' }]);
  const before = new Date(Date.now() - 30 * 86_400_000);
  const removeOld = () =>
    removeOldOf(server().db, { solutionId: client.id, table: logTable('Tboil'), before });
  const left = async () =>
    (await server().db('tboil').where({ solution_id: client.id }).orderBy('id')).map(idOf);
  await removeOld();
  expect(await left()).toEqual(['1', '2', '3']);
  await server()
    .db('tboil')
    .where({ solution_id: client.id })
    .whereIn('id', [1, 2])
    .update({ received_at: server().db.raw(`now() - interval '31 days'`) });
  await server().db.raw(
    `update log_span set kept_from = kept_from - interval '31 days' where solution_id = ?`,
    [client.id],
  );
  await removeOld();
  expect(await left()).toEqual(['3']);
});

const idOf = ({ id }: { id: string }) => id;
