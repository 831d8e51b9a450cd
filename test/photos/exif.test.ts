import fc from 'fast-check';
import { readExifTime } from '../../worker/solution-sync/photos/photo-exif';
import { exifBlock } from './pictures';

const original = '2026:11:20 07:31:00';
const wall = '2026-11-20 07:31:00';

describe('the time in an EXIF block', () => {
  test.each([true, false])(
    'is DateTimeOriginal, in either order of bytes (little endian: %s)',
    (isLittleEndian) => {
      const block = exifBlock({ original, changed: '2026:11:21 10:00:00', isLittleEndian });
      expect(readExifTime(block)).toEqual({ wall, offset: null });
    },
  );

  test('has the offset that the camera gives', () => {
    expect(readExifTime(exifBlock({ original, offset: '+02:00' }))).toEqual({ wall, offset: '+02:00' });
    expect(readExifTime(exifBlock({ original, offset: '   :  ' }))).toEqual({ wall, offset: null });
    expect(readExifTime(exifBlock({ original, offset: 'Paris' }))).toEqual({ wall, offset: null });
  });

  test('is DateTimeDigitized where there is no other; that of the last change never', () => {
    expect(readExifTime(exifBlock({ digitized: original }))).toEqual({ wall, offset: null });
    expect(readExifTime(exifBlock({ original: '    :  :     :  :  ', digitized: original }))).toEqual({
      wall,
      offset: null,
    });
    expect(readExifTime(exifBlock({ changed: original }))).toBeNull();
  });

  test.each(['2026-11-20 07:31:00', '2026/11/20 07:31:00', '2026:11:20T07:31:00', ' 2026:11:20 07:31'])(
    'is read as other hands wrote it: %j',
    (text) => {
      expect(readExifTime(exifBlock({ original: text }))?.wall).toBe(wall);
    },
  );

  test.each(['', 'yesterday', '20:11:2026', '2026:11:20', '\0\0\0\0'])('is none in %j', (text) => {
    expect(readExifTime(exifBlock({ original: text }))).toBeNull();
  });

  test('is none where the block is cut, and never an error', () => {
    const block = exifBlock({ original, offset: '+01:00', changed: original });
    for (let length = 0; length < block.length; length++) {
      expect([null, wall]).toContain(readExifTime(block.subarray(0, length))?.wall ?? null);
    }
  });

  test('garbage is no error either', () => {
    const block = exifBlock({ original, offset: '+01:00', changed: original });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(block.length - 1), fc.integer({ min: 0, max: 255 })), { maxLength: 40 }),
        (changes) => {
          const damaged = Buffer.from(block);
          for (const [at, byte] of changes) damaged[at] = byte;
          readExifTime(damaged);
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void readExifTime(Buffer.from(bytes))),
    );
  });
});
