import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buildUpload, uploadFile } from '../../client/local-copy/build-upload';
import type { LocalCopy } from '../../client/local-copy/local-copy';
import { readArchive } from '../../shared/archive/read-archive';
import type { Channel } from '../../shared/domain/channel';
import { classFile, copyWith, fridge } from './copies';

interface Asked {
  readonly channel?: Channel;
  readonly highestIds?: Readonly<Record<string, bigint>>;
  readonly parameterFiles?: readonly string[];
}

async function build(copy: LocalCopy, { channel = 'synchro', highestIds = {}, parameterFiles = [] }: Asked) {
  const wanted = { highestIds: new Map(Object.entries(highestIds)), parameterFiles };
  const upload = await buildUpload(copy, channel, wanted, new Date());
  const bytes = readFileSync(uploadFile(copy, channel));
  expect(upload.bytes).toBe(bytes.length);
  expect(upload.sha256).toBe(createHash('sha256').update(bytes).digest('hex'));
  const entries: Record<string, string> = {};
  for await (const entry of readArchive(uploadFile(copy, channel))) {
    const chunks: Buffer[] = [];
    for await (const chunk of (await entry.open()) as AsyncIterable<Buffer>) chunks.push(chunk);
    entries[entry.name] = Buffer.concat(chunks).toString('utf8');
  }
  return { upload, entries };
}

describe('an upload', () => {
  test('contains the requested classes, and only the rows that are new to the server', async () => {
    const fridges = classFile('Fridges', fridge('1', 'Chambre froide 1'), fridge('2', 'Cave'));
    const copy = await copyWith({
      'xml/Fridges.xml': fridges,
      'xml/Oils.xml': classFile('Oils'),
      'csv/Tboil.csv': 'Id,OilName\r\n7,"Friteuse\n1"\r\n9,Friteuse 2\r\n8,Friteuse 3\r\n',
      'csv/Tbfridge.csv': 'Id,Temp\n1,3.5\n',
      'csv/Tblots.csv': 'Id,Lot\n1,a\n',
    });
    const { upload, entries } = await build(copy, {
      highestIds: { Tboil: 7n, Tbfridge: 1n, Tbcooking: -1n },
      parameterFiles: ['Fridges.xml', 'Cells.xml'],
    });
    expect(entries).toEqual({
      'xml/Fridges.xml': fridges,
      'csv/Tboil.csv': 'Id,OilName\n9,Friteuse 2\n8,Friteuse 3\n',
    });
    expect(upload.contents).toEqual({ entities: { Fridges: 2 }, rows: { Tboil: 2 }, photos: 0 });
    expect(upload.highestIds).toEqual({ Tboil: '9', Tbfridge: '1', Tbcooking: '-1' });
  });

  test('with nothing to say is an empty archive', async () => {
    const { entries, upload } = await build(await copyWith(), { highestIds: { Tboil: -1n } });
    expect(entries).toEqual({});
    expect(upload.contents).toEqual({ entities: {}, rows: {}, photos: 0 });
  });

  test('compares ids as the whole numbers that they are, however long', async () => {
    const copy = await copyWith({
      'csv/Tboil.csv': 'Id,OilName\n9007199254740993,a\n9007199254740992,b\nx,c\n,d\n',
    });
    const { entries } = await build(copy, { highestIds: { Tboil: 9007199254740992n } });
    expect(entries['csv/Tboil.csv']).toBe('Id,OilName\n9007199254740993,a\n');
  });

  test('contains a damaged parameter file as it is: the server shows it to someone', async () => {
    const { entries } = await build(await copyWith({ 'xml/Oils.xml': '<ArrayOf' }), {
      parameterFiles: ['Oils.xml'],
    });
    expect(entries).toEqual({ 'xml/Oils.xml': '<ArrayOf' });
  });

  test('contains the photos that are not in the index, with their list', async () => {
    const copy = await copyWith({
      'photos/known.jpg': 'known',
      'photos/new.jpg': 'new',
      'photos/changed.jpg': 'changed',
      'photos/note.txt': 'not a photo',
      'photos/index.csv': 'Name,Sha256,Size\nknown.jpg,00,5\nchanged.jpg,00,5\n',
      'csv/Photos.csv':
        'Name,TakenAt,Table,LogId\nknown.jpg,,Tbtracking,1\nnew.jpg,2026-11-20 07:31:00,Tbtracking,2\n',
    });
    const { entries, upload } = await build(copy, { channel: 'photos' });
    expect(entries).toEqual({
      'photos/changed.jpg': 'changed',
      'photos/new.jpg': 'new',
      'csv/Photos.csv': 'Name,TakenAt,Table,LogId\nnew.jpg,2026-11-20 07:31:00,Tbtracking,2\n',
    });
    expect(upload.contents.photos).toBe(2);
  });
});
