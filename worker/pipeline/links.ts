import type { Fields } from '../../shared/domain/merge-copy';
import type { PerSide, Side } from './sides';
import type { State } from './state';
import type { Item, Revision } from './system';
import type { Operation, Verdict } from './verdict';

/** One side's part of a link. */
export interface End {
  readonly key: string;
  /** When it was last seen: a side that still shows it has not changed. Null: not kept, or to be looked at again. */
  readonly revision: Revision | null;
  /** What this side was last seen to hold. A side is compared with itself alone: servers change what they are sent. */
  readonly seen: State;
}

export type LinkState =
  | 'active'
  /** Its item is being made on one side. */
  | 'creating'
  /** Someone has to decide. */
  | 'conflict'
  | 'quarantined'
  /** Deleted on that side, and left on the other. */
  | 'deleted-here'
  | 'deleted-there'
  /** On neither side. It is kept for a while, so that a late mention creates nothing. */
  | 'gone';

/** An item of one system and an item of the other that are one entity. */
export interface Link {
  readonly id: string;
  /** What its item is created with on a side that cannot choose the other side's key. */
  readonly syncKey: string;
  /** Null: that side does not hold it. */
  readonly ends: PerSide<End | null>;
  /** A call that was to be made, and of which nobody knows whether it was. */
  readonly intent: Intent | null;
  readonly state: LinkState;
  /** Another after each write: what was written since it was read is not written over. */
  readonly version: number;
}

/** Written, and committed, before a call that must not be made twice. */
export interface Intent {
  readonly side: Side;
  readonly op: 'create' | 'update' | 'write-back';
  /** What that side was to hold afterwards. */
  readonly sent: State;
  /** What the item can be found by, as it was sent, in that side's words. Null: by its sync key or its place alone. */
  readonly match: Fields | null;
  readonly expected: Revision | null;
  /** What the other side held when this was decided. */
  readonly beside: State;
}

/** What was done to an entity, for whoever keeps its history. */
export interface LinkEvent {
  readonly operations: readonly Operation[];
  readonly verdict: Verdict | null;
  readonly before: PerSide<State>;
  readonly after: PerSide<State>;
}

/** What is known of a link from now on. */
export interface Finished {
  readonly ends: PerSide<End | null>;
  readonly state: LinkState;
  /** What is still to be called. */
  readonly intent: Intent | null;
  readonly event: LinkEvent;
}

/** The link was written since it was read, or a key belongs to another one by now: the entity is looked at again. */
export class LinkTaken extends Error {
  override readonly name = 'LinkTaken';
}

/** What the steps need to know of links. */
export interface KnownLinks {
  /** Those that have one. A link that is gone is in no answer. */
  byKeys(side: Side, keys: readonly string[]): Promise<ReadonlyMap<string, Link>>;
  byIds(ids: readonly string[]): Promise<ReadonlyMap<string, Link>>;
  bySyncKey(syncKey: string): Promise<Link | null>;
  /** Keys of the other side that someone has parted from this one: they are not found to be one entity again. */
  partedFrom(side: Side, key: string): Promise<ReadonlySet<string>>;
  /** Commits what is about to be called; null: a new link with these ends. Throws `LinkTaken`, `lease-lost`. */
  begin(link: Link | null, ends: PerSide<End | null>, intent: Intent): Promise<Link>;
  /** Commits both ends as they are now. Null: a new link. Throws `LinkTaken`, `lease-lost`. */
  finish(link: Link | null, finished: Finished): Promise<Link>;
}

/** Where links are kept. */
export interface Links extends KnownLinks {
  /**
   * Of a page of a listing: the keys that need a look. Not those that show the revision of their end, not deleted
   * ones that nobody knows, and not those of a link that is gone which show what they showed before. One statement.
   */
  screen(
    side: Side,
    items: readonly Pick<Item, 'key' | 'revision' | 'isActive'>[],
  ): Promise<readonly string[]>;
  /** Those that were last seen to lie in this one, on that side. */
  childrenOf(id: string, side: Side): AsyncIterable<Link>;
  /** Those with an intent: they come before everything else. */
  withIntent(): AsyncIterable<Link>;
  /** A listing of everything that one side holds begins. */
  openListing(side: Side): Promise<WholeListing>;
}

/** What a whole listing mentions, to see what it lacks. It need not be kept in memory. */
export interface WholeListing {
  saw(keys: readonly string[]): Promise<void>;
  /** Once it is complete. `known`: ends of that side when it began; `absent`: those of them that it lacked. */
  counts(): Promise<{ readonly known: number; readonly absent: number }>;
  absent(): AsyncIterable<Absent>;
  /** What it lacked is remembered for the next one. Not called for a listing that is not believed. */
  believe(): Promise<void>;
}

export interface Absent {
  readonly key: string;
  /** The whole listing before lacked it as well. */
  readonly isAgain: boolean;
}
