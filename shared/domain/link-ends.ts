/** The two systems of a pair. */
export type EndSide = 'here' | 'there';

/** A side of an entity as it was decided on. */
export interface LookedAt {
  readonly key: string;
  /** Of what is not there: that of its tombstone, or none. */
  readonly revision: string;
  readonly isThere: boolean;
}
