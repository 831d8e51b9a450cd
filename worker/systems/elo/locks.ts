import type { Item, Revision, Written } from '../../pipeline/system';
import { Trouble } from '../../pipeline/trouble';
import type { Archive } from './archive';
import { IxFault, refusalOf } from './faults';
import type { Elo } from './opened';
import { lock, onlyLock } from './selectors';
import { isAsExpected, isLocked, type Sord } from './sord';
import { quotable } from '../../../shared/domain/reason';
import { refusal } from '../../pipeline/refusal';

/** An entry that we have locked. */
export interface Held {
  readonly entry: Sord;
  readonly item: Item;
  /** Call it if a write has unlocked the entry in the same call. */
  released(): void;
}

/**
 * ELO has no preconditions. An entry is locked, compared with the state on which the write is based, written and
 * unlocked, so nobody else can change it in between.
 */
export interface Locks {
  /** Locks the entry and runs the write only if the entry is as expected. A refusal by ELO is the result. */
  hold(
    key: string,
    expected: Revision,
    run: (held: Held) => Promise<Written>,
    signal: AbortSignal,
  ): Promise<Written>;
  /**
   * The refusal of a write that would fail now. Null: the entry is not locked, or it was locked by a call of ours that
   * was killed.
   */
  refusalOf(entry: Sord): Written | null;
  /** Removes a lock that a killed call of ours has left. */
  letGo(entry: Sord, signal: AbortSignal): Promise<void>;
}

export function createLocks({ api, settings }: Elo, archive: Archive): Locks {
  const held = new Set<string>();

  const isOurs = ({ lockName }: Sord): boolean =>
    lockName?.toLowerCase() === settings.auth.user.toLowerCase();

  async function unlock({ id, guid }: Sord, signal: AbortSignal): Promise<void> {
    const parameters = { sord: { id, guid }, sordZ: onlyLock, unlockZ: lock };
    await api.call({ operation: 'unlock', name: 'checkinSord', parameters }, signal);
  }

  return {
    async hold(key, expected, run, signal) {
      const state = { isReleased: false };
      let entry: Sord | null = null;
      try {
        entry = await archive.reader.lock(key, signal);
        if (entry === null) return { kind: 'stale', item: null };
        held.add(entry.guid);
        const item = await archive.itemOf(entry, signal);
        if (!isAsExpected(item, expected)) return { kind: 'stale', item };
        return await run({ entry, item, released: () => (state.isReleased = true) });
      } catch (error) {
        if (error instanceof IxFault) return refusalOf(error);
        throw error;
      } finally {
        if (entry !== null) {
          held.delete(entry.guid);
          if (!state.isReleased) await quietly(unlock(entry, signal));
        }
      }
    },
    refusalOf(entry) {
      if (!isLocked(entry) || isOurs(entry)) return null;
      const who = entry.lockName ?? '';
      return refusal('locked', { code: 'locked-by', values: { who: quotable(who) } });
    },
    async letGo(entry, signal) {
      if (!isLocked(entry) || !isOurs(entry) || held.has(entry.guid)) return;
      await quietly(unlock(entry, signal));
    },
  };
}

/** If this fails, the lock is found and removed when the entry is processed again. */
async function quietly(unlocking: Promise<void>): Promise<void> {
  try {
    await unlocking;
  } catch (error) {
    if (!(error instanceof IxFault) && !isBroken(error)) throw error;
  }
}

const isBroken = (error: unknown): boolean =>
  (error instanceof Trouble && error.kind === 'unavailable') ||
  (error instanceof Error && error.name === 'AbortError');
