import { type Copy, sameCopy } from '../../shared/domain/merge-copy';
import { changeOf } from '../../shared/domain/merge-differences';
import type { Item, Place } from './system';

/** A copy in words that both systems share: folders and links are named by the ids of their links. */
export interface State extends Copy {
  readonly place: Place | null;
  /** Tells one content from another: its hash, or else its size and the item's revision. Absent: none, or not looked at. */
  readonly content?: string;
}

/** How one side's copy has changed since it was last seen. */
export type Change = 'unchanged' | 'new' | 'changed' | 'moved' | 'deleted';

export const deletedState: State = { isActive: false, fields: {}, place: null };

export function sameState(one: State | null, other: State | null): boolean {
  return sameCopy(one, other) && samePlace(placeOf(one), placeOf(other)) && sameContent(one, other);
}

/** A side without places (null) agrees with any place. */
export function samePlace(one: Place | null, other: Place | null): boolean {
  if (one === null || other === null) return true;
  return one.parent === other.parent && one.name === other.name;
}

/** A side without content agrees with any. */
export function sameContent(one: State | null, other: State | null): boolean {
  if (one?.content === undefined || other?.content === undefined) return true;
  return one.content === other.content;
}

export function stateChange(seen: State | null, state: State | null): Change {
  const change = changeOf(seen, state);
  if (change === 'deleted') return change;
  if (change === 'changed') return seen?.isActive === true ? 'changed' : 'new';
  if (!sameContent(seen, state)) return 'changed';
  return samePlace(placeOf(seen), placeOf(state)) ? 'unchanged' : 'moved';
}

/** Without a hash, only the revision shows that the bytes are the same. */
export function contentMark({ content, revision }: Item): string | undefined {
  if (content === undefined || content === null) return undefined;
  return content.hash ?? `${content.size} ${revision}`;
}

const placeOf = (state: State | null) => (state?.isActive === true ? state.place : null);
