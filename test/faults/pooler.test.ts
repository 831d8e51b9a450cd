import path from 'node:path';
import { Client } from 'pg';
import { migrate, openDatabase } from '../../shared/db/database';
import { eventually } from '../queue/eventually';
import { setting } from '../setup/database';
import { createTestFolder } from '../setup/folder';
import { type Pooler, startPooler } from '../setup/pgbouncer';
import { describeWithPrograms } from '../setup/programs';
import { call, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { fullSync, signIn } from '../v4/on-server';
import { archive, expectApplied, untilReady } from './applied';
import { createProcesses, type Processes } from './on-processes';

// pgbouncer hands a session to another client after each transaction. What a session keeps for longer belongs to somebody
// else then.

describeWithPrograms(['pgbouncer'], 'through a pooler in transaction mode', () => {
  let pooler: Pooler;
  beforeAll(async () => {
    const folder = createTestFolder();
    pooler = await startPooler(setting('EPACK_TEST_POSTGRES'), path.join(folder.path, 'pgbouncer'));
    process.env['EPACK_TEST_POOLER'] = pooler.host;
  });
  afterAll(() => {
    delete process.env['EPACK_TEST_POOLER'];
    pooler.stop();
  });

  // The tests of the protocol, on a server whose pool is pgbouncer's.
  jest.requireActual('../v4/full-sync.test');
  jest.requireActual('../v4/sync.test');

  describe('processes of their own', () => {
    let processes: Processes;
    const pooled = () => {
      const url = new URL(processes.databaseUrl);
      url.host = pooler.host;
      return url.href;
    };
    beforeAll(async () => {
      processes = await createProcesses();
      await processes.startApi();
      await processes.startWorker();
      await untilReady(processes);
    });
    afterAll(() => processes.end());

    test('the schema can be brought up to date', async () => {
      const db = openDatabase({
        url: pooled(),
        maxConnections: 2,
        applicationName: 'epack-test',
        isPooled: true,
      });
      await expect(migrate(db)).resolves.toEqual([]);
      await db.destroy();
    });

    test('a worker killed in the middle of its transaction is replaced, and nothing is doubled', async () => {
      const worker = await processes.startWorker();
      const clients = await Promise.all(Array.from({ length: 8 }, () => signIn(processes)));
      await Promise.all(clients.map((client) => client.postForm(archive)));
      await worker.kill();
      await expectApplied(processes, clients);
    });

    test('a poll that waits hears of a change, and a solution that is blocked is refused', async () => {
      const client = await signIn(processes);
      const change = client.statut('?wait=60&not=0');
      await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) }));
      expect((await change).status).toBe(200);
      await processes.db('solution').where({ id: client.id }).update({ blocked_at: new Date() });
      await eventually('it is refused', async () => (await client.statut()).status === 401);
    });

    test('no session keeps anything after a transaction', async () => {
      const kitchens = await Promise.all(Array.from({ length: 6 }, () => signIn(processes)));
      for (const rows of [[1, 2, 3], [3, 4, 2], [5]])
        await Promise.all(
          kitchens.map((client) => fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(...rows) }))),
        );
      // Each transaction that is open has a session of its own, and there are no more than these.
      const sessions = Array.from({ length: 3 }, () => new Client({ connectionString: pooled() }));
      for (const session of sessions) {
        await session.connect();
        await session.query('begin');
      }
      for (const session of sessions) expect((await session.query(kept)).rows).toEqual([]);
      for (const session of sessions) await session.end();
    });

    test('the health of the API is told', async () => {
      const { json } = await call(`${processes.url}/readyz`);
      expect(textOf(json['status'])).toBe('ready');
    });
  });
});

/** What a session must not keep. The first settings are those that pgbouncer itself carries from client to client. */
const kept = `
  select 'setting ' || name as kept from pg_settings where source = 'session' and name not in
    ('application_name', 'client_encoding', 'DateStyle', 'TimeZone', 'standard_conforming_strings', 'IntervalStyle')
  union all select 'statement ' || name from pg_prepared_statements
  union all select 'channel ' || name from pg_listening_channels() as name
  union all select 'table ' || relname from pg_class where relpersistence = 't' and pg_my_temp_schema() = relnamespace
  union all select 'lock ' || objid from pg_locks where locktype = 'advisory' and pid = pg_backend_pid()`;
