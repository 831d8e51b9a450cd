import sharp from 'sharp';
import { changeRetention, daysFrom } from '../../commands/administration';
import { createSolutionService } from '../../api/backoffice/services/solutions';
import { purge } from '../../commands/account-commands';
import { purgeRetired } from '../../commands/solution-commands';
import { commandLineCaller } from '../../shared/domain/staff';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import { indexTimes } from '../../worker/solution-sync/logs/index-times';
import { removeOldReadings } from '../../worker/upkeep/old-readings';
import { removeExpiredFiles, removeStaleRows } from '../../worker/upkeep/retention';
import { readConfig } from '../../shared/config/config';
import { eventually } from '../queue/eventually';
import { createSolutionClient, login } from '../setup/solution-client';
import { fridgeLog, zipOf } from '../v4/archive';
import { enrol, fullSync, onServer, signIn, storedFiles, syncTo2, tokenOf } from '../v4/on-server';
import { openStoreAccess } from '../../shared/stores/store-access';

const server = onServer({}, { worker: true });
const config = () =>
  readConfig({ DATABASE_URL: server().databaseUrl, EPACK_DATA_DIR: server().config.dataDir });

let made = 0;
async function newAccount(): Promise<{ id: number; name: string }> {
  made += 1;
  const name = `Customer ${made}`;
  const [row] = await server().db<{ id: number; name: string }>('account').insert({ name }).returning('id');
  return { id: row?.id ?? 0, name };
}

const auditOf = (action: string) =>
  server().db<{ action: string; after: unknown; before: unknown }>('audit').where({ action }).orderBy('id');

describe('retention of an account', () => {
  test('is set, shown and audited; values that are not named stay', async () => {
    const { name } = await newAccount();
    expect(await changeRetention(config(), name, {})).toEqual({ fileDays: null, readingDays: null });
    await changeRetention(config(), name, { fileDays: 7 });
    expect(await changeRetention(config(), name, { readingDays: 400 })).toEqual({
      fileDays: 7,
      readingDays: 400,
    });
    expect(await changeRetention(config(), name, { fileDays: null })).toEqual({
      fileDays: null,
      readingDays: 400,
    });
    const trail = await auditOf('account.retention');
    expect(trail.at(-1)).toMatchObject({ before: { account: name, fileDays: 7 }, after: { fileDays: null } });
    await expect(changeRetention(config(), 'nobody', {})).rejects.toThrow('There is no account "nobody".');
  });

  test('accepts only whole days', () => {
    expect([daysFrom('30'), daysFrom('ever'), daysFrom('default'), daysFrom(undefined)]).toEqual([
      30,
      null,
      null,
      undefined,
    ]);
    for (const wrong of ['0', '-1', '1.5', '36501', '3 days', ''])
      expect(() => daysFrom(wrong)).toThrow(RangeError);
  });

  test('files are removed after the days of their account, or after those of the installation', async () => {
    const [short, usual] = [await newAccount(), await newAccount()];
    await changeRetention(config(), short.name, { fileDays: 2 });
    const [first, second] = [
      await signIn(server(), 'synchro', { accountId: short.id }),
      await signIn(server(), 'synchro', { accountId: usual.id }),
    ];
    const syncs = [await fullSync(first, zipOf()), await fullSync(second, zipOf())];
    await server()
      .db('sync')
      .whereIn('id', syncs)
      .update({ received_at: server().db.raw(`now() - interval '3 days'`) });
    const files = createDiskFileStore(server().config.filesDir);
    await removeExpiredFiles({ db: server().db, files, retentionDays: 30 });
    const removed = await server()
      .db<{ id: string; files_removed_at: Date | null }>('sync')
      .whereIn('id', syncs);
    expect(removed.filter((sync) => sync.files_removed_at !== null).map(({ id }) => id)).toEqual([syncs[0]]);
    const kept = (await storedFiles(server())).filter((key) => syncs.some((sync) => key.includes(sync)));
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.every((key) => key.includes(syncs[1] ?? '-'))).toBe(true);
  });

  test('readings are removed by their time of measurement, in batches, and never too early; the solution does not send them again', async () => {
    const { id, name } = await newAccount();
    const client = await signIn(server(), 'synchro', { accountId: id });
    const untouched = await signIn(server(), 'synchro', {});
    for (const one of [client, untouched])
      await fullSync(one, zipOf({ 'csv/Tbfridge.csv': fridgeLog(20_001) }));
    for (const one of [client, untouched]) {
      await server().db.raw(
        `insert into tbfridge (solution_id, id, measured_at)
         select ?, g, case when g = 11000 then null when g <= 12000 then now() - interval '500 days' else now() end
         from generate_series(1, 20000) g`,
        [one.id],
      );
    }
    const counted = async (solutionId: number) =>
      Number((await server().db('tbfridge').where({ solution_id: solutionId }).count('* as n'))[0]?.['n']);
    expect(await removeOldReadings(server().db)).toBe(0);
    // They came when they were measured, not all today.
    await server()
      .db('tbfridge')
      .update({ received_at: server().db.ref('measured_at') });
    await server().db('log_mark').update({ not_indexed: '{(,)}' });
    await indexTimes(server().db);
    await changeRetention(config(), name, { readingDays: 365 });
    expect(await removeOldReadings(server().db)).toBe(11_999);
    expect([await counted(client.id), await counted(untouched.id)]).toEqual([8_002, 20_001]);
    expect(await removeOldReadings(server().db)).toBe(0);
    expect((await client.lastIdLogs()).json['Tbfridge']).toBe('20001');
    expect(await auditOf('account.readings-removed')).toMatchObject([
      { before: { account: name, days: 365 }, after: { tbfridge: 11_999 } },
    ]);
  });
});

describe('epack account purge', () => {
  async function kitchen(accountId: number | null) {
    const solution = await enrol(server(), accountId === null ? {} : { accountId });
    const client = createSolutionClient(server().url, await tokenOf(server(), solution));
    const photo = await sharp({ create: { width: 40, height: 30, channels: 3, background: '#3a3' } })
      .jpeg()
      .toBuffer();
    const fridges =
      '<ArrayOfDefFridges><DefFridges><Id>1</Id><IsActive>true</IsActive><Name>F</Name></DefFridges></ArrayOfDefFridges>';
    await fullSync(
      client,
      zipOf({ 'xml/Fridges.xml': fridges, 'csv/Tbfridge.csv': `${fridgeLog(1, 2)}3,never,F,x\r\n` }),
    );
    await fullSync(client.on('photos'), zipOf({ 'photos/a.jpg': photo }));
    await syncTo2(
      client.on('sondes'),
      zipOf({ 'csv/Tbsondes.csv': 'Id,ProbeId,MeasuredAt,Temperature\n1,P1,2026-11-20 07:00,3.5\n' }),
    );
    // A worker looks at the probe by itself; what that leaves must not come while rows are counted.
    await eventually('the probe has been looked at', async () => {
      const due = await server().db('job').where({ kind: 'alerts.judge-readings' });
      return due.length === 0;
    });
    return { ...solution, client };
  }

  /** How many rows of each table are a solution's. */
  async function rowsOf(solutionId: number): Promise<Record<string, number>> {
    const { rows } = await server().db.raw<{ rows: { name: string }[] }>(
      `select table_name as name from information_schema.columns
       where table_schema = 'public' and column_name = 'solution_id' and table_name <> 'audit'`,
    );
    const counts: Record<string, number> = {};
    for (const { name } of rows) {
      const [row] = await server().db(name).where({ solution_id: solutionId }).count('* as n');
      if (Number(row?.['n']) > 0) counts[name] = Number(row?.['n']);
    }
    return counts;
  }

  test('removes nothing without the name once more', async () => {
    const account = await newAccount();
    const one = await kitchen(account.id);
    const before = await rowsOf(one.id);
    expect(await purge(config(), { account: account.name })).toEqual({ solutions: 1, purged: null });
    expect(await purge(config(), { account: account.name, confirm: 'Customer' })).toMatchObject({
      purged: null,
    });
    expect(await rowsOf(one.id)).toEqual(before);
    expect((await one.client.statut()).status).toBe(200);
  });

  test('removes every row and every file of its solutions and of no others, and records it in the audit trail', async () => {
    const account = await newAccount();
    const [gone, stays] = [await kitchen(account.id), await kitchen(null)];
    const before = await rowsOf(stays.id);
    expect(Object.keys(await rowsOf(gone.id)).length).toBeGreaterThan(8);
    const files = await storedFiles(server());

    const { purged } = await purge(config(), { account: account.name, confirm: account.name });
    expect(purged).toMatchObject({ solutions: 1, syncs: 3 });
    expect(await rowsOf(gone.id)).toEqual({});
    expect(await rowsOf(stays.id)).toEqual(before);
    const left = await storedFiles(server());
    expect(left.length).toBeLessThan(files.length);
    expect(
      left.filter((key) => new RegExp(`^(photos|photo-names|thumbnails)/${gone.id}/`).test(key)),
    ).toEqual([]);
    const syncs = await server().db<{ id: string }>('sync').select('id');
    const known = new Set(syncs.map(({ id }) => id));
    const orphans = left.filter(
      (key) => /^(uploads|packages)\//.test(key) && !known.has(key.split('/')[1] ?? ''),
    );
    expect(orphans).toEqual([]);

    expect((await gone.client.statut()).status).toBe(401);
    expect((await login(server().url, gone)).status).toBe(400);
    expect((await stays.client.statut()).status).toBe(200);
    expect(await server().db('account').where({ name: account.name })).toEqual([]);
    expect((await auditOf('account.purge')).at(-1)).toMatchObject({
      before: { account: account.name },
      after: { solutions: 1 },
    });
  });
});

describe('epack solution purge', () => {
  test('removes only a retired solution, and only if its name is given twice', async () => {
    const account = await newAccount();
    const [gone, stays] = [await kitchenOf(account.id), await kitchenOf(account.id)];
    const named = { solution: gone.mail };
    await expect(purgeRetired(config(), { ...named, confirm: gone.mail })).rejects.toThrow('Retire it first');
    expect((await gone.client.statut()).status).toBe(200);
    await createSolutionService(openStoreAccess(server().db)).retire(commandLineCaller, gone.id);
    // Within a second, on every process.
    await eventually('its token is dead', async () => (await gone.client.statut()).status === 401);
    expect((await login(server().url, gone)).status).toBe(400);

    expect(await purgeRetired(config(), named)).toMatchObject({ purged: null, solution: { id: gone.id } });
    const { purged } = await purgeRetired(config(), { ...named, confirm: gone.mail });
    expect(purged).toMatchObject({ solutions: 1, syncs: 1 });
    expect(await server().db('solution').where({ id: gone.id })).toEqual([]);
    expect(await server().db('tbfridge').where({ solution_id: gone.id })).toEqual([]);
    expect((await stays.client.statut()).status).toBe(200);
    expect((await auditOf('solution.purge')).at(-1)).toMatchObject({ before: { mail: gone.mail } });
  });

  async function kitchenOf(accountId: number) {
    const enrolled = await enrol(server(), { accountId });
    const client = createSolutionClient(server().url, await tokenOf(server(), enrolled), 'synchro');
    await fullSync(client, zipOf({ 'csv/Tbfridge.csv': fridgeLog(3) }));
    return { ...enrolled, client };
  }
});

test('a task of a worker at a system is removed a day after it ended', async () => {
  const { db } = server();
  await db('remote_system').insert({ name: 'asked', kind: 'espocrm', config: '{}' });
  await db.raw(
    `insert into system_task (system_id, kind, asked_by, created_at, ended_at)
     select id, 'probe', by, now() - interval '9 days', ended_at from remote_system,
       (values ('long ago', now() - interval '25 hours'), ('today', now() - interval '23 hours'), ('open', null))
         as task (by, ended_at)
     where name = 'asked'`,
  );
  await removeStaleRows(db);
  expect(await db('system_task').orderBy('asked_by').pluck('asked_by')).toEqual(['open', 'today']);
});
