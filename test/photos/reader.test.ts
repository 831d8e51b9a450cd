import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import AdmZip from 'adm-zip';
import sharp from 'sharp';
import { reasonText } from '../../shared/domain/reason-english';
import { type ReadPhoto, readPhoto } from '../../worker/solution-sync/photos/photo-reader';
import { realData } from '../setup/real-data';
import { exifBlock, jpeg, withExif } from './pictures';

const paris = 'Europe/Paris';

async function read(content: Buffer, timezone = paris): Promise<ReadPhoto> {
  const photo = await readPhoto(content, timezone);
  if ('problem' in photo) throw new Error(reasonText(photo.problem));
  return photo;
}

async function problemOf(content: Buffer): Promise<string> {
  const photo = await readPhoto(content, paris);
  return 'problem' in photo ? reasonText(photo.problem) : 'none';
}

describe('a photo', () => {
  test('has its size as it is to be seen, and an upright thumbnail with nothing in it but the picture', async () => {
    // Red on the left, blue on the right; orientation 6 turns it, so that red is above.
    const halves = await sharp({ create: { width: 800, height: 400, channels: 3, background: '#0000ff' } })
      .composite([
        {
          input: { create: { width: 400, height: 400, channels: 3, background: '#ff0000' } },
          left: 0,
          top: 0,
        },
      ])
      .jpeg()
      .withExif({ IFD0: { Make: 'Secret Camera' } })
      .withMetadata({ orientation: 6 })
      .toBuffer();
    const { width, height, thumbnail } = await read(halves);
    expect([width, height]).toEqual([400, 800]);
    const { data, info } = await sharp(thumbnail).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([160, 320]);
    expect(data[0]).toBeGreaterThan(200);
    expect(data[data.length - 1]).toBeGreaterThan(200);
    const { exif, orientation, icc, xmp, format } = await sharp(thumbnail).metadata();
    expect([exif, orientation, icc, xmp, format]).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      'jpeg',
    ]);
  });

  test('that is smaller than a thumbnail is not made larger', async () => {
    const { thumbnail } = await read(await jpeg(1, { width: 10, height: 20 }));
    expect(await sharp(thumbnail).metadata()).toMatchObject({ width: 10, height: 20 });
  });

  test('was taken when the camera says: by its offset, else local to the solution', async () => {
    const picture = await jpeg(2);
    const original = '2026:07:20 09:31:00';
    const there = withExif(picture, exifBlock({ original, offset: '-03:00' }));
    const here = withExif(picture, exifBlock({ original }));
    expect((await read(there)).takenAt).toEqual(new Date('2026-07-20T12:31:00Z'));
    expect((await read(here)).takenAt).toEqual(new Date('2026-07-20T07:31:00Z'));
    expect((await read(here, 'Indian/Reunion')).takenAt).toEqual(new Date('2026-07-20T05:31:00Z'));
  });

  test.each(['0000:00:00 00:00:00', '2026:13:45 99:99:99', '2026:02:30 10:00:00'])(
    'with a time that there is not, %s, was taken nobody knows when',
    async (original) => {
      expect((await read(withExif(await jpeg(3), exifBlock({ original })))).takenAt).toBeNull();
    },
  );

  test.each([0, 9, 65_535])(
    'with an orientation that there is not, %d, is taken as it is',
    async (orientation) => {
      const block = Buffer.from('4578696600004d4d002a000000080001011200030000000100000000', 'hex');
      block.writeUInt16BE(orientation, 24);
      const picture = withExif(await jpeg(4), Buffer.concat([block, Buffer.alloc(4)]));
      expect(await read(picture)).toMatchObject({ width: 40, height: 30 });
    },
  );

  test.each([
    ['cut', Buffer.from('Exif\0\0MM\0*', 'latin1')],
    ['pointing nowhere', Buffer.from('457869660000494900ffff2affffffffff', 'hex')],
    ['of noise', Buffer.concat([Buffer.from('Exif\0\0II*\0', 'latin1'), Buffer.alloc(300, 0xc7)])],
  ])('with an EXIF block %s is a photo all the same', async (_what, block) => {
    expect(await read(withExif(await jpeg(5), block))).toMatchObject({
      width: 40,
      height: 30,
      takenAt: null,
    });
  });
});

describe('no photo', () => {
  test('a cut one, wherever it is cut', async () => {
    const whole = await jpeg(6, { width: 300, height: 300 });
    const problemAt = (length: number) => problemOf(whole.subarray(0, length));
    expect([await problemAt(0), await problemAt(1)]).toEqual(['it is empty', 'it is no picture']);
    for (const length of [2, 100, Math.floor(whole.length / 2), whole.length - 100, whole.length - 2])
      expect(await problemAt(length)).toBe('it is cut short');
  });

  test('a damaged one', async () => {
    const picture = Buffer.from(await jpeg(6));
    const tables = picture.indexOf(Buffer.from([0xff, 0xc4]));
    picture.fill(0xff, tables + 5, tables + 21);
    expect(await problemOf(picture)).toBe('it is damaged');
  });

  describe.each([
    ['baseline', {}],
    ['with tables of its own', { optimiseCoding: true }],
    ['progressive', { progressive: true }],
    ['progressive, of finer colours', { progressive: true, chromaSubsampling: '4:4:4' }],
  ])('%s', (_, options) => {
    let picture: Buffer;
    beforeAll(async () => {
      picture = await noisy(options);
    });
    const places = Array.from({ length: 12 }, (__, n) => 0.1 + n * 0.06);
    const holes: Readonly<Record<string, (hole: Buffer) => Buffer>> = {
      zeros: (hole) => hole.fill(0),
      'other bytes': (hole) => hole.fill('Q~f-3'),
      nothing: () => Buffer.alloc(0),
    };

    test('is whole', async () => {
      expect(await problemOf(picture)).toBe('none');
    });

    test.each(Object.keys(holes))('with a hole of 4 KiB somewhere, and %s in it', async (what) => {
      for (const place of places) {
        const at = Math.floor(picture.length * place);
        const hole = holes[what]?.(Buffer.alloc(4096)) ?? Buffer.alloc(0);
        const damaged = Buffer.concat([picture.subarray(0, at), hole, picture.subarray(at + 4096)]);
        expect([place, await problemOf(damaged)]).toEqual([
          place,
          expect.stringMatching(/^it is (cut short|damaged)$/),
        ]);
      }
    });

    test.each([0.3, 0.6, 0.9])('cut at %d, with an end marker behind it', async (part) => {
      const cut = picture.subarray(0, Math.floor(picture.length * part));
      expect(await problemOf(Buffer.concat([cut, endMarker]))).toMatch(/^it is (cut short|damaged)$/);
    });

    test('with a few bytes left over before a marker does no harm', async () => {
      for (const more of [Buffer.from('spare'), Buffer.alloc(3_000)]) {
        const content = Buffer.concat([picture.subarray(0, -2), more, endMarker]);
        expect(await problemOf(content)).toBe('none');
      }
    });

    test('that holds a mark of another format in its coded data, as one in thousands does by chance, is no other', async () => {
      const last = picture.lastIndexOf(Buffer.from([0xff, 0xda]));
      const content = Buffer.concat([picture.subarray(0, -2), Buffer.from('<html'), endMarker]);
      expect(last).toBeGreaterThan(0);
      expect(await problemOf(content)).toBe('none');
      expect(await problemOf(Buffer.concat([content, Buffer.from('<html')]))).toMatch('an HTML page');
    });
  });

  test('one of one colour is nothing but zeros, and whole', async () => {
    const flat = { create: { width: 2_000, height: 2_000, channels: 3, background: '#808080' } } as const;
    for (const progressive of [false, true])
      expect(await problemOf(await sharp(flat).jpeg({ progressive }).toBuffer())).toBe('none');
  });

  test('a progressive one of finer colours than fit into memory', async () => {
    const picture = await sharp({
      create: { width: 5_500, height: 5_500, channels: 3, background: '#336699' },
    })
      .jpeg({ quality: 5, progressive: true, chromaSubsampling: '4:4:4' })
      .toBuffer();
    expect(await problemOf(picture)).toMatch(/^it is progressive and has more than 50000000 pixels/);
  });

  test.each(['png', 'webp', 'gif'] as const)('a %s under the name of a JPEG', async (format) => {
    const picture = await sharp(await jpeg(7))
      .toFormat(format)
      .toBuffer();
    expect(await problemOf(picture)).toBe(`it is no JPEG but ${format}`);
  });

  test.each([
    '<html><script>alert(1)</script>',
    'PK\x03\x04',
    'hello',
    '<svg xmlns="http://www.w3.org/2000/svg"/>',
  ])('something else: %j', async (text) => {
    expect(await problemOf(Buffer.from(text, 'latin1'))).toMatch(
      text.startsWith('<svg') ? /^it is damaged$/ : /^it is no picture$/,
    );
  });

  test('one of more than 200 megapixels, whatever its few bytes say', async () => {
    const small = await jpeg(8, { width: 16, height: 16 });
    const frame = small.indexOf(Buffer.from([0xff, 0xc0]));
    const bomb = Buffer.from(small);
    bomb.writeUInt16BE(65_500, frame + 5);
    bomb.writeUInt16BE(65_500, frame + 7);
    expect(await problemOf(bomb)).toBe('it has more than 200000000 pixels');
  });

  test.each([
    ['a zip archive', Buffer.concat([zipWith('a.txt', 'hidden')])],
    ['a page with a script', Buffer.from('<ScRiPt>alert(1)</script>')],
    ['a program in PHP', Buffer.from('<?php system($_GET[0]);')],
    ['an HTML page', Buffer.from('<!DOCTYPE html><p>hello')],
  ])('a JPEG that is %s as well', async (what, more) => {
    expect(await problemOf(Buffer.concat([await jpeg(9), more]))).toBe(`it is a JPEG and ${what} at once`);
  });

  test('a JPEG that is a PDF document as well', async () => {
    expect(await problemOf(withExif(await jpeg(10), Buffer.from('%PDF-1.7 …')))).toBe(
      'it is a JPEG and a PDF document at once',
    );
  });

  test('but a film or a second picture behind it, as telephones put there, does no harm', async () => {
    const picture = await jpeg(11);
    const film = Buffer.concat([
      Buffer.from([0, 0, 0, 24]),
      Buffer.from('ftypmp42'),
      Buffer.alloc(5_000, 0x3c),
    ]);
    for (const more of [film, await jpeg(12)])
      expect(await read(Buffer.concat([picture, more]))).toMatchObject({ width: 40, height: 30 });
  });
});

/** A picture that has something of its own in each of its blocks, as photos do. */
function noisy(options: sharp.JpegOptions): Promise<Buffer> {
  const [width, height] = [600, 400];
  const raw = Buffer.from(
    Array.from(
      { length: width * height * 3 },
      (_, at) => (at / 30 + ((at * 7919) % 97) + ((at * at) % 41)) % 256,
    ),
  );
  return sharp(raw, { raw: { width, height, channels: 3 } })
    .jpeg({ quality: 90, ...options })
    .toBuffer();
}

const endMarker = Buffer.from([0xff, 0xd9]);

describe('photos of real cameras', () => {
  const folder = realData('photos');
  const each = (name: string, run: () => Promise<void>) => (folder === null ? test.skip : test)(name, run);
  const load = (name: string) => readFileSync(path.join(folder ?? '', name));

  each('are read, with the time that each camera wrote', async () => {
    const times: Record<string, string | null> = {};
    for (const name of readdirSync(folder ?? '').filter((one) => one.endsWith('.jpg')))
      times[name] = (await read(load(name), 'UTC')).takenAt?.toISOString() ?? null;
    expect(times).toEqual({
      'Canon_40D.jpg': '2008-05-30T15:56:01.000Z',
      'Canon_PowerShot_S40.jpg': '2003-12-14T12:01:44.000Z',
      'DSCN0010.jpg': '2008-10-22T16:28:39.000Z',
      'Kodak_CX7530.jpg': '2005-08-13T09:47:23.000Z',
      'Konica_Minolta_DiMAGE_Z3.jpg': '2005-03-10T15:10:48.000Z',
      'Nikon_D70.jpg': '2008-03-15T09:52:01.000Z',
      'Panasonic_DMC-FZ30.jpg': '2008-07-16T11:33:20.000Z',
      'Pentax_K10D.jpg': '2008-05-04T16:47:24.000Z',
      'landscape_8.jpg': null,
      'portrait_3.jpg': null,
      'portrait_6.jpg': null,
    });
  });

  each('stand upright', async () => {
    for (const [name, width, height] of [
      ['landscape_8.jpg', 600, 450],
      ['portrait_3.jpg', 450, 600],
      ['portrait_6.jpg', 450, 600],
    ] as const) {
      const photo = await read(load(name));
      expect(photo).toMatchObject({ width, height });
      const small = await sharp(photo.thumbnail).metadata();
      expect(Math.sign(small.width - small.height)).toBe(Math.sign(width - height));
    }
  });

  each('with a position in them lose it in the thumbnail', async () => {
    const { thumbnail } = await read(load('DSCN0010.jpg'));
    expect(thumbnail.includes('Exif')).toBe(false);
    expect(thumbnail.includes('NIKON')).toBe(false);
  });

  each('whose EXIF is broken are photos all the same', async () => {
    for (const name of readdirSync(path.join(folder ?? '', 'invalid')))
      expect(await read(load(path.join('invalid', name)))).toMatchObject({ takenAt: null });
  });

  each('are refused when they are cut and given an end marker, or have a hole', async () => {
    const damaged = path.join('damaged', 'cut-at-60-percent-with-end-marker.jpg');
    expect(await problemOf(load(damaged))).toBe('it is cut short');
    for (const place of Array.from({ length: 120 }, (_, n) => n)) {
      const picture = Buffer.from(load('DSCN0010.jpg'));
      const scan = picture.lastIndexOf(Buffer.from([0xff, 0xda]));
      const at = scan + 20 + Math.floor(((picture.length - scan - 4_200) * place) / 120);
      picture.fill(0, at, at + 4096);
      expect([place, await problemOf(picture)]).toEqual([place, expect.stringMatching(/cut short|damaged/)]);
    }
  });

  each('are refused when they are cut', async () => {
    for (const name of readdirSync(folder ?? '').filter((one) => one.endsWith('.jpg'))) {
      const whole = load(name);
      expect([name, await problemOf(whole.subarray(0, Math.floor(whole.length * 0.9)))]).not.toEqual([
        name,
        'none',
      ]);
    }
  });
});

function zipWith(name: string, text: string): Buffer {
  const zip = new AdmZip();
  zip.addFile(name, Buffer.from(text));
  return zip.toBuffer();
}
