import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import AdmZip from 'adm-zip';
import fc from 'fast-check';
import { zipStream } from '../../shared/archive/zip-writer';
import { realData } from '../setup/real-data';
import { handmadeZip } from '../../client/conformance/handmade-zip';
import { createUnpackingPlace, type Outcome, type UnpackingPlace } from './unpacking';

let place: UnpackingPlace;
beforeAll(() => (place = createUnpackingPlace()));
afterAll(() => place.remove());

const folder = realData('archives');
const realArchives =
  folder === null
    ? []
    : readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.zip'));
/** Made by programs that are used, and read by every reader. */
const sound = ['strangers/bsdtar-pipe-padded.zip', 'strangers/sharpziplib-1.3.3-streamed.zip'];
const hostile = realArchives.filter((name) => !sound.includes(name));

/** A word of the refusal that each must get, by the name of the file. Any other: `bad-archive`. */
const expectedReasons: readonly (readonly [RegExp, string])[] = [
  [/truncated_1/, 'not-a-zip'],
  [/truncated\./, 'truncated'],
  [/comment length/, 'followed by other bytes'],
  [/absolute path C/, 'drive letter'],
  [/absolute path at/, 'absolute path'],
  [/size mismatch/, 'two different sizes'],
  [/overflows/, 'truncated'],
  [/invalid code lengths|too many length/, 'damaged compressed data'],
  [/local file header/, 'no entry where the directory says'],
  [/relative path|zip-slip/, '".."'],
  [/multi-disk/, 'several parts'],
  [/not enough bytes/, 'ratio too high'],
  [/strong encryption/, 'encrypted'],
  [/unexpected EOF/, 'truncated'],
  [/compression method/, 'unsupported compression method 1'],
  [/says-0/, 'contradict each other'],
  [/zip64/, 'zip64'],
];

(folder === null ? describe.skip : describe)(
  'every broken and hostile archive of the real input is refused',
  () => {
    test.each(hostile)('%s', async (name) => {
      const outcome = await place.unpack(readFileSync(path.join(folder ?? '', name)));
      if (!('refused' in outcome)) throw new Error('it was unpacked');
      expect(outcome.refused).toMatch(/^(unprocessable bad-archive|unsupported not-a-zip): /);
      const reason = expectedReasons.find(([file]) => file.test(name))?.[1] ?? '';
      expect(outcome.refused).toContain(reason);
    });
  },
);

(folder === null ? describe.skip : describe)('what rare but real programs write is read', () => {
  test.each(sound)('%s', async (name) => {
    const archive = path.join(folder ?? '', name);
    const outcome = await place.unpack(readFileSync(archive));
    const listed = execFileSync('unzip', ['-Z1', archive], { encoding: 'utf8' }).trim().split('\n');
    if ('refused' in outcome) throw new Error(outcome.refused);
    expect(Object.keys(outcome.unpacked)).toEqual(listed.filter((entry) => !entry.endsWith('/')));
  });
});

const files: Readonly<Record<string, Buffer>> = {
  'xml/Fridges.xml': Buffer.from(
    '<DefFridges><Id>1</Id><Name>Chambre froide</Name></DefFridges>\n'.repeat(40),
  ),
  'csv/Tbfridge.csv': Buffer.from(
    Array.from({ length: 400 }, (_, i) => `${i},${(i * 7919) % 97},3.${i % 10}\n`).join(''),
  ),
  'photos/été.jpg': Buffer.from(Array.from({ length: 900 }, (_, i) => (i * 7919 + (i >> 3)) % 256)),
  'leer.txt': Buffer.alloc(0),
};

/** The same files as two programs write them: with the sizes after the data, and before. */
async function validArchives(): Promise<readonly Buffer[]> {
  const streamed = await buffer(
    zipStream(
      Object.entries(files).map(([name, content]) => ({ name, content, compress: name.endsWith('l') })),
    ),
  );
  const whole = new AdmZip();
  for (const [name, content] of Object.entries(files)) whole.addFile(name, content);
  return [streamed, whole.toBuffer()];
}

test('an archive that is cut anywhere is refused, whole', async () => {
  for (const archive of await validArchives()) {
    await expect(place.unpack(archive)).resolves.toEqual({ unpacked: files });
    for (let bytes = 0; bytes < archive.length; bytes += 50) {
      const outcome = await place.unpack(archive.subarray(0, bytes));
      expect({ bytes, outcome }).toEqual({
        bytes,
        outcome: { refused: expect.stringMatching(bytes < 4 ? /not-a-zip/ : /bad-archive/) as string },
      });
    }
  }
});

test('an archive without its beginning is refused', async () => {
  for (const archive of await validArchives()) {
    for (let bytes = 1; bytes < archive.length; bytes += 97) {
      expect(await place.unpack(archive.subarray(bytes))).toHaveProperty('refused');
    }
  }
});

/** Large enough to be judged by what was seen of it while it came. */
const largeStored = handmadeZip([
  { name: 'photos/1.jpg', method: 0, content: Buffer.alloc(70_000, 'photo') },
  { name: 'leer.txt', method: 0, content: '' },
]);

test('an archive with any bytes changed is refused, or gives the right files: never a part, never others', async () => {
  const samples: { archive: Buffer; contents: readonly Buffer[] }[] = [];
  for (const archive of [...(await validArchives()), largeStored])
    samples.push({ archive, contents: contentsOf(await place.unpack(archive)) });
  const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }), nearEnd: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...samples),
      fc.array(change, { minLength: 1, maxLength: 4 }),
      async ({ archive, contents }, changes) => {
        const changed = Buffer.from(archive);
        // Half of the changes go to the directory, which is where the harm is.
        const reach = (nearEnd: boolean) => (nearEnd ? Math.min(400, changed.length) : changed.length);
        for (const { at, to, nearEnd } of changes) changed[changed.length - 1 - (at % reach(nearEnd))] = to;
        const outcome = await place.unpack(changed);
        if ('unpacked' in outcome) expect(contentsOf(outcome)).toEqual(contents);
      },
    ),
    { numRuns: 700 },
  );
});

/** Without their names: where both headers of an entry get the same other name, nothing tells that it had another. */
function contentsOf(outcome: Outcome): Buffer[] {
  if ('refused' in outcome) throw new Error(outcome.refused);
  return Object.values(outcome.unpacked).sort((a, b) => a.compare(b));
}

test('an archive with a "/" in one of an entry’s two names, where the other has none, is refused', async () => {
  for (const archive of await validArchives()) {
    for (const at of placesOf(archive, Object.keys(files))) {
      const changed = Buffer.from(archive);
      changed.write('/', at);
      if (changed.equals(archive)) continue;
      expect({ at, isRefused: 'refused' in (await place.unpack(changed)) }).toEqual({ at, isRefused: true });
    }
  }
});

/** The positions of every byte of these names, wherever they occur. */
function placesOf(archive: Buffer, names: readonly string[]): number[] {
  const places: number[] = [];
  for (const name of names.map((text) => Buffer.from(text))) {
    for (let at = archive.indexOf(name); at >= 0; at = archive.indexOf(name, at + 1))
      for (let byte = 0; byte < name.length; byte += 1) places.push(at + byte);
  }
  return places;
}

test('any bytes at all are refused', async () => {
  const pieces = fc.constantFrom(
    ...['PK\x03\x04', 'PK\x01\x02', 'PK\x05\x06', 'PK\x06\x06', 'PK\x06\x07'].map((text) =>
      Buffer.from(text, 'latin1'),
    ),
  );
  const bytes = fc.array(fc.oneof(pieces, fc.uint8Array({ maxLength: 40 })), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(bytes, async (parts) => {
      const outcome = await place.unpack(Buffer.concat(parts));
      if ('unpacked' in outcome) expect(outcome.unpacked).toEqual({});
    }),
    { numRuns: 500 },
  );
});
