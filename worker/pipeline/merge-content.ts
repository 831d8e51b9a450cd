import { type Disputes, groupOf, judge } from './disputes';
import type { Compared, ConflictCopy } from './entry';
import { writtenName } from './names';
import type { Decision, ResolveConflictsSettings } from './policies';
import { otherSide, type PerSide, perSide, type Side } from './sides';

export interface MergedContents {
  /** The mark of the content that each side shall have. Undefined: none. */
  readonly contents: PerSide<string | undefined>;
  /** The losing content, if it is kept as a separate item. */
  readonly conflictCopy: ConflictCopy | null;
}

/** Contents are never merged: one of the two is kept, or both are. Null: no rule decides. */
export function mergeContents(
  settings: ResolveConflictsSettings,
  entry: Compared,
  disputes: Disputes,
): MergedContents | null {
  const { states, bases, hasSameContent } = entry;
  const own = { here: states.here.content, there: states.there.content };
  const bothAs = (side: Side): MergedContents => ({ contents: perSide(() => own[side]), conflictCopy: null });
  const asTheyAre = { contents: own, conflictCopy: null };
  if (own.here === undefined || own.there === undefined) return asTheyAre;
  if (own.here === own.there || hasSameContent === true) return asTheyAre;
  const stayed = (side: Side) => bases[side]?.content === own[side];
  if (stayed('here')) return stayed('there') ? asTheyAre : bothAs('there');
  if (stayed('there')) return bothAs('here');
  const decision = decide(settings, entry, disputes);
  if (decision === null) return null;
  if (decision === 'here' || decision === 'there') return bothAs(decision);
  if (typeof decision !== 'object' || !('stays' in decision)) return asTheyAre;
  const side = otherSide(decision.stays);
  const name = writtenName(
    settings.names[side],
    decision.nameOfCopy(states[decision.stays].place?.name ?? ''),
  );
  return { ...bothAs(decision.stays), conflictCopy: { side, name } };
}

function decide(settings: ResolveConflictsSettings, entry: Compared, disputes: Disputes): Decision | null {
  const { initial } = settings;
  if (entry.isJoined && (initial === 'here' || initial === 'there')) return initial;
  const decision = judge(settings, entry, groupOf(settings, 'content'), []);
  // An item without a place has no folder for the copy.
  const isImpossible =
    decision !== null && typeof decision === 'object' && 'stays' in decision && !entry.states.here.place;
  return disputes.add(['content'], isImpossible ? 'nobody' : decision);
}
