import type { LogGaps } from './log-gaps';

/** The result of one parameter class in a sync. */
export interface ParameterCounts {
  inserted: number;
  updated: number;
  deleted: number;
  unchanged: number;
  conflicts: number;
  held: number;
  rejected: number;
}

/** The result of one log table in a sync. */
export interface LogCounts {
  inserted: number;
  duplicates: number;
  rejected: number;
}

/** The result of the photos of a sync. */
export interface PhotoCounts {
  inserted: number;
  /** Other pictures under names that are known: they are kept beside the first. Absent: none. */
  replaced?: number;
  duplicates: number;
  rejected: number;
}

/** One thing that could not be applied. It is kept in quarantine with its raw text. */
export interface Rejection {
  /** Name inside the package, e.g. `csv/Tbfridge.csv`. */
  readonly file: string;
  /** Line in the file, the first being 1. */
  readonly line?: number;
  /** Id of the row or the entity, as the solution wrote it. */
  readonly id?: string;
  /** Stable code, e.g. `id-conflict`, `bad-value`. */
  readonly code: string;
  /** Sentence for a person. */
  readonly reason: string;
}

/** `report.json` of the instruction package. Source: ePack V4, The instruction package. */
export interface SyncReport {
  readonly sync: string;
  readonly outcome: 'processed' | 'failed';
  readonly params: Record<string, ParameterCounts>;
  readonly logs: Record<string, LogCounts>;
  readonly photos: PhotoCounts;
  /** The first 1,000; quarantine holds all. */
  readonly rejections: Rejection[];
  /** The names of the ignored files in the package. */
  readonly ignored: string[];
  /** Ids of the channel's log tables that never came, after this sync; tables without any are not in it. */
  readonly gaps?: Record<string, LogGaps>;
  /** Classes of which the solution said that it holds something else than the server believes. The package replaces them. */
  readonly drift?: string[];
  /** Only true: nothing in the package was read, everything was ignored. `reason` says so in a sentence. */
  readonly allIgnored?: true;
  /** By class, ids of entities that were deleted and that the solution brought back with other content. */
  readonly cameBack?: Record<string, string[]>;
  /** By class: entities were taken whose `Ts` is no time; it counts as absent. */
  readonly unreadableTs?: Record<string, UnreadableTs>;
  /** Why, when the outcome is `failed`, or where everything was ignored. */
  readonly reason?: string;
}

/** Entities whose `Ts` is no time, and the first of them. */
export interface UnreadableTs {
  readonly entities: number;
  readonly id: string;
  readonly line: number | null;
  /** As it was sent. */
  readonly written: string;
}

export const maxReportedRejections = 1000;

export const noParameterCounts = (): ParameterCounts => ({
  inserted: 0,
  updated: 0,
  deleted: 0,
  unchanged: 0,
  conflicts: 0,
  held: 0,
  rejected: 0,
});
