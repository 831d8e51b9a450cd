import { checkAllBooks } from '../../worker/upkeep/check-books';
import { metricsToken, scrape } from '../ops/scrape';
import { type Staff, signInStaff } from '../photos/staff';
import { call, textOf } from '../setup/solution-client';
import { eventually } from '../queue/eventually';
import { zipOf } from './archive';
import { fullSync, onServer, signIn } from './on-server';

// Item by item through the server: what the books of a log say is seen by staff and by Prometheus.

const server = onServer(
  { EPACK_METRICS_TOKEN: metricsToken, EPACK_QUOTA_OPEN_QUARANTINE: '4' },
  { worker: true },
);
let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

const oils = (...rows: readonly string[]) =>
  zipOf({ 'csv/Tboil.csv': ['Id,MeasuredAt,OilName,Temp', ...rows, ''].join('\n') });
const good = (id: number) => `${id},2026-11-20 07:31:00,A,170`;
const bad = (id: number) => `${id},2026-11-20 07:31:00,A,hot`;
const findings = async (id: number) => (await admin.send('GET', `/api/solutions/${id}`)).json['findings'];

/** A page of the console, as the admin sees it. */
async function look(path: string, language = 'en'): Promise<{ text: string }> {
  const session = await call(`${server().url}/api/session`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(server().admin),
  });
  const cookie = `epack_session=${textOf(session.json['token'])}`;
  return call(`${server().url}${path}`, {
    headers: { accept: 'text/html', 'accept-language': language, cookie },
  });
}

interface MarkRow {
  solution_id: number;
  book: Record<string, unknown> | null;
  checked_at: Date | null;
}
const mark = (id: number) => server().db<MarkRow>('log_mark').where({ solution_id: id }).first();

test('a row deleted behind the back of the server is a finding, a figure, and on the pages', async () => {
  const client = await signIn(server());
  await fullSync(client, oils(good(1), good(2), good(3)));
  await checkAllBooks(server().db);
  expect(await findings(client.id)).toEqual([]);
  await server().db('tboil').where({ solution_id: client.id, id: 2 }).delete();
  await checkAllBooks(server().db);
  expect(await findings(client.id)).toMatchObject([
    {
      kind: 'books-unbalanced',
      table: 'Tboil',
      lost: { count: '1', ranges: [['2', '2']] },
      unknown: { count: '0' },
    },
  ]);
  expect((await scrape(server().url)).value('epack_logs_unbalanced')).toBe(1);
  expect((await look('/')).text).toContain('readings lost in one table');
  expect((await look(`/solutions/${client.id}`)).text).toContain(
    'These were stored and are missing now: Id 2.',
  );
  expect((await look(`/solutions/${client.id}`, 'fr')).text).toContain('n’y sont plus : Id 2.');
  await fullSync(client, oils(good(1), good(2), good(3)));
  await eventually('the books were checked again', async () => {
    const now = await findings(client.id);
    return Array.isArray(now) && now.length === 0;
  });
});

test('staff accept a loss that cannot be repaired, by a call or in the console', async () => {
  const client = await signIn(server());
  await fullSync(client, oils(good(1), good(2), good(3)));
  const path = `/api/solutions/${client.id}/logs/Tboil/accept-losses`;
  expect((await admin.send('POST', path)).json).toEqual({ lost: '0', unknown: '0' });
  await server().db('tboil').where({ solution_id: client.id, id: 2 }).delete();
  await checkAllBooks(server().db);
  expect((await look(`/solutions/${client.id}`)).text).toContain('/readings/Tboil/accept-losses');
  expect((await admin.send('POST', path)).json).toEqual({ lost: '1', unknown: '0' });
  await eventually('the books were checked again', async () => {
    const now = await findings(client.id);
    return Array.isArray(now) && now.length === 0;
  });
  expect((await mark(client.id))?.book).toMatchObject({ stored: '2', absent: '1', lost: { count: '0' } });
  const trail = await admin.send('GET', `/api/audit?solution=${client.id}&action=log.accept-losses`);
  expect(trail.json['items']).toMatchObject([{ after: { table: 'Tboil', lost: '1', unknown: '0' } }]);
});

test('refused and discarded rows are in the books, which a discard has checked at once', async () => {
  const client = await signIn(server());
  await fullSync(client, oils(good(1), bad(2), bad(3), good(4)));
  await checkAllBooks(server().db);
  expect((await mark(client.id))?.book).toMatchObject({
    stored: '2',
    refused: '2',
    discarded: '0',
    lost: { count: '0' },
  });
  const second = await server()
    .db<{ id: string; solution_id: number; row_id: string }>('quarantine')
    .where({ solution_id: client.id, row_id: '2' })
    .first('id');
  await admin.send('POST', `/api/quarantine/${second?.id ?? ''}/discard`);
  await eventually(
    'the books were checked again',
    async () => (await mark(client.id))?.book?.['discarded'] === '1',
  );
  expect((await mark(client.id))?.book).toMatchObject({ stored: '2', refused: '1', lost: { count: '0' } });
});

test('rows that were refused while quarantine was full do not count as lost', async () => {
  const client = await signIn(server());
  const rows = Array.from({ length: 12 }, (_, place) => bad(place + 1));
  await fullSync(client, oils(...rows, good(13)));
  await checkAllBooks(server().db);
  expect((await mark(client.id))?.book).toMatchObject({ stored: '1', refused: '12', lost: { count: '0' } });
  await fullSync(client, oils(good(5), good(6)));
  await checkAllBooks(server().db);
  expect((await mark(client.id))?.book).toMatchObject({ stored: '3', refused: '10', lost: { count: '0' } });
});

test('readings of impossible times stand on the first page of the installation', async () => {
  const client = await signIn(server());
  await fullSync(client, oils('1,1970-01-02 00:00:00,A,170'));
  expect((await look('/')).text).toContain('impossible times in one table');
});
