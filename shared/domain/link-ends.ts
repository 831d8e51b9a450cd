/** The two systems of a pair. */
export type EndSide = 'here' | 'there';

/** One side of an entity as it was when the decision was made. */
export interface LookedAt {
  readonly key: string;
  /** For an entity that is gone, the revision of its tombstone, if there is one. */
  readonly revision: string;
  readonly isThere: boolean;
}
