import { buffer } from 'node:stream/consumers';
import { zipStream, type ZipEntry } from '../../shared/archive/zip-writer';
import { startTestServer, type TestServer } from '../setup/server';

// The whole way: a solution sends, the worker refuses a part, staff correct it, the worker takes it.

let server: TestServer;
let staff: (method: string, path: string, body?: object) => Promise<Record<string, unknown>>;
beforeAll(async () => {
  server = await startTestServer();
  await server.startWorker();
  const { token } = await call('POST', '/api/session', {}, JSON.stringify(server.admin));
  staff = (method, path, body) =>
    call(
      method,
      path,
      { authorization: `Bearer ${String(token)}` },
      body === undefined ? undefined : JSON.stringify(body),
    );
});
afterAll(() => server.stop());

async function call(
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: string | Uint8Array<ArrayBuffer>,
): Promise<Record<string, unknown>> {
  const isText = typeof body === 'string';
  const response = await fetch(server.url + path, {
    method,
    headers: { ...(isText ? { 'content-type': 'application/json' } : {}), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  const json: unknown = /json/.test(response.headers.get('content-type') ?? '') ? JSON.parse(text) : text;
  return typeof json === 'object' && json !== null ? { ...json } : { text: json };
}

let count = 0;

/** A solution that can send an upload and wait until it has been processed and confirmed. */
async function newSolution() {
  count += 1;
  const enrolled = await staff('POST', '/api/solutions', { mail: `s${count}@example.org`, name: 'S' });
  const id = String(enrolled['id']);
  const credentials = {
    mail_solution: enrolled['mail'],
    MAC: '00:11:22:33:44:55',
    secret: enrolled['secret'],
  };
  const { text: token } = await call('POST', '/v4/synchro/login', {}, JSON.stringify(credentials));
  const authorization = `Bearer ${String(token)}`;

  async function finish(): Promise<void> {
    for (let statut: unknown = '1'; statut !== '2';) {
      ({ text: statut } = await call('GET', '/v4/synchro/statut?wait=20&not=1', { authorization }));
    }
    await call('POST', '/v4/synchro/confirm', { authorization }, '{}');
  }

  return {
    id,
    finish,
    async send(...entries: ZipEntry[]): Promise<void> {
      const archive = await buffer(zipStream(entries));
      await call('POST', '/v4/synchro/datas', { authorization, 'content-type': 'application/zip' }, archive);
      await finish();
    },
    quarantined: async () =>
      (await staff('GET', `/api/quarantine?solution=${id}`))['items'] as Record<string, string>[],
  };
}

test('a refused row is stored once it is corrected', async () => {
  const solution = await newSolution();
  await solution.send({
    name: 'csv/Tbfridge.csv',
    content: 'Id;FridgeName;Temp\r\n1;Été;3,5\r\n2;Été;warm\r\n',
  });
  const [refused] = await solution.quarantined();
  expect(refused).toMatchObject({ kind: 'row', rowId: '2', state: 'open' });

  await staff('POST', `/api/quarantine/${String(refused?.['id'])}/replay`, { text: '2;Été;warmer' });
  await solution.finish();
  const [again] = await solution.quarantined();
  expect(again).toMatchObject({ kind: 'row', rowId: '2', state: 'open' });
  expect(again?.['id']).not.toBe(refused?.['id']);

  await staff('POST', `/api/quarantine/${String(again?.['id'])}/replay`, { text: '2;Été;4,5' });
  await solution.finish();
  expect(await solution.quarantined()).toEqual([]);
  const { items } = await staff('GET', `/api/solutions/${solution.id}/logs/Tbfridge`);
  expect(items).toMatchObject([
    { Id: '1', FridgeName: 'Été', Temp: 3.5 },
    { Id: '2', FridgeName: 'Été', Temp: 4.5 },
  ]);
});

test('a refused entity is applied once it is corrected, and does not change the others', async () => {
  const solution = await newSolution();
  const entity = (id: string, temp: string) =>
    `<DefFridges><Id>${id}</Id><IsActive>true</IsActive><Name>Été ${id}</Name><TempMax>${temp}</TempMax></DefFridges>`;
  const content = `<?xml version="1.0" encoding="utf-8"?>\n<ArrayOfDefFridges>${entity('1', '4')}${entity('2', 'warm')}</ArrayOfDefFridges>`;
  await solution.send({ name: 'xml/Fridges.xml', content });
  const [refused] = await solution.quarantined();
  expect(refused).toMatchObject({ kind: 'entity', rowId: '2', subject: 'Fridges' });

  await staff('POST', `/api/quarantine/${String(refused?.['id'])}/replay`, { text: entity('2', '5') });
  await solution.finish();
  expect(await solution.quarantined()).toEqual([]);
  const { items } = await staff('GET', `/api/solutions/${solution.id}/params/Fridges`);
  expect(items).toMatchObject([
    { id: '1', isActive: true, fields: { Name: 'Été 1', TempMax: 4 } },
    { id: '2', isActive: true, fields: { Name: 'Été 2', TempMax: 5 } },
  ]);
});

test('a whole upload that is replayed changes nothing the second time', async () => {
  const solution = await newSolution();
  await solution.send({ name: 'csv/Tbfridge.csv', content: 'Id,Temp\n1,3.5\n2,4\n' });
  const { items } = await staff('GET', `/api/solutions/${solution.id}/syncs`);
  const [first] = items as { sync: string }[];
  const { sync } = await staff('POST', `/api/syncs/${String(first?.sync)}/replay`);
  await solution.finish();
  const replayed = await staff('GET', `/api/syncs/${String(sync)}`);
  expect(replayed['report']).toMatchObject({
    logs: { Tbfridge: { inserted: 0, duplicates: 2, rejected: 0 } },
  });
});

test('a reset in the middle frees the channel, and the upload can be replayed', async () => {
  await server.stopWorker();
  const solution = await newSolution();
  const sent = solution
    .send({ name: 'csv/Tbfridge.csv', content: 'Id,Temp\n1,3.5\n' })
    .catch((error: unknown) => error);
  const last = async () => {
    const { items } = await staff('GET', `/api/solutions/${solution.id}/syncs`);
    return (items as { sync: string; state: string }[])[0];
  };
  while ((await last())?.state !== 'queued');
  await staff('PUT', `/api/solutions/${solution.id}/channels/synchro/flags/reset-status`);
  const abandoned = await last();
  expect(abandoned?.state).toBe('abandoned');
  await server.startWorker();
  await staff('POST', `/api/syncs/${String(abandoned?.sync)}/replay`);
  // The solution still waits for the status to be 2, and confirms.
  await sent;
  const logs = await staff('GET', `/api/solutions/${solution.id}/logs/Tbfridge`);
  expect(logs['items']).toMatchObject([{ Id: '1', Temp: 3.5 }]);
});
