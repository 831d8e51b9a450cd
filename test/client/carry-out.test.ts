import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { buildUpload, uploadFile } from '../../client/local-copy/build-upload';
import { carryOut } from '../../client/local-copy/carry-out';
import { type LocalCopy, openLocalCopy } from '../../client/local-copy/local-copy';
import type { BuiltUpload } from '../../client/local-copy/sync-state';
import { unpackPackage } from '../../client/local-copy/unpack-package';
import { classFile, contentsOf, copyWith, fridge, put, textIn } from './copies';
import { packageWith, type PackageParts } from './packages';

const files = {
  'xml/Fridges-u.xml': classFile('Fridges', fridge('1', 'Chambre froide 1', 3)),
  'xml/Fridges-i.xml': classFile('Fridges', fridge('5', 'Saladette')),
  'xml/Origins-r.xml': classFile('Origins', '<DefOrigins><Id>8</Id></DefOrigins>'),
  'xml/Oils-d.xml': classFile('Oils', '<DefOils><Id>4</Id></DefOils>'),
  'csv/Tbmessagerie-i.csv': 'Id,Body\r\n2,Bonjour\r\n',
  'csv/Photos-r.csv': 'Name,Sha256,Size\r\na.jpg,00,5\r\n',
};

const before = {
  'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Chambre froide 1'), fridge('2', 'Cave')),
  'xml/Oils.xml': classFile('Oils', '<DefOils><Id>4</Id></DefOils>', '<DefOils><Id>6</Id></DefOils>'),
  'csv/Tbmessagerie.csv': 'Id,Body\n1,Salut\n',
  'csv/Photos.csv': 'Name,TakenAt,Table,LogId\na.jpg,2026-11-20 07:31:00,Tbtracking,1\n',
};

async function carry(
  copy: LocalCopy,
  parts: PackageParts,
  {
    upload = null,
    onCarried = () => undefined,
  }: { upload?: BuiltUpload | null; onCarried?: () => void } = {},
) {
  const unpacked = await unpackPackage(await packageWith(parts), path.join(copy.dir, '.epack/package'));
  return carryOut(copy, unpacked, { upload, uploadFile: uploadFile(copy, 'synchro'), onCarried });
}

describe('a package is carried out on the local copy', () => {
  test('settings, rows and the photo index', async () => {
    const copy = await copyWith(before);
    const carriedOut = await carry(copy, { files });
    expect(carriedOut).toEqual({ sync: 'sync-1', carried: 6, failed: [], drift: null });
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain('<TempMax>3</TempMax>');
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain('Saladette');
    expect(textIn(copy.dir, 'xml/Origins.xml')).toContain('<Id>8</Id>');
    expect(textIn(copy.dir, 'xml/Oils.xml')).not.toContain('<Id>4</Id>');
    expect(textIn(copy.dir, 'csv/Tbmessagerie.csv')).toBe('Id,Body\n1,Salut\n2,Bonjour\n');
    expect(textIn(copy.dir, 'photos/index.csv')).toBe('Name,Sha256,Size\na.jpg,00,5\n');
    expect(textIn(copy.dir, 'csv/Photos.csv')).toBe(before['csv/Photos.csv']);
  });

  test('a program that dies after any of its steps, and runs again, ends in the same copy', async () => {
    const undisturbed = await copyWith(before);
    await carry(undisturbed, { files });
    for (let step = 1; step <= Object.keys(files).length; step++) {
      const copy = await copyWith(before);
      let carried = 0;
      const dies = carry(
        copy,
        {
          files,
        },
        {
          onCarried: () => {
            carried += 1;
            if (carried === step) throw new Error('killed');
          },
        },
      );
      await expect(dies).rejects.toThrow('killed');
      // A kill in the middle of writing leaves the next content beside the file.
      writeFileSync(path.join(copy.dir, 'xml/Oils.xml.next'), '<half');
      await copy.close();
      await carry(await openLocalCopy(copy.dir), { files });
      expect(contentsOf(copy.dir)).toEqual(contentsOf(undisturbed.dir));
    }
  });

  test('elements that were edited on the solution since the upload stay and are reported', async () => {
    const copy = await copyWith(before);
    const wanted = {
      highestIds: new Map([['Tbmessagerie', -1n]]),
      parameterFiles: ['Fridges.xml', 'Oils.xml'],
    };
    const upload = await buildUpload(copy, 'synchro', wanted, new Date());
    put(copy.dir, { 'xml/Fridges.xml': classFile('Fridges', fridge('1', 'Renommée'), fridge('2', 'Cave')) });
    const { failed } = await carry(copy, { files }, { upload });
    expect(failed).toEqual([expect.objectContaining({ file: 'xml/Fridges-u.xml', id: '1' })]);
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain('Renommée');
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain('Saladette');
  });

  test('rows measured since the upload survive a replacement', async () => {
    const copy = await copyWith(before);
    const wanted = { highestIds: new Map([['Tbmessagerie', -1n]]), parameterFiles: [] };
    const upload = await buildUpload(copy, 'messagerie', wanted, new Date());
    put(copy.dir, { 'csv/Tbmessagerie.csv': 'Id,Body\n1,Salut\n2,Nouveau\n' });
    await carry(copy, { files: { 'csv/Tbmessagerie-r.csv': 'Id,Body\r\n1,Salut\r\n' } }, { upload });
    expect(textIn(copy.dir, 'csv/Tbmessagerie.csv')).toBe('Id,Body\n1,Salut\n2,Nouveau\n');
  });

  test('a damaged file of the solution fails each instruction about it; a replacement mends it', async () => {
    const copy = await copyWith({ 'xml/Fridges.xml': '<ArrayOfDefFridges><DefFridges>' });
    const { failed, carried } = await carry(copy, {
      files: { 'xml/Fridges-u.xml': files['xml/Fridges-u.xml'] },
    });
    expect(carried).toBe(0);
    expect(failed).toEqual([
      { file: 'xml/Fridges-u.xml', id: '1', reason: expect.stringContaining('cannot be read') as string },
    ]);
    await carry(copy, { files: { 'xml/Fridges-r.xml': files['xml/Fridges-u.xml'] } });
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain('Chambre froide 1');
  });

  test('unknown fields are kept as they are written', async () => {
    const strange = '<DefFridges><Id>2</Id><Name>Cave</Name><Étage Nº="-1">bas<i>!</i></Étage></DefFridges>';
    const copy = await copyWith({ 'xml/Fridges.xml': classFile('Fridges', strange) });
    await carry(copy, { files: { 'xml/Fridges-i.xml': files['xml/Fridges-i.xml'] } });
    expect(textIn(copy.dir, 'xml/Fridges.xml')).toContain(strange);
  });
});

describe('a package that cannot be trusted changes nothing', () => {
  const bad: Record<string, PackageParts> = {
    'a file that is not what its manifest says': {
      files,
      manifest: (truth) => truth.map((file) => ({ ...file, sha256: '00'.repeat(32) })),
    },
    'a file that is in the manifest only': {
      files,
      manifest: (truth) => [...truth, { name: 'xml/Cells-u.xml', op: 'u', count: 1, sha256: '00' }],
    },
    'a name that leads elsewhere': {
      files: {},
      manifest: () => [{ name: 'xml/../../x-u.xml', op: 'u', count: 1, sha256: '' }],
    },
    'an operation that its name does not have': {
      files: { 'xml/Fridges-u.xml': files['xml/Fridges-u.xml'] },
      manifest: (truth) => truth.map((file) => ({ ...file, op: 'd' })),
    },
    'no readable manifest': { files, manifest: () => 'none' },
  };

  test.each(Object.entries(bad))('%s', async (_name, parts) => {
    const copy = await copyWith(before);
    await expect(carry(copy, parts)).rejects.toMatchObject({ code: 'bad-package' });
    expect(contentsOf(copy.dir)).toEqual(contentsOf((await copyWith(before)).dir));
  });

  test('bytes that are no zip', async () => {
    const copy = await copyWith(before);
    const file = path.join(copy.dir, '.epack/package.zip');
    writeFileSync(file, 'PK but not really');
    await expect(unpackPackage(file, path.join(copy.dir, '.epack/package'))).rejects.toMatchObject({
      code: 'bad-package',
    });
  });
});
