import { findParameterClass } from '../../shared/catalog/parameter-classes';
import { validateFields } from '../../shared/formats/parameter-values';

const fridges = findParameterClass('Fridges');
if (fridges === undefined) throw new Error('There is no class Fridges.');

test.each([
  ['too long', { Name: 'x'.repeat(300_000) }],
  ['too long once written as XML', { Name: '&'.repeat(210_000) }],
  ['too many', Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`Field${n}`, 'x']))],
])('staff cannot give a solution fields that are %s for it to send back', (_what, fields) => {
  expect(validateFields(fridges, fields)).toMatchObject({ problems: [{ field: 'fields' }] });
});
