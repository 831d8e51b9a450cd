import type { LinkJob } from '../../shared/stores/pairs/link-job-store';
import type { LinkWords } from '../../shared/stores/pairs/link-store';
import type { Intent } from '../pipeline/links';
import type { PerSide } from '../pipeline/sides';
import type { State } from '../pipeline/state';
import type { Item } from '../pipeline/system';

/** The parts of the engine's types that the tables of pairs store as JSON. */
export interface PairLinkWords extends LinkWords {
  readonly seen: State;
  readonly intent: Intent;
}

export interface PairJobWords {
  /** As it was listed, without its content. */
  readonly hint: Item;
  /** When a run is taken back: what each side had before. `now` is what it must still have. */
  readonly wanted: TakenBack;
}

export type PairJob = LinkJob<PairJobWords>;

/** An entity of a run that is taken back. */
export interface TakenBack {
  readonly linkId: string;
  readonly wanted: PerSide<State | null>;
  readonly now: PerSide<State | null>;
}
