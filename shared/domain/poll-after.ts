import type { Statut } from './statut';

// When a solution is advised to call again, in whole seconds. Source: ePack V4, `Epack-Poll-After`.

/** The syncs that wait for a worker, without large ones, which take their own time. */
export interface SyncLoad {
  /** How many wait or are being processed. */
  readonly open: number;
  /** How long the first of those that wait has been waiting. */
  readonly oldestSeconds: number;
}

/** After the status. Random within 20 %, so that solutions that called together do not call together again. */
export function secondsAfterStatut(
  statut: Statut,
  { open, oldestSeconds }: SyncLoad,
  random: () => number,
): number {
  const busySeconds = Math.min(longestSeconds, Math.max(1, open * secondsPerSync, oldestSeconds / 4));
  const seconds = statut === 1 ? busySeconds : idleSeconds;
  return Math.max(1, Math.round(seconds * (0.8 + random() * 0.4)));
}

/**
 * When a solution may send its upload, because so many wait that its status would stay at 1 for too long. Null: now.
 * The solutions that have to wait are spread over a time in which those before them are processed.
 */
export function secondsUntilRoom({ open, oldestSeconds }: SyncLoad, solutionId: number): number | null {
  if (open < crowdSyncs || oldestSeconds < crowdSeconds) return null;
  const window = Math.min(longestSeconds, Math.max(shortestWindowSeconds, 2 * oldestSeconds));
  return Math.ceil(firstSeconds + spreadOf(solutionId) * window);
}

/** A crowd before the door: those that wait, and how many were let in during the last seconds. */
export interface DoorLoad {
  readonly waiting: number;
  readonly served: number;
  readonly seconds: number;
}

/** When a solution that was not let in may come again: they are spread over the time that all of them need. */
export function secondsUntilTurn({ waiting, served, seconds }: DoorLoad, solutionId: number): number {
  const window = Math.min(longestSeconds, (seconds * waiting) / Math.max(1, served));
  return Math.ceil(firstSeconds + spreadOf(solutionId) * window);
}

/** After any other refusal that passes by itself: up to twice as long, so that not all come back at once. */
export const secondsAfterRefusal = (retryAfterSeconds: number, random: () => number): number =>
  Math.max(1, Math.round(retryAfterSeconds * (1 + random())));

const idleSeconds = 60;
const longestSeconds = 60;
/** About what the workers of one small machine need for each sync when many wait. */
const secondsPerSync = 0.02;
/** With fewer syncs than this, whatever makes them wait is not their number. */
const crowdSyncs = 200;
/** If the first has waited so long, the last of those that are taken until this is noticed waits about three times as long. */
const crowdSeconds = 8;
const firstSeconds = 5;
const shortestWindowSeconds = 20;

/** 0 to 1, the same for a solution every time: however many solutions there are, their values are evenly spread. */
const spreadOf = (solutionId: number): number => (solutionId * goldenRatio) % 1;
const goldenRatio = 0.618_033_988_749_895;
