import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { zipOf } from '../v4/archive';
import { expectProblem, fullSync, onServer, reach2, signIn, storedFiles } from '../v4/on-server';
import { textOf } from '../setup/solution-client';
import { exifBlock, jpeg, withExif } from './pictures';
import { newAccount, newStaff, signInStaff, type Staff } from './staff';

const server = onServer({}, { worker: true });

let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

const photosOf = (client: { id: number }, rest = '') => `/api/solutions/${client.id}/photos${rest}`;

describe('GET /api/solutions/{id}/photos', () => {
  test('lists the photos, the last to come first, page by page', async () => {
    const client = await signIn(server(), 'photos');
    const picture = withExif(await jpeg(1), exifBlock({ original: '2026:11:20 07:31:00' }));
    const sync = await fullSync(client, zipOf({ 'photos/a.jpg': picture }));
    for (const shade of [2, 3, 4])
      await fullSync(client, zipOf({ [`photos/p${shade}.jpg`]: await jpeg(shade) }));
    const first = await admin.send('GET', photosOf(client, '?limit=3'));
    expect(first.json['items']).toMatchObject([{ name: 'p4.jpg' }, { name: 'p3.jpg' }, { name: 'p2.jpg' }]);
    const cursor = textOf(first.json['next']);
    const last = await admin.send('GET', photosOf(client, `?limit=3&cursor=${cursor}`));
    expect(last.json).toEqual({
      items: [
        {
          name: 'a.jpg',
          sha256: createHash('sha256').update(picture).digest('hex'),
          bytes: picture.length,
          width: 40,
          height: 30,
          takenAt: '2026-11-20T06:31:00.000Z',
          receivedAt: expect.any(String) as string,
          sync,
          isSuperseded: false,
          logs: [],
        },
      ],
      next: null,
    });
  });

  test('or those of one reading, whichever of the two named the other', async () => {
    const client = await signIn(server(), 'photos');
    const rows =
      'Id,MeasuredAt,FridgeName,PhotoName\n1,2026-11-20 07:31:00,Cave,B.jpg\n2,2026-11-20 08:31:00,Cave,\n';
    await fullSync(client.on('synchro'), zipOf({ 'csv/Tbfridge.csv': rows }));
    const pictures = {
      'photos/a.jpg': await jpeg(5),
      'photos/b.jpg': await jpeg(6),
      'photos/c.jpg': await jpeg(7),
    };
    await fullSync(client, zipOf({ ...pictures, 'csv/Photos.csv': 'Name,Table,LogId\nc.jpg,Tbfridge,1\n' }));
    const ofRow = async (log: string) =>
      (await admin.send('GET', photosOf(client, `?table=tbFRIDGE&log=${log}`))).json;
    expect((await ofRow('1'))['items']).toMatchObject([{ name: 'c.jpg' }, { name: 'b.jpg' }]);
    expect((await ofRow('2'))['items']).toEqual([]);
  });

  test.each(['?table=Tbfridge', '?log=1', '?table=Tbnothing&log=1', '?log=x&table=Tbfridge', '?cursor=x'])(
    'is refused for %s',
    async (query) => {
      const client = await signIn(server(), 'photos');
      expectProblem(await admin.send('GET', photosOf(client, query)), 400, 'bad-request');
    },
  );
});

describe('GET /api/solutions/{id}/photos/{name}', () => {
  test('sends the photo, and its thumbnail, which has no metadata', async () => {
    const client = await signIn(server(), 'photos');
    const picture = withExif(
      await jpeg(8, { width: 1000, height: 500 }),
      exifBlock({ original: '2026:11:20 07:31:00' }),
    );
    await fullSync(client, zipOf({ 'photos/Étiquette.jpg': picture }));
    const whole = await admin.send('GET', photosOf(client, '/%C3%A9tiquette.JPG'));
    expect([whole.status, whole.headers['content-type'], whole.body.equals(picture)]).toEqual([
      200,
      'image/jpeg',
      true,
    ]);
    expect(whole.headers['x-content-type-options']).toBe('nosniff');
    for (const query of ['?thumbnail', '?thumbnail=1']) {
      const small = await admin.send('GET', photosOf(client, `/%C3%89tiquette.jpg${query}`));
      expect([small.status, small.headers['content-type']]).toEqual([200, 'image/jpeg']);
      expect(small.headers['cache-control']).toBe('no-store');
      const { width, height, exif } = await sharp(small.body).metadata();
      expect([width, height, exif]).toEqual([320, 160, undefined]);
      expect(small.headers.etag).toBe(`"${createHash('sha256').update(small.body).digest('hex')}"`);
    }
  });

  test('sends the photo if its thumbnail is lost', async () => {
    const client = await signIn(server(), 'photos');
    const picture = await jpeg(9);
    await fullSync(client, zipOf({ 'photos/a.jpg': picture }));
    const [file = ''] = (await storedFiles(server())).filter((one) =>
      one.startsWith(`thumbnails/${client.id}/`),
    );
    await rm(path.join(server().config.filesDir, file));
    const answer = await admin.send('GET', photosOf(client, '/a.jpg?thumbnail'));
    expect([answer.status, answer.body.equals(picture)]).toEqual([200, true]);
  });

  test('one that the file store has lost: 404, to staff and to its solution', async () => {
    const client = await signIn(server(), 'photos');
    await fullSync(client, zipOf({ 'photos/a.jpg': await jpeg(12) }));
    for (const file of await storedFiles(server()))
      if (/^(photos|thumbnails)/.test(file) && file.includes(`/${client.id}/`))
        await rm(path.join(server().config.filesDir, file));
    for (const rest of ['/a.jpg', '/a.jpg?thumbnail'])
      expectProblem(await admin.send('GET', photosOf(client, rest)), 404, 'not-found');
    expectProblem(await client.photo('a.jpg'), 404, 'unknown-photo');
  });

  test.each(['none.jpg', '%00.jpg', '..%2Fa.jpg', '%27%3B--'])('%s: 404', async (name) => {
    const client = await signIn(server(), 'photos');
    expectProblem(await admin.send('GET', photosOf(client, `/${name}`)), 404, 'not-found');
  });
});

test('a viewer of the account sees them; for users of other accounts they do not exist', async () => {
  const account = await newAccount(admin, 'Bouchons');
  const client = await signIn(server(), 'photos', { accountId: Number(account) });
  await fullSync(client, zipOf({ 'photos/a.jpg': await jpeg(10) }));
  const viewer = await newStaff(server(), 'viewer', [account]);
  const stranger = await newStaff(server(), 'manager', [await newAccount(admin, 'Brasseries')]);
  for (const rest of ['', '/a.jpg', '/a.jpg?thumbnail']) {
    expect((await viewer.send('GET', photosOf(client, rest))).status).toBe(200);
    expectProblem(await stranger.send('GET', photosOf(client, rest)), 404, 'not-found');
  }
});

test('a broken photo in quarantine can be replayed: it is looked at once more, and nothing else of its upload', async () => {
  const client = await signIn(server(), 'photos');
  const cut = (await jpeg(11)).subarray(0, -50);
  const list = 'Name,Table,LogId\nb.jpg,Tbnothing,1\n';
  const sync = await fullSync(client, zipOf({ 'photos/a.jpg': cut, 'csv/Photos.csv': list }));
  const open = async (of: string) => (await admin.send('GET', `/api/quarantine?sync=${of}`)).json['items'];
  const [photo, line] = Object.values((await open(sync)) ?? []);
  expect([line, photo]).toMatchObject([
    { kind: 'photo', file: 'photos/a.jpg', code: 'bad-photo' },
    { kind: 'row', file: 'csv/Photos.csv', line: 2 },
  ]);
  const replay = await admin.send('POST', `/api/quarantine/${textOf(line?.['id'])}/replay`);
  expect(replay.status).toBe(202);
  await reach2(client);
  expect(await open(textOf(replay.json['sync']))).toMatchObject([{ kind: 'photo', file: 'photos/a.jpg' }]);
  await client.confirm();
  const text = 'b.jpg,Tbfridge,1';
  const mended = await admin.send('POST', `/api/quarantine/${textOf(photo?.['id'])}/replay`, { text });
  expect(mended.status).toBe(202);
  await reach2(client);
  expect(await open(textOf(mended.json['sync']))).toEqual([]);
});
