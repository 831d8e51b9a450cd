import { Readable } from 'node:stream';
import { inTransaction } from '../../shared/db/database';
import { loadLogFile } from '../../worker/solution-sync/logs/load-log-file';
import { logTable } from '../logs/log-database';
import { type Staff, signInStaff } from '../photos/staff';
import { eventually } from '../queue/eventually';
import { type Json, textOf } from '../setup/solution-client';
import { zipOf } from './archive';
import { fullSync, onServer, signIn } from './on-server';

const server = onServer({}, { worker: true });
let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

type Client = Awaited<ReturnType<typeof signIn>>;

const csv = (...rows: readonly string[]) => ['Id,OilName', ...rows, ''].join('\n');
const oils = (...rows: readonly string[]) => zipOf({ 'csv/Tboil.csv': csv(...rows) });

/** A program that keeps its place and reads whatever came since. */
function programFor(client: Client) {
  let place = '0';
  return async (limit = 100): Promise<string[]> => {
    const seen: string[] = [];
    for (;;) {
      const path = `/api/solutions/${client.id}/logs/Tboil?receivedAfter=${place}&limit=${limit}`;
      const { status, json } = await admin.send('GET', path);
      expect(status).toBe(200);
      place = textOf(json['next']);
      const items = json['items'];
      if (!Array.isArray(items) || items.length === 0) return seen;
      for (const item of items as Json[]) {
        expect(textOf(item['receivedAt'])).toMatch(/^\d{4}-\d\d-\d\dT/);
        seen.push(`${textOf(item['Id'])} ${textOf(item['OilName'])}`);
      }
    }
  };
}

test('rows that fill gaps are read, in the order of arrival, and nothing twice', async () => {
  const client = await signIn(server());
  const read = programFor(client);
  expect(await read()).toEqual([]);
  await fullSync(client, oils('1,a', '2,b', '9,c'));
  expect(await read(2)).toEqual(['1 a', '2 b', '9 c']);
  await fullSync(client, oils('4,d', '3,e', '9,c', '2,other'));
  await fullSync(client, oils('10,f', '5,g'));
  expect(await read(1)).toEqual(['3 e', '4 d', '5 g', '10 f']);
  expect(await read()).toEqual([]);
  expect(await programFor(client)(3)).toEqual(['1 a', '2 b', '9 c', '3 e', '4 d', '5 g', '10 f']);
});

test('a row that is processed again from quarantine is read at the time of its storage, not of its refusal', async () => {
  const client = await signIn(server());
  const read = programFor(client);
  await fullSync(client, oils('1,a', '2,b,too many', '3,c'));
  expect(await read()).toEqual(['1 a', '3 c']);
  await fullSync(client, oils('2,b'));
  expect(await read()).toEqual(['2 b']);
  expect(await programFor(client)()).toEqual(['1 a', '3 c', '2 b']);
});

test('a transaction that commits late hides nothing of those after it', async () => {
  const client = await signIn(server());
  const read = programFor(client);
  const load = (text: string, before: () => Promise<void> = () => Promise.resolve()) =>
    inTransaction(server().db, async (transaction) => {
      await loadLogFile(
        transaction,
        {
          solutionId: client.id,
          timezone: 'Europe/Paris',
          table: logTable('Tboil'),
          file: { name: 'csv/Tboil.csv', open: () => Promise.resolve(Readable.from([Buffer.from(text)])) },
        },
        () => Promise.resolve(),
      );
      await before();
    });
  let commit: () => void = () => undefined;
  const late = load(csv('1,late'), () => new Promise((resolve) => (commit = resolve)));
  await eventually('the lock of the log is held', async () => {
    const { rows } = await server().db.raw<{ rows: unknown[] }>(
      `select 1 from pg_locks where locktype = 'advisory' and granted`,
    );
    return rows.length > 0;
  });
  const next = load(csv('2,next'));
  expect(await read()).toEqual([]);
  commit();
  await Promise.all([late, next]);
  expect(await read()).toEqual(['1 late', '2 next']);
});

test('other orders cannot be combined with it, and an invalid position is refused', async () => {
  const client = await signIn(server());
  for (const query of ['receivedAfter=x', 'receivedAfter=0&after=3', 'receivedAfter=1-2&format=csv']) {
    const { status, json } = await admin.send('GET', `/api/solutions/${client.id}/logs/Tboil?${query}`);
    expect({ query, status }).toEqual({ query, status: query === 'receivedAfter=x' ? 400 : 422 });
    expect(json['code']).toMatch(/^(bad-request|invalid-fields)$/);
  }
});
