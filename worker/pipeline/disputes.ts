import type { FieldDifference } from '../../shared/domain/merge-differences';
import { type Compared, type Conflict, settle } from './entry';
import type { Decision, FieldGroup, ResolveConflictsSettings } from './policies';
import type { Side } from './sides';

export const groupOf = ({ policy, fieldGroups }: ResolveConflictsSettings, name: string): FieldGroup =>
  fieldGroups.find(({ fields }) => fields.includes(name)) ?? { fields: [name], policy };

/** Null: there is no handler, and the entry is left as it is. */
export function judge(
  settings: ResolveConflictsSettings,
  entry: Compared,
  { fields, policy, handler }: FieldGroup,
  disputed: readonly FieldDifference[],
): Decision | null {
  const names = disputed.length > 0 ? namesOf(disputed) : fields;
  const decided = settings.decided(entry, names);
  if (decided !== null) return decided;
  const decides = handler ?? settings.handlers[policy];
  if (decides !== undefined) return decides(entry, disputed);
  settings.onUnhandled(entry, policy);
  settle(entry, 'untouched', { code: 'policy-unknown', values: { policy } });
  return null;
}

export const namesOf = (differences: readonly FieldDifference[]): string[] =>
  differences.map(({ name }) => name);

/** It waits as it is on both sides. */
export function park(entry: Compared, conflict: Conflict): void {
  entry.conflict = conflict;
  settle(entry, 'conflict', { code: 'both-sides-changed', values: {} });
}

export type Disputes = ReturnType<typeof createDisputes>;

/** The disputes of one entity, and who won them. */
export function createDisputes() {
  const fields: string[] = [];
  const open: string[] = [];
  const winners = new Set<Side | 'nobody' | 'fields'>();
  return {
    fields,
    open,
    areMadeOfBoth: () => winners.has('fields'),
    add(names: readonly string[], decision: Decision | null): Decision | null {
      fields.push(...names);
      if (decision === 'nobody') open.push(...names);
      if (decision !== null) winners.add(winnerOf(decision));
      return decision;
    },
    conflict(): Conflict {
      const [winner] = winners;
      const isOne = winners.size === 1 && winner !== undefined && winner !== 'nobody';
      const resolution = open.length > 0 ? null : isOne ? winner : 'fields';
      const kind = fields.every((name) => name === 'place') ? 'place' : 'fields';
      return { kind, fields, resolution };
    },
  };
}

function winnerOf(decision: Decision): Side | 'nobody' | 'fields' {
  if (typeof decision !== 'object') return decision;
  return 'stays' in decision ? decision.stays : 'fields';
}
