import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { restoreBackup } from '../../commands/backup-commands';
import type { Restored } from '../../commands/backup/restore';
import { readConfig } from '../../shared/config/config';
import { type Db, openDatabase } from '../../shared/db/database';
import { eventually } from '../queue/eventually';
import { setting } from '../setup/database';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { call, createSolutionClient, login, textOf } from '../setup/solution-client';
import { dropDatabase, newDatabaseName, onServer, urlOf } from '../setup/template-database';
import { fridgeLog, unzip, zipOf } from '../v4/archive';
import { fullSync, syncTo2 } from '../v4/on-server';
import { type StartedServer, startOn } from './started';

// An installation upgrades in place, with all that is in it. `backups/2026-11-30.tar.gz` is the backup of a running
// installation of that day, written by its own `epack backup`: its last migration is
// 20261122_20_the_same_refused_again. A simulated kitchen and two others had synchronised on all channels, and of
// everything that may wait something waited. Keep it as it is: every later migration has to bring it up to date.

const backupOfTheDay = path.join(__dirname, 'backups', '2026-11-30.tar.gz');

/** The rows that were counted on that day. */
const rowsThen = {
  account: 3,
  app_user: 4,
  approval: 1,
  // The restore itself is told in it.
  audit: 29 + 1,
  conflict: 2,
  manager_message: 4,
  notification: 4,
  notification_target: 2,
  param: 356,
  param_version: 360,
  photo: 2,
  probe_alert: 1,
  quarantine: 3,
  solution: 5,
  solution_flag: 2,
  sync: 22,
  tbfridge: 8,
  tbmessagerie: 1,
  tbsondes: 276,
  user_account: 4,
};

/** Secrets of an installation that never was anybody's. */
const kitchen = {
  mail: 'zinc@example.org',
  mac: '00:1a:2b:3c:4d:5e',
  secret: '17XTJv9ODJKsrfk5Y4YMV5WSrIgoRA-5dTehnz0sf64',
};
const managerPassword = 'a-long-password-2';

describe('an installation of 30 November 2026 that is brought up to date', () => {
  const folders: TestFolder[] = [];
  let databaseUrl: string;
  let dataDir: string;
  let db: Db;
  let restored: Restored;

  const newFolder = () => {
    const folder = createTestFolder();
    folders.push(folder);
    return folder.path;
  };

  beforeAll(async () => {
    const at = setting('EPACK_TEST_POSTGRES');
    const name = newDatabaseName('upgraded');
    await onServer(at, `create database ${name}`);
    databaseUrl = urlOf(at, name);
    db = openDatabase({ url: databaseUrl, maxConnections: 2, applicationName: 'epack-test' });
    dataDir = newFolder();
    const file = path.join(newFolder(), 'backup.tar');
    writeFileSync(file, gunzipSync(readFileSync(backupOfTheDay)));
    restored = await restoreBackup(readConfig({ DATABASE_URL: databaseUrl, EPACK_DATA_DIR: dataDir }), file);
  });

  afterAll(async () => {
    const { pathname } = new URL(databaseUrl);
    await db.destroy();
    await dropDatabase(setting('EPACK_TEST_POSTGRES'), pathname.slice(1));
    for (const folder of folders) folder.remove();
  });

  test('has run every later migration, and keeps every row', async () => {
    expect(restored.header.migrations.at(-1)).toBe('20261122_20_the_same_refused_again.js');
    const ran: { name: string }[] = await db('knex_migrations').orderBy('id').select('name');
    expect(ran.map(({ name }) => name)).toEqual([...restored.header.migrations, ...restored.migrated]);
    const rows: Record<string, number> = {};
    for (const table of Object.keys(rowsThen)) {
      const [counted] = await db(table).count<{ n: string }[]>('* as n');
      rows[table] = Number(counted?.n);
    }
    expect(rows).toEqual(rowsThen);
  });

  test('keeps what waits for someone: a conflict, an approval, quarantine, an alert, flags, notifications', async () => {
    expect(await db('conflict').where({ state: 'open' }).select('entity_id', 'manager_fields')).toMatchObject(
      [{ entity_id: '28', manager_fields: { Name: 'Staff' } }],
    );
    expect(await db('approval').where({ state: 'open' }).select('kind')).toEqual([{ kind: 'deletes' }]);
    expect(await db('quarantine').where({ state: 'open' })).toHaveLength(2);
    expect(await db('probe_alert').whereNull('closed_at').select('probe_id', 'worst_value')).toMatchObject([
      { probe_id: 'P1', worst_value: 8.5 },
    ]);
    expect((await db('solution_flag').orderBy('flag').pluck('flag')) as string[]).toEqual([
      'resend-logs',
      'resend-params',
    ]);
    expect(await db('notification').whereNull('delivered_at')).toHaveLength(4);
    // Who was told before is told from now on, and need not say yes.
    expect(await db('notification_target').whereNot('confirmed_at', db.ref('created_at'))).toEqual([]);
  });

  describe('and started', () => {
    let server: StartedServer;
    beforeAll(async () => {
      // However long after that day this runs: what waits is still there.
      server = await startOn(databaseUrl, dataDir, { EPACK_RETENTION_DAYS: '36500' });
      await eventually(
        'the server is ready',
        async () => (await call(`${server.url}/readyz`)).status === 200,
      );
    });
    afterAll(() => server.stop());

    test('lets its staff sign in as before; they see their kitchen and who changed what', async () => {
      const signedIn = await call(`${server.url}/api/session`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ email: 'manager@example.org', password: managerPassword }),
      });
      expect(signedIn.status).toBe(200);
      const headers = { Authorization: `Bearer ${textOf(signedIn.json['token'])}` };
      const read = async (where: string) => (await call(`${server.url}${where}`, { headers })).json;
      expect(await read('/api/solutions')).toMatchObject({ items: [{ mail: kitchen.mail }, {}] });
      expect(await read('/api/solutions/2/params/Fridges/new-1')).toMatchObject({
        fields: { Name: 'Vitrine' },
      });
      expect(await read('/api/audit?solution=2&action=param.put')).toMatchObject({
        items: [{ user: 'manager@example.org' }, {}, {}],
      });
    });

    test('continues with its solutions where they were, with waiting work and with new work', async () => {
      const signedIn = await login(server.url, kitchen);
      expect(signedIn.status).toBe(200);
      const client = createSolutionClient(server.url, textOf(signedIn.json));

      const probes = client.on('sondes');
      await eventually('what waited is processed', async () => (await probes.statut()).text === '"2"');
      expect((await probes.sync()).json['report']).toMatchObject({ logs: { Tbsondes: { inserted: 1 } } });
      expect((await probes.confirm()).status).toBe(200);
      await fullSync(
        probes,
        zipOf({
          'csv/Tbsondes.csv': 'Id,ProbeId,MeasuredAt,Temperature\n901,P1,2026-11-20 07:05,3.6\n',
        }),
      );
      expect((await probes.lastIdLogs()).json['Tbsondes']).toBe('901');

      // The flag asks for all settings, and the edit that waited comes down with them.
      await syncTo2(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(7) }));
      const settings = unzip((await client.download()).body);
      expect([...settings.values()].join()).toContain('Vitrine');
      expect((await client.confirm()).status).toBe(200);
      expect((await client.lastIdLogs()).json['Tbfridge']).toBe('7');

      await syncTo2(client.on('messagerie'), zipOf({}));
      const told = unzip((await client.on('messagerie').download()).body);
      expect([...told.values()].join()).toContain('Not told yet.');
      expect((await client.on('messagerie').confirm()).status).toBe(200);

      expect((await client.on('photos').photo('étiquette 1.jpg')).status).toBe(200);
      await syncTo2(client.on('photos'), zipOf({}));
      const index = unzip((await client.on('photos').download()).body).get('csv/Photos-r.csv');
      expect(index?.toString()).toContain('20261120-livraison.jpg');
    });
  });
});
