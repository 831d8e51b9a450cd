import {
  compareFields,
  type Comparison,
  type DifferenceReason,
} from '../../api/backoffice/services/link-differences';
import { fieldRule } from '../../shared/systems/field-settings';

// Why two records differ, field by field.

const rules = [
  { here: 'lastName', there: 'name' },
  { here: 'phone', there: 'tel' },
  { here: 'register', there: 'register', flows: 'to-here' },
  { here: 'salutation', there: 'anrede', nulls: { there: 'omit' } },
].map((written) => fieldRule.parse(written));

const alike = { lastName: 'Meier', phone: '1', register: 'HRB', salutation: 'Ms.' };

function reasons(difference: Partial<Comparison>): Record<string, DifferenceReason | null> {
  const comparison: Comparison = {
    rules,
    areDocuments: false,
    now: { here: alike, there: alike },
    settled: { here: alike, there: alike },
    kept: [],
    disputed: [],
    standing: 'settled',
    ...difference,
  };
  const told = compareFields(comparison).flatMap(({ field, reason }) =>
    reason === null ? [] : [[field, reason]],
  );
  return Object.fromEntries(told) as Record<string, DifferenceReason | null>;
}

test('equal records have no difference, and null equals absent', () => {
  expect(reasons({})).toEqual({});
  const without = { lastName: 'Meier', phone: '1', register: 'HRB' };
  const both = { here: without, there: { ...without, salutation: null } };
  expect(reasons({ now: both, settled: both })).toEqual({});
});

test('a disputed field waits for a decision, and other changes are written', () => {
  const now = { here: { ...alike, phone: '2', lastName: 'Meier-Schulz' }, there: { ...alike, phone: '3' } };
  expect(reasons({ now, disputed: ['phone'], standing: 'conflict' })).toEqual({
    phone: 'conflict',
    lastName: 'under-way',
  });
  expect(reasons({ now, disputed: ['phone'], standing: 'flip' })).toMatchObject({ phone: 'flip' });
});

test.each([
  'given-up',
  'approval',
  'waiting',
  'failed',
  'system-paused',
  'pair-paused',
  'planned',
  'off',
] as const)('a change that was not carried over says why: %s', (standing) => {
  expect(reasons({ now: { here: { ...alike, phone: '2' }, there: alike }, standing })).toEqual({
    phone: standing,
  });
});

test('a field that flows one way only may be changed where it flows to', () => {
  expect(reasons({ now: { here: { ...alike, register: 'HRA' }, there: alike } })).toEqual({
    register: 'one-way',
  });
  const fromThere = { here: alike, there: { ...alike, register: 'HRA' } };
  expect(reasons({ now: fromThere, standing: 'failed' })).toEqual({ register: 'failed' });
});

test('what a server does not keep, and an empty value that is not sent, are no change', () => {
  const lost = { here: alike, there: { ...alike, phone: null } };
  const kept = [{ side: 'there', field: 'phone', kept: 'no', sent: '1', shown: null }] as const;
  expect(reasons({ now: lost, settled: lost, kept })).toEqual({ phone: 'not-kept' });
  const omitted = { here: { ...alike, salutation: null }, there: alike };
  expect(reasons({ now: omitted, settled: omitted })).toEqual({ salutation: 'nulls-omitted' });
});

test('what differed when they were joined stays until a side changes it', () => {
  const apart = { here: alike, there: { ...alike, phone: '9' } };
  expect(reasons({ now: apart, settled: apart })).toEqual({ phone: 'unchanged-since' });
});

test('nothing is compared with a side that does not have it', () => {
  expect(reasons({ now: { here: alike, there: null }, standing: 'given-up' })).toEqual({});
});

test('documents are compared by name, folder, content and their fields', () => {
  const file = { name: 'Akte.pdf', parent: '7', content: 'a1', ...alike };
  const now = { here: file, there: { ...file, content: 'b2', phone: '2' } };
  const documents = { areDocuments: true, now, settled: now, standing: 'failed' } as const;
  expect(reasons({ ...documents, rules: [] })).toEqual({ content: 'failed' });
  expect(reasons(documents)).toEqual({ content: 'failed', phone: 'failed' });
});
