import { createWriteStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { inflateRawSync } from 'node:zlib';
import { readArchive } from '../../shared/archive/read-archive';
import { zipStream } from '../../shared/archive/zip-writer';
import { allOf } from '../files/all-of';
import { createTestFolder, type TestFolder } from '../setup/folder';
import { handmadeZip } from '../../client/conformance/handmade-zip';

let folder: TestFolder;
let file: string;
beforeAll(() => {
  folder = createTestFolder();
  file = path.join(folder.path, 'package.zip');
});
afterAll(() => folder.remove());

async function read(): Promise<Record<string, string>> {
  const contents: Record<string, string> = {};
  for await (const entry of readArchive(file)) {
    const content = await buffer(await entry.open());
    expect(content).toHaveLength(entry.bytes);
    contents[entry.name] = content.toString();
  }
  return contents;
}

test('the reader reads what the writer wrote, in the same order', async () => {
  const entries = {
    'manifest.json': '{}',
    'csv/Tbsondes-r.csv': 'Id;Temp\n'.repeat(300_000),
    'xml/é.xml': '',
  };
  const written = Object.entries(entries).map(([name, content]) => ({ name, content }));
  await pipeline(zipStream(written), createWriteStream(file));
  const contents = await read();
  expect(Object.keys(contents)).toEqual(Object.keys(entries));
  expect(contents).toEqual(entries);
});

test('entries can be opened later, in any order, more than once, and given up', async () => {
  await writeFile(
    file,
    handmadeZip([
      { name: 'a', content: 'aa' },
      { name: 'b', content: 'bb' },
    ]),
  );
  const entries = await allOf(readArchive(file));
  (await entries[0]?.open())?.destroy();
  const contents = [];
  for (const index of [1, 0, 1]) {
    const stream = await entries[index]?.open();
    contents.push(stream && (await buffer(stream)).toString());
  }
  expect(contents).toEqual(['bb', 'aa', 'bb']);
});

test('a bad CRC is found', async () => {
  await writeFile(file, handmadeZip([{ name: 'a', crc: 1 }]));
  await expect(read()).rejects.toMatchObject({ code: 'bad-archive', detail: '"a": bad CRC' });
});

test('a path that leaves the folder is found before any entry is given', async () => {
  await writeFile(file, handmadeZip([{ name: 'a' }, { name: '../b' }]));
  await expect(readArchive(file).next()).rejects.toMatchObject({ code: 'bad-archive' });
});

test('a file that is not a zip is reported as such', async () => {
  await writeFile(file, '<html>502 Bad Gateway</html>');
  await expect(read()).rejects.toMatchObject({ code: 'not-a-zip' });
});

test('an entry is read as it is packed, but not if that is more than the caller wants to hold', async () => {
  const [packed, stored] = ['a'.repeat(5_000), 'bb'];
  await pipeline(
    zipStream([
      { name: 'packed', content: packed },
      { name: 'stored', content: stored },
    ]),
    createWriteStream(file),
  );
  const [first, second] = await allOf(readArchive(file));
  const read = await first?.readPacked(packed.length);
  expect(read?.method).toBe('deflated');
  expect(read && inflateRawSync(read.bytes).toString()).toBe(packed);
  expect(await first?.readPacked((read?.bytes.length ?? 0) - 1)).toBeNull();
  expect(await second?.readPacked(2)).toEqual({ method: 'stored', bytes: Buffer.from(stored) });
});
