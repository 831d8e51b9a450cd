import { type Lock, type Locker, MemoryLocker, type RequestRelease } from '@tus/server';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { UploadLockStore } from '../../shared/stores/upload-lock-store';

const leaseSeconds = 15;
const renewMilliseconds = 5_000;
const retryMilliseconds = 500;

/**
 * One writer for each upload, over all API processes. Within a process a new request makes the old one let go
 * (its connection is most likely dead); against another process it waits.
 */
export function createUploadLocker(locks: UploadLockStore): Locker {
  const here = new MemoryLocker();
  return { newLock: (uploadId) => createLock(here.newLock(uploadId), locks, uploadId) };
}

function createLock(local: Lock, locks: UploadLockStore, uploadId: string): Lock {
  const holder = randomUUID();
  let renewal: NodeJS.Timeout | undefined;
  return {
    async lock(signal: AbortSignal, release: RequestRelease) {
      await local.lock(signal, release);
      try {
        while (!(await locks.take(uploadId, holder, leaseSeconds))) {
          await sleep(retryMilliseconds, undefined, { signal });
        }
      } catch (error) {
        await local.unlock();
        throw error;
      }
      renewal = setInterval(() => {
        // A renewal that fails leaves the lock to its time.
        void locks.take(uploadId, holder, leaseSeconds).catch(() => false);
      }, renewMilliseconds);
    },

    async unlock() {
      clearInterval(renewal);
      try {
        await locks.giveBack(uploadId, holder);
      } finally {
        await local.unlock();
      }
    },
  };
}
