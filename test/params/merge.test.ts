import fc from 'fast-check';
import { mergeThreeWay, type MergeInput, type MergePolicy } from '../../shared/domain/merge';
import { type Copy, type Fields, sameCopy, sameValue } from '../../shared/domain/merge-copy';
import { lastAgreed } from '../../shared/domain/merge-lost-confirm';
import { newerSide } from '../../worker/solution-sync/params/newer-side';

const live = (fields: Fields): Copy => ({ isActive: true, fields });
const gone: Copy = { isActive: false, fields: {} };
const base = live({ Name: 'A', Max: 4 });

describe('the three-way rule', () => {
  test('neither changed: nothing', () => {
    expect(merge({ base, manager: base, solution: base })).toMatchObject({
      manager: null,
      instruction: null,
      conflict: null,
    });
  });

  test('changed on the solution alone: the manager takes it', () => {
    const solution = live({ Name: 'A', Max: 5 });
    expect(merge({ base, manager: base, solution })).toEqual({
      manager: solution,
      instruction: null,
      base: solution,
      conflict: null,
    });
  });

  test('new on the solution: the manager takes it', () => {
    expect(merge({ base: null, manager: null, solution: base })).toMatchObject({
      manager: base,
      instruction: null,
    });
    expect(merge({ base: null, manager: gone, solution: base })).toMatchObject({
      manager: base,
      instruction: null,
    });
  });

  test('changed or new on the manager alone: the solution is told', () => {
    const manager = live({ Name: 'A', Max: 5 });
    expect(merge({ base, manager, solution: base })).toMatchObject({
      manager: null,
      instruction: manager,
      conflict: null,
    });
    expect(merge({ base: null, manager, solution: gone })).toMatchObject({
      manager: null,
      instruction: manager,
    });
  });

  test('changed on both in other fields: both get the result', () => {
    const result = live({ Name: 'B', Max: 5, Extra: 'x' });
    const merged = merge({
      base,
      manager: live({ Name: 'B', Max: 4, Extra: 'x' }),
      solution: live({ Name: 'A', Max: 5 }),
    });
    expect(merged).toMatchObject({ manager: result, instruction: result, conflict: null });
  });

  test('a field that one side cleared and the other left is cleared', () => {
    const merged = merge({
      base,
      manager: live({ Name: null, Max: 4 }),
      solution: live({ Name: 'A', Max: 5 }),
    });
    expect(sameCopy(merged.manager, live({ Max: 5 }))).toBe(true);
  });

  test('changed on both in the same way: agreed', () => {
    const same = live({ Name: 'B', Max: 4 });
    expect(merge({ base, manager: same, solution: same })).toMatchObject({
      manager: null,
      instruction: null,
      base: same,
      conflict: null,
    });
  });

  const manager = live({ Name: 'M', Max: 4, Note: 'm' });
  const solution = live({ Name: 'S', Max: 9 });
  test.each<[MergePolicy, 'manager' | 'solution', string]>([
    ['newest', 'manager', 'M'],
    ['newest', 'solution', 'S'],
    ['manager', 'solution', 'M'],
    ['solution', 'manager', 'S'],
  ])(
    'the same field differently, policy %s, the %s being newer: %s wins, and all other edits stay',
    (policy, newer, name) => {
      const merged = merge({ base, manager, solution, policy, newer });
      const winner = name === 'M' ? 'manager' : 'solution';
      expect(merged.conflict).toEqual({ fields: ['Name'], resolution: winner });
      expect(merged.manager).toEqual(live({ Name: name, Max: 9, Note: 'm' }));
      expect(merged.instruction).toEqual(merged.manager);
    },
  );

  test('the same field differently, policy manual: parked, both copies stay as they are', () => {
    const merged = merge({ base, manager, solution, policy: 'manual' });
    expect(merged).toEqual({
      manager: null,
      instruction: null,
      base: null,
      conflict: { fields: ['Name'], resolution: null },
    });
  });

  test('a field may have a policy of its own', () => {
    const both = { base, manager: live({ Name: 'M', Max: 1 }), solution: live({ Name: 'S', Max: 2 }) };
    expect(merge({ ...both, policy: 'manager', fieldPolicies: { Max: 'solution' } })).toMatchObject({
      manager: live({ Name: 'M', Max: 2 }),
      conflict: { fields: ['Name', 'Max'], resolution: 'fields' },
    });
    expect(
      merge({ ...both, policy: 'manager', fieldPolicies: { Max: 'manual' } }).conflict?.resolution,
    ).toBeNull();
  });

  test('deleted on the solution, unchanged on the manager: deleted there, and the solution may forget it', () => {
    expect(merge({ base, manager: base, solution: gone })).toMatchObject({
      manager: gone,
      instruction: gone,
      conflict: null,
    });
  });

  test('unchanged on the solution, deleted on the manager: the solution is told', () => {
    expect(merge({ base, manager: gone, solution: base })).toMatchObject({
      manager: null,
      instruction: gone,
      conflict: null,
    });
  });

  test('deleted on both: the solution may forget it', () => {
    expect(merge({ base, manager: gone, solution: gone })).toMatchObject({
      manager: null,
      instruction: gone,
      conflict: null,
    });
  });

  test('a deleted entity that nobody knew: nothing', () => {
    expect(merge({ base: null, manager: null, solution: gone })).toMatchObject({
      manager: null,
      instruction: null,
      conflict: null,
    });
  });

  const changed = live({ Name: 'B', Max: 4 });
  test.each<[MergePolicy, 'lives' | 'is deleted']>([
    ['newest', 'lives'],
    ['manager', 'lives'],
    ['solution', 'is deleted'],
  ])('deleted on the solution, changed on the manager, policy %s: it %s', (policy, fate) => {
    const merged = merge({ base, manager: changed, solution: gone, policy });
    expect(merged.conflict?.fields).toEqual([]);
    expect(merged).toMatchObject(
      fate === 'lives' ? { manager: null, instruction: changed } : { manager: gone, instruction: gone },
    );
  });

  test.each<[MergePolicy, 'lives' | 'is deleted']>([
    ['newest', 'lives'],
    ['manager', 'is deleted'],
    ['solution', 'lives'],
  ])('changed on the solution, deleted on the manager, policy %s: it %s', (policy, fate) => {
    const merged = merge({ base, manager: gone, solution: changed, policy });
    expect(merged).toMatchObject(
      fate === 'lives' ? { manager: changed, instruction: null } : { manager: null, instruction: gone },
    );
  });

  test('deleted against changed, policy manual: parked', () => {
    expect(merge({ base, manager: changed, solution: gone, policy: 'manual' }).conflict).toEqual({
      fields: [],
      resolution: null,
    });
  });
});

describe('any three copies', () => {
  test('merging again what was merged changes nothing', () => {
    fc.assert(
      fc.property(anyInput(), (input) => {
        const first = merge(input);
        fc.pre(first.conflict?.resolution !== null);
        const manager = first.manager ?? input.manager;
        const told = first.instruction ?? input.solution;
        const again = merge({ ...input, base: told, manager, solution: told });
        expect(again).toMatchObject({ manager: null, conflict: null });
        if (told.isActive) expect(again.instruction).toBeNull();
      }),
    );
  });

  test('after the instruction both sides hold the same, unless it is parked', () => {
    fc.assert(
      fc.property(anyInput(), (input) => {
        const merged = merge(input);
        fc.pre(merged.conflict?.resolution !== null);
        const manager = merged.manager ?? input.manager ?? gone;
        expect(sameCopy(manager, merged.instruction ?? input.solution)).toBe(true);
      }),
    );
  });

  test('no edit that only one side made is ever lost', () => {
    fc.assert(
      fc.property(anyFields(), anyFields(), anyFields(), anyPolicy(), (before, manager, solution, policy) => {
        const merged = merge({
          base: live(before),
          manager: live(manager),
          solution: live(solution),
          policy,
        });
        fc.pre(merged.conflict?.resolution !== null);
        const result = (merged.manager ?? live(manager)).fields;
        for (const name of names) {
          if (sameValue(manager[name], before[name]))
            expect(sameValue(result[name], solution[name])).toBe(true);
          else if (sameValue(solution[name], before[name]))
            expect(sameValue(result[name], manager[name])).toBe(true);
        }
      }),
    );
  });

  test('without a conflict it does not matter which side is which', () => {
    fc.assert(
      fc.property(anyInput(), (input) => {
        const merged = merge(input);
        const manager = input.manager ?? gone;
        const turned = merge({ ...input, manager: input.solution, solution: manager });
        expect(turned.conflict === null).toBe(merged.conflict === null);
        if (merged.conflict !== null || turned.conflict !== null) return;
        expect(sameCopy(merged.manager ?? manager, turned.manager ?? input.solution)).toBe(true);
      }),
    );
  });

  test('a winner of a dispute is one of the two values', () => {
    fc.assert(
      fc.property(anyInput(), (input) => {
        const merged = merge(input);
        for (const name of merged.conflict?.fields ?? []) {
          const result = (merged.manager ?? input.manager)?.fields[name];
          const sides = [input.manager?.fields[name], input.solution.fields[name]];
          expect(sides.some((value) => sameValue(value, result))).toBe(true);
        }
      }),
    );
  });
});

describe('a lost confirmation', () => {
  const sent = live({ Name: 'B', Max: 4 });

  test('the solution that shows what only the package could have told has carried it out', () => {
    expect(lastAgreed(base, [sent], sent)).toBe(sent);
    expect(lastAgreed(base, [sent], live({ Name: 'B', Max: 7 }))).toBe(sent);
    expect(lastAgreed(null, [sent], live({ Name: 'other' }))).toBe(sent);
    expect(lastAgreed(base, [gone], gone)).toBe(gone);
  });

  test('the solution that shows nothing of it has not', () => {
    expect(lastAgreed(base, [sent], base)).toBe(base);
    expect(lastAgreed(base, [sent], live({ Name: 'A', Max: 7 }))).toBe(base);
    expect(lastAgreed(base, [sent], gone)).toBe(base);
    expect(lastAgreed(base, [gone], base)).toBe(base);
    expect(lastAgreed(null, [], base)).toBeNull();
  });

  test('the latest package that it shows counts', () => {
    const later = live({ Name: 'C', Max: 4 });
    expect(lastAgreed(base, [later, sent], sent)).toBe(sent);
    expect(lastAgreed(base, [later, sent], later)).toBe(later);
  });

  test('its own write coming back does not undo what the manager did since', () => {
    const manager = live({ Name: 'C', Max: 4 });
    const agreed = lastAgreed(base, [sent], sent);
    expect(merge({ base: agreed, manager, solution: sent, newer: 'solution' })).toMatchObject({
      manager: null,
      instruction: manager,
      conflict: null,
    });
  });
});

describe('who is newer', () => {
  const at = new Date('2026-11-20T06:31:00Z');

  test.each([
    ['2026-11-20 07:31:01', 'solution'],
    ['2026-11-20 07:31:00', 'manager'],
    ['2026-11-20T06:31:00.001Z', 'solution'],
    ['2026-11-20T08:31:00+02:00', 'manager'],
    ['2026-11-20 07:30:59', 'manager'],
    ['20/11/2026 07:32:00', 'solution'],
    ['2026-13-40 99:00:00', 'manager'],
    ['yesterday', 'manager'],
    [null, 'manager'],
  ])('a Ts of %p: the %s', (ts, side) => {
    expect(newerSide(ts, 'Europe/Paris', at)).toBe(side);
  });

  test('of the hour that autumn writes twice, the first counts', () => {
    expect(newerSide('2018-10-28 02:30:00', 'Europe/Paris', new Date('2018-10-28T00:29:59Z'))).toBe(
      'solution',
    );
    expect(newerSide('2018-10-28 02:30:00', 'Europe/Paris', new Date('2018-10-28T00:30:00Z'))).toBe(
      'manager',
    );
  });
});

const names = ['A', 'B', 'C'] as const;

function merge(input: Partial<MergeInput> & Pick<MergeInput, 'base' | 'manager' | 'solution'>) {
  return mergeThreeWay({ policy: 'newest', fieldPolicies: {}, newer: 'manager', ...input });
}

function anyFields(): fc.Arbitrary<Partial<Record<(typeof names)[number], number | null>> & Fields> {
  const value = fc.constantFrom(null, 1, 2, 3);
  return fc.record({ A: value, B: value, C: value }, { requiredKeys: [] });
}

function anyCopy(): fc.Arbitrary<Copy> {
  return fc.oneof(
    { weight: 4, arbitrary: anyFields().map(live) },
    { weight: 1, arbitrary: fc.constant(gone) },
  );
}

function anyPolicy(): fc.Arbitrary<MergePolicy> {
  return fc.constantFrom('newest', 'manager', 'solution', 'manual');
}

function anyInput(): fc.Arbitrary<MergeInput> {
  return fc.record({
    base: fc.option(anyCopy()),
    manager: fc.option(anyCopy()),
    solution: anyCopy(),
    policy: anyPolicy(),
    fieldPolicies: fc.dictionary(fc.constantFrom(...names), anyPolicy()),
    newer: fc.constantFrom('manager', 'solution'),
  });
}
