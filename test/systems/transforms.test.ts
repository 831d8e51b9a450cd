import fc from 'fast-check';
import type { FieldValue } from '../../shared/domain/merge-copy';
import type { FieldTransform } from '../../shared/systems/field-settings';
import { dateForm } from '../../worker/records/date-form';
import { UnfitValue } from '../../worker/pipeline/unfit-value';
import { type Transform, transformOf } from '../../worker/records/transforms';

const of = (...steps: FieldTransform[]): Transform => transformOf(steps, { countries: { de: 49, fr: 33 } });

/** Undefined: it has no word for it. */
function say(step: (value: FieldValue) => FieldValue, value: FieldValue): FieldValue | undefined {
  try {
    return step(value);
  } catch (error) {
    if (error instanceof UnfitValue) return undefined;
    throw error;
  }
}

const map: FieldTransform = { step: 'map', map: { 'Mr.': 'Herr', 'Ms.': 'Frau' }, others: 'refuse' };
const keep: FieldTransform = { ...map, others: 'keep' };
const date: FieldTransform = {
  step: 'date',
  date: { here: 'YYYY-MM-DD', there: 'YYYY-MM-DDT00:00:00' },
};
const typed: FieldTransform = { step: 'date', date: { here: 'datetime', there: 'DD.MM.YYYY' } };
const toText: FieldTransform = { step: 'number', number: { here: 'number', there: 'text' } };
const toNumber: FieldTransform = { step: 'number', number: { here: 'text', there: 'number' } };
const truth: FieldTransform = { step: 'boolean', boolean: { here: [true, false], there: ['J', 'N'] } };

const days = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));

const values: fc.Arbitrary<FieldValue> = fc.oneof(
  fc.string(),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    ' a ',
    ' ',
    '',
    'Mr.',
    'Ms.',
    'Herr',
    'Frau',
    'Dr.',
    'J',
    'N',
    'de',
    '49',
    'true',
    '1.50',
    '-0',
  ),
  fc.integer(),
  fc.double(),
  fc.float().map(String),
  fc.boolean(),
  fc.constant(null),
  days,
  days.map((day) => `${day}T00:00:00`),
  days.map((day) => `${day} 12:34:56.789`),
);

const chains: fc.Arbitrary<FieldTransform[]> = fc.oneof(
  fc.array(fc.constantFrom<FieldTransform>({ step: 'trim' }, { step: 'lower' }), { maxLength: 3 }),
  fc.constantFrom<FieldTransform[]>(
    [map],
    [keep],
    [date],
    [typed],
    [toText],
    [toNumber],
    [truth],
    [{ step: 'trim' }, map],
    [{ step: 'trim' }, toNumber],
    [{ step: 'lookup', lookup: 'countries' }],
  ),
);

test('a value that is converted there and back several times stays the same', () => {
  fc.assert(
    fc.property(chains, values, (steps, value) => {
      const { forward, back } = of(...steps);
      const there = say(forward, value);
      if (there !== undefined) expect(say(forward, say(back, there) ?? null)).toEqual(there);
      const here = say(back, value);
      if (here !== undefined) expect(say(back, say(forward, here) ?? null)).toEqual(here);
    }),
    { numRuns: 3_000 },
  );
});

test('a missing value and an empty text count as no value on both sides', () => {
  fc.assert(
    fc.property(chains, fc.constantFrom(null, ''), (steps, value) => {
      const { forward, back } = of(...steps);
      expect([forward(value), back(value)]).toEqual([null, null]);
    }),
  );
});

test('every day of the calendar can be converted to every format and back', () => {
  const forms = [
    'YYYY-MM-DD',
    'DD.MM.YYYY',
    'MM/DD/YYYY',
    'YYYYMMDD',
    'YYYY-MM-DDT00:00:00',
    'date',
    'datetime',
  ];
  fc.assert(
    fc.property(days, fc.constantFrom(...forms), fc.constantFrom(...forms), (day, here, there) => {
      const first = dateForm('YYYY-MM-DD').parse(day);
      if (first === null) throw new Error(`${day} is no day`);
      const { forward, back } = of({ step: 'date', date: { here, there } });
      const written = dateForm(here).format(first);
      expect(back(forward(written))).toBe(written);
    }),
  );
});

test('a date that does not exist, or has another format, is refused with a reason', () => {
  const { forward, back } = of(date);
  for (const value of ['2026-02-30', '2026-2-3', '30.02.2026', 'soon', 20260230, true])
    expect(() => forward(value)).toThrow(/^is ".*", and no date as in YYYY-MM-DD$/);
  expect(forward('2024-02-29')).toBe('2024-02-29T00:00:00');
  expect(() => back('2026-02-03T10:00:00')).toThrow('no date as in YYYY-MM-DDT00:00:00');
});

test('the date in a value of a database is read, whatever follows it', () => {
  const { forward } = of(typed);
  expect(forward('1980-01-02')).toBe('02.01.1980');
  expect(forward('1980-01-02T23:59:59.997Z')).toBe('02.01.1980');
  expect(forward('1980-01-02 23:59:59')).toBe('02.01.1980');
});

test('a value that the table lacks is refused, or kept if it cannot be mistaken for another', () => {
  expect(of(map).forward('Mr.')).toBe('Herr');
  expect(() => of(map).forward('Dr.')).toThrow('is "Dr.", and the table of values has no such entry');
  expect(of(keep).forward('Dr.')).toBe('Dr.');
  expect(() => of(keep).forward('Herr')).toThrow(UnfitValue);
  expect(of({ step: 'lookup', lookup: 'countries' }).back(49)).toBe('de');
  expect(() => of({ step: 'lookup', lookup: 'countries' }).forward('constructor')).toThrow(UnfitValue);
});

test('a number is refused if it would come back as another one', () => {
  const { forward } = of(toNumber);
  expect([forward('007'), forward(' 1.50 '), forward('-0')]).toEqual([7, 1.5, 0]);
  for (const value of ['12345678901234567890', '1e5', '1.234,5', 'x', '0.0000001', 'Infinity', true])
    expect(() => forward(value)).toThrow('no number that can be kept exactly');
  expect(of(toText).forward(1.5)).toBe('1.5');
});
