import path from 'node:path';
import { openConnection } from '../../shared/db/connection';
import { migrate, openDatabase } from '../../shared/db/database';
import { freePort } from '../../shared/embedded/free-port';
import { eventually } from '../queue/eventually';
import {
  type DebianPostgres,
  debianPostgres,
  onDatabase,
  startPrimary,
  startStandby,
} from '../setup/debian-postgres';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { describeWithPrograms } from '../setup/programs';
import { signIn } from '../v4/on-server';
import { archive, expectRounds, reachedStatut, syncAgainAndAgain, untilReady } from './applied';
import { createProcesses, type Processes } from './on-processes';

describeWithPrograms([debianPostgres], 'PostgreSQL with a standby', () => {
  let folder: TestFolder;
  let primary: DebianPostgres;
  let standby: DebianPostgres;
  let url: string;
  let processes: Processes;

  beforeAll(async () => {
    folder = createTestFolder();
    const place = async (name: string) => ({
      folder: path.join(folder.path, name),
      host: '127.0.0.1',
      port: await freePort(),
    });
    primary = await startPrimary(await place('first'));
    const ofPrimary = `postgres://epack@127.0.0.1:${primary.port}/epack`;
    const db = openDatabase({ url: ofPrimary, maxConnections: 2, applicationName: 'epack-test' });
    await migrate(db);
    await db.destroy();
    standby = await startStandby(primary, await place('second'));
    // The standby first: it is there, and must not be used.
    url = `postgres://epack@127.0.0.1:${standby.port},127.0.0.1:${primary.port}/epack?target_session_attrs=read-write`;
    // An upload that was being received when the database went leaves its channel claimed until it counts as idle.
    const environment = { EPACK_LEASE_SECONDS: '2', EPACK_UPLOAD_IDLE_SECONDS: '1' };
    processes = await createProcesses({ databaseUrl: url, environment });
    await Promise.all([processes.startApi(), processes.startWorker()]);
    await untilReady(processes);
  });
  afterAll(async () => {
    await processes.end();
    await Promise.all([primary.kill(), standby.kill()]);
    folder.remove();
  });

  test('the standby is promoted under load: uploads go on, and nothing is lost or doubled', async () => {
    const clients = await Promise.all(Array.from({ length: 6 }, () => signIn(processes)));
    const idle = await signIn(processes);
    const rounds = 5;
    const syncing = Promise.all(clients.map((client) => syncAgainAndAgain(client, rounds)));
    await eventually('some are through', async () => {
      const confirmed = await processes.db('sync').where({ state: 'confirmed' }).select('id');
      return confirmed.length >= 6;
    });
    const change = idle.statut('?wait=60&not=0');
    await primary.kill();
    await standby.promote();
    await syncing;
    await expectRounds(processes, clients, rounds);
    expect((await idle.postForm(archive)).status).toBe(200);
    const answer = await change;
    expect([200, 503]).toContain(answer.status);
    if (answer.status === 200) expect(answer.text).not.toBe('"0"');
    await reachedStatut(idle, '"2"');
  });

  test('the server that was replaced comes back and accepts writes, and is not used', async () => {
    await primary.start();
    const where = async () => {
      const client = await openConnection(url, 'epack-test');
      try {
        return (await client.query<{ port: number }>('select inet_server_port() as port')).rows[0]?.port;
      } finally {
        await client.end();
      }
    };
    for (let time = 0; time < 3; time += 1) expect(await where()).toBe(standby.port);
    const found = await onDatabase(
      primary,
      'epack',
      `select count(*)::int as used from pg_stat_activity
      where application_name like 'epack-%' and application_name <> 'epack-test'`,
    );
    expect(found).toEqual([{ used: 0 }]);
  });

  test('where no server accepts writes, the reason of each is told', async () => {
    await Promise.all([primary.kill(), standby.kill()]);
    await expect(openConnection(url, 'epack-test')).rejects.toMatchObject({
      code: '08001',
      message: expect.stringMatching(
        new RegExp(`127.0.0.1:${standby.port}: .*ECONNREFUSED.*127.0.0.1:${primary.port}: .*ECONNREFUSED`),
      ) as string,
    });
  });
});
