import { randomBytes } from 'node:crypto';
import { mkdir, symlink } from 'node:fs/promises';
import path from 'node:path';
import { buffer, text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import AdmZip from 'adm-zip';
import { unpackArchive, unpackedFiles } from '../../shared/archive/unpack';
import { zipStream } from '../../shared/archive/zip-writer';
import { createDiskFileStore } from '../../shared/files/disk-file-store';
import type { FileStore } from '../../shared/files/file-store';
import { allOf } from '../files/all-of';
import { createTestFolder } from '../setup/folder';
import { handmadeZip, UTF8_FLAG } from '../../client/conformance/handmade-zip';
import { extraField } from './extra-field';
import { ARCHIVE, createUnpackingPlace, TARGET, wideLimits, type UnpackingPlace } from './unpacking';

let place: UnpackingPlace;
beforeAll(() => (place = createUnpackingPlace()));
afterAll(() => place.remove());

/** More than what is unpacked again each time that it is read. */
const tooLargeToStay = (text: string) => text.padEnd(70_000, '.');

describe('an archive that is accepted', () => {
  test('is unpacked file by file, whoever wrote it', async () => {
    const files = {
      'xml/Fridges.xml': Buffer.from('<ArrayOfDefFridges/>'),
      'csv/Tbfridge.csv': Buffer.from('Id,Temp\n'.repeat(2_000)),
      'photos/été.jpg': randomBytes(80_000),
      'empty.txt': Buffer.alloc(0),
    };
    const ours = await buffer(zipStream(Object.entries(files).map(([name, content]) => ({ name, content }))));
    const theirs = new AdmZip();
    for (const [name, content] of Object.entries(files)) theirs.addFile(name, content);
    await expect(place.unpack(ours)).resolves.toEqual({ unpacked: files });
    await expect(place.unpack(theirs.toBuffer())).resolves.toEqual({ unpacked: files });
  });

  test('leaves in the archive what is stored there or small, and unpacks the rest', async () => {
    const large = tooLargeToStay('a');
    const archive = handmadeZip([
      { name: 'xml/', content: '', method: 0, mode: 0o40755 },
      { name: 'photos/b.jpg', content: 'bb', method: 0 },
      { name: 'A.xml', content: large },
      { name: 'B.xml', content: 'b' },
    ]);
    await place.store.write('told.zip', archive);
    await expect(
      unpackArchive(place.store, { archiveKey: 'told.zip', targetPrefix: 'told' }, wideLimits),
    ).resolves.toEqual({
      unpackedBytes: large.length + 3,
    });
    expect(await allOf(place.store.list('told'))).toEqual([{ key: 'told/A.xml', bytes: large.length }]);
    const files = await unpackedFiles(place.store, 'told.zip', 'told');
    const told = files.map(async (file) => [file.name, file.bytes, await text(await file.open())]);
    expect(await Promise.all(told)).toEqual([
      ['photos/b.jpg', 2, 'bb'],
      ['A.xml', large.length, large],
      ['B.xml', 1, 'b'],
    ]);
    for (const key of ['told', 'told.zip']) await place.store.remove(key);
    await expect(unpackedFiles(place.store, 'told.zip', 'told')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('files that are no longer unpacked, or incomplete, are read from the archive', async () => {
    const archive = handmadeZip([
      { name: 'csv/a.csv', content: tooLargeToStay('gone') },
      { name: 'csv/b.csv', content: tooLargeToStay('not whole') },
    ]);
    await place.store.write('again.zip', archive);
    await unpackArchive(place.store, { archiveKey: 'again.zip', targetPrefix: 'again' }, wideLimits);
    await place.store.remove('again/csv/a.csv');
    await place.store.write('again/csv/b.csv', Buffer.from('not'));
    const files = await unpackedFiles(place.store, 'again.zip', 'again');
    expect(await Promise.all(files.map(async (file) => text(await file.open())))).toEqual([
      tooLargeToStay('gone'),
      tooLargeToStay('not whole'),
    ]);
    for (const key of ['again', 'again.zip']) await place.store.remove(key);
  });

  test('may be empty: there is nothing to say, only to fetch', async () => {
    await expect(place.unpack(handmadeZip([]))).resolves.toEqual({ unpacked: {} });
  });

  test('may have a comment, and a folder for each file', async () => {
    const archive = handmadeZip(
      [
        { name: 'xml/', content: '', method: 0, mode: 0o40755 },
        { name: 'xml/a', content: 'x' },
      ],
      { comment: 'sent by hand' },
    );
    await expect(place.unpack(archive)).resolves.toEqual({ unpacked: { 'xml/a': Buffer.from('x') } });
  });

  test('may be zip64', async () => {
    const sizes = Buffer.alloc(16);
    sizes.writeBigUInt64LE(5n, 0);
    sizes.writeBigUInt64LE(5n, 8);
    const inExtraField = {
      packedBytes: 0xffffffff,
      unpackedBytes: 0xffffffff,
      extra: extraField(1, sizes),
    };
    const archive = handmadeZip([{ name: 'a', method: 0, local: inExtraField, central: inExtraField }], {
      zip64: true,
    });
    await expect(place.unpack(archive)).resolves.toEqual({ unpacked: { a: Buffer.from('hello') } });
  });

  const unknown = Buffer.alloc(16, 0xff);
  test.each([
    ['zero before it', { crc: 0, packedBytes: 0, unpackedBytes: 0 }],
    [
      '-1 in a zip64 field before it, as SharpZipLib does',
      { crc: 0, packedBytes: 0xffffffff, unpackedBytes: 0xffffffff, extra: extraField(1, unknown) },
    ],
    ['a guess before it', { crc: 7, packedBytes: 1, unpackedBytes: 1 }],
  ])('may have its sizes after the data, as programs that stream write it, and %s', async (_, local) => {
    const archive = handmadeZip([{ flags: UTF8_FLAG | 8, local }]);
    await expect(place.unpack(archive)).resolves.toEqual({ unpacked: { 'a.txt': Buffer.from('hello') } });
    const damaged = handmadeZip([{ name: 'good.txt' }, { flags: UTF8_FLAG | 8, local, crc: 7 }]);
    expect(await refusal(damaged)).toBe(bad('a.txt', 'bad CRC'));
  });

  const five = Buffer.alloc(8);
  five.writeBigUInt64LE(5n, 0);
  test.each([
    ['unpacked', { unpackedBytes: 0xffffffff }],
    ['packed', { packedBytes: 0xffffffff }],
    ['unpacked, while both are marked', { unpackedBytes: 0xffffffff, packedBytes: 0xffffffff }],
  ])('may have a zip64 field with one size, the %s', async (_, marked) => {
    const zip64 = (value: Buffer) => ({ method: 0, local: { ...marked, extra: extraField(1, value) } });
    await expect(place.unpack(handmadeZip([zip64(five)]))).resolves.toEqual({
      unpacked: { 'a.txt': Buffer.from('hello') },
    });
    expect(await refusal(handmadeZip([zip64(Buffer.alloc(8, 3))]))).toBe(
      bad('a.txt', 'its header disagrees with the directory'),
    );
  });

  test('may have "\\" in one of its two names and "/" in the other', async () => {
    const [slash, backslash] = [Buffer.from('xml/a.xml'), Buffer.from('xml\\a.xml')];
    for (const [central, local] of [
      [slash, backslash],
      [backslash, slash],
    ] as const) {
      const archive = handmadeZip([{ central: { rawName: central }, local: { rawName: local } }]);
      await expect(place.unpack(archive)).resolves.toEqual({
        unpacked: { 'xml/a.xml': Buffer.from('hello') },
      });
    }
  });

  test.each([512, 10_240, 1_024_000])('may be padded with zeros to blocks of %d', async (blockBytes) => {
    for (const end of [{}, { comment: 'sent by hand' }, { comment: 'zeros\0\0\0' }, { zip64: true }]) {
      const archive = Buffer.concat([handmadeZip([{}], end), Buffer.alloc(blockBytes)]).subarray(
        0,
        blockBytes,
      );
      await expect(place.unpack(archive)).resolves.toEqual({ unpacked: { 'a.txt': Buffer.from('hello') } });
    }
  });

  test.each(['/', '\\'])('may have an entry for its own folder, %j', async (name) => {
    const folderEntry = { name, content: '', method: 0, mode: 0o40755 };
    await expect(place.unpack(handmadeZip([folderEntry, {}]))).resolves.toEqual({
      unpacked: { 'a.txt': Buffer.from('hello') },
    });
    expect(await refusal(handmadeZip([{ name }]))).toBe(bad('/', 'a folder with content'));
  });

  test('is not written if nothing will read it, but is checked and stays readable', async () => {
    const entries = [
      { name: 'xml/a.xml', content: tooLargeToStay('read') },
      { name: 'notes/b.txt', content: tooLargeToStay('ignored') },
    ];
    const isRead = (name: string) => name.startsWith('xml/');
    await place.store.write('part.zip', handmadeZip(entries));
    await unpackArchive(place.store, { archiveKey: 'part.zip', targetPrefix: 'part' }, wideLimits, {
      isRead,
    });
    expect(await allOf(place.store.list('part'))).toEqual([
      { key: 'part/xml/a.xml', bytes: tooLargeToStay('read').length },
    ]);
    const files = await unpackedFiles(place.store, 'part.zip', 'part');
    expect(await Promise.all(files.map(async (file) => text(await file.open())))).toEqual([
      tooLargeToStay('read'),
      tooLargeToStay('ignored'),
    ]);
    await place.store.write('part.zip', handmadeZip([...entries, { name: 'c.txt', crc: 1 }]));
    await expect(
      unpackArchive(place.store, { archiveKey: 'part.zip', targetPrefix: 'other' }, wideLimits, { isRead }),
    ).rejects.toMatchObject({ code: 'bad-archive' });
    for (const key of ['part', 'part.zip']) await place.store.remove(key);
  });

  test('may have names with "\\", as .NET writes them', async () => {
    const archive = handmadeZip([{ name: 'xml\\', content: '', method: 0 }, { name: 'xml\\Fridges.xml' }]);
    await expect(place.unpack(archive)).resolves.toEqual({
      unpacked: { 'xml/Fridges.xml': Buffer.from('hello') },
    });
  });

  test.each([
    ['in cp437', Buffer.from([0x82, 0x74, 0x82, 0x2e, 0x6a, 0x70, 0x67]), 0, 'été.jpg'],
    ['in UTF-8 and says so', Buffer.from('été.jpg'), UTF8_FLAG, 'été.jpg'],
    ['in UTF-8 and does not say so', Buffer.from('été.jpg'), 0, 'été.jpg'],
  ])('may have a name that is %s', async (_, rawName, flags, name) => {
    const outcome = await place.unpack(handmadeZip([{ rawName, flags }]));
    expect(outcome).toEqual({ unpacked: { [name]: Buffer.from('hello') } });
  });

  test('may have an empty file that was deflated to nothing', async () => {
    const archive = handmadeZip([{ content: '', data: Buffer.alloc(0) }]);
    await expect(place.unpack(archive)).resolves.toEqual({ unpacked: { 'a.txt': Buffer.alloc(0) } });
  });

  test('may hold an archive: that one is a file like any other, so a nested bomb stays packed', async () => {
    let bomb = handmadeZip([{ content: Buffer.alloc(1_000_000) }]);
    for (let depth = 0; depth < 10; depth += 1) {
      bomb = handmadeZip([
        { name: '1.zip', content: bomb },
        { name: '2.zip', content: bomb },
      ]);
    }
    const outcome = await place.unpack(bomb, { maxUnpackedBytes: 5_000_000 });
    expect(outcome).toEqual({
      unpacked: { '1.zip': expect.any(Buffer) as Buffer, '2.zip': expect.any(Buffer) as Buffer },
    });
  });

  test('may have thousands of small files and a few large ones', async () => {
    const small = Array.from({ length: 1_000 }, (_, i) => ({ name: `csv/${i}.csv`, content: `Id\n${i}\n` }));
    const large = [randomBytes(3_000_000), Buffer.concat([randomBytes(400_000), Buffer.alloc(400_000)])];
    const archive = handmadeZip([
      { name: 'large/0', method: 0, content: large[0] ?? '' },
      ...small,
      { name: 'large/1', content: large[1] ?? '' },
    ]);
    const outcome = await place.unpack(archive);
    if (!('unpacked' in outcome)) throw new Error(outcome.refused);
    expect(outcome.unpacked['csv/999.csv']?.toString()).toBe('Id\n999\n');
    expect(large.map((content, i) => outcome.unpacked[`large/${i}`]?.equals(content))).toEqual([true, true]);
    expect(Object.keys(outcome.unpacked)).toHaveLength(1_002);
  });
});

describe('a file that is not a zip at all', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['one byte', Buffer.from('P')],
    ['a text', Buffer.from('Id,Temp\n1,3.5\n')],
    ['random bytes', Buffer.alloc(100_000, 'no zip ')],
    ['a zip with gzip around it', gzipSync(handmadeZip([{}]))],
  ])('%s', async (_, bytes) => {
    await expect(place.unpack(bytes)).resolves.toEqual({
      refused: expect.stringMatching(/^unsupported not-a-zip:/) as string,
    });
  });
});

test('the error says that the file is gzip', async () => {
  expect(await refusal(gzipSync(handmadeZip([{}])))).toMatch('a gzip file, not a zip file');
});

/** The refusal as the client reads it. */
async function refusal(archive: Buffer, limits?: Parameters<UnpackingPlace['unpack']>[1]): Promise<string> {
  const outcome = await place.unpack(archive, limits);
  return 'refused' in outcome ? outcome.refused : `unpacked ${Object.keys(outcome.unpacked).join()}`;
}

const bad = (entry: string, reason: string) =>
  `unprocessable bad-archive: ${JSON.stringify(entry)}: ${reason}`;

describe('an entry is refused for its name:', () => {
  test.each([
    ['../evil.txt', '".." in its path'],
    ['xml/../../evil.txt', '".." in its path'],
    ['..\\..\\evil.txt', '".." in its path', '../../evil.txt'],
    ['xml/..', '".." in its path'],
    ['/etc/passwd', 'an absolute path'],
    ['\\\\server\\share\\a.txt', 'an absolute path', '//server/share/a.txt'],
    ['C:\\temp\\a.txt', 'a drive letter in its path', 'C:/temp/a.txt'],
    ['c:a.txt', 'a drive letter in its path'],
    ['./a.txt', '"." in its path'],
    ['xml/./a.txt', '"." in its path'],
    ['xml//a.txt', 'an empty folder name in its path'],
    ['', 'an empty name'],
    ['a\0.txt', 'a control character in its name'],
    ['a\n.txt', 'a control character in its name'],
    ['a\u0085.txt', 'a control character in its name'],
    ['é'.repeat(101), 'a name that is too long'],
    ['a/'.repeat(9) + 'b', 'too many folders in its path'],
  ])('%j: %s', async (name, reason, told = name) => {
    expect(await refusal(handmadeZip([{ name: 'good.txt' }, { name }]))).toBe(bad(told, reason));
  });

  test('a control character that cp437 would show as a smiley', async () => {
    const rawName = Buffer.from([0x01, 0x82]);
    expect(await refusal(handmadeZip([{ rawName, flags: 0 }]))).toBe(
      bad('☺é', 'a control character in its name'),
    );
  });

  test('a name that claims to be UTF-8 and is not', async () => {
    expect(await refusal(handmadeZip([{ rawName: Buffer.from([0x61, 0xff]) }]))).toMatch('not valid UTF-8');
  });

  test('a very long name, which the refusal cuts', async () => {
    const told = await refusal(handmadeZip([{ name: 'x'.repeat(60_000) }]));
    expect(told).toMatch('a name that is too long');
    expect(told.length).toBeLessThan(300);
  });

  test('another name in a Unicode field, that would leave the folder', async () => {
    const rawName = Buffer.from('a.txt');
    const { crc32 } = await import('node:zlib');
    const check = Buffer.alloc(5);
    check.writeUInt8(1, 0);
    check.writeUInt32LE(crc32(rawName), 1);
    const extra = extraField(0x7075, Buffer.concat([check, Buffer.from('../evil.txt')]));
    expect(await refusal(handmadeZip([{ rawName, central: { extra } }]))).toBe(
      bad('../evil.txt', '".." in its path'),
    );
  });

  test.each([
    [['a.txt', 'a.txt'], 'a.txt'],
    [['xml/Fridges.xml', 'XML/fridges.XML'], 'XML/fridges.XML'],
    [['xml/a.xml', 'xml\\a.xml'], 'xml/a.xml'],
    [['\u00e9.txt', 'e\u0301.txt'], 'e\u0301.txt'],
  ])('two entries of one name: %j', async (names, told) => {
    const archive = handmadeZip(names.map((name) => ({ name })));
    expect(await refusal(archive)).toBe(bad(told, 'two entries of one name'));
  });

  test.each([
    [['xml', 'xml/a.xml'], 'xml/a.xml'],
    [['xml/a.xml', 'XML'], 'XML'],
    [['a/b/c.txt', 'a/b'], 'a/b'],
  ])('a file where another entry needs a folder: %j', async (names, told) => {
    const archive = handmadeZip(names.map((name) => ({ name })));
    expect(await refusal(archive)).toBe(bad(told, 'a file where a folder is needed'));
  });
});

describe('an entry is refused for what it is:', () => {
  test.each([
    ['encrypted', { flags: UTF8_FLAG | 1 }, 'encrypted'],
    ['encrypted, told only by its own header', { local: { flags: UTF8_FLAG | 1 } }, 'encrypted'],
    ['with hidden headers', { flags: UTF8_FLAG | 0x2000 }, 'encrypted'],
    ['of another method', { method: 12 }, 'unsupported compression method 12'],
    ['a symbolic link', { mode: 0o120777, content: '/etc/passwd' }, 'a symbolic link'],
    ['a device', { mode: 0o60644 }, 'neither a file nor a folder'],
    ['a pipe', { mode: 0o10644 }, 'neither a file nor a folder'],
  ])('%s', async (_, entry, reason) => {
    expect(await refusal(handmadeZip([{ name: 'good.txt' }, { ...entry, name: 'b.txt' }]))).toBe(
      bad('b.txt', reason),
    );
  });

  test('strongly encrypted', async () => {
    expect(await refusal(handmadeZip([{ flags: 0x41 }]))).toBe(
      'unprocessable bad-archive: entry 1 of its directory: encrypted',
    );
  });

  test('a folder with content', async () => {
    expect(await refusal(handmadeZip([{ name: 'xml/', content: 'x' }]))).toBe(
      bad('xml/', 'a folder with content'),
    );
  });
});

describe('an entry is refused for its bytes:', () => {
  const content = Buffer.from('a line of a reading\n'.repeat(100));
  const large = randomBytes(600_000);

  test.each([
    ['a bad CRC, deflated', { content, crc: 1 }, 'bad CRC'],
    ['a bad CRC, stored', { content, method: 0, crc: 1 }, 'bad CRC'],
    ['a bad CRC of a large one', { content: large, method: 0, crc: 1 }, 'bad CRC'],
    [
      'more bytes than declared',
      { content, unpackedBytes: 10 },
      'longer than declared: too many bytes unpacked',
    ],
    ['fewer bytes than declared', { content, unpackedBytes: 3_000 }, 'truncated: shorter than declared'],
    ['cut compressed data', { content, packedBytes: 20 }, 'truncated: its data ends too early'],
    ['damaged compressed data', { content, data: Buffer.alloc(50, 0xff) }, 'damaged compressed data'],
    [
      'two sizes of stored bytes',
      { content, method: 0, unpackedBytes: 10 },
      'stored with two different sizes',
    ],
  ])('%s', async (_, entry, reason) => {
    expect(await refusal(handmadeZip([{ name: 'good.txt' }, { name: 'b.txt', ...entry }]))).toBe(
      bad('b.txt', reason),
    );
  });

  test.each([100, 70_000, 2_000_000])('%d bytes after the end of its compressed data', async (bytes) => {
    const { deflateRawSync } = await import('node:zlib');
    const data = Buffer.concat([deflateRawSync(content), Buffer.alloc(bytes)]);
    expect(await refusal(handmadeZip([{ content, data }]))).toBe(
      bad('a.txt', 'bytes after the end of its data'),
    );
  });

  test('an entry with a header in the archive and none in the directory is ignored', async () => {
    const [seen, hidden] = [randomBytes(100_000), randomBytes(100_000)];
    const inside = handmadeZip([{ name: 'same', content: hidden, method: 0 }]);
    const archive = handmadeZip([
      { name: 'outer', content: inside, method: 0 },
      { name: 'same', content: seen, method: 0 },
    ]);
    expect(await place.unpack(archive)).toEqual({ unpacked: { outer: inside, same: seen } });
  });

  test('the other lane stops as well, and the files of both are removed', async () => {
    const archive = handmadeZip([
      { name: 'long', content: Buffer.concat([randomBytes(8_000_000), Buffer.alloc(8_000_000)]) },
      { name: 'short', content, crc: 1 },
    ]);
    expect(await refusal(archive)).toBe(bad('short', 'bad CRC'));
  });

  test.each([
    ['name', { rawName: Buffer.from('b.txt') }],
    ['method', { method: 0 }],
    ['CRC', { crc: 1 }],
    ['size', { unpackedBytes: 1 }],
    ['packed size', { packedBytes: 1 }],
    ['CRC, by the mark of zip64', { crc: 0xffffffff }],
    ['size, by a mark of zip64 without its field', { unpackedBytes: 0xffffffff }],
    ['size, in its zip64 field', { unpackedBytes: 0xffffffff, extra: extraField(1, Buffer.alloc(16, 3)) }],
    ['packed size, in its zip64 field', { packedBytes: 0xffffffff, extra: extraField(1, Buffer.alloc(16)) }],
  ])('a header that disagrees with the directory on the %s', async (_, local) => {
    expect(await refusal(handmadeZip([{ local }]))).toBe(
      bad('a.txt', 'its header disagrees with the directory'),
    );
  });

  test('a zip64 mark whose extra fields are damaged', async () => {
    const extra = extraField(1, Buffer.alloc(16)).subarray(0, 10);
    const archive = handmadeZip([{ local: { packedBytes: 0xffffffff, extra } }]);
    expect(await refusal(archive)).toBe(bad('a.txt', 'a damaged extra field'));
  });

  test.each(['/', '\\'])(
    'an empty file that the directory makes a folder, by ending its name in "%s"',
    async (end) => {
      const archive = handmadeZip([
        { name: 'a.txt' },
        { name: 'empty.txt', content: '', method: 0, central: { rawName: Buffer.from(`empty.tx${end}`) } },
      ]);
      expect(await refusal(archive)).toBe(bad('empty.tx/', 'its header disagrees with the directory'));
    },
  );
});

describe('an archive is refused for its shape:', () => {
  test('two entries that are the same bytes', async () => {
    const archive = handmadeZip([{ name: 'a' }, { name: 'b', headerStart: 0, directoryOnly: true }]);
    expect(await refusal(archive)).toMatch('overlapping entries');
  });

  test('an entry that quotes the next one, as the bombs of Fifield do', async () => {
    const kernel = { name: 'b', content: Buffer.alloc(500_000) };
    const archive = handmadeZip([
      { name: 'a', method: 0, content: 'x', packedBytes: 60, unpackedBytes: 60 },
      kernel,
    ]);
    expect(await refusal(archive)).toBe(bad('a', 'overlapping entries'));
  });

  test('an entry whose own header is longer than the directory lets see, and so reaches into the next', async () => {
    const extra = extraField(0x9999, Buffer.alloc(40));
    const archive = handmadeZip([
      { name: 'a', local: { extra }, data: Buffer.alloc(0), content: 'hello', method: 0, packedBytes: 5 },
      { name: 'b' },
    ]);
    expect(await refusal(archive)).toBe(bad('a', 'overlapping entries'));
  });

  test('a directory with more entries than the end record counts', async () => {
    expect(await refusal(handmadeZip([{ name: 'a' }, { name: 'b' }], { count: 1 }))).toMatch(
      'damaged or truncated',
    );
  });

  test('an end record that counts more entries than there are', async () => {
    expect(await refusal(handmadeZip([{ name: 'a' }], { count: 2 }))).toMatch(
      /bad-archive: entry 2 of its directory/,
    );
  });

  test.each([
    ['', false, 22],
    [' of zip64', true, 22 + 20 + 56],
  ])('an end record%s that begins the directory after its first entry', async (_, zip64, fromEnd) => {
    const archive = handmadeZip([{ name: 'a' }, { name: 'b' }], { count: 1, zip64 });
    const start = archive.length - fromEnd + (zip64 ? 48 : 16);
    archive.writeUInt32LE(archive.readUInt32LE(start) + 46 + 'a'.length, start);
    expect(await refusal(archive)).toMatch('damaged or truncated');
  });

  test('an end record that counts fewer entries on this disk than in all', async () => {
    const archive = handmadeZip([{ name: 'a' }, { name: 'b' }]);
    archive.writeUInt16LE(1, archive.length - 22 + 8);
    expect(await refusal(archive)).toMatch('damaged or truncated');
  });

  test.each(['more', 'more\0\0\0', '\0\0more', '\0\n', '\0', '\0'.repeat(512)])(
    'bytes after its end: %j',
    async (more) => {
      const archive = Buffer.concat([handmadeZip([{}]), Buffer.from(more)]);
      expect(await refusal(archive)).toMatch(/bad-archive: truncated, or followed by other bytes/);
    },
  );

  test.each([
    ['entries', 8, 2],
    ['entries in all', 10, 2],
    ['length of the directory', 12, 4],
    ['place of the directory', 16, 4],
  ])('an end record that contradicts the zip64 record before it: %s', async (_, field, bytes) => {
    const archive = handmadeZip([{ name: 'a' }], { zip64: true });
    archive.writeUIntLE(3, archive.length - 22 + field, bytes);
    expect(await refusal(archive)).toMatch('its end records contradict each other');
  });

  test('a zip64 record that counts no entries, where the end record counts one', async () => {
    const none = Buffer.alloc(8);
    const archive = handmadeZip([{ name: 'a' }], { zip64: true });
    const zip64 = archive.length - 22 - 20 - 56;
    for (const field of [24, 32]) none.copy(archive, zip64 + field);
    for (const field of [8, 10]) archive.writeUInt16LE(1, archive.length - 22 + field);
    expect(await refusal(archive)).toMatch('its end records contradict each other');
  });
});

describe('the limits:', () => {
  test('too many entries', async () => {
    const archive = handmadeZip(Array.from({ length: 6 }, (_, i) => ({ name: `${i}` })));
    expect(await refusal(archive, { maxEntries: 5 })).toMatch('too many entries (more than 5)');
    expect(await refusal(archive, { maxEntries: 6 })).toBe('unpacked 0,1,2,3,4,5');
  });

  test('a zip64 directory that counts more entries than fit into memory', async () => {
    expect(await refusal(handmadeZip([], { zip64: true, count: 2 ** 40 }))).toMatch('too many entries');
  });

  test('too large unpacked, by the sum', async () => {
    const archive = handmadeZip([
      { name: 'a', content: Buffer.alloc(600) },
      { name: 'b', content: Buffer.alloc(600) },
    ]);
    expect(await refusal(archive, { maxUnpackedBytes: 1_199 })).toBe(
      bad('b', 'too large unpacked (the archive has more than 1199 bytes)'),
    );
    expect(await refusal(archive, { maxUnpackedBytes: 1_200 })).toBe('unpacked a,b');
  });

  test('too large unpacked, and the sizes deny it', async () => {
    const archive = handmadeZip([{ content: Buffer.alloc(50_000_000), unpackedBytes: 500 }]);
    expect(await refusal(archive, { maxUnpackedBytes: 1_000 })).toMatch('longer than declared');
  });

  test('compression ratio too high, of an entry over 1 MiB', async () => {
    const archive = handmadeZip([{ content: Buffer.alloc(1024 * 1024 + 1) }]);
    expect(await refusal(archive)).toBe(bad('a.txt', 'compression ratio too high (more than 200)'));
    expect(await refusal(archive, { maxRatio: 2_000 })).toBe('unpacked a.txt');
  });

  test('the ratio of a smaller entry does not matter', async () => {
    expect(await refusal(handmadeZip([{ content: Buffer.alloc(1024 * 1024) }]))).toBe('unpacked a.txt');
  });

  test('that of many smaller ones does: the whole archive has a ratio, over 16 MiB unpacked', async () => {
    const zeros = (count: number) =>
      handmadeZip(
        Array.from({ length: count }, (_, i) => ({
          name: `csv/${i}.csv`,
          content: Buffer.alloc(1024 * 1024),
        })),
      );
    const limits = { maxArchiveRatio: 50 };
    expect(await refusal(zeros(17), limits)).toBe(
      'unprocessable bad-archive: compression ratio of the whole archive too high (more than 50)',
    );
    const unpacked = async (archive: Buffer, maxArchiveRatio: number) => {
      await place.store.write('zeros.zip', archive);
      return unpackArchive(
        place.store,
        { archiveKey: 'zeros.zip', targetPrefix: 'zeros' },
        { ...wideLimits, maxArchiveRatio },
      );
    };
    await expect(unpacked(zeros(16), 50)).resolves.toEqual({ unpackedBytes: 16 * 1024 * 1024 });
    await expect(unpacked(zeros(17), 2_000)).resolves.toEqual({ unpackedBytes: 17 * 1024 * 1024 });
    for (const key of ['zeros', 'zeros.zip']) await place.store.remove(key);
  });
});

describe('a failure that is not the archive’s fault', () => {
  test('a missing archive is reported as such', async () => {
    await expect(
      unpackArchive(place.store, { archiveKey: 'absent.zip', targetPrefix: TARGET }, wideLimits),
    ).rejects.toMatchObject({
      code: 'not-found',
    });
  });

  test('a full disk passes through as it is, and is cleaned up', async () => {
    const folder = createTestFolder();
    const store = createDiskFileStore(folder.path);
    await store.write(
      ARCHIVE,
      handmadeZip([{ name: 'good.txt' }, { name: 'xml/full.xml', content: tooLargeToStay('full') }]),
    );
    // The kernel answers every write to /dev/full as a full disk does.
    await mkdir(path.join(folder.path, TARGET, 'xml'), { recursive: true });
    await symlink('/dev/full', path.join(folder.path, TARGET, 'xml/full.xml'));
    await expect(
      unpackArchive(store, { archiveKey: ARCHIVE, targetPrefix: TARGET }, wideLimits),
    ).rejects.toMatchObject({ code: 'ENOSPC' });
    await expect(keysOf(store)).resolves.toEqual([ARCHIVE]);
    folder.remove();
  });

  test.each([0, 1, 2, 3, 4])(
    'a read that fails after %d that worked passes through as it is, and is cleaned up',
    async (readsThatWork) => {
      const padding = { method: 0, content: randomBytes(300_000) };
      const archive = handmadeZip([
        { ...padding, name: 'large' },
        { name: 'small' },
        { ...padding, name: 'last' },
      ]);
      await place.store.write(ARCHIVE, archive);
      let reads = 0;
      const failing: FileStore = {
        ...place.store,
        read: (key, range) => {
          reads += 1;
          return reads > readsThatWork ? Promise.reject(new Error('EIO')) : place.store.read(key, range);
        },
      };
      await expect(
        unpackArchive(failing, { archiveKey: ARCHIVE, targetPrefix: TARGET }, wideLimits),
      ).rejects.toThrow(/^EIO$/);
      await expect(keysOf(place.store)).resolves.toEqual([ARCHIVE]);
    },
  );
});

const keysOf = async (store: FileStore): Promise<string[]> =>
  (await allOf(store.list(''))).map(({ key }) => key);
