import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createFlagService } from '../../api/backoffice/services/flags';
import { commandLineCaller } from '../../shared/domain/staff';
import { parseCsv } from '../../shared/formats/csv-table';
import { createPhotoStore, type Photo } from '../../shared/stores/photos/photo-store';
import { eventually } from '../queue/eventually';
import { unzip, zipOf } from '../v4/archive';
import { fullSync, onServer, signIn, storedFiles, syncTo2 } from '../v4/on-server';
import { openStoreAccess } from '../../shared/stores/store-access';
import { jpeg } from './pictures';

const server = onServer({}, { worker: true });

type Client = Awaited<ReturnType<typeof signIn>>;

const found = (client: Client, name: string) => createPhotoStore(server().db).find(client.id, name);
const fileOf = (photo: Pick<Photo, 'fileKey'> | null) =>
  path.join(server().config.filesDir, photo?.fileKey ?? '');

/** Syncs with the flag set. Answers the names in the index that the solution is told. */
async function rebuild(client: Client, archive = zipOf()): Promise<string[]> {
  const key = { solutionId: client.id, channel: 'photos' as const };
  await createFlagService(openStoreAccess(server().db)).set(commandLineCaller, key, 'rebuild-photo-index');
  await syncTo2(client, archive);
  const index = unzip((await client.download()).body).get('csv/Photos-r.csv');
  await client.confirm();
  return parseCsv(String(index)).rows.map(([name]) => name ?? '');
}

describe('rebuild-photo-index', () => {
  test('forgets what the file store has lost, and what it holds damaged; sent again, it is back with its log row', async () => {
    const client = await signIn(server(), 'photos');
    const pictures = {
      'photos/kept.jpg': await jpeg(1),
      'photos/lost.jpg': await jpeg(2),
      'photos/short.jpg': await jpeg(3),
      'photos/rotten.jpg': await jpeg(4),
    };
    const list = 'Name,TakenAt,Table,LogId\nlost.jpg,,Tbfridge,7\n';
    await fullSync(client, zipOf({ ...pictures, 'csv/Photos.csv': list }));
    await rm(fileOf(await found(client, 'lost.jpg')));
    await truncate(fileOf(await found(client, 'short.jpg')), 50);
    const rotten = fileOf(await found(client, 'rotten.jpg'));
    const bytes = await readFile(rotten);
    bytes[bytes.length - 10] = (bytes[bytes.length - 10] ?? 0) ^ 0xff;
    await writeFile(rotten, bytes);

    expect(await rebuild(client)).toEqual(['kept.jpg']);
    await fullSync(client, zipOf(pictures));
    expect((await client.sync()).json['report']).toMatchObject({ photos: { inserted: 3, duplicates: 1 } });
    for (const [name, content] of Object.entries(pictures))
      expect((await client.photo(name.slice(7))).body.equals(content)).toBe(true);
    const { items } = await createPhotoStore(server().db).list(client.id, null, { limit: 9, after: null });
    expect(items.find(({ name }) => name === 'lost.jpg')?.logs).toMatchObject([
      { table: 'Tbfridge', id: '7' },
    ]);
  });

  test('finds photos that the index has lost, under their last name', async () => {
    const client = await signIn(server(), 'photos');
    const picture = await jpeg(5);
    await fullSync(client, zipOf({ 'photos/Étiquette.jpg': await jpeg(6), 'photos/b.jpg': picture }));
    await fullSync(client, zipOf({ 'photos/étiquette.JPG': picture }));
    const before = [await found(client, 'Étiquette.jpg'), await found(client, 'b.jpg')];
    await server().db('photo').where({ solution_id: client.id }).delete();

    expect((await rebuild(client)).map((name) => name.toLowerCase())).toEqual([
      'b.jpg',
      'étiquette.jpg',
      'étiquette.jpg',
    ]);
    const after = [await found(client, 'Étiquette.jpg'), await found(client, 'b.jpg')];
    expect(after.map((photo) => ({ ...photo, name: '', id: '' }))).toEqual(
      before.map((photo) => ({ ...photo, name: '', id: '' })),
    );
    expect((await client.photo('Étiquette.jpg')).body.equals(picture)).toBe(true);
  });

  test('makes lost thumbnails again', async () => {
    const client = await signIn(server(), 'photos');
    await fullSync(client, zipOf({ 'photos/a.jpg': await jpeg(7) }));
    const [thumbnail = ''] = (await storedFiles(server())).filter((file) =>
      file.startsWith(`thumbnails/${client.id}/`),
    );
    const file = path.join(server().config.filesDir, thumbnail);
    const bytes = await readFile(file);
    await rm(file);
    await rebuild(client);
    expect((await readFile(file)).equals(bytes)).toBe(true);
  });

  test('also takes the photos of its own upload, and the timeline shows what it did', async () => {
    const client = await signIn(server(), 'photos');
    expect(await rebuild(client, zipOf({ 'photos/a.jpg': await jpeg(8) }))).toEqual(['a.jpg']);
    const told: unknown = await server()
      .db('sync_event')
      .join('sync', 'sync.id', 'sync_event.sync_id')
      .where({ solution_id: client.id, step: 'photo-index-rebuilt' })
      .first('detail');
    expect(told).toEqual({ detail: '0 entries forgotten, 0 photos found' });
  });

  test('ignores files that are not a record of a name', async () => {
    const client = await signIn(server(), 'photos');
    await fullSync(client, zipOf({ 'photos/a.jpg': await jpeg(9) }));
    const [name = ''] = (await storedFiles(server())).filter((file) =>
      file.startsWith(`photo-names/${client.id}/`),
    );
    const folder = path.join(server().config.filesDir, path.dirname(name));
    await writeFile(path.join(folder, 'x.json'), '{"name":1}');
    await writeFile(path.join(folder, 'y.json'), 'not JSON');
    await writeFile(
      path.join(folder, 'z.json'),
      JSON.stringify({ name: 'gone.jpg', sha256: 'ab'.repeat(32) }),
    );
    expect(await rebuild(client)).toEqual(['a.jpg']);
  });

  test('removes nothing while the file store cannot be reached', async () => {
    const client = await signIn(server(), 'photos');
    await fullSync(client, zipOf({ 'photos/a.jpg': await jpeg(10) }));
    await server().stopWorker();
    const key = { solutionId: client.id, channel: 'photos' as const };
    await createFlagService(openStoreAccess(server().db)).set(commandLineCaller, key, 'rebuild-photo-index');
    await client.postForm(zipOf());
    await server()
      .db('sync')
      .where({ solution_id: client.id, state: 'queued' })
      .update({ archive_key: 'uploads/unmounted' });
    await server().startWorker();
    await eventually('the sync has been tried twice', async () => {
      const row = await server()
        .db<{ attempts: number; archive_key: string }>('sync')
        .where({ archive_key: 'uploads/unmounted' })
        .first('attempts');
      return (row?.attempts ?? 0) >= 2;
    });
    expect(await found(client, 'a.jpg')).not.toBeNull();
  });
});
