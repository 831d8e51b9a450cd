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
  createPairStatisticsStore,
  type PairStatisticsStore,
} from '../../shared/stores/pairs/pair-statistics-store';
import {
  createPairFieldTypeStore,
  type PairFieldTypeStore,
} from '../../shared/stores/pairs/pair-field-type-store';
import type { SliceHold } from '../../shared/db/slice-guard';
import {
  createPairSliceJobStore,
  type PairSliceJobStore,
} from '../../shared/stores/jobs/pair-slice-job-store';
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
  /** An entity was processed in this many seconds. */
  settled(pair: string, result: string, seconds: number): void;
  /** A conflict and how it was decided. `open`: it waits for a decision. */
  conflict(pair: string, resolution: string): void;
}

/** The lease of this worker for the slice, as far as this process knows. */
export interface SliceLease {
  /** Aborted when another worker may have the lease. */
  readonly signal: AbortSignal;
  isHeld(): boolean;
}

export interface SliceDeps {
  readonly db: Db;
  readonly systems: PairSystems;
  readonly watch: PairWatch;
  readonly log: Logger;
  /** Aborted when the worker is being stopped: the slice finishes its present batch and ends. */
  readonly stopping: AbortSignal;
  /** For how long a slice begins new work. */
  readonly sliceMs: number;
  /** Other systems cannot check the fence, so no call is made after the lease has ended. */
  readonly lease: SliceLease;
}

/** The stores for the tables of one pair, under the fence of its slice. */
export interface SliceStores {
  readonly hold: SliceHold;
  readonly sliceJobs: PairSliceJobStore;
  readonly slice: PairSliceStore;
  readonly links: LinkStore<PairLinkWords>;
  readonly jobs: LinkJobStore<PairJobWords>;
  readonly runs: PairRunStore;
  readonly plans: PairPlanStore;
  readonly decisions: PairDecisionStore;
  readonly fields: PairFieldStore;
  readonly fieldTypes: PairFieldTypeStore;
  readonly statistics: PairStatisticsStore;
}

export const storesOf = (db: Db, pairId: number, hold: SliceHold): SliceStores => ({
  hold,
  sliceJobs: createPairSliceJobStore(db),
  slice: createPairSliceStore(db, pairId, hold),
  links: createLinkStore<PairLinkWords>(db, pairId, hold),
  jobs: createLinkJobStore<PairJobWords>(db, pairId, hold),
  runs: createPairRunStore(db, pairId, hold),
  plans: createPairPlanStore(db, pairId, hold),
  decisions: createPairDecisionStore(db, pairId, hold),
  fields: createPairFieldStore(db, pairId, hold),
  fieldTypes: createPairFieldTypeStore(db, pairId, hold),
  statistics: createPairStatisticsStore(db),
});

/** One slice of work on a pair. */
export interface Slice {
  readonly deps: SliceDeps;
  readonly pair: SlicePair;
  readonly settings: WorkedSettings;
  readonly stores: SliceStores;
  readonly systems: PerSide<System>;
  readonly troubles: TroubleLog;
  /** The links of other pairs, for fields that refer to their records. */
  readonly linkTargets: Readonly<Record<string, TargetLinks>>;
  readonly halt: Halt;
  readonly log: Logger;
  /** Counts the calls of the slice; it is emptied whenever the numbers are stored in a run. */
  readonly tally: CallTally;
  /** Decisions of people that have not been carried out. */
  readonly decisions: readonly DecidedConflict[];
  /** True if nothing new is begun: the time is over, the worker is stopping, or work with a system has stopped. */
  isOver(): boolean;
  /** True: the half of the time that is meant for listings is over. */
  hasFoundLongEnough(): boolean;
  /** The results of entities, counted by run, until they are stored. */
  readonly counts: Map<string, Record<string, number>>;
  /** Adds results of entities of a run. */
  count(runId: string | null, counts: Partial<RunCounts>): void;
  /** Whole listings of this slice, by side. */
  readonly listings: Map<Side, string>;
  /** Sides whose whole listing continues from an earlier slice. */
  readonly goesOn: Set<Side>;
}
