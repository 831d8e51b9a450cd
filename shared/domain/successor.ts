import type { Side } from './merge';

/**
 * Why changes of a solution wait for an approval. `first-upload`: it is the first upload after the solution's device
 * was forgotten; `many-changes`: more than half of a class changed; `resend`: staff have asked for all settings to be
 * sent again; `drift`: the solution reports that it has something other than what it was sent. Source: ePack V4,
 * Processing, "A copy that is no successor is no change".
 */
export const holdReasons = ['first-upload', 'many-changes', 'resend', 'drift'] as const;
export type HoldReason = (typeof holdReasons)[number];

/** A class with this few entities may change completely. */
const smallClass = 10;

/** Fewer changes are never a mass change, so the size of the class need not be read. */
export const fewestOfMassChange = smallClass / 2 + 1;

/** True if an upload would change so much of a class that it may come from an empty or an outdated device. */
export const isMassChange = (changed: number, total: number): boolean =>
  total > smallClass && changed > total / 2;

/** What is known about the clock with which a solution dates its changes. */
export interface SolutionClock {
  /** How far it is ahead of ours. Null: it was never measured. */
  readonly skewSeconds: number | null;
  /** When its upload came, by our clock. */
  readonly receivedAt: Date;
}

const trustedSeconds = 120;

/**
 * The side with the later change, for the policy `newest`. Null: the solution's clock cannot be trusted.
 *
 * @param changedAt the solution's `Ts`; null: it has none, or none that can be read
 * @param editedAt when the manager's copy was last changed. The manager wins a tie.
 */
export function newerSide(changedAt: Date | null, editedAt: Date, clock: SolutionClock): Side | null {
  const isRight = clock.skewSeconds !== null && Math.abs(clock.skewSeconds) <= trustedSeconds;
  if (!isRight || changedAt === null) return null;
  const isInTheFuture = changedAt.getTime() > clock.receivedAt.getTime() + trustedSeconds * 1000;
  if (isInTheFuture) return null;
  return changedAt > editedAt ? 'solution' : 'manager';
}
