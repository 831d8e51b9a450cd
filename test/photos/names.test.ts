import { fullSync, onServer, signIn, syncTo2 } from '../v4/on-server';
import { unzip, zipOf } from '../v4/archive';
import { textOf, type SolutionClient } from '../setup/solution-client';
import { exifBlock, jpeg, withExif } from './pictures';
import { signInStaff, type Staff } from './staff';

const server = onServer({}, { worker: true });

let admin: Staff;
beforeAll(async () => {
  admin = await signInStaff(server());
});

type Client = SolutionClient & { readonly id: number };

const reading = (id: number, photo: string) =>
  zipOf({
    'csv/Tbtracking.csv': `Id,MeasuredAt,PhotoName\r\n${id},2026-11-20 07:31:00,${photo}\r\n`,
  });
const sendReading = (client: Client, id: number, photo = 'IMG_0001.jpg') =>
  fullSync(client.on('synchro'), reading(id, photo));
const sendPhoto = (client: Client, photo: Buffer, name = 'IMG_0001.jpg', more = {}) =>
  fullSync(client, zipOf({ [`photos/${name}`]: photo, ...more }));

/** The contents of the photos that a reading is shown with. */
async function shownWith(client: Client, log: number): Promise<Buffer[]> {
  const base = `/api/solutions/${client.id}/photos`;
  const listed = await admin.send('GET', `${base}?table=Tbtracking&log=${log}`);
  const contents = Object.values(listed.json['items'] ?? []).map(async (item) => {
    const [name, sha256] = [textOf(item['name']), textOf(item['sha256'])];
    const whole = await admin.send('GET', `${base}/${encodeURIComponent(name)}?sha256=${sha256}`);
    return whole.body;
  });
  return Promise.all(contents);
}

const link = (log: number) => ({
  'csv/Photos.csv': `Name,TakenAt,Table,LogId\nIMG_0001.jpg,,Tbtracking,${log}\n`,
});

describe('another photo under a known name is kept beside the first, and each stays with its reading', () => {
  const flows: Record<string, (client: Client, first: Buffer, second: Buffer) => Promise<void>> = {
    'readings before their photos': async (client, first, second) => {
      await sendReading(client, 111);
      await sendPhoto(client, first);
      await sendReading(client, 222);
      await sendPhoto(client, second);
    },
    'photos before their readings': async (client, first, second) => {
      await sendPhoto(client, first);
      await sendReading(client, 111);
      await sendPhoto(client, second);
      await sendReading(client, 222);
    },
    'by lists that come with the photos': async (client, first, second) => {
      await sendPhoto(client, first, 'IMG_0001.jpg', link(111));
      await sendPhoto(client, second, 'img_0001.JPG', link(222));
    },
  };

  test.each(Object.keys(flows))('%s', async (flow) => {
    const client = await signIn(server(), 'photos');
    const [first, second] = [await jpeg(10), await jpeg(120)];
    await flows[flow]?.(client, first, second);
    expect((await shownWith(client, 111)).map((photo) => photo.equals(first))).toEqual([true]);
    expect((await shownWith(client, 222)).map((photo) => photo.equals(second))).toEqual([true]);
    expect((await client.photo('IMG_0001.jpg')).body.equals(second)).toBe(true);
  });

  describe('two readings that come together, before either photo', () => {
    const bothReadings = zipOf({
      'csv/Tbtracking.csv': [
        'Id,MeasuredAt,PhotoName',
        '111,2026-11-20 07:31:00,IMG_0001.jpg',
        '222,2026-11-20 11:31:00,IMG_0001.jpg',
        '',
      ].join('\n'),
    });
    const taken = async (shade: number, original: string) =>
      withExif(await jpeg(shade), exifBlock({ original }));
    const shas = (photos: readonly Buffer[], known: readonly Buffer[]) =>
      photos.map((photo) => known.findIndex((one) => one.equals(photo)));

    test('are each the photo’s that was taken then', async () => {
      const client = await signIn(server(), 'photos');
      const known = [
        await taken(10, '2026:11:20 07:29:40'),
        await taken(120, '2026:11:20 11:32:05'),
      ] as const;
      await fullSync(client.on('synchro'), bothReadings);
      for (const photo of known) await sendPhoto(client, photo);
      expect(shas(await shownWith(client, 111), known)).toEqual([0]);
      expect(shas(await shownWith(client, 222), known)).toEqual([1]);
    });

    test('stay with the first where the camera’s clock is wrong: its list says which is which', async () => {
      const client = await signIn(server(), 'photos');
      const known = [
        await taken(10, '2008:01:01 07:29:40'),
        await taken(120, '2008:01:01 11:32:05'),
      ] as const;
      await fullSync(client.on('synchro'), bothReadings);
      await sendPhoto(client, known[0]);
      await sendPhoto(client, known[1], 'IMG_0001.jpg', link(222));
      expect(shas(await shownWith(client, 111), known)).toEqual([0]);
      expect(shas(await shownWith(client, 222), known)).toContain(1);
    });
  });

  test('the report says so, the audit trail too, and the index has both; sent again, both are known', async () => {
    const client = await signIn(server(), 'photos');
    const [first, second] = [await jpeg(40), await jpeg(200)];
    await sendPhoto(client, first);
    await syncTo2(client, zipOf({ 'photos/IMG_0001.jpg': second }));
    const index = String(unzip((await client.download()).body).get('csv/Photos-r.csv'));
    expect(index.match(/^IMG_0001\.jpg,/gm)).toHaveLength(2);
    await client.confirm();
    expect((await client.sync()).json['report']).toMatchObject({
      photos: { inserted: 0, replaced: 1, duplicates: 0, rejected: 0 },
    });
    const audit = await admin.send('GET', `/api/audit?solution=${client.id}&action=photo.replace`);
    expect(audit.json['items']).toMatchObject([{ after: { photo: 'photos/IMG_0001.jpg' } }]);
    const listed = await admin.send('GET', `/api/solutions/${client.id}/photos`);
    expect(listed.json['items']).toMatchObject([{ isSuperseded: false }, { isSuperseded: true }]);
    for (const photo of [first, second]) await sendPhoto(client, photo);
    expect((await client.sync()).json['report']).toMatchObject({ photos: { duplicates: 1 } });
    expect((await client.photo('img_0001.jpg')).body.equals(second)).toBe(true);
  });
});

describe('a name is one in whatever form its accents are written', () => {
  const [composed, decomposed] = ['\u00e9tiquette.jpg', 'e\u0301tiquette.jpg'];

  test.each([
    [composed, decomposed],
    [decomposed, composed],
  ])('%j, then %j', async (name, again) => {
    const client = await signIn(server(), 'photos');
    const photo = await jpeg(5);
    await sendReading(client, 1, again);
    await sendPhoto(client, photo, name);
    await sendPhoto(client, photo, again);
    expect((await client.sync()).json['report']).toMatchObject({ photos: { inserted: 0, duplicates: 1 } });
    for (const one of [composed, decomposed]) {
      expect((await client.photo(one)).body.equals(photo)).toBe(true);
      const path = `/api/solutions/${client.id}/photos/${encodeURIComponent(one)}`;
      expect((await admin.send('GET', path)).status).toBe(200);
    }
    expect((await shownWith(client, 1)).map((shown) => shown.equals(photo))).toEqual([true]);
    const listOf = zipOf({ 'csv/Photos.csv': `Name,Table,LogId\n${again},Tbtracking,2\n` });
    await fullSync(client, listOf);
    expect((await shownWith(client, 2)).map((shown) => shown.equals(photo))).toEqual([true]);
  });
});
