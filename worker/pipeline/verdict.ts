import type { Side } from './sides';

/** What becomes of an entry in the end. */
export type Verdict =
  | 'created'
  | 'updated'
  | 'moved'
  | 'deleted'
  /** Neither side changed. */
  | 'unchanged'
  /** Both sides say the same, or changed without a difference to write: it is what each is compared with from now on. */
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
  /** Left as it is, for a reason that is logged. */
  | 'untouched'
  | 'failed';

/** Something that was done to one side; in a plan: that would be done. */
export interface Operation {
  readonly side: Side;
  readonly op: 'create' | 'update' | 'move' | 'delete';
}
