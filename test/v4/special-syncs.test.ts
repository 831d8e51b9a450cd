import { channels, type Channel } from '../../shared/domain/channel';
import type { Flag } from '../../shared/domain/flag';
import { eventually } from '../queue/eventually';
import { type Json, textOf } from '../setup/solution-client';
import { newAccount, newStaff, type Staff, signInStaff } from '../photos/staff';
import { jpeg } from '../photos/pictures';
import { unzip, zipOf } from './archive';
import { parameterFile } from './edits';
import { fullSync, onServer, signIn, syncTo2 } from './on-server';

const server = onServer({}, { worker: true });
let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

type Client = Awaited<ReturnType<typeof signIn>>;

const flagPath = (client: Client, channel: Channel, flag: Flag) =>
  `/api/solutions/${client.id}/channels/${channel}/flags/${flag}`;
const setFlag = async (client: Client, channel: Channel, flag: Flag) =>
  expect((await admin.send('PUT', flagPath(client, channel, flag))).status).toBe(204);
const flagsOf = async (client: Client) =>
  (await admin.send('GET', `/api/solutions/${client.id}`)).json['flags'];
const trailOf = async (client: Client, action: string) =>
  (await admin.send('GET', `/api/audit?solution=${client.id}&action=${action}`)).json['items'];

/** The files of the package at hand, but for manifest and report, each with its text. */
async function told(client: Client): Promise<Record<string, string>> {
  const files = unzip((await client.download()).body);
  return Object.fromEntries(
    [...files]
      .filter(([name]) => name.includes('/'))
      .map(([name, content]) => [name, content.toString('utf8')]),
  );
}

const oils = (...rows: string[]) => ['Id,OilName,PolarPercent', ...rows, ''].join('\r\n');
const readings =
  'Id,ProbeId,MeasuredAt,Temperature\n1,P1,2026-11-20 07:31:00,3.5\n2,P1,2026-11-20 07:36:00,3.6\n';
const messages = 'Id,Sender,Kind,Subject,Body\n1,Anaïs,message,Frigo,Il chauffe\n';
const uploads: Record<Channel, () => Promise<Buffer>> = {
  synchro: () =>
    Promise.resolve(
      zipOf({
        'xml/Fridges.xml': parameterFile('Fridges', { Id: '1', Name: 'Cave' }, { Id: '2', Name: 'Bar' }),
        'csv/Tboil.csv': oils('1,Friteuse 1,12', '2,Friteuse 2,13'),
      }),
    ),
  sondes: () => Promise.resolve(zipOf({ 'csv/Tbsondes.csv': readings })),
  messagerie: () => Promise.resolve(zipOf({ 'csv/Tbmessagerie.csv': messages })),
  photos: async () => zipOf({ 'photos/a.jpg': await jpeg(1) }),
};

/** A solution that has synchronised the channel once. */
async function synchronised(channel: Channel): Promise<Client> {
  const client = await signIn(server(), channel);
  await fullSync(client, await uploads[channel]());
  return client;
}

describe.each(channels)('on %s', (channel) => {
  const tables = { synchro: 'Tboil', sondes: 'Tbsondes', messagerie: 'Tbmessagerie', photos: null }[channel];
  const rowsIn = (files: Record<string, string>, table: string) =>
    (files[`csv/${table}-r.csv`] ?? '').trim().split('\r\n').length - 1;

  test.each([
    'replace-from-manager',
    'replace-from-solution',
    'resend-logs',
    'resend-params',
    'rebuild-photo-index',
  ] as const)(
    '%s is set, honoured by the next sync, consumed at its confirmation, and audited',
    async (flag) => {
      const client = await synchronised(channel);
      await setFlag(client, channel, flag);
      expect(await flagsOf(client)).toMatchObject([{ channel, flag, sync: null }]);
      await client.lastIdLogs();
      const sync = await syncTo2(client, await uploads[channel]());
      expect(await flagsOf(client)).toMatchObject([{ channel, flag, sync }]);
      await client.confirm();
      expect(await flagsOf(client)).toEqual([]);
      expect(await trailOf(client, 'flag.set')).toMatchObject([
        { user: server().admin.email, after: { channel, flag } },
      ]);
      expect(await trailOf(client, 'flag.consume')).toMatchObject([
        { user: 'solution', before: { channel, flag, setBy: server().admin.email, sync } },
      ]);
    },
  );

  test('resend-logs and replace-from-solution: every log is asked for from the beginning', async () => {
    const client = await synchronised(channel);
    const known = (await client.lastIdLogs()).json;
    for (const flag of ['resend-logs', 'replace-from-solution'] as const) {
      await setFlag(client, channel, flag);
      const asked: Json = (await client.lastIdLogs()).json;
      expect(Object.keys(asked)).toEqual(Object.keys(known));
      expect(new Set(Object.values(asked))).toEqual(new Set(tables === null ? [] : ['-1']));
      await fullSync(client, await uploads[channel]());
      expect((await client.lastIdLogs()).json).toEqual(known);
      const { json } = await client.sync();
      if (tables !== null)
        expect(json['report']?.['logs']?.[tables]).toMatchObject({ inserted: 0, rejected: 0 });
    }
  });

  test('resend-params: every parameter of the channel, and nothing else, as `r`', async () => {
    const client = await synchronised(channel);
    await setFlag(client, channel, 'resend-params');
    await syncTo2(client, zipOf());
    const files = Object.keys(await told(client)).filter((name) => name !== 'csv/Photos-r.csv');
    if (channel === 'synchro') expect(files).toContain('xml/Fridges-r.xml');
    expect(files.every((name) => /^xml\/.*-r\.xml$/.test(name))).toBe(true);
    expect(files.length > 0).toBe(channel === 'synchro');
  });

  test('replace-from-manager: every parameter and log of the channel as `r`', async () => {
    const client = await synchronised(channel);
    await admin.send('POST', `/api/solutions/${client.id}/messages`, { subject: 'Bonjour', body: 'À tous' });
    await setFlag(client, channel, 'replace-from-manager');
    await syncTo2(client, zipOf());
    const files = await told(client);
    expect(Object.keys(files).every((name) => /-r\.(xml|csv)$/.test(name))).toBe(true);
    if (channel === 'synchro') expect(files['xml/Fridges-r.xml']).toContain('<Name>Bar</Name>');
    if (tables !== null) expect(rowsIn(files, tables)).toBe(2);
    if (channel === 'messagerie') expect(files['csv/Tbmessagerie-r.csv']).toContain('Bonjour');
    await client.confirm();
    await syncTo2(client, zipOf());
    expect(Object.keys(await told(client)).filter((name) => name !== 'csv/Photos-r.csv')).toEqual([]);
  });

  test('reset-status: back to 0 at once, nothing kept of the flag, the upload kept', async () => {
    const client = await synchronised(channel);
    const sync = await syncTo2(client, await uploads[channel]());
    await setFlag(client, channel, 'reset-status');
    expect((await client.statut('?wait=60&not=2')).text).toBe('"0"');
    expect(await flagsOf(client)).toEqual([]);
    expect((await admin.send('GET', `/api/syncs/${sync}`)).json).toMatchObject({
      state: 'abandoned',
      hasPackage: true,
    });
    expect(await trailOf(client, 'flag.set')).toMatchObject([
      { before: { channel, abandoned: sync }, after: { flag: 'reset-status', statut: '0' } },
    ]);
  });
});

describe('a table that the solution could not replace', () => {
  const fail = (client: Client, sync: string, id = '') =>
    client.confirm({ sync, failed: [{ file: 'CSV\\tboil-R.csv', id, reason: 'disk full' }] });

  test.each(['', '2'])('gets that table alone again, until it has replaced it (failed: %j)', async (id) => {
    const client = await synchronised('synchro');
    await setFlag(client, 'synchro', 'replace-from-manager');
    await fail(client, await syncTo2(client, zipOf()), id);
    expect(await flagsOf(client)).toEqual([]);
    const again = await syncTo2(client, zipOf());
    expect(Object.keys(await told(client))).toEqual(['csv/Tboil-r.csv']);
    await client.confirm({ sync: again, failed: [] });
    await syncTo2(client, zipOf());
    expect(await told(client)).toEqual({});
  });

  test('five times in a row is parked and shown as such; a new flag sends it again', async () => {
    const client = await synchronised('synchro');
    await setFlag(client, 'synchro', 'replace-from-manager');
    const shown = async () =>
      (await admin.send('GET', `/api/solutions/${client.id}/replacements`)).json['items'];
    for (let failures = 1; failures <= 5; failures++) {
      await fail(client, await syncTo2(client, zipOf()));
      expect(await shown()).toEqual([
        {
          channel: 'synchro',
          file: 'csv/Tboil-r.csv',
          failures,
          failureReason: 'disk full',
          isParked: failures === 5,
        },
      ]);
    }
    expect(await trailOf(client, 'replacement.park')).toMatchObject([
      { after: { file: 'csv/Tboil-r.csv', failures: 5, reason: 'disk full' } },
    ]);
    await fullSync(client, zipOf());
    expect((await shown())?.[0]).toMatchObject({ isParked: true });
    await setFlag(client, 'synchro', 'replace-from-manager');
    await syncTo2(client, zipOf());
    expect(Object.keys(await told(client))).toContain('csv/Tboil-r.csv');
    await client.confirm();
    expect(await shown()).toEqual([]);
  });

  test('is given up if staff clear the flag', async () => {
    const client = await synchronised('synchro');
    await setFlag(client, 'synchro', 'replace-from-manager');
    await fail(client, await syncTo2(client, zipOf()));
    expect((await admin.send('DELETE', flagPath(client, 'synchro', 'replace-from-manager'))).status).toBe(
      204,
    );
    expect(await trailOf(client, 'flag.clear')).toMatchObject([
      { before: { cancelled: ['csv/Tboil-r.csv'] } },
    ]);
    await syncTo2(client, zipOf());
    expect(await told(client)).toEqual({});
  });

  test('of messages is sent with the messages again', async () => {
    const client = await synchronised('messagerie');
    await admin.send('POST', `/api/solutions/${client.id}/messages`, { subject: 'Bonjour', body: 'À tous' });
    await setFlag(client, 'messagerie', 'replace-from-manager');
    const sync = await syncTo2(client, zipOf());
    await client.confirm({ sync, failed: [{ file: 'csv/Tbmessagerie-r.csv', id: '', reason: 'no' }] });
    await syncTo2(client, zipOf());
    const files = await told(client);
    expect(Object.keys(files)).toEqual(['csv/Tbmessagerie-r.csv']);
    expect(files['csv/Tbmessagerie-r.csv']).toMatch(/Frigo[^]*Bonjour/);
  });

  test('nor a whole class: it is sent again as `r` as well', async () => {
    const client = await synchronised('synchro');
    await setFlag(client, 'synchro', 'resend-params');
    const sync = await syncTo2(client, zipOf());
    await client.confirm({ sync, failed: [{ file: 'xml/Fridges-r.xml', id: '', reason: 'no' }] });
    await syncTo2(client, zipOf());
    expect(Object.keys(await told(client))).toEqual(['xml/Fridges-r.xml']);
  });
});

describe('replace-from-solution and readings', () => {
  const stored = (client: Client) =>
    server()
      .db<{ id: string; oil_name: string; solution_id: number }>('tboil')
      .where({ solution_id: client.id })
      .orderBy('id')
      .select('id', 'oil_name');
  const open = async (client: Client) =>
    (await admin.send('GET', `/api/approvals?solution=${client.id}`)).json['items'];
  const decide = (approval: Json | undefined, decision: string) =>
    admin.send('POST', `/api/approvals/${textOf(approval?.['id'])}`, { decision });
  const settled = () =>
    eventually('the plan is dealt with', async () => {
      const rows = await server()
        .db('log_replacement')
        .join('approval', 'approval.id', 'approval_id')
        .whereNull('log_replacement.applied_at')
        .whereNot({ state: 'open' });
      return rows.length === 0;
    });

  async function replaceFrom(client: Client, files: Record<string, string>): Promise<string> {
    await setFlag(client, client.base.split('/').at(-1) as Channel, 'replace-from-solution');
    await client.lastIdLogs();
    return fullSync(client, zipOf(files));
  }

  const before = ['1,Friteuse 1,12', '2,Friteuse 2,13', '3,Friteuse 3,14', '9,Friteuse 9,15'];
  async function withOils(): Promise<Client> {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'csv/Tboil.csv': oils(...before) }));
    return client;
  }

  test('waits for an approval; then rows that it no longer has go, and those that it has otherwise are replaced', async () => {
    const client = await withOils();
    const sync = await replaceFrom(client, {
      'csv/Tboil.csv': oils('1,Friteuse 1,12', '2,Changed,13', '4,New,10'),
    });
    expect((await stored(client)).map(({ id }) => id)).toEqual(['1', '2', '3', '4', '9']);
    expect((await client.sync()).json['report']).toMatchObject({
      logs: { Tboil: { inserted: 1, duplicates: 1, rejected: 1 } },
      rejections: [{ code: 'id-conflict', id: '2' }],
    });
    const [approval, ...others] = Object.values((await open(client)) ?? []);
    expect(others).toEqual([]);
    expect(approval).toMatchObject({
      channel: 'synchro',
      class: 'Tboil',
      kind: 'replace-logs',
      sync,
      logRows: { deleted: 2, replaced: 1 },
      plan: [{ id: '2' }, { id: '3' }, { id: '9' }],
    });
    expect((await client.lastIdLogs()).json['Tboil']).toBe('9');

    expect((await decide(approval, 'approve')).status).toBe(200);
    await settled();
    expect(await stored(client)).toMatchObject([
      { id: '1', oil_name: 'Friteuse 1' },
      { id: '2', oil_name: 'Changed' },
      { id: '4', oil_name: 'New' },
    ]);
    expect((await client.lastIdLogs()).json['Tboil']).toBe('4');
    expect(await trailOf(client, 'log.replace')).toMatchObject([
      { user: server().admin.email, before: { table: 'Tboil', sync }, after: { deleted: 2, replaced: 1 } },
    ]);
    const quarantined = (await admin.send('GET', `/api/quarantine?sync=${sync}`)).json['items'];
    expect(quarantined).toEqual([]);
  });

  test('rejected, everything stays as it is, and the other content stays in quarantine', async () => {
    const client = await withOils();
    const sync = await replaceFrom(client, { 'csv/Tboil.csv': oils('2,Changed,13') });
    const [approval] = Object.values((await open(client)) ?? []);
    await decide(approval, 'reject');
    await settled();
    expect((await stored(client)).map(({ id }) => id)).toEqual(['1', '2', '3', '9']);
    expect((await admin.send('GET', `/api/quarantine?sync=${sync}`)).json['items']).toHaveLength(1);
    expect(await trailOf(client, 'log.replace')).toEqual([]);
  });

  test('a log that holds the same asks for nothing', async () => {
    const client = await withOils();
    await replaceFrom(client, { 'csv/Tboil.csv': oils(...before) });
    expect(await open(client)).toEqual([]);
  });

  test('a log that is not sent is one without rows', async () => {
    const client = await withOils();
    await replaceFrom(client, {});
    const [approval] = Object.values((await open(client)) ?? []);
    expect(approval).toMatchObject({ class: 'Tboil', logRows: { deleted: 4, replaced: 0 } });
    await decide(approval, 'approve');
    await settled();
    expect(await stored(client)).toEqual([]);
    expect((await client.lastIdLogs()).json['Tboil']).toBe('-1');
    await fullSync(client, zipOf({ 'csv/Tboil.csv': oils('1,Anew,10') }));
    expect(await stored(client)).toMatchObject([{ id: '1', oil_name: 'Anew' }]);
  });

  test('the solution still holds rows that could not be read', async () => {
    const client = await withOils();
    await replaceFrom(client, {
      'csv/Tboil.csv': oils('1,Friteuse 1,12', '2,Friteuse 2,many', '9,Friteuse 9,15'),
    });
    const [approval] = Object.values((await open(client)) ?? []);
    expect(approval).toMatchObject({ logRows: { deleted: 1, replaced: 0 }, plan: [{ id: '3' }] });
  });

  test('if rows cannot be told apart, none is deleted', async () => {
    const client = await withOils();
    await replaceFrom(client, { 'csv/Tboil.csv': oils('1,Friteuse 1,12', 'what,Friteuse 2,13') });
    expect(await open(client)).toEqual([]);
  });

  test('after another request, the new plan replaces the waiting one', async () => {
    const client = await withOils();
    await replaceFrom(client, { 'csv/Tboil.csv': oils('1,Friteuse 1,12') });
    const [first] = Object.values((await open(client)) ?? []);
    await replaceFrom(client, { 'csv/Tboil.csv': oils(...before.slice(0, 3)) });
    const [second, ...others] = Object.values((await open(client)) ?? []);
    expect(others).toEqual([]);
    expect(second).toMatchObject({ plan: [{ id: '9' }] });
    expect((await decide(first, 'approve')).status).toBe(409);
    await decide(second, 'approve');
    await settled();
    expect((await stored(client)).map(({ id }) => id)).toEqual(['1', '2', '3']);
  });

  test("readings and messages as well, and the manager's messages stay", async () => {
    const probes = await synchronised('sondes');
    await replaceFrom(probes, { 'csv/Tbsondes.csv': readings.split('\n').slice(0, 2).join('\n') });
    expect(Object.values((await open(probes)) ?? [])).toMatchObject([
      { class: 'Tbsondes', logRows: { deleted: 1, replaced: 0 } },
    ]);
    const letters = await synchronised('messagerie');
    await admin.send('POST', `/api/solutions/${letters.id}/messages`, { subject: 'Bonjour', body: 'À tous' });
    await replaceFrom(letters, {});
    const [approval] = Object.values((await open(letters)) ?? []);
    expect(approval).toMatchObject({ class: 'Tbmessagerie', logRows: { deleted: 1, replaced: 0 } });
    await decide(approval, 'approve');
    await settled();
    const left = await server().db('manager_message').where({ solution_id: letters.id }).select('subject');
    expect(left).toEqual([{ subject: 'Bonjour' }]);
  });

  test('is not there for other accounts', async () => {
    const client = await withOils();
    await replaceFrom(client, {});
    const [approval] = Object.values((await open(client)) ?? []);
    const stranger = await newStaff(server(), 'manager', [await newAccount(admin, 'Brasseries')]);
    const answer = await stranger.send('POST', `/api/approvals/${textOf(approval?.['id'])}`, {
      decision: 'approve',
    });
    expect(answer.status).toBe(404);
  });
});
