import { handmadeZip, UTF8_FLAG } from '../../client/conformance/handmade-zip';
import { fridgeLog, zipOf } from './archive';
import { expectProblem, onServer, reach2, signIn } from './on-server';

const server = onServer();
const rfc3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

describe('GET /v4/{channel}/sync', () => {
  test('404 no-sync before the first', async () => {
    expectProblem(await (await signIn(server())).sync(), 404, 'no-sync');
  });

  test('returns the sync in all its states, with times in UTC', async () => {
    const client = await signIn(server());
    const { sync } = (await client.postForm(zipOf({ 'csv/Tbfridge.csv': fridgeLog(1, 2), 'notes.txt': 'x' })))
      .json;
    const queued = (await client.sync()).json;
    expect(queued).toEqual({
      sync,
      statut: '1',
      state: 'queued',
      receivedAt: expect.stringMatching(rfc3339) as string,
      processedAt: null,
      confirmedAt: null,
      attempts: 0,
      report: null,
    });

    await server().startWorker();
    await reach2(client);
    const ready = (await client.sync()).json;
    expect(ready).toMatchObject({
      sync,
      statut: '2',
      state: 'ready',
      processedAt: expect.stringMatching(rfc3339) as string,
      confirmedAt: null,
      attempts: 1,
      report: {
        sync,
        outcome: 'processed',
        params: {},
        logs: { Tbfridge: { inserted: 2, duplicates: 0, rejected: 0 } },
        photos: { inserted: 0, duplicates: 0, rejected: 0 },
        rejections: [],
        ignored: ['notes.txt'],
      },
    });

    await client.confirm();
    expect((await client.sync()).json).toEqual({
      ...ready,
      statut: '0',
      state: 'confirmed',
      confirmedAt: expect.stringMatching(rfc3339) as string,
    });
    await server().stopWorker();
  });

  test('a package that is stored, not compressed, is read out of its archive like any other', async () => {
    const client = await signIn(server());
    const ids = Array.from({ length: 5_000 }, (_, index) => index + 1);
    const log = { name: 'csv/Tbfridge.csv', content: fridgeLog(...ids), method: 0 };
    // Twice: where the sizes stand in the header and where they follow the data, as programs that stream write it.
    const followed = { flags: UTF8_FLAG | 8, local: { crc: 0, packedBytes: 0, unpackedBytes: 0 } };
    const logs: unknown[] = [];
    await server().startWorker();
    for (const archive of [handmadeZip([log]), handmadeZip([{ ...log, ...followed }])]) {
      expect((await client.postForm(archive)).status).toBe(200);
      await reach2(client);
      logs.push((await client.sync()).json['report']);
      await client.confirm();
    }
    await server().stopWorker();
    expect(logs).toMatchObject([
      { outcome: 'processed', logs: { Tbfridge: { inserted: 5_000, duplicates: 0, rejected: 0 } } },
      { outcome: 'processed', logs: { Tbfridge: { inserted: 0, duplicates: 5_000, rejected: 0 } } },
    ]);
  });

  test('is about the current one, or else the last; each channel has its own', async () => {
    const client = await signIn(server());
    await server().startWorker();
    await client.postForm(zipOf());
    await reach2(client);
    await client.confirm();
    await server().stopWorker();
    const { sync } = (await client.postForm(zipOf())).json;
    expect((await client.sync()).json).toMatchObject({ sync, state: 'queued' });
    expectProblem(await client.on('photos').sync(), 404, 'no-sync');
  });
});
