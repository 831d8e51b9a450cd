import { once } from 'node:events';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import AdmZip from 'adm-zip';
import { zipStream, type ZipEntry } from '../../shared/archive/zip-writer';
import { eventually } from '../queue/eventually';

const pseudoRandom = (bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, (_, i) => (i * 7919 + (i >> 4) * 31) % 251));

test('strings, bytes and streams come out as they went in, in their order', async () => {
  const photo = pseudoRandom(300_000);
  const archive = await buffer(
    zipStream([
      { name: 'xml/Fridges-u.xml', content: '<été/>' },
      { name: 'photos/a.jpg', content: photo, compress: false },
      { name: 'csv/Tbsondes-r.csv', content: () => Readable.from([Buffer.from('Id\n'), Buffer.from('1\n')]) },
      { name: 'empty', content: '' },
    ]),
  );
  const read = new AdmZip(archive).getEntries().map((entry) => [entry.entryName, entry.getData()] as const);
  expect(read.map(([name]) => name)).toEqual([
    'xml/Fridges-u.xml',
    'photos/a.jpg',
    'csv/Tbsondes-r.csv',
    'empty',
  ]);
  expect(read.map(([, content]) => content.length)).toEqual([8, 300_000, 5, 0]);
  expect(read[0]?.[1].toString()).toBe('<été/>');
  expect(read[1]?.[1].equals(photo)).toBe(true);
  expect(archive.length).toBeGreaterThan(300_000);
});

test('no entries give an empty archive', async () => {
  expect(new AdmZip(await buffer(zipStream([]))).getEntries()).toEqual([]);
});

test('the same entries give the same bytes, however their content is cut', async () => {
  const content = pseudoRandom(500_000);
  const pieces = Array.from({ length: 500 }, (_, i) => content.subarray(i * 1_000, (i + 1) * 1_000));
  const whole = await buffer(zipStream([{ name: 'a', content }]));
  const inPieces = await buffer(zipStream([{ name: 'a', content: () => Readable.from(pieces) }]));
  expect(inPieces.equals(whole)).toBe(true);
});

test('every entry has the same time, the earliest that a zip can hold, in the local time that it is held in', async () => {
  const archive = await buffer(zipStream([{ name: 'a', content: 'a' }]));
  const [timeOfDay, date] = [archive.readUInt16LE(10), archive.readUInt16LE(12)];
  expect({ timeOfDay, date }).toEqual({ timeOfDay: 0, date: (1 << 5) | 1 });
  const extraFieldBytes = archive.readUInt16LE(28);
  expect(extraFieldBytes).toBe(0);
});

test('an entry is asked for only when the one before has been read to its end', async () => {
  const events: string[] = [];
  function* entries(): Generator<ZipEntry> {
    for (const name of ['a', 'b']) {
      events.push(`asked for ${name}`);
      yield { name, content: () => Readable.from(told(name)) };
      events.push(`${name} is behind us`);
    }
  }
  function* told(name: string): Generator<Buffer> {
    events.push(`opened ${name}`);
    yield pseudoRandom(200_000);
    events.push(`read ${name}`);
  }
  await buffer(zipStream(entries()));
  expect(events).toEqual([
    'asked for a',
    'opened a',
    'read a',
    'a is behind us',
    'asked for b',
    'opened b',
    'read b',
    'b is behind us',
  ]);
});

test('a reader that stops makes the sources stop: unread data are not kept in memory', async () => {
  let given = 0;
  function* endless(): Generator<Buffer> {
    for (;;) {
      given += 65_536;
      yield pseudoRandom(65_536);
    }
  }
  const stream = zipStream([{ name: 'endless', compress: false, content: () => Readable.from(endless()) }]);
  await once(stream, 'readable');
  await sleep(200);
  expect(given).toBeLessThan(4_000_000);
  stream.destroy();
});

test('a content that fails, fails the archive with its own error', async () => {
  function* broken(): Generator<Buffer> {
    yield pseudoRandom(1_000);
    throw new Error('the table is gone');
  }
  const contents: readonly (() => Readable)[] = [
    () => Readable.from(broken()),
    () => new Readable({ read: () => undefined }).destroy(new Error('the table is gone')),
    () => {
      throw new Error('the table is gone');
    },
  ];
  for (const content of contents) {
    await expect(buffer(zipStream([{ name: 'a', content }]))).rejects.toThrow('the table is gone');
  }
});

test('entries that fail, fail the archive with their own error', async () => {
  function* broken(): Generator<ZipEntry> {
    yield { name: 'a', content: 'a' };
    throw new Error('no more');
  }
  await expect(buffer(zipStream(broken()))).rejects.toThrow('no more');
});

test('entries that fail before anyone reads give the reader their own error, and do not end the process', async () => {
  async function* failing(): AsyncGenerator<ZipEntry> {
    await Promise.resolve();
    throw new Error('the database went away');
  }
  const archive = zipStream(failing());
  await sleep(20);
  await expect(buffer(archive)).rejects.toThrow('the database went away');
});

test('a name that leaves the folder is refused', async () => {
  await expect(buffer(zipStream([{ name: '../a', content: 'a' }]))).rejects.toThrow('invalid relative path');
});

test('an archive that is given up closes the content that is open, and asks for no more', async () => {
  const source = Readable.from(
    (function* () {
      for (;;) yield pseudoRandom(65_536);
    })(),
  );
  let finished = false;
  function* entries(): Generator<ZipEntry> {
    try {
      yield { name: 'a', content: () => source };
      yield { name: 'b', content: 'never' };
    } finally {
      finished = true;
    }
  }
  const stream = zipStream(entries());
  await once(stream, 'readable');
  const closed = once(source, 'close');
  stream.destroy();
  await closed;
  await eventually('the entries are given up', () => finished);
});
