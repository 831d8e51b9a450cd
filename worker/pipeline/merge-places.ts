import { type Disputes, groupOf, judge } from './disputes';
import type { Compared } from './entry';
import { isOneSpelling, numberedName, writtenName } from './names';
import type { ResolveConflictsSettings } from './policies';
import { otherSide, type PerSide, perSide, type Side, sides } from './sides';
import type { State } from './state';
import type { Place } from './system';

/**
 * The folder and the name are merged separately, so one side may move an item that the other renames. Null: no rule
 * decides.
 */
export function mergePlaces(
  settings: ResolveConflictsSettings,
  entry: Compared,
  disputes: Disputes,
): PerSide<Place | null> | null {
  const { states, bases } = entry;
  const own = { here: states.here.place, there: states.there.place };
  if (own.here === null || own.there === null) return own;
  const rules = [settings.names.here, settings.names.there];
  const before = { here: bases.here?.place ?? null, there: bases.there?.place ?? null };
  const parent = partOf(entry, own, before, (one, other) => one.parent === other.parent);
  const name = partOf(entry, own, before, (one, other) => one.name === other.name);
  const isOneName = isOneSpelling(rules, own.here.name, own.there.name);
  const parts = {
    parent: parent !== 'each' && isInCycle(entry) ? 'disputed' : parent,
    name: name === 'disputed' && isOneName ? 'each' : name,
  } as const;
  if (parts.parent !== 'disputed' && parts.name !== 'disputed')
    return placed(settings, { here: own.here, there: own.there }, parts.parent, parts.name);
  const winner = judgePlace(settings, entry, disputes);
  if (winner === null) return null;
  if (winner === 'nobody') return own;
  const settled = (part: Part) => (part === 'disputed' ? winner : part);
  return placed(settings, { here: own.here, there: own.there }, settled(parts.parent), settled(parts.name));
}

/** If its name was taken and it has to give way, it gets the number of its pass on both sides. */
export function withNumber(
  { names }: ResolveConflictsSettings,
  { pass }: Compared,
  results: PerSide<State>,
): PerSide<State> {
  const side = pass.wasBlocked?.side;
  const name = side === undefined ? undefined : results[side].place?.name;
  if (pass.nameNumber === 0 || name === undefined) return results;
  const numbered = numberedName(name, pass.nameNumber);
  return perSide((one): State => {
    const state = results[one];
    if (state.place === null) return state;
    return { ...state, place: { ...state.place, name: writtenName(names[one], numbered) } };
  });
}

/** True for a new name that a system cannot write and for which no policy is set. */
export function hasBadName(
  { names, namePolicies, decided }: ResolveConflictsSettings,
  entry: Compared,
  results: PerSide<State>,
): boolean {
  if (namePolicies.bad === 'fit') return false;
  const isBad = sides.some((side) => {
    const [place, source] = [results[side].place, results[otherSide(side)].place];
    if (place === null || source === null || place.name === entry.states[side].place?.name) return false;
    return (names[side]?.fitting(source.name) ?? null) !== null;
  });
  return isBad && decided(entry, ['place']) === null;
}

type Part = Side | 'each' | 'disputed';

function partOf(
  { bases }: Compared,
  own: PerSide<Place | null>,
  before: PerSide<Place | null>,
  isSame: (one: Place, other: Place) => boolean,
): Part {
  const { here, there } = own;
  if (here === null || there === null || isSame(here, there)) return 'each';
  const stayed = (side: Side) => {
    const [place, then] = [own[side], before[side]];
    return place !== null && then !== null && bases[side] !== null && isSame(place, then);
  };
  if (stayed('there')) return stayed('here') ? 'each' : 'here';
  return stayed('here') ? 'there' : 'disputed';
}

/** Two folders were moved into each other, each on one side, so one of the moves must be undone. */
const isInCycle = ({ pass }: Compared) => pass.number >= 2 && pass.wasBlocked?.code === 'cycle';

/** After this many passes, deciding each folder alone may leave a cycle for ever. */
const patience = 4;

function judgePlace(
  settings: ResolveConflictsSettings,
  entry: Compared,
  disputes: Disputes,
): Side | 'nobody' | null {
  if (isInCycle(entry) && entry.pass.number >= patience) return 'here';
  const decision = disputes.add(['place'], judge(settings, entry, groupOf(settings, 'place'), []));
  if (decision === null) return null;
  return typeof decision === 'object' ? 'here' : decision;
}

const placed = (
  { names }: ResolveConflictsSettings,
  own: PerSide<Place>,
  parent: Side | 'each',
  name: Side | 'each',
): PerSide<Place> =>
  perSide((side) => ({
    parent: own[parent === 'each' ? side : parent].parent,
    name: name === 'each' || name === side ? own[side].name : writtenName(names[side], own[name].name),
  }));
