import fc from 'fast-check';
import { mergeCopies, type MergeConflict, type Side } from '../../shared/domain/merge';
import { type Copy, type Fields, sameCopy, sameValue } from '../../shared/domain/merge-copy';
import { lastAgreed } from '../../shared/domain/merge-lost-confirm';
import { settledCopy } from '../../shared/domain/settle-conflict';
import { newerSide } from '../../shared/domain/successor';
import { readInstant } from '../../shared/formats/read-instant';

const live = (fields: Fields): Copy => ({ isActive: true, fields });
const gone: Copy = { isActive: false, fields: {} };
const base = live({ Name: 'A', Max: 4 });

describe('the three-way rule', () => {
  test('nothing happens if neither side changed', () => {
    expect(merge({ base, manager: base, solution: base })).toEqual({ result: base, conflict: null });
  });

  test('the manager takes a change of the solution alone', () => {
    const solution = live({ Name: 'A', Max: 5 });
    expect(merge({ base, manager: base, solution })).toEqual({ result: solution, conflict: null });
  });

  test('the manager takes a new entity of the solution', () => {
    expect(merge({ base: null, manager: null, solution: base })).toEqual({ result: base, conflict: null });
    expect(merge({ base: null, manager: gone, solution: base })).toEqual({ result: base, conflict: null });
  });

  test('a change or a new entity of the manager alone stays', () => {
    const manager = live({ Name: 'A', Max: 5 });
    expect(merge({ base, manager, solution: base })).toEqual({ result: manager, conflict: null });
    expect(merge({ base: null, manager, solution: gone })).toEqual({ result: manager, conflict: null });
  });

  test('both sides get the result if they changed different fields', () => {
    const merged = merge({
      base,
      manager: live({ Name: 'B', Max: 4, Extra: 'x' }),
      solution: live({ Name: 'A', Max: 5 }),
    });
    expect(merged).toEqual({ result: live({ Name: 'B', Max: 5, Extra: 'x' }), conflict: null });
  });

  test('a field that one side cleared and the other did not change is cleared', () => {
    const merged = merge({
      base,
      manager: live({ Name: null, Max: 4 }),
      solution: live({ Name: 'A', Max: 5 }),
    });
    expect(sameCopy(merged.result, live({ Max: 5 }))).toBe(true);
  });

  test('both sides agree if they made the same change', () => {
    const same = live({ Name: 'B', Max: 4 });
    expect(merge({ base, manager: same, solution: same })).toEqual({ result: same, conflict: null });
  });

  const manager = live({ Name: 'M', Max: 4, Note: 'm' });
  const solution = live({ Name: 'S', Max: 9 });
  test.each<[Policy, Side, string]>([
    ['newest', 'manager', 'M'],
    ['newest', 'solution', 'S'],
    ['manager', 'solution', 'M'],
    ['solution', 'manager', 'S'],
  ])(
    'the same field differently, policy %s, the %s being newer: %s wins, and all other edits stay',
    (policy, newer, name) => {
      const winner = name === 'M' ? 'manager' : 'solution';
      expect(merge({ base, manager, solution, policy, newer })).toEqual({
        result: live({ Name: name, Max: 9, Note: 'm' }),
        conflict: { fields: ['Name'], resolution: winner },
      });
    },
  );

  test('both copies stay as they are if one field differs and the policy is manual', () => {
    expect(merge({ base, manager, solution, policy: 'manual' })).toEqual({
      result: null,
      conflict: { fields: ['Name'], resolution: null },
    });
  });

  test('a field may have a policy of its own', () => {
    const both = { base, manager: live({ Name: 'M', Max: 1 }), solution: live({ Name: 'S', Max: 2 }) };
    expect(merge({ ...both, policy: 'manager', fieldPolicies: { Max: 'solution' } })).toEqual({
      result: live({ Name: 'M', Max: 2 }),
      conflict: { fields: ['Name', 'Max'], resolution: 'fields' },
    });
    expect(merge({ ...both, policy: 'manager', fieldPolicies: { Max: 'manual' } }).result).toBeNull();
  });

  test('an entity is deleted if one side deleted it and the other did not change it or deleted it too', () => {
    for (const copies of [
      { base, manager: base, solution: gone },
      { base, manager: gone, solution: base },
      { base, manager: gone, solution: gone },
      { base: null, manager: null, solution: gone },
    ]) {
      const { result, conflict } = merge(copies);
      expect([result?.isActive ?? false, conflict]).toEqual([false, null]);
    }
  });

  const changed = live({ Name: 'B', Max: 4 });
  test.each<[Policy, 'lives' | 'is deleted']>([
    ['newest', 'lives'],
    ['manager', 'lives'],
    ['solution', 'is deleted'],
  ])('deleted on the solution, changed on the manager, policy %s: it %s', (policy, fate) => {
    const { result, conflict } = merge({ base, manager: changed, solution: gone, policy });
    expect(conflict?.fields).toEqual([]);
    expect(result).toEqual(fate === 'lives' ? changed : gone);
  });

  test.each<[Policy, 'lives' | 'is deleted']>([
    ['newest', 'lives'],
    ['manager', 'is deleted'],
    ['solution', 'lives'],
  ])('changed on the solution, deleted on the manager, policy %s: it %s', (policy, fate) => {
    const { result } = merge({ base, manager: gone, solution: changed, policy });
    expect(result).toEqual(fate === 'lives' ? changed : gone);
  });

  test('a deletion against a change waits if the policy is manual', () => {
    expect(merge({ base, manager: changed, solution: gone, policy: 'manual' })).toEqual({
      result: null,
      conflict: { fields: [], resolution: null },
    });
  });
});

describe('any three copies', () => {
  test('merging a merged entity again changes nothing', () => {
    fc.assert(
      fc.property(anyInput(), (input) => {
        const { result } = merge(input);
        fc.pre(result !== null);
        const again = merge({ ...input, base: result, manager: result, solution: result });
        expect(again.conflict).toBeNull();
        expect(sameCopy(again.result, result)).toBe(true);
      }),
    );
  });

  test('no edit that only one side made is ever lost', () => {
    fc.assert(
      fc.property(anyFields(), anyFields(), anyFields(), anyPolicy(), (before, manager, solution, policy) => {
        const { result } = merge({
          base: live(before),
          manager: live(manager),
          solution: live(solution),
          policy,
        });
        fc.pre(result !== null);
        for (const name of names) {
          const value = result.fields[name];
          if (sameValue(manager[name], before[name])) expect(sameValue(value, solution[name])).toBe(true);
          else if (sameValue(solution[name], before[name]))
            expect(sameValue(value, manager[name])).toBe(true);
        }
      }),
    );
  });

  test('without a conflict it does not matter which side is which', () => {
    fc.assert(
      fc.property(anyInput(), (input) => {
        const merged = merge(input);
        const turned = merge({ ...input, manager: input.solution, solution: input.manager ?? gone });
        expect(turned.conflict === null).toBe(merged.conflict === null);
        if (merged.conflict !== null || turned.conflict !== null) return;
        expect(sameCopy(merged.result ?? gone, turned.result ?? gone)).toBe(true);
      }),
    );
  });

  test('a winner of a dispute is one of the two values', () => {
    fc.assert(
      fc.property(anyInput(), (input) => {
        const { result, conflict } = merge(input);
        fc.pre(result !== null);
        for (const name of conflict?.fields ?? []) {
          const sides = [input.manager?.fields[name], input.solution.fields[name]];
          expect(sides.some((value) => sameValue(value, result.fields[name]))).toBe(true);
        }
      }),
    );
  });

  test('a decision for one side gives the same result as the policy of that side', () => {
    fc.assert(
      fc.property(anyInput(), fc.constantFrom<Side>('manager', 'solution'), (input, side) => {
        const manager = input.manager ?? gone;
        const byPolicy = merge({ ...input, manager, policy: side, fieldPolicies: {} }).result ?? gone;
        const decided = settledCopy({ base: input.base, manager, solution: input.solution }, side);
        expect(sameCopy(decided, byPolicy)).toBe(true);
      }),
    );
  });
});

describe('a lost confirmation', () => {
  const sent = live({ Name: 'B', Max: 4 });

  test('a solution that shows a value from the package alone has carried it out', () => {
    expect(lastAgreed(base, [sent], sent)).toBe(sent);
    expect(lastAgreed(base, [sent], live({ Name: 'B', Max: 7 }))).toBe(sent);
    expect(lastAgreed(null, [sent], live({ Name: 'other' }))).toBe(sent);
    expect(lastAgreed(base, [gone], gone)).toBe(gone);
  });

  test('a solution that shows no value from the package has not carried it out', () => {
    expect(lastAgreed(base, [sent], base)).toBe(base);
    expect(lastAgreed(base, [sent], live({ Name: 'A', Max: 7 }))).toBe(base);
    expect(lastAgreed(base, [sent], gone)).toBe(base);
    expect(lastAgreed(base, [gone], base)).toBe(base);
    expect(lastAgreed(null, [], base)).toBeNull();
  });

  test('the latest package with values that the solution shows counts', () => {
    const later = live({ Name: 'C', Max: 4 });
    expect(lastAgreed(base, [later, sent], sent)).toBe(sent);
    expect(lastAgreed(base, [later, sent], later)).toBe(later);
  });

  test('a write of the manager that the solution sends back does not undo a later edit', () => {
    const manager = live({ Name: 'C', Max: 4 });
    const agreed = lastAgreed(base, [sent], sent);
    expect(merge({ base: agreed, manager, solution: sent, newer: 'solution' })).toEqual({
      result: manager,
      conflict: null,
    });
  });
});

describe('who is newer', () => {
  const at = new Date('2026-11-20T06:31:00Z');
  const receivedAt = new Date('2026-11-21T00:00:00Z');
  const newer = (ts: string | null, skewSeconds: number | null = 0, editedAt = at) =>
    newerSide(ts === null ? null : readInstant(ts, 'Europe/Paris'), editedAt, { skewSeconds, receivedAt });

  test.each([
    ['2026-11-20 07:31:01', 'solution'],
    ['2026-11-20 07:31:00', 'manager'],
    ['2026-11-20T06:31:00.001Z', 'solution'],
    ['2026-11-20T08:31:00+02:00', 'manager'],
    ['2026-11-20 07:30:59', 'manager'],
    ['20/11/2026 07:32:00', 'solution'],
  ])('with a Ts of %p, the %s is newer', (ts, side) => {
    expect(newer(ts)).toBe(side);
  });

  test.each([
    ['2026-13-40 99:00:00', 0],
    ['yesterday', 0],
    [null, 0],
    // Later than the upload that brought it.
    ['2026-11-21T00:02:01Z', 0],
    ['2099-01-01 00:00:00', 0],
    ['2026-11-20 07:31:01', 121],
    ['2026-11-20 07:31:01', -121],
    ['2026-11-20 07:31:01', 365 * 86_400],
    ['2026-11-20 07:31:01', null],
  ])('a Ts of %p by a clock that is %p s ahead decides nothing', (ts, skewSeconds) => {
    expect(newer(ts, skewSeconds)).toBeNull();
  });

  test('a clock that is wrong by two minutes counts as right', () => {
    expect([newer('2026-11-20 07:31:01', 120), newer('2026-11-21T00:02:00Z', 120)]).toEqual([
      'solution',
      'solution',
    ]);
  });

  test('a time in the hour that autumn repeats counts as the first of the two', () => {
    expect(newer('2018-10-28 02:30:00', 0, new Date('2018-10-28T00:29:59Z'))).toBe('solution');
    expect(newer('2018-10-28 02:30:00', 0, new Date('2018-10-28T00:30:00Z'))).toBe('manager');
  });
});

const names = ['A', 'B', 'C'] as const;

type Policy = 'newest' | 'manager' | 'solution' | 'manual';

interface MergeInput {
  readonly base: Copy | null;
  readonly manager: Copy | null;
  readonly solution: Copy;
  readonly policy: Policy;
  readonly fieldPolicies: Readonly<Record<string, Policy>>;
  readonly newer: Side;
}

/** Null: it waits for someone. */
interface Outcome {
  readonly result: Copy | null;
  readonly conflict: MergeConflict | null;
}

function merge(given: Partial<MergeInput> & Pick<MergeInput, 'base' | 'manager' | 'solution'>): Outcome {
  const input: MergeInput = { policy: 'newest', fieldPolicies: {}, newer: 'manager', ...given };
  const { manager, solution, policy, newer } = input;
  const decide = (by: Policy) => {
    const winner = by === 'newest' ? newer : by;
    return winner === 'manual' ? 'nobody' : winner === 'manager' ? 'one' : 'other';
  };
  const merged = mergeCopies(
    { base: input.base, one: manager, other: solution },
    {
      policy,
      fieldGroups: Object.entries(input.fieldPolicies).map(([field, own]) => ({
        fields: [field],
        policy: own,
      })),
      decideFields: decide,
      decideDeletion: (changed) => (policy === 'newest' ? changed : decide(policy)),
    },
  );
  const sideOf = { one: 'manager', other: 'solution', fields: 'fields' } as const;
  switch (merged.kind) {
    case 'waits':
      return { result: null, conflict: { fields: merged.fields, resolution: null } };
    case 'side': {
      const conflict = merged.isDisputed ? { fields: [], resolution: sideOf[merged.side] } : null;
      return { result: merged.side === 'one' ? (manager ?? gone) : solution, conflict };
    }
    case 'fields': {
      const { fields, winner } = merged.disputes;
      const conflict = winner === null ? null : { fields, resolution: sideOf[winner] };
      return { result: live(merged.fields), conflict };
    }
  }
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

function anyPolicy(): fc.Arbitrary<Policy> {
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
