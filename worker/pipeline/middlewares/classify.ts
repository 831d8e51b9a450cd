import type { Entry } from '../entry';
import { otherSide, type Side } from '../mappings';
import type { Middleware } from '../pipeline';
import { type Change, deletedState, sameState, stateChange } from '../state';

export interface ClassifySettings {
  /** The only side that is edited: what it holds counts, whatever the other one has. Null: both are. */
  readonly lead: Side | null;
}

/** Tells what each side changed, by comparison with the copy that both last agreed on. No clock is asked. */
export function classify({ lead }: ClassifySettings): Middleware {
  return (entry, next) => {
    const ours = entry.views.here.state ?? deletedState;
    const theirs = entry.views.there.state ?? deletedState;
    entry.changes =
      lead === null
        ? { here: changeSince(entry, 'here'), there: changeSince(entry, 'there') }
        : ledBy(lead, entry);
    if (sameState(ours, theirs)) entry.result = ours.place === null ? theirs : ours;
    return next();
  };
}

/** A side that still shows the revision of its last agreement shows our own write, or nothing new. */
function changeSince({ mapping, agreed, views }: Entry, side: Side): Change {
  const { item, state } = views[side];
  const known = mapping?.revisions[side] ?? null;
  if (item?.isActive === true && known !== null && item.revision === known) return 'unchanged';
  return stateChange(agreed, state);
}

function ledBy(lead: Side, { views }: Entry): Entry['changes'] {
  const change = stateChange(views[otherSide(lead)].state, views[lead].state);
  return lead === 'here' ? { here: change, there: 'unchanged' } : { here: 'unchanged', there: change };
}
