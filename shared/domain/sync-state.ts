/**
 * The life of one sync.
 *
 *   receiving ─▶ queued ─▶ processing ─▶ ready ───▶ confirmed
 *       │                      │  ▲         ▲
 *       ▼                      └──┘ retry   │
 *   (row deleted)              └─▶ failed ──┘ (a failed sync is confirmed like any other)
 *
 * `abandoned`: staff reset the channel while the sync was under way.
 */
export const syncStates = [
  'receiving',
  'queued',
  'processing',
  'ready',
  'failed',
  'confirmed',
  'abandoned',
] as const;
export type SyncState = (typeof syncStates)[number];

/** True if the sync is not finished yet. */
export const isUnderWay = (state: SyncState): boolean =>
  state === 'receiving' || state === 'queued' || state === 'processing';
