import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { zipOf } from './archive';
import { expectProblem, fullSync, onServer, signIn } from './on-server';

const server = onServer({}, { worker: true });

const jpeg = (shade: number) =>
  sharp({ create: { width: 40, height: 30, channels: 3, background: { r: shade, g: 0, b: 0 } } })
    .jpeg()
    .toBuffer();

describe('GET /v4/photos/files/{name}', () => {
  test('returns a photo that the solution uploaded: 200 image/jpeg, with ETag; case does not count in its name', async () => {
    const client = await signIn(server(), 'photos');
    const photo = await jpeg(10);
    await fullSync(client, zipOf({ 'photos/Étiquette 12.jpg': photo }));
    for (const name of ['Étiquette 12.jpg', 'étiquette 12.JPG']) {
      const answer = await client.photo(name);
      expect(answer.status).toBe(200);
      expect(answer.headers['content-type']).toBe('image/jpeg');
      expect(answer.headers['cache-control']).toBe('no-store');
      expect(answer.body.equals(photo)).toBe(true);
      expect(answer.headers.etag).toBe(`"${createHash('sha256').update(photo).digest('hex')}"`);
    }
  });

  test('ranges and If-None-Match, as with the package', async () => {
    const client = await signIn(server(), 'photos');
    const photo = await jpeg(20);
    await fullSync(client, zipOf({ 'photos/a.jpg': photo }));
    const part = await client.photo('a.jpg', { Range: 'bytes=10-19' });
    expect(part.status).toBe(206);
    expect(part.body.equals(photo.subarray(10, 20))).toBe(true);
    expect((await client.photo('a.jpg', { 'If-None-Match': String(part.headers.etag) })).status).toBe(304);
  });

  test('at any status', async () => {
    const client = await signIn(server(), 'photos');
    await fullSync(client, zipOf({ 'photos/a.jpg': await jpeg(30) }));
    await client.postForm(zipOf());
    expect((await client.photo('a.jpg')).status).toBe(200);
  });

  test('a photo that is not there, or another solution’s: 404 unknown-photo', async () => {
    const client = await signIn(server(), 'photos');
    const other = await signIn(server(), 'photos');
    await fullSync(other, zipOf({ 'photos/theirs.jpg': await jpeg(40) }));
    for (const name of ['theirs.jpg', 'none.jpg', '../theirs.jpg', '%', "'; drop table photo; --", 'a\0b']) {
      expectProblem(await client.photo(name), 404, 'unknown-photo');
    }
  });

  test('photos are on the channel photos only', async () => {
    const client = await signIn(server(), 'photos');
    await fullSync(client, zipOf({ 'photos/a.jpg': await jpeg(50) }));
    expect((await client.on('synchro').photo('a.jpg')).status).toBe(404);
  });

  test('a name leads to its newest photo, written in any case', async () => {
    const client = await signIn(server(), 'photos');
    await fullSync(client, zipOf({ 'photos/a.jpg': await jpeg(60) }));
    const newer = await jpeg(70);
    await fullSync(client, zipOf({ 'photos/A.jpg': newer }));
    expect((await client.photo('a.jpg')).body.equals(newer)).toBe(true);
  });
});
