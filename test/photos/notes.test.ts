import { zipOf } from '../v4/archive';
import { fullSync, onServer, signIn } from '../v4/on-server';
import type { SolutionClient } from '../setup/solution-client';
import { createPhotoStore } from '../../shared/stores/photos/photo-store';
import { exifBlock, jpeg, withExif } from './pictures';

const server = onServer({}, { worker: true });

const stored = (client: { id: number }, name: string) => createPhotoStore(server().db).find(client.id, name);
const listed = async (client: { id: number }) => {
  const { items } = await createPhotoStore(server().db).list(client.id, null, { limit: 100, after: null });
  return Object.fromEntries(items.map(({ name, logs }) => [name, logs]));
};
const reportOf = async (client: SolutionClient) => (await client.sync()).json['report'];
const fridges = (...rows: string[]) => ['Id,MeasuredAt,FridgeName,Temp,PhotoName', ...rows, ''].join('\r\n');

describe('csv/Photos.csv', () => {
  const lines = (separator: string) =>
    [
      ['Name', 'TakenAt', 'Table', 'LogId'],
      ['Étiquette n°1.jpg', '20/11/2026 07:31', 'TBFRIDGE', '12'],
    ]
      .map((cells) => cells.join(separator))
      .join('\r\n');

  test.each([
    ['UTF-8', Buffer.from(lines(','))],
    ['UTF-8 with a byte order mark', Buffer.from(`\uFEFF${lines(';')}`)],
    ['windows-1252', Buffer.from(lines(';'), 'latin1')],
  ])('is read in %s', async (_encoding, content) => {
    const client = await signIn(server(), 'photos');
    await fullSync(client, zipOf({ 'photos/Étiquette n°1.jpg': await jpeg(1), 'CSV/photos.CSV': content }));
    expect(await stored(client, 'Étiquette n°1.jpg')).toMatchObject({
      takenAt: new Date('2026-11-20T06:31:00Z'),
    });
    expect(await listed(client)).toEqual({
      'Étiquette n°1.jpg': [{ table: 'Tbfridge', id: '12', isStored: false }],
    });
  });

  test('says when a photo was taken, whatever its camera says', async () => {
    const client = await signIn(server(), 'photos');
    const picture = withExif(await jpeg(2), exifBlock({ original: '2008:01:01 00:00:00' }));
    await fullSync(client, zipOf({ 'photos/a.jpg': picture }));
    expect((await stored(client, 'a.jpg'))?.takenAt).toEqual(new Date('2007-12-31T23:00:00Z'));
    await fullSync(client, zipOf({ 'csv/Photos.csv': 'Name,TakenAt\na.jpg,2026-11-20T07:31:00Z\n' }));
    expect((await stored(client, 'a.jpg'))?.takenAt).toEqual(new Date('2026-11-20T07:31:00Z'));
  });

  test('has its bad lines in quarantine, with their number; the others count, and so do the photos', async () => {
    const client = await signIn(server(), 'photos');
    const list = [
      'Name,TakenAt,Table,LogId',
      'a.jpg,2026-11-20 07:31:00,Tbfridge,1',
      'b.jpg,yesterday,Tbfridge,2',
      'c.jpg,,Tbnothing,3',
      'd.jpg,,Tbfridge,many',
      ',,Tbfridge,5',
      'f.jpg,,Tbfridge',
      'g.jpg,"2026-11-20 07:31:00,Tbfridge,7',
      'h.jpg,,,',
      'i.jpg,,Tboil,9',
    ];
    const pictures = Object.fromEntries(
      await Promise.all(
        'abcdefghi'.split('').map(async (one, shade) => [`photos/${one}.jpg`, await jpeg(shade)] as const),
      ),
    );
    await fullSync(client, zipOf({ ...pictures, 'csv/Photos.csv': list.join('\n') }));
    expect(await reportOf(client)).toMatchObject({
      photos: { inserted: 9, duplicates: 0, rejected: 0 },
      rejections: [
        { file: 'csv/Photos.csv', line: 3, code: 'bad-value', reason: 'TakenAt is no time.' },
        { line: 4, code: 'bad-value', reason: 'Table is no log table.' },
        { line: 5, code: 'bad-value', reason: 'LogId is no Id of a log row.' },
        { line: 6, code: 'bad-value', reason: 'Name is not the name of a photo.' },
        { line: 7, code: 'wrong-cell-count' },
        { line: 8, code: 'unterminated-quote' },
      ],
    });
    expect(await listed(client)).toMatchObject({
      'a.jpg': [{ table: 'Tbfridge', id: '1' }],
      'd.jpg': [],
      'i.jpg': [{ table: 'Tboil', id: '9' }],
    });
    const kept: unknown = await server()
      .db('quarantine')
      .where({ solution_id: client.id, line: 3 })
      .first('kind', 'header', 'raw');
    expect(kept).toEqual({ kind: 'row', header: list[0], raw: list[2] });
  });

  test('without a column Name is rejected as a whole', async () => {
    const client = await signIn(server(), 'photos');
    await fullSync(
      client,
      zipOf({ 'photos/a.jpg': await jpeg(3), 'csv/Photos.csv': 'Photo,Table\na.jpg,Tbfridge\n' }),
    );
    expect(await reportOf(client)).toMatchObject({
      photos: { inserted: 1 },
      rejections: [{ file: 'csv/Photos.csv', code: 'bad-header' }],
    });
  });
});

describe('a photo and its log row find each other', () => {
  const link = { 'csv/Photos.csv': 'Name,TakenAt,Table,LogId\na.jpg,,Tbfridge,1\n' };

  const parts = {
    link: (photos: SolutionClient) => fullSync(photos, zipOf(link)),
    photo: async (photos: SolutionClient) => fullSync(photos, zipOf({ 'photos/a.jpg': await jpeg(4) })),
    row: (photos: SolutionClient) =>
      fullSync(photos.on('synchro'), zipOf({ 'csv/Tbfridge.csv': fridges('1,2026-11-20 07:31:00,Cave,3,') })),
  };
  test.each([
    ['link', 'photo', 'row'],
    ['link', 'row', 'photo'],
    ['photo', 'link', 'row'],
    ['photo', 'row', 'link'],
    ['row', 'link', 'photo'],
    ['row', 'photo', 'link'],
  ] as const)('whichever comes first: %s, %s, %s', async (...order) => {
    const client = await signIn(server(), 'photos');
    for (const part of order) await parts[part](client);
    expect(await listed(client)).toEqual({ 'a.jpg': [{ table: 'Tbfridge', id: '1', isStored: true }] });
  });

  test('by the name in the row as well, compared without case', async () => {
    const client = await signIn(server(), 'photos');
    const rows = fridges('1,2026-11-20 07:31:00,Cave,3,A.JPG', '2,2026-11-20 08:31:00,Cave,3,other.jpg');
    await fullSync(client.on('synchro'), zipOf({ 'csv/Tbfridge.csv': rows }));
    await fullSync(client, zipOf({ 'photos/a.jpg': await jpeg(5), ...link }));
    expect(await listed(client)).toEqual({ 'a.jpg': [{ table: 'Tbfridge', id: '1', isStored: true }] });
  });

  test('whose photo was refused: the link waits for the photo', async () => {
    const client = await signIn(server(), 'photos');
    const picture = await jpeg(6);
    await fullSync(client, zipOf({ 'photos/a.jpg': picture.subarray(0, -50), ...link }));
    expect(await reportOf(client)).toMatchObject({ photos: { inserted: 0, rejected: 1 } });
    expect(await listed(client)).toEqual({});
    await fullSync(client, zipOf({ 'photos/a.jpg': picture }));
    expect(await listed(client)).toMatchObject({ 'a.jpg': [{ table: 'Tbfridge', id: '1' }] });
  });
});

describe('photos', () => {
  test('of one content are stored once, with one thumbnail', async () => {
    const client = await signIn(server(), 'photos');
    const picture = await jpeg(7);
    await fullSync(client, zipOf({ 'photos/a.jpg': picture, 'photos/b.jpg': picture }));
    await fullSync(client, zipOf({ 'photos/b.jpg': picture, 'photos/c.jpg': picture }));
    expect(await reportOf(client)).toMatchObject({ photos: { inserted: 1, duplicates: 1, rejected: 0 } });
    const [a, b, c] = [
      await stored(client, 'a.jpg'),
      await stored(client, 'b.jpg'),
      await stored(client, 'c.jpg'),
    ];
    expect(new Set([a?.fileKey, b?.fileKey, c?.fileKey]).size).toBe(1);
  });

  test('that are damaged wait in quarantine; when they are processed again, they are checked again', async () => {
    const client = await signIn(server(), 'photos');
    const first = await fullSync(client, zipOf({ 'photos/a.jpg': (await jpeg(8)).subarray(0, -50) }));
    const rows = await server().db('quarantine').where({ sync_id: first }).select('kind', 'code', 'file');
    expect(rows).toEqual([{ kind: 'photo', code: 'bad-photo', file: 'photos/a.jpg' }]);
  });
});
