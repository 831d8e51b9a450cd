import type { Db } from '../../shared/db/database';
import type { Logger } from '../../shared/log';
import type { DecidedConflict } from '../../shared/stores/pairs/pair-decision-store';
import {
  createPairDecisionStore,
  type PairDecisionStore,
} from '../../shared/stores/pairs/pair-decision-store';
import { createLinkJobStore, type LinkJobStore } from '../../shared/stores/pairs/link-job-store';
import { createLinkStore, type LinkStore } from '../../shared/stores/pairs/link-store';
import { createPairFieldStore, type PairFieldStore } from '../../shared/stores/pairs/pair-field-store';
import {
  createPairFieldTypeStore,
  type PairFieldTypeStore,
} from '../../shared/stores/pairs/pair-field-type-store';
import type { SliceHold } from '../../shared/db/slice-guard';
import { createPairPlanStore, type PairPlanStore } from '../../shared/stores/pairs/pair-plan-store';
import {
  createPairRunStore,
  type PairRunStore,
  type RunCounts,
} from '../../shared/stores/pairs/pair-run-store';
import {
  createPairSliceStore,
  type PairSliceStore,
  type SlicePair,
} from '../../shared/stores/pairs/pair-slice-store';
import type { Halt } from '../pipeline/calls';
import type { TargetLinks } from '../pipeline/shared-words';
import type { PerSide, Side } from '../pipeline/sides';
import type { System } from '../pipeline/system';
import type { CallTally } from './call-scope';
import type { PairSystems } from './pair-systems';
import type { TroubleLog } from './watched-system';
import type { PairJobWords, PairLinkWords } from './words';
import type { WorkedSettings } from './worked-settings';

/** Counters of the work on pairs. */
export interface PairWatch {
  /** An entity was settled after so many seconds. */
  settled(pair: string, result: string, seconds: number): void;
  /** A conflict and how it was decided. `open`: it waits for a decision. */
  conflict(pair: string, resolution: string): void;
}

/** The time for which the slice is this worker's, as far as this process knows. */
export interface SliceLease {
  /** Aborted once it may be another's. */
  readonly signal: AbortSignal;
  isHeld(): boolean;
}

export interface SliceDeps {
  readonly db: Db;
  readonly systems: PairSystems;
  readonly watch: PairWatch;
  readonly log: Logger;
  /** Aborted once the worker is to end: a slice ends after what it has in hand. */
  readonly stopping: AbortSignal;
  /** How long a slice begins new work. */
  readonly sliceMs: number;
  /** Other systems know no fence, so no call is begun once the lease has ended. */
  readonly lease: SliceLease;
}

/** What one pair's tables are asked by, under the fence of its slice. */
export interface SliceStores {
  readonly hold: SliceHold;
  readonly slice: PairSliceStore;
  readonly links: LinkStore<PairLinkWords>;
  readonly jobs: LinkJobStore<PairJobWords>;
  readonly runs: PairRunStore;
  readonly plans: PairPlanStore;
  readonly decisions: PairDecisionStore;
  readonly fields: PairFieldStore;
  readonly fieldTypes: PairFieldTypeStore;
}

export const storesOf = (db: Db, pairId: number, hold: SliceHold): SliceStores => ({
  hold,
  slice: createPairSliceStore(db, pairId, hold),
  links: createLinkStore<PairLinkWords>(db, pairId, hold),
  jobs: createLinkJobStore<PairJobWords>(db, pairId, hold),
  runs: createPairRunStore(db, pairId, hold),
  plans: createPairPlanStore(db, pairId, hold),
  decisions: createPairDecisionStore(db, pairId, hold),
  fields: createPairFieldStore(db, pairId, hold),
  fieldTypes: createPairFieldTypeStore(db, pairId, hold),
});

/** A stretch of work on one pair. */
export interface Slice {
  readonly deps: SliceDeps;
  readonly pair: SlicePair;
  readonly settings: WorkedSettings;
  readonly stores: SliceStores;
  readonly systems: PerSide<System>;
  readonly troubles: TroubleLog;
  /** Of fields that name records of other pairs. */
  readonly linkTargets: Readonly<Record<string, TargetLinks>>;
  readonly halt: Halt;
  readonly log: Logger;
  /** Grows with its calls; emptied whenever they are written to a run. */
  readonly tally: CallTally;
  /** Decisions of people that have not been carried out. */
  readonly decisions: readonly DecidedConflict[];
  /** True if nothing new is begun: the time is over, the worker is stopping, or work with a system has stopped. */
  isOver(): boolean;
  /** The half of its time for finding is over. */
  hasFoundLongEnough(): boolean;
  /** Grows until it is written: what became of entities, by run. */
  readonly counts: Map<string, Record<string, number>>;
  /** What became of entities of a run. */
  count(runId: string | null, counts: Partial<RunCounts>): void;
  /** Whole listings of this slice, by side. */
  readonly listings: Map<Side, string>;
  /** Sides whose whole listing goes on from an earlier slice. */
  readonly goesOn: Set<Side>;
}
