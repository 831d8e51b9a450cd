import type { Side } from './merge';

/**
 * Why changes of a solution wait for an approval. `first-upload`: the first one after it was made to forget its device;
 * `many-changes`: more than half of a class; `resend`: staff have asked that everything is told to it anew; `drift`: it
 * says itself that it holds something else than it was told.
 * Source: ePack V4, Processing, "A copy that is no successor is no change".
 */
export const holdReasons = ['first-upload', 'many-changes', 'resend', 'drift'] as const;
export type HoldReason = (typeof holdReasons)[number];

/** A class of so few entities may change as a whole. */
const smallClass = 10;

/** Fewer changes never are: nobody need ask how large the class is. */
export const fewestOfMassChange = smallClass / 2 + 1;

/** True: an upload would change so much of a class that it may be a blank or an old copy. */
export const isMassChange = (changed: number, total: number): boolean =>
  total > smallClass && changed > total / 2;

/** What is known of the clock by which a solution dates its changes. */
export interface SolutionClock {
  /** How far it is ahead of ours; null: nobody measured it. */
  readonly skewSeconds: number | null;
  /** When its upload came, by our clock. */
  readonly receivedAt: Date;
}

const trustedSeconds = 120;

/**
 * Whose last change is the later one, for the policy `newest`. Null: the solution's clock does not tell.
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
