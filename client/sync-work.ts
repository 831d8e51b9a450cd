import type { Channel } from '../shared/domain/channel';
import type { SyncReport } from '../shared/domain/report';
import type { Connection } from './connection';
import { clearWork, type LocalCopy } from './local-copy/local-copy';
import type { BuiltUpload, ChannelState, FailedInstruction, UploadContents } from './local-copy/sync-state';
import type { OnSyncEvent } from './sync-events';

export interface SyncDeps {
  readonly connection: Connection;
  readonly copy: LocalCopy;
  /** The device's clock. */
  readonly now: () => Date;
  readonly onEvent: OnSyncEvent;
  /** Larger archives are sent as resumable uploads. */
  readonly resumableAboveBytes: number;
  /** How long one status poll may wait at the server (1 to 60). */
  readonly pollSeconds: number;
  /** How long to wait for the server to process one upload. */
  readonly maxWaitSeconds: number;
}

/** How one pass through the handshake ended. */
export interface SyncOutcome {
  readonly channel: Channel;
  readonly sync: string;
  /** `abandoned`: staff reset the channel while the sync was in progress; its data are sent again. */
  readonly outcome: 'processed' | 'failed' | 'abandoned';
  readonly sent: { readonly bytes: number; readonly contents: UploadContents };
  /** The numbers of applied instructions and of failed ones. */
  readonly carried: number;
  readonly failed: readonly FailedInstruction[];
  readonly report: SyncReport | null;
  /** From the server's acceptance of the upload to the package being ready; null if that began in an earlier run. */
  readonly processingMs: number | null;
  readonly totalMs: number;
  /** Syncs of earlier runs that were in progress and were finished first. */
  readonly earlier: readonly SyncOutcome[];
}

/** The stored state of the channel's sync in progress. */
export function stateOf({ copy }: SyncDeps, channel: Channel): ChannelState {
  return copy.state().channels[channel];
}

export async function changeUpload(
  deps: SyncDeps,
  channel: Channel,
  change: Partial<BuiltUpload>,
): Promise<void> {
  const { upload } = stateOf(deps, channel);
  if (upload !== null) await deps.copy.changeChannel(channel, { upload: { ...upload, ...change } });
}

/** The sync is over, or will start again. */
export async function forgetWork(deps: SyncDeps, channel: Channel): Promise<void> {
  // Files are removed first: a remaining package would be applied a second time.
  await clearWork(deps.copy, channel);
  await deps.copy.changeChannel(channel, { upload: null, download: null, carriedOut: null });
}
