import sharp from 'sharp';
import { zipOf } from '../v4/archive';
import { fullSync, onServer, signIn } from '../v4/on-server';
import { storedZip } from './stored-zip';

const server = onServer({}, { worker: true });

const jpeg = (side: number, options: sharp.JpegOptions = {}) =>
  sharp({ create: { width: side, height: side, channels: 3, background: '#336699' } })
    .jpeg({ quality: 5, ...options })
    .toBuffer();

test('a progressive photo of a hundred megapixels is refused before it fills the memory', async () => {
  const client = await signIn(server(), 'photos');
  const stored = storedZip({ 'photos/bomb.jpg': await jpeg(10_000, { progressive: true }) });
  await fullSync(client, stored);
  expect((await client.sync()).json['report']).toMatchObject({
    photos: { inserted: 0, rejected: 1 },
    rejections: [{ file: 'photos/bomb.jpg', code: 'bad-photo' }],
  });
});

test('a list of a hundred thousand photos that never arrived is stored, line by line', async () => {
  const client = await signIn(server(), 'photos');
  const line = (n: number) => `photo${n}.jpg,2026-11-20 07:31:00,Tbfridge,${n}\n`;
  const lines = Array.from({ length: 100_000 }, (_, n) => line(n)).join('');
  await fullSync(
    client,
    zipOf({ 'photos/a.jpg': await jpeg(64), 'csv/Photos.csv': `Name,TakenAt,Table,LogId\n${lines}` }),
  );
  expect((await client.sync()).json['report']).toMatchObject({
    photos: { inserted: 1, rejected: 0 },
    rejections: [],
  });
  const [noted] = await server()
    .db('photo_note')
    .where({ solution_id: client.id })
    .count<{ count: string }[]>();
  expect(noted?.count).toBe('100000');
});
