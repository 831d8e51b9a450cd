import type { LinkJob } from '../../shared/stores/pairs/link-job-store';
import type { LinkWords } from '../../shared/stores/pairs/link-store';
import type { Intent } from '../pipeline/links';
import type { PerSide } from '../pipeline/sides';
import type { State } from '../pipeline/state';
import type { Item } from '../pipeline/system';

/** What the tables of pairs keep of the engine's own words. */
export interface PairLinkWords extends LinkWords {
  readonly seen: State;
  readonly intent: Intent;
}

export interface PairJobWords {
  /** As it was listed, without its content. */
  readonly hint: Item;
  /** What each side held before, where a run is taken back: `now` is what it must hold still. */
  readonly wanted: TakenBack;
}

export type PairJob = LinkJob<PairJobWords>;

/** An entity of a run that is taken back. */
export interface TakenBack {
  readonly linkId: string;
  readonly wanted: PerSide<State | null>;
  readonly now: PerSide<State | null>;
}
