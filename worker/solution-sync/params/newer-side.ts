import type { Side } from '../../../shared/domain/merge';
import { readInstant } from '../../../shared/formats/read-instant';

/**
 * Whose last change of an entity is the later one, for the policy `newest`.
 *
 * @param ts the solution's `Ts`: local to its time zone, or with an offset. Absent or unreadable, it loses.
 * @param editedAt when the manager's copy was last changed by hand. The manager wins a tie.
 */
export function newerSide(ts: string | null, timezone: string, editedAt: Date): Side {
  const changedAt = ts === null ? null : readInstant(ts, timezone);
  return changedAt !== null && changedAt > editedAt ? 'solution' : 'manager';
}
