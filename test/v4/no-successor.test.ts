import fc from 'fast-check';
import { createSolutionService } from '../../api/backoffice/services/solutions';
import { createSupportService } from '../../api/backoffice/services/support';
import type { Flag } from '../../shared/domain/flag';
import { commandLineCaller } from '../../shared/domain/staff';
import { call, createSolutionClient, type Json, textOf } from '../setup/solution-client';
import { type Staff, signInStaff } from '../photos/staff';
import { openStoreAccess } from '../../shared/stores/store-access';
import { unzip, zipOf } from './archive';
import { parameterFile } from './edits';
import { enrol, fullSync, onServer, signIn, syncTo2, tokenOf } from './on-server';

const server = onServer({}, { worker: true });
let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

type Client = Awaited<ReturnType<typeof signIn>>;

const rooms = (TempMax: string, count = 12) =>
  parameterFile(
    'Fridges',
    ...Array.from({ length: count }, (_, index) => ({
      Id: String(index + 1),
      Name: `Room ${index}`,
      TempMax,
    })),
  );

const setFlag = async (client: Client, flag: Flag) =>
  admin.send('PUT', `/api/solutions/${client.id}/channels/synchro/flags/${flag}`);
const paramPath = (client: Client, id: string) => `/api/solutions/${client.id}/params/Fridges/${id}`;
const limitOf = async (client: Client, id: string) =>
  (await admin.send('GET', paramPath(client, id))).json['fields']?.['TempMax'];
const reportOf = async (client: Client): Promise<Json> => (await client.sync()).json['report'] ?? {};

const findingsOf = async (client: Client) => {
  const { db } = server();
  const support = createSupportService({
    ...openStoreAccess(db),
    solutions: createSolutionService(openStoreAccess(db)),
  });
  return (await support.look(commandLineCaller, client.id)).findings;
};

/** The page of the last sync, as staff see it. */
async function syncPage(client: Client, language: 'en' | 'fr'): Promise<string> {
  const sync = textOf((await client.sync()).json['sync']);
  const headers = {
    Accept: 'text/html',
    'Accept-Language': language,
    Cookie: `epack_session=${admin.token}`,
  };
  return (await call(`${server().url}/syncs/${sync}`, { headers })).text;
}

async function told(client: Client): Promise<Record<string, string>> {
  const files = unzip((await client.download()).body);
  return Object.fromEntries([...files].map(([name, content]) => [name, content.toString('utf8')]));
}

async function upload(client: Client, file: string): Promise<Record<string, string>> {
  await client.lastIdLogs();
  await syncTo2(client, zipOf({ 'xml/Fridges.xml': file }));
  const files = await told(client);
  await client.confirm();
  return files;
}

describe('a new tablet with factory settings', () => {
  test('that is replaced from the manager gets what the kitchen had, and changes nothing', async () => {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'xml/Fridges.xml': rooms('3') }));
    await setFlag(client, 'replace-from-manager');
    const files = await upload(client, rooms('8'));
    expect(files['xml/Fridges-r.xml']?.match(/<TempMax>3</g)).toHaveLength(12);
    expect(await limitOf(client, '1')).toBe(3);
    expect((await reportOf(client))['params']?.['Fridges']).toMatchObject({ updated: 0, held: 0 });
    await fullSync(client, zipOf({ 'xml/Fridges.xml': rooms('3') }));
    expect((await reportOf(client))['params']?.['Fridges']).toMatchObject({ unchanged: 12 });
  });

  test('whose replacement failed changes nothing with the next upload either', async () => {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'xml/Fridges.xml': rooms('3', 2) }));
    await setFlag(client, 'replace-from-manager');
    await client.lastIdLogs();
    const sync = await syncTo2(client, zipOf({ 'xml/Fridges.xml': rooms('8', 2) }));
    await client.confirm({ sync, failed: [{ file: 'xml/Fridges-r.xml', id: '', reason: 'full' }] });
    const files = await upload(client, rooms('8', 2));
    expect(files['xml/Fridges-r.xml']).toContain('<TempMax>3<');
    expect(await limitOf(client, '1')).toBe(3);
  });

  test('without any flag waits for an approval, and staff read why', async () => {
    const enrolled = await enrol(server());
    const on = async (mac: string) => ({
      ...createSolutionClient(server().url, await tokenOf(server(), { ...enrolled, mac })),
      id: enrolled.id,
    });
    await fullSync(await on(enrolled.mac), zipOf({ 'xml/Fridges.xml': rooms('3', 2) }));
    await admin.send('PATCH', `/api/solutions/${enrolled.id}`, { mac: null });
    const client = await on('aa:bb:cc:dd:ee:ff');
    await fullSync(client, zipOf({ 'xml/Fridges.xml': rooms('8', 3) }));
    expect((await reportOf(client))['params']?.['Fridges']).toMatchObject({
      held: 2,
      updated: 0,
      inserted: 1,
    });
    expect(await limitOf(client, '1')).toBe(3);
    const { items } = (await admin.send('GET', `/api/approvals?solution=${client.id}`)).json;
    expect(items).toMatchObject([{ kind: 'changes', reason: 'first-upload' }]);
    expect(await findingsOf(client)).toMatchObject([
      { kind: 'approval', approval: { reason: 'first-upload' } },
    ]);
    // The second upload is not the first.
    const changed = rooms('8', 3).replace('Room 2', 'Other');
    await fullSync(client, zipOf({ 'xml/Fridges.xml': changed }));
    expect((await reportOf(client))['params']?.['Fridges']).toMatchObject({ held: 2, updated: 1 });
  });
});

test('a deleted entity that is sent again with other content is reported to staff', async () => {
  const client = await signIn(server());
  await fullSync(client, zipOf({ 'xml/Fridges.xml': rooms('3', 1) }));
  await admin.send('DELETE', paramPath(client, '1'));
  await fullSync(client, zipOf({ 'xml/Fridges.xml': rooms('3', 1) }));
  const again = await upload(client, rooms('3', 1));
  expect(Object.keys(again)).toContain('xml/Fridges-d.xml');
  await upload(client, rooms('5', 1));
  expect((await reportOf(client))['cameBack']).toEqual({ Fridges: ['1'] });
  expect((await admin.send('GET', paramPath(client, '1'))).json['returnedAt']).toEqual(expect.any(String));
  expect(await findingsOf(client)).toMatchObject([{ kind: 'came-back', entities: [{ id: '1' }] }]);
  const page = await syncPage(client, 'fr');
  expect(page).toContain('Enceintes froides : 1 réglage supprimé est revenu avec un autre contenu');
  expect(page).toContain(`href="/solutions/${client.id}/params/Fridges/1"`);
  expect(await syncPage(client, 'en')).toContain('1 deleted setting came back with other content');
});

test('a Ts that is not a time is reported, and the entity is accepted', async () => {
  const client = await signIn(server());
  const file = parameterFile(
    'Fridges',
    { Id: '1', Ts: 'gestern', Name: 'A' },
    { Id: '2', Ts: '0001-01-01T00:00:00' },
  );
  await upload(client, file);
  expect(await reportOf(client)).toMatchObject({
    params: { Fridges: { inserted: 2, rejected: 0 } },
    unreadableTs: { Fridges: { entities: 1, id: '1', written: 'gestern' } },
  });
  expect(await syncPage(client, 'fr')).toContain('1 réglage porte une date de modification illisible');
});

test('a misleading Ts is shown as it is', async () => {
  const client = await signIn(server());
  await upload(client, parameterFile('Fridges', { Id: '1', Ts: '&lt;b&gt;‮noos', Name: 'A' }));
  const page = await syncPage(client, 'en');
  expect(page).toContain('“&lt;b>\\u{202e}noos” (Id 1, line 3)');
});

describe('a newer copy in quarantine', () => {
  const cold = rooms('3', 3);
  /** The kitchen changed room 2, and nobody here can read it. */
  const newer = cold.replace('Room 1</Name><TempMax>3', 'Room 1</Name><TempMax>fraîche');
  const openItem = async (client: Client) => {
    const { items } = (await admin.send('GET', `/api/quarantine?solution=${client.id}`)).json;
    return textOf(items?.[0]?.['id']);
  };

  async function withNewerCopy(): Promise<Client> {
    const client = await signIn(server());
    await fullSync(client, zipOf({ 'xml/Fridges.xml': cold }));
    await admin.send('PUT', paramPath(client, '3'), { fields: { TempMax: 1 } });
    await admin.send('PUT', paramPath(client, '2'), { fields: { TempMax: 1 } });
    await fullSync(client, zipOf({ 'xml/Fridges.xml': newer }));
    return client;
  }

  test('is not overwritten by an instruction or an edit, until someone has discarded it', async () => {
    const client = await withNewerCopy();
    for (const method of ['PUT', 'DELETE'])
      expect(
        await admin.send(
          method,
          paramPath(client, '2'),
          method === 'PUT' ? { fields: { TempMax: 2 } } : undefined,
        ),
      ).toMatchObject({
        status: 409,
        json: { code: 'newer-copy-waits', quarantined: await openItem(client) },
      });
    expect((await upload(client, newer))['xml/Fridges-u.xml'] ?? '').not.toContain('<Id>2<');
    await admin.send('POST', `/api/quarantine/${await openItem(client)}/discard`);
    expect((await upload(client, silence))['xml/Fridges-u.xml']).toContain('<Id>2<');
  });

  /** Nothing new is sent of room 2: what was said of it stands. */
  const silence = parameterFile('Fridges');

  test('that the kitchen has put right waits no longer', async () => {
    const client = await withNewerCopy();
    const files = await upload(client, cold);
    expect(files['xml/Fridges-u.xml']).toContain('<Id>2<');
    expect((await admin.send('PUT', paramPath(client, '2'), { fields: { TempMax: 2 } })).status).toBe(200);
  });

  test('is overwritten by nothing, whichever flags are set', async () => {
    const flags = ['replace-from-manager', 'replace-from-solution', 'resend-params', 'resend-logs'] as const;
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.constantFrom<Flag>(...flags), { maxLength: 3 }),
        fc.boolean(),
        async (set, isSentAgain) => {
          const client = await withNewerCopy();
          for (const flag of set) await setFlag(client, flag);
          for (let sync = 0; sync < 2; sync++) {
            const files = await upload(client, isSentAgain ? newer : silence);
            const names = Object.keys(files).filter((name) => name.startsWith('xml/Fridges-'));
            expect(names.filter((name) => name.endsWith('-r.xml'))).toEqual([]);
            expect(names.filter((name) => files[name]?.includes('<Id>2<'))).toEqual([]);
          }
        },
      ),
      { numRuns: 8 },
    );
  });
});
