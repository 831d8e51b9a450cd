import type { DataStore } from '@tus/server';

/** Where resumable uploads grow. */
export interface ResumableStore {
  /** For the tus library. */
  readonly data: DataStore;
  /** All of them, also those that have become the uploads of syncs. */
  ids(): Promise<readonly string[]>;
  /** In milliseconds since 1970. Null: there is no such upload. */
  begunAt(id: string): Promise<number | null>;
}

export const uploadExpiryMilliseconds = 24 * 3_600_000;
