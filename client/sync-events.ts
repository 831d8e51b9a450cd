import type { Channel } from '../shared/domain/channel';
import type { Statut } from '../shared/domain/statut';
import type { InstructionFile } from './local-copy/unpack-package';
import type { UploadContents } from './local-copy/sync-state';

/** The events of a sync, for progress bars, for the demonstration and for measurements. */
export type SyncEvent =
  | { readonly kind: 'logged-in' }
  | { readonly kind: 'statut'; readonly channel: Channel; readonly statut: Statut }
  | {
      readonly kind: 'asked';
      readonly channel: Channel;
      readonly highestIds: ReadonlyMap<string, bigint>;
      readonly parameterFiles: readonly string[];
    }
  | {
      readonly kind: 'built';
      readonly channel: Channel;
      readonly contents: UploadContents;
      readonly bytes: number;
    }
  | { readonly kind: 'sending'; readonly channel: Channel; readonly bytes: number; readonly of: number }
  | { readonly kind: 'accepted'; readonly channel: Channel; readonly sync: string }
  | { readonly kind: 'waiting'; readonly channel: Channel; readonly seconds: number }
  | { readonly kind: 'ready'; readonly channel: Channel; readonly sync: string }
  | {
      readonly kind: 'fetching';
      readonly channel: Channel;
      readonly bytes: number;
      readonly of: number | null;
    }
  | { readonly kind: 'fetched'; readonly channel: Channel; readonly files: readonly InstructionFile[] }
  | {
      readonly kind: 'carried-out';
      readonly channel: Channel;
      readonly file: InstructionFile;
      readonly failed: number;
    }
  | { readonly kind: 'confirmed'; readonly channel: Channel; readonly sync: string; readonly failed: number }
  | { readonly kind: 'retry'; readonly code: string; readonly message: string; readonly delayMs: number };

export type OnSyncEvent = (event: SyncEvent) => void;
