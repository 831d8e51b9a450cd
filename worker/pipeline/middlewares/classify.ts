import type { Classified, Resolved } from '../entry';
import { otherSide, type PerSide, type Side } from '../sides';
import { isOneSpelling } from '../names';
import type { Middleware } from '../pipeline';
import { type Change, sameState, type State, stateChange } from '../state';
import type { NameRules } from '../system';

export interface ClassifySettings {
  /** The only side that is edited. Its copy counts, whatever the other side has. Null: both sides are edited. */
  readonly lead: Side | null;
  readonly names: PerSide<NameRules | null>;
}

/** Finds what each side changed, by comparison with what that side was last seen to have. No clock is used. */
export function classify({ lead, names }: ClassifySettings): Middleware<Resolved, Classified> {
  return (entry, next) => {
    const changes =
      lead === null
        ? { here: changeSince(entry, 'here'), there: changeSince(entry, 'there') }
        : ledBy(lead, entry);
    return next(Object.assign(entry, { changes, isAlike: areAlike(names, entry) }));
  };
}

/** A side that still shows the revision that it was last seen with has not changed. */
function changeSince({ link, bases, items, states }: Resolved, side: Side): Change {
  const item = items[side];
  const known = link?.ends[side]?.revision ?? null;
  if (item?.isActive === true && known !== null && item.revision === known) return 'unchanged';
  return stateChange(bases[side], states[side]);
}

function ledBy(lead: Side, { states }: Resolved): PerSide<Change> {
  const change = stateChange(states[otherSide(lead)], states[lead]);
  return lead === 'here' ? { here: change, there: 'unchanged' } : { here: 'unchanged', there: change };
}

/** True also if a name has two spellings that are the same name for one of the systems. */
function areAlike(names: PerSide<NameRules | null>, { states, hasSameContent }: Resolved): boolean {
  const ours = states.here;
  const theirs = hasSameContent === true ? withContentOf(ours, states.there) : states.there;
  if (ours.place === null || theirs.place === null || ours.place.name === theirs.place.name)
    return sameState(ours, theirs);
  if (!isOneSpelling([names.here, names.there], ours.place.name, theirs.place.name)) return false;
  return sameState(ours, { ...theirs, place: { ...theirs.place, name: ours.place.name } });
}

const withContentOf = ({ content }: State, state: State): State =>
  content === undefined ? state : { ...state, content };
