import type { Lock, Locker, RequestRelease } from '@tus/server';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { offsetMismatch } from '../../shared/errors/catalog';
import type { UploadLockStore } from '../../shared/stores/syncs/upload-lock-store';

const leaseSeconds = 15;
const renewMilliseconds = 5_000;
const retryMilliseconds = 100;
/** Longer than the lease of a process that died. */
const patienceMilliseconds = 20_000;

/**
 * Allows one writer per upload over all API processes. Within a process, a new request makes the old one release the
 * lock, because its connection is probably dead. If another process has the lock, the request waits.
 */
export function createUploadLocker(locks: UploadLockStore): Locker {
  const releases = new Map<string, RequestRelease>();
  return { newLock: (uploadId) => createLock(releases, locks, uploadId) };
}

function createLock(releases: Map<string, RequestRelease>, locks: UploadLockStore, uploadId: string): Lock {
  const holder = randomUUID();
  let renewal: NodeJS.Timeout | undefined;
  return {
    /** Throws `offset-mismatch` if another request keeps writing, because the offset changes meanwhile. */
    async lock(signal: AbortSignal, release: RequestRelease) {
      const patience = Date.now() + patienceMilliseconds;
      while (!(await locks.take(uploadId, holder, leaseSeconds))) {
        if (signal.aborted || Date.now() > patience) throw offsetMismatch();
        await releases.get(uploadId)?.();
        await sleep(retryMilliseconds);
      }
      releases.set(uploadId, release);
      renewal = setInterval(() => {
        // If a renewal fails, the lock expires at its time.
        void locks.take(uploadId, holder, leaseSeconds).catch(() => false);
      }, renewMilliseconds);
    },

    async unlock() {
      clearInterval(renewal);
      releases.delete(uploadId);
      await locks.giveBack(uploadId, holder);
    },
  };
}
