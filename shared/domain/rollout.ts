import type { Channel } from './channel';
import type { Flag } from './flag';
import type { Fields } from './merge-copy';

/** `waiting`: for the approval of the current wave. `stopped`: too many solutions failed or did not come. */
export const rolloutStates = ['waiting', 'running', 'paused', 'stopped', 'done', 'cancelled'] as const;
export type RolloutState = (typeof rolloutStates)[number];

/** The state of one solution of a rollout. `expired`: it did not come in the time of its wave. */
export const rolloutSolutionStates = [
  'waiting',
  'sent',
  'confirmed',
  'failed',
  'expired',
  'skipped',
] as const;
export type RolloutSolutionState = (typeof rolloutSolutionStates)[number];

/**
 * Why a solution failed:
 *
 * - `refused`: the solution could not carry out its package
 * - `newer-copy-waits`: a newer copy of the solution is in quarantine, and the change would overwrite it
 * - `decision-waits`: both sides changed the same setting, and someone has to decide
 *
 * Why a solution was skipped:
 *
 * - `moved`: it belongs to another account by now
 * - `retired`: it was retired
 * - `nothing-to-change`: it has no such setting, or all of its values are its own
 * - `taken-back`: someone took the flag back
 * - `edited-since`: someone edited the same settings later
 * - `left-template`: the rollout sends a template, which it does not follow any more
 * - `cancelled`: the rollout was cancelled before its wave
 */
export const rolloutReasons = [
  'refused',
  'newer-copy-waits',
  'decision-waits',
  'moved',
  'retired',
  'nothing-to-change',
  'taken-back',
  'edited-since',
  'left-template',
  'cancelled',
] as const;
export type RolloutReason = (typeof rolloutReasons)[number];

/** `start`: once, before the first wave. `each-wave`: before every wave. */
export const rolloutApprovals = ['start', 'each-wave'] as const;
export type RolloutApproval = (typeof rolloutApprovals)[number];

/** The entities of a class that a change of settings is about: one by its id, or all whose fields have these values. */
export type SettingTarget = { readonly id: string } | { readonly where: Fields };

/** A change of settings that is the same for all solutions. The values are already validated. */
export type SettingEdit = SettingTarget & {
  /** e.g. `Fridges`. */
  readonly className: string;
  /** Only these fields are set. Null: the entities are deleted. */
  readonly fields: Fields | null;
};

/** A change of one entity of one solution. The values are already validated. */
export interface SolutionEdit {
  readonly solutionId: number;
  readonly className: string;
  readonly id: string;
  /** Only these fields are set, and a null clears one. Null: the entity is deleted. */
  readonly fields: Fields | null;
  /**
   * The values that the manager's copy must still have when the wave is sent. A field with another value stays as it is;
   * an entity is only deleted if all of them are as expected, and never comes back after it was deleted. If they are all
   * null, the entity was missing when the edit was planned: it is added, and if someone made it meanwhile, the values that
   * it has by then stay. Null: whatever it holds is overwritten.
   */
  readonly expected: Fields | null;
}

/** The change that a rollout brings. */
export type RolloutChange =
  | { readonly kind: 'flag'; readonly channel: Channel; readonly flag: Flag }
  | { readonly kind: 'settings'; readonly edits: readonly SettingEdit[] }
  | { readonly kind: 'edits'; readonly edits: readonly SolutionEdit[] };

/** When a rollout goes on, and when it stops. */
export interface RolloutRules {
  readonly needsApproval: RolloutApproval;
  /** How long a wave waits for its solutions. */
  readonly waveHours: number;
  /** It stops when more than this share of a wave has failed. 0: at the first failure. */
  readonly maxFailedPercent: number;
  /** It stops when more than this share of a wave did not come in time. */
  readonly maxExpiredPercent: number;
}

export const usualRolloutRules: RolloutRules = {
  needsApproval: 'start',
  waveHours: 72,
  maxFailedPercent: 0,
  maxExpiredPercent: 0,
};

/** In percent of all solutions; the rest follows as the last wave. */
export const usualWavePercents: readonly number[] = [5, 25];

/**
 * How many solutions each wave has. No wave is empty: few solutions have fewer waves.
 *
 * @param percents of the waves before the last, which takes the rest
 */
export function waveSizes(solutions: number, percents: readonly number[]): number[] {
  const sizes: number[] = [];
  let taken = 0;
  let share = 0;
  for (const percent of percents) {
    share += percent;
    const upTo = Math.min(solutions, Math.max(taken + 1, Math.ceil((solutions * share) / 100)));
    if (upTo === taken) break;
    sizes.push(upTo - taken);
    taken = upTo;
  }
  return taken < solutions ? [...sizes, solutions - taken] : sizes;
}

/** How the solutions of the current wave stand. */
export interface WaveStanding {
  /** How many were planned. */
  readonly solutions: number;
  /** Those that are waiting or sent. */
  readonly open: number;
  readonly failed: number;
  readonly expired: number;
  /** The failures that people have accepted. */
  readonly acceptedFailed: number;
  readonly acceptedExpired: number;
}

/** `wait`: for solutions of the wave. */
export type WaveVerdict = 'wait' | 'succeeded' | 'too-many-failed' | 'too-many-expired';

export function waveVerdict(
  wave: WaveStanding,
  rules: Pick<RolloutRules, 'maxFailedPercent' | 'maxExpiredPercent'>,
): WaveVerdict {
  const exceeds = (count: number, percent: number) => count > 0 && count * 100 > percent * wave.solutions;
  if (exceeds(wave.failed - wave.acceptedFailed, rules.maxFailedPercent)) return 'too-many-failed';
  if (wave.open > 0) return 'wait';
  return exceeds(wave.expired - wave.acceptedExpired, rules.maxExpiredPercent)
    ? 'too-many-expired'
    : 'succeeded';
}
