import type { Side } from './sides';

/** The final result of an entry. */
export type Verdict =
  | 'created'
  | 'updated'
  | 'moved'
  | 'deleted'
  /** Neither side changed. */
  | 'unchanged'
  /** Both sides are the same, or there is no difference to write. Each is compared with this state from now on. */
  | 'agreed'
  /** Mentioned again later in the run. */
  | 'duplicate'
  /** Waits for another item, its folder or one that it is linked to: see `waitsFor`. */
  | 'waiting'
  /** Waits for an approval, or for another entry that failed or waits. */
  | 'held'
  /** Above a hard limit. */
  | 'skipped'
  /** Waits for someone. What nobody disputes may have been written. */
  | 'conflict'
  | 'quarantined'
  /** Not changed, for a reason that is logged. */
  | 'untouched'
  | 'failed';

/** Something that was done to one side, or, in a plan, would be done. */
export interface Operation {
  readonly side: Side;
  readonly op: 'create' | 'update' | 'move' | 'delete';
}
