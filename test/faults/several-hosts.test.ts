import path from 'node:path';
import { migrate, openDatabase } from '../../shared/db/database';
import { eventually } from '../queue/eventually';
import { type DebianPostgres, debianPostgres, startPrimary } from '../setup/debian-postgres';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { createNetwork, type Host, type Network, whyNoNetworks } from '../setup/networks';
import { describeWithPrograms } from '../setup/programs';
import { createSolutionClient, textOf } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { fullSync, reach2, signIn } from '../v4/on-server';
import { archive, type Client, expectApplied, expectUnavailable, untilReady } from './applied';
import { createProcesses, holdTable, jobOf, type Processes } from './on-processes';

// Two APIs, two workers and PostgreSQL, each on a host with a network of its own. A cable that is pulled closes nothing.

describeWithPrograms(['ip', debianPostgres], 'several hosts', () => {
  const reason = whyNoNetworks();
  if (reason !== null) {
    if (process.env['CI'] === 'true')
      test('have networks of their own', () => {
        throw new Error(reason);
      });
    else test.skip(`need networks of their own (${reason})`, () => undefined);
    return;
  }

  let folder: TestFolder;
  let network: Network;
  let postgres: DebianPostgres;
  let processes: Processes;
  let hosts: Record<'database' | 'oneApi' | 'otherApi' | 'oneWorker' | 'otherWorker', Host>;
  const urlOf = (host: Host) => `http://${host.address}:8080`;

  beforeAll(async () => {
    folder = createTestFolder();
    network = createNetwork(5);
    const [database, oneApi, otherApi, oneWorker, otherWorker] = network.hosts;
    if (!database || !oneApi || !otherApi || !oneWorker || !otherWorker) throw new Error('There are five.');
    hosts = { database, oneApi, otherApi, oneWorker, otherWorker };
    const place = { host: database.address, port: 5432, inside: database.inside };
    postgres = await startPrimary({ folder: path.join(folder.path, 'postgres'), ...place });
    const url = `postgres://epack@${database.address}:5432/epack`;
    const db = openDatabase({ url, maxConnections: 2, applicationName: 'epack-test' });
    await migrate(db);
    await db.destroy();
    processes = await createProcesses({
      databaseUrl: url,
      environment: { HOST: '0.0.0.0', PORT: '8080', EPACK_LEASE_SECONDS: '2' },
    });
    await Promise.all([
      ...[oneApi, otherApi].map((api) => processes.startApi({}, api.inside)),
      processes.startWorker({}, oneWorker.inside),
    ]);
    for (const api of [oneApi, otherApi]) await untilReady({ url: urlOf(api) });
  });
  afterAll(async () => {
    await processes.end();
    await postgres.kill();
    network.remove();
    folder.remove();
  });

  const signInAt = (host: Host): Promise<Client> => signIn({ db: processes.db, url: urlOf(host) });
  /** The same solution at another API. */
  const at = (host: Host, client: Client): Client => ({
    ...createSolutionClient(urlOf(host), client.token),
    id: client.id,
  });
  const setBlocked = ({ id }: Client, blocked: boolean) =>
    processes
      .db('solution')
      .where({ id })
      .update({ blocked_at: blocked ? new Date() : null });

  test('any API takes any call, and hears what happens at the others', async () => {
    const client = await signInAt(hosts.oneApi);
    const there = at(hosts.otherApi, client);
    const change = there.statut('?wait=60&not=0');
    expect((await client.postForm(archive)).status).toBe(200);
    expect((await change).text).not.toBe('"0"');
    await expectApplied(processes, [there]);
    expect((await client.statut()).text).toBe('"0"');
    await setBlocked(client, true);
    for (const one of [client, there])
      await eventually('it is refused', async () => (await one.statut()).status === 401);
  });

  test('an API that is cut off from the database serves nothing that may be out of date, and ends waits', async () => {
    const client = await signInAt(hosts.oneApi);
    const there = at(hosts.otherApi, client);
    expect((await client.statut()).text).toBe('"0"');
    const waiting = client.statut('?wait=60&not=0');
    network.lose(hosts.database, hosts.oneApi);
    expectUnavailable(await waiting);
    expectUnavailable(await client.statut());
    await fullSync(there, zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2) }));
    await setBlocked(client, true);
    await eventually('it is refused', async () => (await there.statut()).status === 401);
    expectUnavailable(await client.statut());
    network.mend(hosts.database, hosts.oneApi);
    await eventually('it is refused here as well', async () => (await client.statut()).status === 401);
    await untilReady({ url: urlOf(hosts.oneApi) });
  });

  test('a worker that is cut off in the middle of a sync: another does it, once', async () => {
    const client = await signInAt(hosts.otherApi);
    const held = await holdTable(processes.db, 'tbfridge');
    const sync = textOf((await client.postForm(archive)).json['sync']);
    await eventually('it runs', async () => (await jobOf(processes.db, sync))?.state === 'running');
    const before = (await jobOf(processes.db, sync))?.fence ?? 0;
    network.lose(hosts.database, hosts.oneWorker);
    await processes.startWorker({}, hosts.otherWorker.inside);
    await eventually('another has it', async () => ((await jobOf(processes.db, sync))?.fence ?? 0) > before);
    await held.release();
    await reach2(client);
    await expectApplied(processes, [client]);
    network.mend(hosts.database, hosts.oneWorker);
    const later = await Promise.all(Array.from({ length: 6 }, () => signInAt(hosts.oneApi)));
    await Promise.all(later.map((one) => one.postForm(archive)));
    await expectApplied(processes, later);
  });
});
