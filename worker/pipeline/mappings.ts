import type { State } from './state';
import type { Revision } from './system';

/** The two systems of a run: our own, and another. */
export type Side = 'here' | 'there';

export const sides: readonly Side[] = ['here', 'there'];

export const otherSide = (side: Side): Side => (side === 'here' ? 'there' : 'here');

export type PerSide<T> = Readonly<Record<Side, T>>;

/** An item of one system and an item of the other that are one entity, and what both last agreed on. */
export interface Mapping {
  readonly id: string;
  /** Null: that side is not known to hold it. */
  readonly keys: PerSide<string | null>;
  /** The last agreed copy. Null: they never agreed. */
  readonly agreed: State | null;
  /** Of both sides when they last agreed: a side that still shows its revision has not changed. Null: not kept. */
  readonly revisions: PerSide<Revision | null>;
}

export type MappingDraft = Omit<Mapping, 'id'>;

/** Where mappings are kept. */
export interface Mappings {
  byKey(side: Side, key: string): Promise<Mapping | null>;
  byId(id: string): Promise<Mapping | null>;
  /** All that one side is known to hold: what is compared with a whole listing to see what it lacks. */
  all(side: Side): AsyncIterable<Mapping>;
  /**
   * Adds one, or replaces `known`. A key belongs to one mapping: adding for a key that has one answers that one.
   * `agreed` null beside `known`: nothing is left to agree on, the mapping may go.
   */
  save(known: Mapping | null, draft: MappingDraft): Promise<Mapping>;
}
