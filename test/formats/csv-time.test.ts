import fc from 'fast-check';
import { CsvTime } from '../../shared/formats/csv-time';

function read(text: string): { wall: string; offsetMinutes: number | null } | null {
  const time = new CsvTime();
  const padded = Buffer.from(`9${text}9`);
  if (!time.read(padded, 1, padded.length - 1)) return null;
  return { wall: new Date(time.wallMs).toISOString().slice(0, -1), offsetMinutes: time.offsetMinutes };
}

test.each([
  ['2026-11-20 07:31:00', '2026-11-20T07:31:00.000', null],
  ['2026-11-20T07:31:00', '2026-11-20T07:31:00.000', null],
  ['2026-11-20T07:31', '2026-11-20T07:31:00.000', null],
  ['2026-11-20T07:31:00.123', '2026-11-20T07:31:00.123', null],
  ['2026-11-20T07:31:00.1239999', '2026-11-20T07:31:00.123', null],
  ['2026-11-20 07:31:00,5', '2026-11-20T07:31:00.500', null],
  ['2026-11-20T07:31:00Z', '2026-11-20T07:31:00.000', 0],
  ['2026-11-20T07:31:00.1234567+02:00', '2026-11-20T07:31:00.123', 120],
  ['2020-05-05T09:21:56+0200', '2020-05-05T09:21:56.000', 120],
  ['2026-11-20 07:31:00 -03:30', '2026-11-20T07:31:00.000', -210],
  ['2026-11-20 07:31:00+01', '2026-11-20T07:31:00.000', 60],
  ['20/11/2026 07:31', '2026-11-20T07:31:00.000', null],
  ['20/11/2026 07:31:05', '2026-11-20T07:31:05.000', null],
  ['1/7/2018 9:05', '2018-07-01T09:05:00.000', null],
  ['2026-11-20', '2026-11-20T00:00:00.000', null],
  ['20/11/2026', '2026-11-20T00:00:00.000', null],
  ['1970-01-01 00:00:00', '1970-01-01T00:00:00.000', null],
  ['2199-12-31 23:59:59', '2199-12-31T23:59:59.000', null],
])('%s is read', (text, wall, offsetMinutes) => expect(read(text)).toEqual({ wall, offsetMinutes }));

test.each([
  '',
  'now',
  'infinity',
  'today',
  '2026-11-20 ',
  '2026-11-20T',
  '2026-11-20 7',
  '2026-11-20 07:',
  '2026-11-20 07:3',
  '2026-11-20 24:00:00',
  '2026-11-20 07:60',
  '2026-11-20 07:31:60',
  '2026-02-29',
  '2026-13-01',
  '2026-00-10',
  '31/11/2026',
  '1969-12-31 23:59:59',
  '2200-01-01',
  '0000-00-00 00:00:00',
  '0001-01-01T00:00:00',
  '20261120',
  '2026-1-2',
  '11/20/2026',
  '2026-11-20 07:31:00+16:00',
  '2026-11-20 07:31:00+2',
  '2026-11-20 07:31:00.',
  '2026-11-20 07:31:00 PM',
  '2026-11-20x07:31',
  '2026-11-20 07:31:00ZZ',
  '1763624460',
  '44885.5',
  '20/11/26 07:31',
])('%p is no time', (text) => expect(read(text)).toBeNull());

test('a time that the platform writes is read as the same time', () => {
  const moments = fc.date({
    min: new Date('1970-01-01T00:00:00Z'),
    max: new Date('2199-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(moments, (moment) => {
      expect(read(moment.toISOString())).toEqual({
        wall: moment.toISOString().slice(0, -1),
        offsetMinutes: 0,
      });
    }),
  );
});

test('any text at all is read within its own bounds', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...'0123456789-/:. TZ+'.split('')), maxLength: 30 }),
      (text) => {
        const found = read(text);
        if (found !== null) expect(found.wall).toMatch(/^(19[789]\d|2[01]\d\d)-/);
      },
    ),
    { numRuns: 2000 },
  );
});
