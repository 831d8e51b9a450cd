import path from 'node:path';
import { createLogService } from '../../api/backoffice/services/logs';
import { findLogTable } from '../../shared/catalog/log-tables';
import { type Db, migrate, openDatabase } from '../../shared/db/database';
import { type Replica, watchReplica } from '../../shared/db/replica';
import { freePort } from '../../shared/embedded/free-port';
import { openReadAccess } from '../../shared/stores/read-access';
import { openStoreAccess } from '../../shared/stores/store-access';
import { commandLineCaller } from '../../shared/domain/staff';
import { eventually } from '../queue/eventually';
import {
  type DebianPostgres,
  debianPostgres,
  onDatabase,
  startPrimary,
  startReplica,
} from '../setup/debian-postgres';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { describeWithPrograms } from '../setup/programs';
import { call } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { fullSync, signIn } from '../v4/on-server';
import { untilReady } from './applied';
import { createProcesses, type Processes } from './on-processes';

const metricsToken = 'a-token-of-the-tests';

describeWithPrograms([debianPostgres], 'a replica for exports and reports', () => {
  let folder: TestFolder;
  let primary: DebianPostgres;
  let standby: DebianPostgres;
  let processes: Processes;
  const opened: Replica[] = [];
  const urlOf = ({ port }: DebianPostgres) => `postgres://epack@127.0.0.1:${port}/epack`;
  const open = (server: DebianPostgres): Db =>
    openDatabase({ url: urlOf(server), maxConnections: 3, applicationName: 'epack-test' });

  beforeAll(async () => {
    folder = createTestFolder();
    const place = async (name: string) => ({
      folder: path.join(folder.path, name),
      host: '127.0.0.1',
      port: await freePort(),
    });
    primary = await startPrimary(await place('first'));
    const db = open(primary);
    await migrate(db);
    await db.destroy();
    standby = await startReplica(primary, await place('second'));
    processes = await createProcesses({
      databaseUrl: urlOf(primary),
      environment: { DATABASE_READ_URL: urlOf(standby), EPACK_METRICS_TOKEN: metricsToken },
    });
    await Promise.all([processes.startApi(), processes.startWorker()]);
    await untilReady(processes);
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((one) => one.close()));
  });
  afterAll(async () => {
    await processes.end();
    await Promise.all([primary.kill(), standby.kill()]);
    folder.remove();
  });

  /** Exports of readings, and how many of their statements the primary had to run. */
  function readersOf(server: DebianPostgres, maxLagSeconds: number) {
    const replica = watchReplica({
      primary: processes.db,
      db: open(server),
      maxLagSeconds,
      lookEveryMs: 100,
    });
    opened.push(replica);
    const access = openStoreAccess(processes.db);
    let readsOfPrimary = 0;
    const counted: typeof access.transaction = (run) => {
      readsOfPrimary += 1;
      return access.transaction(run);
    };
    const reading = openReadAccess({ transaction: counted }, replica);
    const logs = createLogService({ ...access, ...reading });
    const table = findLogTable('Tbfridge');
    if (table === undefined) throw new Error('There is no such table.');
    const begin = (solutionId: number) =>
      logs.exportCsv(
        commandLineCaller,
        { solutionId, table, afterId: '-1', from: null, to: null },
        { limit: Infinity, areExact: true, isForExcel: false },
      );
    return { replica, begin, readsOfPrimary: () => readsOfPrimary };
  }

  const linesOf = async (pieces: AsyncGenerator<string>): Promise<number> => {
    let text = '';
    for await (const piece of pieces) text += piece;
    return text.trim().split('\n').length - 1;
  };
  const used = (replica: Replica) => eventually('it is used', () => replica.state().isUsed);
  const pause = () => onDatabase(standby, 'epack', 'select pg_wal_replay_pause()');
  const resume = () => onDatabase(standby, 'epack', 'select pg_wal_replay_resume()');
  const upload = async (...ids: number[]) => {
    const client = await signIn(processes);
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(...ids) }));
    return client;
  };

  test('an export waits for what was uploaded before, and reads the replica', async () => {
    const { replica, begin, readsOfPrimary } = readersOf(standby, 600);
    await used(replica);
    await pause();
    const { id } = await upload(1, 2, 3);
    await eventually('it is behind', () => (replica.state().lagSeconds ?? 0) > 0);
    const beginning = begin(id);
    await resume();
    expect(await linesOf(await beginning)).toBe(3);
    expect(readsOfPrimary()).toBe(0);
    await eventually('it has everything', () => replica.state().lagSeconds === 0);
  });

  test('a replica that is too far behind is not read, and nothing is missing', async () => {
    const { replica, begin, readsOfPrimary } = readersOf(standby, 1);
    await used(replica);
    await pause();
    const { id } = await upload(1, 2);
    expect(await linesOf(await begin(id))).toBe(2);
    expect(readsOfPrimary()).toBeGreaterThan(0);
    await eventually('it counts as too far behind', () => !replica.state().isUsed);
    expect(replica.state().lagSeconds).toBeGreaterThan(1);
    await resume();
    await used(replica);
  });

  test('a replica that goes away in the middle of an export is left, and comes back', async () => {
    const { replica, begin, readsOfPrimary } = readersOf(standby, 600);
    await used(replica);
    const { id } = await upload(1, 2, 3, 4);
    const pieces = await begin(id);
    await standby.kill();
    expect(await linesOf(pieces)).toBe(4);
    expect(readsOfPrimary()).toBeGreaterThan(0);
    await eventually('it is away', () => replica.state().lagSeconds === null);
    expect(await linesOf(await begin(id))).toBe(4);
    await standby.start();
    await used(replica);
    const before = readsOfPrimary();
    expect(await linesOf(await begin(id))).toBe(4);
    expect(readsOfPrimary()).toBe(before);
  });

  test('a server that is no standby is never read', async () => {
    const { replica, begin, readsOfPrimary } = readersOf(primary, 600);
    const { id } = await upload(1);
    expect(await linesOf(await begin(id))).toBe(1);
    expect(readsOfPrimary()).toBeGreaterThan(0);
    expect(replica.state()).toEqual({ isUsed: false, lagSeconds: null });
  });

  test('its lag is told to operators, and does not make the API unready', async () => {
    const ask = (what: string) =>
      call(`${processes.url}${what}`, { headers: { Authorization: `Bearer ${metricsToken}` } });
    const lag = async () => (await ask('/readyz')).json['checks'];
    await eventually('the API uses it', async () => JSON.stringify(await lag()).includes('"isUsed":true'));
    expect((await ask('/metrics')).text).toMatch(/epack_read_replica_used 1\n/);
    await standby.kill();
    await eventually('the API does not', async () =>
      JSON.stringify(await lag()).includes('"replica":{"isUsed":false,"lagSeconds":null}'),
    );
    expect((await ask('/readyz')).status).toBe(200);
    expect((await ask('/metrics')).text).toContain('epack_read_replica_used 0');
    await standby.start();
  });
});
