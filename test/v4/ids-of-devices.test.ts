import type { Flag } from '../../shared/domain/flag';
import { type Staff, signInStaff } from '../photos/staff';
import { type Json, textOf } from '../setup/solution-client';
import { unzip, zipOf } from './archive';
import { fullSync, onServer, reach2, signIn, syncTo2 } from './on-server';

// Ids are given by devices: a bar code in the wrong column, a device that was restored, a row that is refused.

const server = onServer({}, { worker: true });
let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

type Client = Awaited<ReturnType<typeof signIn>>;

const oils = (...rows: readonly string[]) =>
  zipOf({ 'csv/Tboil.csv': ['Id,OilName,PolarPercent', ...rows, ''].join('\n') });
const highest = async (client: Client) => (await client.lastIdLogs()).json['Tboil'];
const countsOf = async (client: Client) => (await client.sync()).json['report']?.['logs']?.['Tboil'];
const gapsOf = async (client: Client) =>
  (await admin.send('GET', `/api/solutions/${client.id}/gaps`)).json['items'];
const items = async (client: Client, state = 'open') =>
  listOf((await admin.send('GET', `/api/quarantine?solution=${client.id}&state=${state}`)).json['items']);
const listOf = (json: Json | undefined): Json[] => (Array.isArray(json) ? (json as Json[]) : []);

/** The id of the quarantine item at this place; the first is the newest. */
async function itemId(client: Client, place = 0): Promise<string> {
  return textOf((await items(client))[place]?.['id']);
}
async function discard(client: Client): Promise<void> {
  expect((await admin.send('POST', `/api/quarantine/${await itemId(client)}/discard`)).status).toBe(204);
}
async function replay(client: Client): Promise<void> {
  expect((await admin.send('POST', `/api/quarantine/${await itemId(client)}/replay`)).status).toBe(202);
  await reach2(client);
  await client.confirm();
}
async function setFlag(client: Client, flag: Flag): Promise<void> {
  const path = `/api/solutions/${client.id}/channels/synchro/flags/${flag}`;
  expect((await admin.send('PUT', path)).status).toBe(204);
}

describe('an Id far above the highest known', () => {
  test('is quarantined and raises nothing, whether its row can be read or not', async () => {
    const client = await signIn(server());
    await fullSync(client, oils('1,A,1', '2,B,2', '3760123456789,C,3', '3760123456790,C,many', '3,D,4'));
    expect(await countsOf(client)).toEqual({ inserted: 3, duplicates: 0, rejected: 2 });
    expect((await items(client)).map((item) => [item['code'], item['rowId']])).toEqual([
      ['id-jump', '3760123456790'],
      ['id-jump', '3760123456789'],
    ]);
    expect(await highest(client)).toBe('3');
    await fullSync(client, oils('1000003,E,5'));
    expect(await highest(client)).toBe('1000003');
    await fullSync(client, oils('2000004,F,6', '9223372036854775807,G,7'));
    expect(await highest(client)).toBe('1000003');
  });

  test('is accepted once staff process it again, and then its gap is reported, below 2^63-1 too', async () => {
    const client = await signIn(server());
    await fullSync(client, oils('1,A,1', '9223372036854775807,B,2'));
    await replay(client);
    expect(await highest(client)).toBe('9223372036854775807');
    expect(await gapsOf(client)).toEqual([
      {
        table: 'Tboil',
        channel: 'synchro',
        missing: '9223372036854775805',
        ranges: [['2', '9223372036854775806']],
      },
    ]);
    expect(await items(client, 'replayed')).toHaveLength(1);
  });

  test('is accepted as the first id of a new log if its row can be read', async () => {
    const client = await signIn(server());
    await fullSync(client, oils('3760123456789,A,many'));
    expect(await highest(client)).toBe('-1');
    await fullSync(client, oils('5000000,A,1', '5000001,A,2'));
    expect(await highest(client)).toBe('5000001');
  });

  test('is settled in quarantine if its row has arrived otherwise', async () => {
    const client = await signIn(server());
    await fullSync(client, oils('1,A,1', '2000000,B,2'));
    await fullSync(client, oils('1000001,C,3', '2000000,B,2'));
    expect(await highest(client)).toBe('2000000');
    expect(await items(client)).toEqual([]);
    expect(await items(client, 'settled')).toMatchObject([{ rowId: '2000000', decidedBy: 'solution' }]);
  });
});

describe('a refused row', () => {
  test('counts as known until it is discarded: then the highest Id is that of what is left', async () => {
    const client = await signIn(server());
    await fullSync(client, oils('1,A,1', '2,B,2', '3,C,many', '900000,D,many'));
    expect(await highest(client)).toBe('900000');
    await discard(client);
    expect(await highest(client)).toBe('3');
    await discard(client);
    expect(await highest(client)).toBe('2');
    await fullSync(client, oils('3,C,3'));
    expect(await countsOf(client)).toEqual({ inserted: 1, duplicates: 0, rejected: 0 });
    expect(await gapsOf(client)).toEqual([]);
  });

  test('is one item that counts, however often it is sent, and keeps the header of each file', async () => {
    const client = await signIn(server());
    const bad = ['x,A,1', '1,B,many'];
    for (let sync = 0; sync < 4; sync++) await fullSync(client, oils(...bad));
    expect((await items(client)).map((item) => [item['rowId'], item['seenCount']])).toEqual([
      ['1', 4],
      ['x', 4],
    ]);
    await fullSync(client, oils('x,A,1', 'y,C,2'));
    expect((await items(client)).map((item) => [item['rowId'], item['header']])).toEqual([
      ['y', 'Id,OilName,PolarPercent'],
      ['1', 'Id,OilName,PolarPercent'],
      ['x', 'Id,OilName,PolarPercent'],
    ]);
  });
});

describe('replace-from-manager stores new rows before it replaces', () => {
  /** A device that was restored from its backup: it uses numbers again for which the server has other readings. */
  async function restoredDevice(): Promise<Client> {
    const client = await signIn(server());
    await fullSync(client, oils('1,A,1', '2,B,2', '3,C,3', '4,D,4'));
    return client;
  }
  const replacement = async (client: Client) =>
    unzip((await client.download()).body)
      .get('csv/Tboil-r.csv')
      ?.toString('utf8');

  test('rows that only the solution holds are requested and stored before the replacement', async () => {
    const client = await restoredDevice();
    await setFlag(client, 'replace-from-manager');
    expect(await highest(client)).toBe('-1');
    await syncTo2(client, oils('1,A,1', '2,B,2', '3,new,9', '5,new,8'));
    expect(await replacement(client)).toContain('5,');
    expect(await countsOf(client)).toEqual({ inserted: 1, duplicates: 2, rejected: 1 });
    expect(await items(client)).toMatchObject([{ code: 'id-conflict', rowId: '3', raw: '3,new,9' }]);
    await client.confirm();
    expect(await highest(client)).toBe('5');
  });

  test('if it is set after the solution called lastIdLogs, it waits for the next sync', async () => {
    const client = await restoredDevice();
    await client.lastIdLogs();
    await setFlag(client, 'replace-from-manager');
    await syncTo2(client, zipOf());
    expect(await replacement(client)).toBeUndefined();
    await client.confirm();
    expect(await highest(client)).toBe('-1');
    await syncTo2(client, zipOf());
    expect(await replacement(client)).toContain('4,');
  });
});
