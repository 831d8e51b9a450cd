import fc from 'fast-check';
import { daysSinceEpoch, decodeText, readBoolean, readDecimal } from '../../shared/formats/csv-cell';

const decimalOf = (text: string) => readDecimal(Buffer.from(text), 0, Buffer.byteLength(text));
const booleanOf = (text: string) => readBoolean(Buffer.from(text), 0, Buffer.byteLength(text));

describe('a decimal', () => {
  test('is exactly the number that the platform makes of the same text', () => {
    const written = fc.oneof(
      fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
      fc.stringMatching(/^[+-]?\d{1,25}(\.\d{0,30})?$/),
      fc.stringMatching(/^-?0\.0{0,24}\d{1,18}$/),
      fc.stringMatching(/^\d{1,3}\.\d{1,4}[eE][+-]?\d{1,2}$/),
    );
    fc.assert(
      fc.property(written, (text) => {
        expect(decimalOf(text)).toBe(Number(text));
        expect(decimalOf(text.replace('.', ','))).toBe(Number(text));
      }),
      { numRuns: 2000 },
    );
  });

  test.each(['1.', '.5', '-.5', '+3', '007', '-0', '1E-05', '9007199254740993', '0.1'])(
    'may be %s',
    (text) => {
      expect(decimalOf(text)).toBe(Number(text));
    },
  );

  test('of 400 digits is read as far as a double goes', () => {
    expect(decimalOf(`0.${'0'.repeat(200)}${'7'.repeat(200)}`)).toBe(
      Number(`0.${'0'.repeat(200)}${'7'.repeat(200)}`),
    );
    expect(decimalOf('7'.repeat(400))).toBeNaN();
  });

  test.each([
    '',
    '.',
    '-',
    '+',
    ',',
    '1.2.3',
    '1,2.3',
    '--1',
    '1e400',
    '1e',
    'e5',
    'NaN',
    'infinity',
    '-Infinity',
    'now',
  ])('is not %p', (text) => expect(decimalOf(text)).toBeNaN());

  test.each(['0x1F', '1_000', '1 000', '12°', '١', '1\0', '"1"', 'null', 'true'])('is not %p', (text) => {
    expect(decimalOf(text)).toBeNaN();
  });
});

test.each([
  ['1', 1],
  ['0', 0],
  ['true', 1],
  ['FALSE', 0],
  ['True', 1],
  ['2', -1],
  ['yes', -1],
  ['', -1],
  ['truetrue', -1],
])('the boolean %p is read as %p', (text, value) => expect(booleanOf(text)).toBe(value));

test('a day is counted as the platform counts it, and a day that is none is refused', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1970, max: 2199 }),
      fc.integer({ min: 0, max: 13 }),
      fc.integer({ min: 0, max: 32 }),
      (y, m, d) => {
        const date = new Date(Date.UTC(y, m - 1, d));
        const exists = date.getUTCFullYear() === y && date.getUTCMonth() === m - 1 && date.getUTCDate() === d;
        expect(daysSinceEpoch(y, m, d)).toBe(exists ? date.getTime() / 86_400_000 : NaN);
      },
    ),
  );
});

test('a text is read as UTF-8, else as windows-1252', () => {
  expect(decodeText(Buffer.from('Côté 4 °C €'))).toBe('Côté 4 °C €');
  expect(decodeText(Buffer.from([0x43, 0xf4, 0x74, 0xe9, 0x20, 0x80, 0x9c, 0x81]))).toBe('Côté €œ\x81');
});
