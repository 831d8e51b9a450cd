import type { DocumentPairSettings } from '../../shared/systems/pair-settings';
import type { Decided, Mentioned } from '../pipeline/entry';
import type { SizeLimitSettings } from '../pipeline/middlewares/size-limit';
import type { FieldGroup, Handler } from '../pipeline/policies';
import { sides } from '../pipeline/sides';
import type { Rules } from '../pipeline/stages';

type DocumentRules = Pick<Rules, 'fieldGroups' | 'namePolicies' | 'size' | 'initial' | 'reads'>;

/** The rules for documents that differ from those for records. `ofFields`: the groups of their fields. */
export const documentRules = (
  settings: DocumentPairSettings,
  ofFields: readonly FieldGroup[],
): DocumentRules => ({
  fieldGroups: [contentGroup(settings), { fields: ['place'], policy: settings.conflict.place }, ...ofFields],
  namePolicies: settings.names,
  size: sizeLimitOf(settings),
  // Two files at the same place with different contents are an ordinary dispute.
  initial: null,
  ...(settings.direction === 'there' ? { reads: 'here' as const } : {}),
});

function contentGroup({ conflict: { content, place } }: DocumentPairSettings): FieldGroup {
  const fields = ['content'];
  if (content !== 'keep-both') return { fields, policy: content };
  return { fields, policy: 'keep-both', handler: keepBoth(place === 'there' ? 'there' : 'here') };
}

const keepBoth =
  (stays: 'here' | 'there'): Handler =>
  () => ({ stays, nameOfCopy: (name) => conflictName(name, new Date()) });

/** `plan.txt` → `plan (conflict 2026-11-30).txt`. */
export function conflictName(name: string, day: Date): string {
  const dot = name.lastIndexOf('.');
  const end = dot > 0 ? dot : name.length;
  return `${name.slice(0, end)} (conflict ${day.toISOString().slice(0, 10)})${name.slice(end)}`;
}

function sizeLimitOf({ limits: { file } }: DocumentPairSettings): SizeLimitSettings {
  if (file === undefined) return { limit: null, each: null, sizeOf: () => 0 };
  const kind = file.above === 'skip' ? 'hard' : 'soft';
  return { limit: null, each: { kind, size: file.bytes }, sizeOf: bytesToSend };
}

/** The size of a content that the other side does not have. For a file that is only moved, nothing is sent. */
function bytesToSend(entry: Mentioned & Partial<Pick<Decided, 'items' | 'states' | 'bases'>>): number {
  const { items, states, bases } = entry;
  if (items === undefined || states === undefined || bases === undefined) return 0;
  if (states.here.content === states.there.content) return 0;
  const sizes = sides.map((side) => {
    const isNew = states[side].content !== bases[side]?.content;
    return isNew ? (items[side]?.content?.size ?? 0) : 0;
  });
  return Math.max(...sizes);
}
