import type { Fields } from '../../shared/domain/merge-copy';
import type { PerSide, Side } from './sides';
import type { State } from './state';
import type { Item, Revision } from './system';
import type { Operation, Verdict } from './verdict';

/** One side's part of a link. */
export interface End {
  readonly key: string;
  /**
   * The revision that was last seen. A side that still shows it has not changed. Null: not known, or the side must be
   * looked at again.
   */
  readonly revision: Revision | null;
  /**
   * What this side was last seen to have. A side is only compared with itself, because servers change what they are
   * sent.
   */
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
  /** On neither side. The link is kept for some time, so that a late mention does not create the item again. */
  | 'gone';

/** An item of one system and an item of the other that are one entity. */
export interface Link {
  readonly id: string;
  /** The sync key with which the item is created, on a side that stores such a key. */
  readonly syncKey: string;
  /** Null: that side does not hold it. */
  readonly ends: PerSide<End | null>;
  /** A call that was about to be made. It is not known whether it was made. */
  readonly intent: Intent | null;
  readonly state: LinkState;
  /** It changes with each write, so that a change since the link was read is not overwritten. */
  readonly version: number;
}

/** Committed before a call that must not be made twice. */
export interface Intent {
  readonly side: Side;
  readonly op: 'create' | 'update' | 'write-back';
  /** What that side should have after the call. */
  readonly sent: State;
  /**
   * The match fields as they were sent, in that side's words. Null: the item can only be found by its sync key or its
   * place.
   */
  readonly match: Fields | null;
  readonly expected: Revision | null;
  /** What the other side had when this was decided. */
  readonly beside: State;
}

/** What was done to an entity, for its history. */
export interface LinkEvent {
  readonly operations: readonly Operation[];
  readonly verdict: Verdict | null;
  readonly before: PerSide<State>;
  readonly after: PerSide<State>;
  /** What each side has, as far as it was looked at. */
  readonly items: PerSide<Item | null> | null;
}

/** The new state of a link. */
export interface Finished {
  readonly ends: PerSide<End | null>;
  readonly state: LinkState;
  /** What is still to be called. */
  readonly intent: Intent | null;
  readonly event: LinkEvent;
}

/** The link was changed since it was read, or a key now belongs to another link. The entity is looked at again. */
export class LinkTaken extends Error {
  override readonly name = 'LinkTaken';
}

/** What the steps need to know of links. */
export interface KnownLinks {
  /** The links of these keys. Links in the state `gone` are left out. */
  byKeys(side: Side, keys: readonly string[]): Promise<ReadonlyMap<string, Link>>;
  byIds(ids: readonly string[]): Promise<ReadonlyMap<string, Link>>;
  bySyncKey(syncKey: string): Promise<Link | null>;
  /** Keys of the other side that someone has unlinked from this one, so that they are not matched again. */
  partedFrom(side: Side, key: string): Promise<ReadonlySet<string>>;
  /** Commits the intent of a call. `link` null: makes a new link with these ends. Throws `LinkTaken`, `lease-lost`. */
  begin(link: Link | null, ends: PerSide<End | null>, intent: Intent): Promise<Link>;
  /** Commits both ends as they are now. `link` null: makes a new link. Throws `LinkTaken`, `lease-lost`. */
  finish(link: Link | null, finished: Finished): Promise<Link>;
}

/** Where links are kept. */
export interface Links extends KnownLinks {
  /**
   * Returns the keys of a page that must be looked at. Left out are items with the known revision, deleted items that
   * are not known, and items of links in the state `gone` that show the same as before. One statement.
   */
  screen(
    side: Side,
    items: readonly Pick<Item, 'key' | 'revision' | 'isActive'>[],
  ): Promise<readonly string[]>;
  /** The links of items that were last seen in this folder, on that side. */
  childrenOf(id: string, side: Side): AsyncIterable<Link>;
  /** The links with an intent. They are handled before everything else. */
  withIntent(): AsyncIterable<Link>;
  /** A listing of everything that one side holds begins. */
  openListing(side: Side): Promise<WholeListing>;
}

/** What a whole listing mentions, to see what it lacks. It need not be kept in memory. */
export interface WholeListing {
  saw(keys: readonly string[]): Promise<void>;
  /**
   * Call it when the listing is complete. `known`: the number of known items when it began; `absent`: how many of them
   * it lacked.
   */
  counts(): Promise<{ readonly known: number; readonly absent: number }>;
  absent(): AsyncIterable<Absent>;
  /** Remembers the absent items for the next listing. Not called for a listing that is not trusted. */
  believe(): Promise<void>;
}

export interface Absent {
  readonly key: string;
  /** True: the previous whole listing lacked it as well. */
  readonly isAgain: boolean;
}
