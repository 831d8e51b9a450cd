import AdmZip from 'adm-zip';
import sharp from 'sharp';
import { zipOf } from '../v4/archive';
import { fullSync, onServer, signIn } from '../v4/on-server';

const server = onServer({}, { worker: true });

const jpeg = (side: number, options: sharp.JpegOptions = {}) =>
  sharp({ create: { width: side, height: side, channels: 3, background: '#336699' } })
    .jpeg({ quality: 5, ...options })
    .toBuffer();

test('a progressive photo of a hundred megapixels is refused before it fills the memory', async () => {
  const client = await signIn(server(), 'photos');
  const stored = zipStored({ 'photos/bomb.jpg': await jpeg(10_000, { progressive: true }) });
  await fullSync(client, stored);
  expect((await client.sync()).json['report']).toMatchObject({
    photos: { inserted: 0, rejected: 1 },
    rejections: [{ file: 'photos/bomb.jpg', code: 'bad-photo' }],
  });
});

test('a list of photos that is too large to be read is refused; the photos are kept', async () => {
  const client = await signIn(server(), 'photos');
  const line = (n: number) => `photo${n}.jpg,2026-11-20 07:31:00,Tbfridge,${n}\n`;
  const lines = Array.from({ length: 300_000 }, (_, n) => line(n)).join('');
  await fullSync(
    client,
    zipOf({ 'photos/a.jpg': await jpeg(64), 'csv/Photos.csv': `Name,TakenAt,Table,LogId\n${lines}` }),
  );
  expect((await client.sync()).json['report']).toMatchObject({
    photos: { inserted: 1, rejected: 0 },
    rejections: [{ file: 'csv/Photos.csv', code: 'too-large' }],
  });
});

/** A picture of one colour shrinks so well that it would be refused as an archive. */
function zipStored(files: Record<string, Buffer>): Buffer {
  const zip = new AdmZip();
  for (const [name, content] of Object.entries(files)) {
    zip.addFile(name, content);
    const entry = zip.getEntry(name);
    if (entry !== null) entry.header.method = 0;
  }
  return zip.toBuffer();
}
