import { type Copy, sameCopy } from '../../shared/domain/merge-copy';
import { changeOf } from '../../shared/domain/merge-differences';
import type { Place } from './system';

/** A copy in words that both systems share: folders and links are named by the ids of their mappings. */
export interface State extends Copy {
  readonly place: Place | null;
}

/** What became of one side's copy since both last agreed. */
export type Change = 'unchanged' | 'new' | 'changed' | 'moved' | 'deleted';

export const deletedState: State = { isActive: false, fields: {}, place: null };

export function sameState(one: State | null, other: State | null): boolean {
  return sameCopy(one, other) && samePlace(placeOf(one), placeOf(other));
}

/** Null beside a place: that side has no places, so it agrees with any. */
export function samePlace(one: Place | null, other: Place | null): boolean {
  if (one === null || other === null) return true;
  return one.parent === other.parent && one.name === other.name;
}

export function stateChange(agreed: State | null, state: State | null): Change {
  const change = changeOf(agreed, state);
  if (change === 'deleted') return change;
  if (change === 'changed') return agreed?.isActive === true ? 'changed' : 'new';
  return samePlace(placeOf(agreed), placeOf(state)) ? 'unchanged' : 'moved';
}

const placeOf = (state: State | null) => (state?.isActive === true ? state.place : null);
