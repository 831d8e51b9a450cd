import { date, time } from '../../shared/catalog/column';
import { findParameterClass, type ParameterClass } from '../../shared/catalog/parameter-classes';
import { copyDigest } from '../../shared/formats/parameter-digest';
import { decodeFields, validateFields } from '../../shared/formats/parameter-values';

const fridges = declared('Fridges');
const checkLists = declared('CheckLists');

describe('the values of parameters', () => {
  test.each([
    ['0.0', 0],
    ['-0', 0],
    ['4,5', 4.5],
    [' +4.50 ', 4.5],
    ['1E-07', 1e-7],
    ['', null],
    [null, null],
  ])('TempMin %p is read as %p', (text, value) => {
    expect(decodeFields(fridges, { TempMin: text })).toEqual({ fields: { TempMin: value }, problems: [] });
  });

  test.each([
    ['TempMin', 'warm'],
    ['TempMin', '0x10'],
    ['TempMin', 'NaN'],
    ['TempMin', '1 000'],
    ['TempMin', '-273.15'],
    ['AlertDelayMinutes', '2.5'],
    ['AlertDelayMinutes', '-1'],
    ['Type', 'lukewarm'],
    ['Name', { xml: '<Name><b/></Name>' }],
  ])('%s %p is a bad value', (field, value) => {
    expect(decodeFields(fridges, { [field]: value }).problems).toMatchObject([{ field }]);
  });

  test.each(['0001-01-01T00:00:00', '0001-01-01', '01/01/0001 00:00:00'])(
    'a date or a time of %s was never set',
    (text) => {
      const label = { en: 'When', fr: 'Quand' };
      const dated: ParameterClass = { ...fridges, columns: [date('From', label), time('At', label)] };
      expect(decodeFields(dated, { From: text, At: text, Other: text })).toEqual({
        fields: { From: null, At: null, Other: text },
        problems: [],
      });
    },
  );

  test('booleans and choices are read whatever their case', () => {
    expect(decodeFields(checkLists, { Mandatory: 'True' }).fields).toEqual({ Mandatory: true });
    expect(decodeFields(checkLists, { Mandatory: '0' }).fields).toEqual({ Mandatory: false });
    expect(decodeFields(fridges, { Type: 'Positive' }).fields).toEqual({ Type: 'positive' });
  });

  test('fields that the class does not declare stay unchanged', () => {
    const fields = { TempMoyenne: ' 04.0 ', Steps: { xml: '<Steps><Step/></Steps>' }, Empty: '', None: null };
    expect(decodeFields(fridges, fields)).toEqual({ fields, problems: [] });
  });

  test('staff may send JSON values, and every mistake is named at once', () => {
    expect(
      validateFields(fridges, { Name: 'A', TempMin: 1.5, TempMax: '4,5', Other: 12, Flag: true }),
    ).toEqual({
      fields: { Name: 'A', TempMin: 1.5, TempMax: 4.5, Other: '12', Flag: 'true' },
      problems: [],
    });
    const { problems } = validateFields(fridges, {
      TempMin: 'cold',
      Name: ['a'],
      Id: '7',
      'not a name': 'x',
      Note: 'a\0b',
      Lone: '\ud800',
      Steps: { xml: '<Steps>' },
    });
    expect(problems.map(({ field }) => field)).toEqual([
      'TempMin',
      'Name',
      'Id',
      'not a name',
      'Note',
      'Lone',
      'Steps',
    ]);
  });

  test('copies that say the same have one digest, whatever the order of their fields and whether they say nothing', () => {
    const digest = (fields: Parameters<typeof copyDigest>[0]['fields'], isActive = true) =>
      copyDigest({ isActive, fields }).toString('hex');
    expect(digest({ A: 1, B: 'x' })).toBe(digest({ B: 'x', A: 1, C: null }));
    expect(digest({ A: '1' })).not.toBe(digest({ A: 1 }));
    expect(digest({ A: '' })).not.toBe(digest({}));
    expect(digest({ A: { xml: 'x' } })).not.toBe(digest({ A: 'x' }));
    expect(digest({ A: '1' }, false)).toBe(digest({}, false));
  });
});

function declared(name: string): ParameterClass {
  const found = findParameterClass(name);
  if (found === undefined) throw new Error(name);
  return found;
}
