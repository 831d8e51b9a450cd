import { waveSizes, type WaveStanding, waveVerdict } from '../../shared/domain/rollout';
import { editedCopy } from '../../shared/domain/rollout-edit';

describe('the sizes of the waves', () => {
  test.each([
    [200, [5, 25], [10, 50, 140]],
    [5000, [5, 25], [250, 1250, 3500]],
    [3, [5, 25], [1, 1, 1]],
    [2, [5, 25], [1, 1]],
    [1, [5, 25], [1]],
    [7, [], [7]],
    [10, [50, 50], [5, 5]],
  ])('of %i solutions at %j percent', (solutions, percents, sizes) => {
    expect(waveSizes(solutions, percents)).toEqual(sizes);
  });
});

describe('a wave', () => {
  const wave: WaveStanding = {
    ...{ solutions: 20, open: 0, failed: 0, expired: 0 },
    ...{ acceptedFailed: 0, acceptedExpired: 0 },
  };
  const strict = { maxFailedPercent: 0, maxExpiredPercent: 0 };
  const patient = { maxFailedPercent: 10, maxExpiredPercent: 50 };

  test.each([
    ['has succeeded when all have confirmed', {}, strict, 'succeeded'],
    ['waits for its last solution', { open: 1 }, strict, 'wait'],
    ['stops at the first failure, without waiting', { open: 19, failed: 1 }, strict, 'too-many-failed'],
    ['may have a share of failures', { failed: 2 }, patient, 'succeeded'],
    ['stops above that share', { failed: 3 }, patient, 'too-many-failed'],
    [
      'stops when too many did not come, once nobody is waited for',
      { expired: 11 },
      patient,
      'too-many-expired',
    ],
    ['waits although many did not come', { open: 1, expired: 11 }, patient, 'wait'],
    [
      'goes on with failures that people have accepted',
      { failed: 3, acceptedFailed: 3 },
      strict,
      'succeeded',
    ],
    ['stops at a failure after those', { failed: 4, acceptedFailed: 3 }, strict, 'too-many-failed'],
  ] as const)('%s', (_, standing, rules, verdict) => {
    expect(waveVerdict({ ...wave, ...standing }, rules)).toBe(verdict);
  });
});

describe('an edit of a rollout', () => {
  const held = { isActive: true, fields: { Name: 'Cave', TempMax: 4, Zone: 'A' } };

  test('changes the named fields and keeps the others', () => {
    expect(editedCopy(held, { fields: { TempMax: 5, Zone: null }, expected: null })).toEqual({
      copy: { isActive: true, fields: { Name: 'Cave', TempMax: 5, Zone: null } },
      written: { TempMax: 5, Zone: null },
    });
  });

  test('leaves a field alone that no longer has the expected value', () => {
    const edit = { fields: { Name: 'Cellar', TempMax: 5 }, expected: { Name: 'Cave', TempMax: 3 } };
    expect(editedCopy(held, edit)).toMatchObject({
      copy: { fields: { Name: 'Cellar', TempMax: 4 } },
      written: { Name: 'Cellar' },
    });
    expect(editedCopy(held, { ...edit, expected: { Name: 'x', TempMax: 3 } })).toBeNull();
  });

  test('makes no new copy where the values are there already', () => {
    expect(editedCopy(held, { fields: { TempMax: 4 }, expected: null })).toEqual({
      copy: null,
      written: { TempMax: 4 },
    });
  });

  test('does not bring back what a kitchen has deleted, and adds what it never had', () => {
    const deleted = { isActive: false, fields: held.fields };
    const edit = { fields: { Name: 'Cave' }, expected: {} };
    expect(editedCopy(deleted, edit)).toBeNull();
    expect(editedCopy(null, { ...edit, expected: null })).toMatchObject({ copy: { isActive: true } });
  });

  test('adds what was missing, but leaves the values of an entity that someone made meanwhile', () => {
    const edit = { fields: { Name: 'Cellar', Type: 'cold' }, expected: { Name: null, Type: null } };
    expect(editedCopy(null, edit)).toMatchObject({ copy: { isActive: true, fields: edit.fields } });
    expect(editedCopy(held, edit)).toEqual({
      copy: { isActive: true, fields: { ...held.fields, Type: 'cold' } },
      written: { Type: 'cold' },
    });
    expect(editedCopy(held, { fields: { Name: 'Cellar' }, expected: { Name: null } })).toBeNull();
  });

  test('deletes only what is as expected', () => {
    expect(editedCopy(held, { fields: null, expected: { TempMax: 3 } })).toBeNull();
    expect(editedCopy(held, { fields: null, expected: { TempMax: 4 } })?.copy?.isActive).toBe(false);
    expect(editedCopy(null, { fields: null, expected: null })).toBeNull();
  });
});
